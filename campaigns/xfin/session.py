"""Send one request to XFin and read its answer: token, wire, and our error for every failure.

The only place that knows httpx's exceptions and HTTP's status codes. Nothing is repeated here but one
request after a 401, and never one that creates something: XFin may have created it and refused then.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar

import httpx
import msgspec

from campaigns.xfin.config import XFinConfig
from campaigns.xfin.errors import (
    AuthRefused,
    BadReply,
    NotFound,
    NotSent,
    Refused,
    TakenOver,
    Throttled,
    Unavailable,
    Unconfirmed,
    scrub,
)
from campaigns.xfin.replies import plain_text, read_token
from campaigns.xfin.tokens import TokenStore

T = TypeVar("T")
Clock = Callable[[], datetime]
Fence = Callable[[], bool]
"""Return whether the work is still ours. Asked immediately before a request that changes something."""

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 24 * 3600.0
#: Seconds; the error of a clock's difference is half of what the reply took.
_SLOWEST_DATE = 5.0
# Raised before the first byte of the request is on its way.
_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


# The trusted certificates, read once a process: httpx reads them for every client, 20 ms each.
_certificates = cache(httpx.create_ssl_context)


@dataclass(frozen=True, kw_only=True)
class Request:
    """Describe one request. `creating` says that repeating it blindly could create something twice.

    `still_ours` is asked each time just before it goes out; if it says no, nothing is sent.
    """

    method: str
    path: str
    creating: bool = False
    params: Mapping[str, str] | None = None
    json: object = None
    form: Mapping[str, str] | None = None
    files: Mapping[str, tuple[str, bytes, str]] | None = None
    query: str = ""
    still_ours: Fence | None = None


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes


class Session:
    """Send requests as one account. Safe to share between threads."""

    def __init__(
        self,
        config: XFinConfig,
        tokens: TokenStore,
        *,
        transport: httpx.BaseTransport | None,
        clock: Clock,
    ) -> None:
        self._config = config
        self._tokens = tokens
        self._clock = clock
        #: Requests sent so far, for callers with a budget of them.
        self.requests = 0
        #: By how many seconds XFin's clock is ahead of ours, as its last reply tells; None before one did.
        self.skew: float | None = None
        self._http = httpx.Client(
            verify=_certificates(),
            transport=transport,
            headers=config.headers,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(
                connect=config.connect_timeout,
                read=config.read_timeout,
                write=config.write_timeout,
                pool=config.pool_timeout,
            ),
        )

    def close(self) -> None:
        """Close the connections; the token stays in its store."""
        self._http.close()

    def call(self, call: Request, parse: Callable[[object], T]) -> T:
        """Perform `call`, logging in as needed, and return what `parse` makes of the answer's JSON.

        Raises `XFinError`; a `BadReply` of `parse` surfaces as `Unconfirmed` when the call was a
        creating one, and so does a 401.
        """
        token = self._token()
        answer = self._exchange(call, token=token)
        if answer.status == httpx.codes.UNAUTHORIZED:
            unclear = "XFin did not take the login it gave us (401); it may have acted before."
            try:
                token = self._token(stale=token)
            except (NotSent, TakenOver) as error:  # that is said of the login alone
                if call.creating:
                    raise Unconfirmed(unclear) from error
                raise
            if call.creating:
                raise Unconfirmed(unclear)
            answer = self._exchange(call, token=token)
        if answer.status == httpx.codes.UNAUTHORIZED:
            self._tokens.clear(self._config.account_key)
            raise AuthRefused("XFin does not accept the token it has just issued to this account.")
        with _translated(creating=call.creating):
            return parse(self._read(answer, call, token=token))

    def login(self) -> str:
        """Log in, keep the token and return it; call it under the token's lock.

        Raises `AuthRefused` when the credentials are wrong.
        """
        config = self._config
        credentials = {"email": config.email, "password": config.password}
        call = Request(
            method="POST",
            path="account/login",
            json=credentials,
            still_ours=partial(self._tokens.may_log_in, config.account_key),
        )
        answer = self._exchange(call, token=None)
        if answer.status in (400, 401, 403, 404):
            self._tokens.clear(config.account_key)
            if answer.status == httpx.codes.NOT_FOUND:
                raise AuthRefused("XFin knows no organisation of this name (404 at login).")
            detail = self._detail(answer, token=None)
            raise AuthRefused(f"XFin refused the login ({answer.status}): {detail}")
        with _translated(creating=False):
            token = read_token(self._read(answer, call, token=None))
        self._tokens.put(config.account_key, token)
        return token

    def ensure_token(self) -> None:
        """Log in unless a token is kept. Raises `AuthRefused` for wrong credentials."""
        self._token()

    def _token(self, *, stale: str | None = None) -> str:
        """Return the kept token unless it is the `stale` one; else log in, once for all waiting threads."""
        account = self._config.account_key
        kept = self._tokens.get(account)
        if kept and kept != stale:
            return kept
        with self._tokens.lock(account):
            kept = self._tokens.get(account)
            return kept if kept and kept != stale else self.login()

    def _exchange(self, call: Request, *, token: str | None) -> _Answer:
        """Send one request and return its answer, whatever its status. Raises `XFinError` if none comes."""
        started = time.monotonic()
        with _translated(creating=call.creating):
            request = self._request(call, token)
            if call.still_ours and not call.still_ours():
                raise TakenOver("It took too long to begin: it may be another worker's by now.")
            self.requests += 1
            sent = self._clock()
            response = self._http.send(request, stream=True)
            date = response.headers.get("date")
            self.skew = read_skew(date, sent=sent, received=self._clock(), known=self.skew)
            try:
                body = self._body(response, deadline=started + self._config.total_timeout)
            finally:
                response.close()
        took = round((time.monotonic() - started) * 1000)
        log.info("xfin %s %s -> %d in %d ms", call.method, call.path, response.status_code, took)
        return _Answer(response.status_code, response.headers, body)

    def _request(self, call: Request, token: str | None) -> httpx.Request:
        headers = {"authorization": f"{self._config.auth_scheme} {token}"} if token else {}
        content = None
        if call.json is not None:
            content = msgspec.json.encode(call.json)
            headers["content-type"] = "application/json"
        url = self._config.url(call.path) + (f"?{call.query}" if call.query else "")
        return self._http.build_request(
            call.method,
            url,
            params=call.params,
            headers=headers,
            content=content,
            data=call.form,
            files=call.files,
        )

    def _body(self, response: httpx.Response, *, deadline: float) -> bytes:
        """Return the whole body, bounded in size and time: httpx's own timeouts count from byte to byte."""
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > self._config.most_reply_bytes:
                raise BadReply("the answer", f"longer than {self._config.most_reply_bytes} bytes")
            if time.monotonic() > deadline:
                raise BadReply("the answer", f"not complete after {self._config.total_timeout:g} s")
        return bytes(body)

    def _read(self, answer: _Answer, call: Request, *, token: str | None) -> object:
        """Return the JSON of a success, None when it is empty. Raises `XFinError` for every other status."""
        if 200 <= answer.status < 300:
            return _json(answer.body)
        if answer.status == httpx.codes.TOO_MANY_REQUESTS:
            pause = self._pause(answer)
            raise Throttled("XFin asks us to slow down (429); repeated later.", retry_after=pause)
        if 400 <= answer.status < 500 and answer.status != httpx.codes.REQUEST_TIMEOUT:
            detail = self._detail(answer, token=token)
            if answer.status == httpx.codes.FORBIDDEN:
                raise AuthRefused(
                    "XFin, or the firewall in front of it, does not allow this account to do that (403):"
                    f" {detail}"
                )
            if answer.status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
                raise NotFound(answer.status, detail)
            raise Refused(answer.status, detail)
        trouble = f"XFin answered {answer.status} instead of a result."
        if call.creating:
            raise Unconfirmed(trouble, retry_after=self._pause(answer))
        raise Unavailable(trouble, retry_after=self._pause(answer))

    def _detail(self, answer: _Answer, *, token: str | None) -> str:
        """Return XFin's own words, fit for people; a page of HTML says nothing."""
        try:
            said = plain_text(_json(answer.body))
        except BadReply:
            said = ""
        secrets = (self._config.password, token or "", *self._config.cookies.values())
        return scrub(said, secrets=secrets) or "no reason given"

    def _pause(self, answer: _Answer) -> float | None:
        return read_retry_after(answer.headers.get("retry-after"), now=self._clock())


