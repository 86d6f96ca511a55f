"""The settings of one XFin account that the client needs, checked when they are made."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from campaigns.xfin.states import RemoteState

MOST_MESSAGES_A_REQUEST = 10_000
MOST_INSTANT_MESSAGES = 5
VENDOR_HOST = "api.awaaz.de"

_TENANT = re.compile(r"[\w.-]+")
_TAG = re.compile(r"tag[1-5]")


@dataclass(frozen=True, kw_only=True)
class XFinConfig:
    """Hold where and as which account to call XFin, and how (awaaz-platform.md §1).

    `base_url` has no path (`https://api.awaaz.de`). Timeouts are seconds; `total_timeout` bounds the
    reading of an answer that arrives in drops. `state_codes` maps state numbers, as text, that are
    not documented. Raises ValueError, naming the setting, for what cannot work.
    """

    base_url: str
    tenant: str
    email: str
    password: str = field(repr=False)
    auth_scheme: str = "Bearer"
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    chunk_size: int = 5_000
    reference_tag: str = "tag5"
    batch_tag: str = "tag4"
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    write_timeout: float = 60.0
    pool_timeout: float = 10.0
    total_timeout: float = 180.0
    most_reply_bytes: int = 32 * 1024 * 1024
    state_codes: Mapping[str, RemoteState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        _require(parts.scheme in ("http", "https") and parts.hostname, "base_url: http(s)://host")
        _require(not parts.username and not parts.password, "base_url: must not hold credentials")
        _require(parts.path in ("", "/"), "base_url: host only, the tenant's path is added")
        _require(not parts.query and not parts.fragment, "base_url: must not have a query")
        _require(_TENANT.fullmatch(self.tenant), "tenant: letters, digits, '.', '_' and '-' only")
        _require(1 <= self.chunk_size <= MOST_MESSAGES_A_REQUEST, "chunk_size: 1 to 10,000")
        for name in ("reference_tag", "batch_tag"):
            _require(_TAG.fullmatch(getattr(self, name)), f"{name}: one of tag1 to tag5")
        _require(self.reference_tag != self.batch_tag, "batch_tag: must differ from reference_tag")
        named = [*self.extra_headers.items(), *self.cookies.items(), ("", self.auth_scheme)]
        plain = all(text.isascii() and text.isprintable() for pair in named for text in pair)
        _require(plain, "headers and cookies: plain ASCII only")

    @property
    def origin(self) -> str:
        """Return `base_url` without a trailing slash."""
        return self.base_url.rstrip("/")

    @property
    def account_key(self) -> str:
        """Return the account's name in a `TokenStore`; it holds no secret."""
        return f"{self.origin}|{self.tenant}|{self.email}"

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of every request, names in lower case; the token is not among them."""
        headers = {"accept": "application/json", **default_headers_for(self.base_url)}
        cookies = {**default_cookies_for(self.base_url), **self.cookies}
        if cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return {**headers, **{name.lower(): text for name, text in self.extra_headers.items()}}

    def url(self, path: str) -> str:
        """Return the address of `path` (`xact/message/`), with the trailing slash the vendor's SDK sends."""
        return f"{self.origin}/{self.tenant}/v1/{path.strip('/')}/"


def default_headers_for(base_url: str) -> dict[str, str]:
    """Return the header that the firewall before the vendor's own host asks for; empty for other hosts."""
    return {"referer": "https://app.awaaz.de/"} if _is_vendors(base_url) else {}


def default_cookies_for(base_url: str) -> dict[str, str]:
    """Return the cookie that the same firewall asks for, with the value the vendor's client sends."""
    return {"login_cookie": "1234567890"} if _is_vendors(base_url) else {}


def _is_vendors(base_url: str) -> bool:
    return urlsplit(base_url).hostname == VENDOR_HOST


def _require(holds: object, message: str) -> None:
    if not holds:
        raise ValueError(message)
