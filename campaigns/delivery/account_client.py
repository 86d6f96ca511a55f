"""Make the XFin client of an account: its credentials, its shared token, and one login at a time."""

import ipaddress
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db.models import Case, Q, When
from django.db.models.functions import Now

from campaigns import clock
from campaigns.delivery.claims import AccountHold, from_now
from campaigns.models import Account
from campaigns.xfin.client import XFinClient
from campaigns.xfin.config import XFinConfig
from campaigns.xfin.errors import AuthRefused, NotSent
from campaigns.xfin.schemas import RemoteId
from campaigns.xfin.session import Fence
from campaigns.xfin.states import RemoteState
from campaigns.xfin.tokens import life_of

#: Seconds by which the difference of the clocks must change to be written down.
NEW_SKEW = 1.5
#: The longest a login may take, and how often those who wait for it look.
LOGIN_SECONDS, ASK_AGAIN_SECONDS = 30.0, 0.1
#: How long a token lives that does not say so itself (awaaz-platform.md §1).
TOKEN_SECONDS = 3600.0


class ClockShifted(Exception):
    """Raised where the demonstration's shifted clock would call real people. Its text is shown to staff."""


class DatabaseTokenStore:
    """Login tokens on the account's row, so that all processes share one login.

    Of one version of the credentials: once staff changed them nothing is read or kept any more.
    """

    def __init__(self, account: Account) -> None:
        self._account_id = account.pk
        self._rows = Account.objects.filter(pk=account.pk, credentials_version=account.credentials_version)
        self._lock = _login_locks.setdefault(account.pk, Lock())
        self._hold: AccountHold | None = None

    def get(self, account: str) -> str | None:
        """Return the token that all processes use now; None if there is none, or its life is over.

        Raises `NotSent` if the credentials were changed since the account was read.
        """
        over = Q(token_until__lte=Now())
        read = self._rows.annotate(over=Case(When(over, then=True), default=False)).values_list(
            "token", "over"
        )
        found = read.first()
        if found is None:
            raise NotSent("The account's credentials were just changed; it goes on with the new ones.")
        token, is_over = found
        return token if token and not is_over else None

    def put(self, account: str, token: str) -> None:
        """Keep a fresh token until shortly before its end, so that no upload meets a refusal for its age."""
        life = life_of(token)
        life = TOKEN_SECONDS if life is None else life
        early = max(1.0, min(life / 10, 60.0))
        self._rows.update(token=token, token_until=from_now(life - early))

    def clear(self, account: str) -> None:
        """Forget a token that XFin no longer takes."""
        self._rows.update(token="")

    @contextmanager
    def lock(self, account: str) -> Iterator[None]:
        """Let one login run at a time, in all processes; the others wait for its token.

        They wait at most `LOGIN_SECONDS`. Who does not get it by then, or was frozen longer than it holds,
        sends no login (`may_log_in`).
        """
        with self._lock:  # the threads of this process wait without asking the database
            hold = self._hold = AccountHold(self._account_id, "logging_in_until", seconds=LOGIN_SECONDS)
            given_up = time.monotonic() + LOGIN_SECONDS
            while not hold.take() and time.monotonic() < given_up:
                time.sleep(ASK_AGAIN_SECONDS)
            try:
                yield
            finally:
                hold.release()

    def may_log_in(self, account: str) -> bool:
        """Return whether the login is still ours, and hold it for the full time again."""
        return self._hold is not None and self._hold.renew()


_login_locks: dict[int, Lock] = {}


def is_loopback(base_url: str) -> bool:
    """Return whether a URL can only lead to this machine."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_clock() -> None:
    """Raise `ClockShifted` if the clock is shifted while any account points at a real platform."""
    if clock.is_shifted():
        for account in Account.objects.only("name", "base_url"):
            _check_account_clock(account)


def _check_account_clock(account: Account) -> None:
    if clock.is_shifted() and not is_loopback(account.base_url):
        raise ClockShifted(
            f"CLOCK_OFFSET or CLOCK_FILE is set, but the account “{account.name}” is not on this machine. "
            "A shifted clock would ring people at the wrong hour; unset it."
        )


def config_for(account: Account) -> XFinConfig:
    """Return the client's configuration from the account's row.

    Raise `ValueError`, with the setting's name, if one can't work.
    """
    try:
        config = XFinConfig(
            base_url=account.base_url,
            tenant=account.tenant,
            email=account.email,
            password=account.password,
            auth_scheme=account.auth_scheme,
            extra_headers=account.extra_headers,
            cookies=json.loads(account.cookies) if account.cookies else {},
            chunk_size=account.chunk_size,
            reference_tag=account.reference_tag,
            batch_tag=account.batch_tag,
            read_timeout=settings.XFIN_READ_TIMEOUT,
            # So that a claim outlives any request, see CLAIM_SECONDS.
            total_timeout=settings.XFIN_READ_TIMEOUT,
            state_codes={number: RemoteState(word) for number, word in account.state_codes.items()},
        )
    except (TypeError, AttributeError) as error:  # of JSON columns, which hold anything
        raise ValueError("headers, cookies and state codes: objects of texts") from error
    try:
        httpx.URL(config.origin)
        urlsplit(config.origin).port  # noqa: B018 (it raises for one that can't be)
    except (httpx.InvalidURL, ValueError) as error:
        raise ValueError(f"base_url: {error}") from error
    return config


@contextmanager
def xfin_client(
    account: Account, *, transport: httpx.BaseTransport | None = None, still_ours: Fence | None = None
) -> Iterator[XFinClient]:
    """Yield a client for one account.

    `still_ours` is asked just before each request that changes something at XFin. Raise `ClockShifted` if the
    demonstration's clock forbids it, `AuthRefused` if the account's row can't work: it was written past the
    form, and a person has to correct it.
    """
    _check_account_clock(account)
    try:
        config = config_for(account)
    except ValueError as error:
        raise AuthRefused(f"The account can't be used as it is entered: {error}.") from error
    with XFinClient(
        config,
        tokens=DatabaseTokenStore(account),
        transport=transport,
        clock=clock.now,
        still_ours=still_ours,
    ) as client:
        try:
            yield client
        finally:
            skew = None if clock.is_shifted() else client.skew  # a shifted clock tells nothing
            if skew is not None and (
                account.clock_skew is None or abs(skew - account.clock_skew) >= NEW_SKEW
            ):
                Account.objects.filter(pk=account.pk).update(clock_skew=round(skew, 1))


def wire_id(remote_id: str) -> RemoteId:
    """Return a stored id as XFin wrote it: a number if it is one."""
    return int(remote_id) if remote_id.isdecimal() else remote_id