def read_skew(
    text: str | None, *, sent: datetime, received: datetime, known: float | None = None
) -> float | None:
    """Return by how many seconds the clock that wrote a Date header is ahead of ours; `known` without one.

    The header has whole seconds and was written between the two times: from a reply that took longer than
    `_SLOWEST_DATE` nothing is learned.
    """
    took = (received - sent).total_seconds()
    if not 0 <= took <= _SLOWEST_DATE:
        return known
    try:
        written = parsedate_to_datetime((text or "").strip())
    except ValueError:
        return known
    written = written if written.tzinfo else written.replace(tzinfo=UTC)
    return (written - sent).total_seconds() + 0.5 - took / 2


def read_retry_after(text: str | None, *, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header, written as seconds or as a date; at most one day.

    None when it is absent or unreadable.
    """
    text = (text or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), _LONGEST_PAUSE)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), _LONGEST_PAUSE)


def _json(body: bytes) -> object:
    if not body.strip():
        return None
    try:
        answer: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BadReply("the answer", "it is not JSON") from None
    return answer


@contextmanager
def _translated(*, creating: bool) -> Iterator[None]:
    """Raise our errors for httpx's and for unreadable answers, by what the call might have done."""
    try:
        yield
    except _NEVER_LEFT as error:
        raise NotSent(f"XFin could not be reached ({_name(error)}); nothing was sent.") from error
    except httpx.HTTPError as error:
        trouble = f"The connection to XFin failed before it answered ({_name(error)})"
        if creating:
            raise Unconfirmed(f"{trouble}; it may have carried the request out.") from error
        raise Unavailable(f"{trouble}.") from error
    except BadReply as error:
        if not creating:
            raise
        raise Unconfirmed(error.reason) from error


def _name(error: Exception) -> str:
    """Return the kind of error in words; never its text, which may hold an address."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in type(error).__name__)
    return words.strip()


class _WithoutQuery(logging.Filter):
    """Cut queries from httpx's own request log: filters hold phone numbers."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                arg.copy_with(query=None) if isinstance(arg, httpx.URL) else arg for arg in record.args
            )
        return True


logging.getLogger("httpx").addFilter(_WithoutQuery())
