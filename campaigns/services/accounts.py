"""Talking to XFin on behalf of an account, and what the account's row says of it."""

import ipaddress
import json
import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db.models import Q

from campaigns import clock
from campaigns.models import Account, Campaign
from campaigns.xfin.client import XFinClient
from campaigns.xfin.config import XFinConfig
from campaigns.xfin.errors import AuthRefused, XFinError
from campaigns.xfin.states import RemoteState

#: Pauses after failures in a row, in seconds: doubling from the first to the last.
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0


class ClockShifted(Exception):
    """The demonstration's clock must not ring real people. Shown as it is."""


class DatabaseTokenStore:
    """Login tokens on the account's row, so that all processes share one login."""

    def __init__(self, account_id: int) -> None:
        self._account_id = account_id
        self._lock = _login_locks.setdefault(account_id, Lock())

    def get(self, account: str) -> str | None:
        """The token all processes use now."""
        token = Account.objects.values_list("token", flat=True).get(pk=self._account_id)
        return token or None

    def put(self, account: str, token: str) -> None:
        """Keep a fresh token."""
        self._write(token)

    def clear(self, account: str) -> None:
        """Forget a token that XFin no longer takes."""
        self._write("")

    def lock(self, account: str) -> AbstractContextManager[object]:
        """One login at a time in this process; a second process costs one login more and no harm."""
        return self._lock

    def _write(self, token: str) -> None:
        Account.objects.filter(pk=self._account_id).update(token=token)


_login_locks: dict[int, Lock] = {}


def is_loopback(base_url: str) -> bool:
    """Whether a URL can only lead to this machine."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_clock() -> None:
    """Refuse a shifted clock while any account points at a real platform; raises `ClockShifted`."""
    if settings.CLOCK_OFFSET:
        for account in Account.objects.only("name", "base_url"):
            _check_account_clock(account)


def _check_account_clock(account: Account) -> None:
    if settings.CLOCK_OFFSET and not is_loopback(account.base_url):
        raise ClockShifted(
            f"CLOCK_OFFSET is set, but the account “{account.name}” is not on this machine. "
            "A shifted clock would ring people at the wrong hour; unset it."
        )


def config_for(account: Account) -> XFinConfig:
    """The client's configuration from the account's row; `ValueError` names a setting that can't work."""
    return XFinConfig(
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
        total_timeout=settings.XFIN_READ_TIMEOUT,  # so that a claim outlives any request, see CLAIM_SECONDS
        state_codes={number: RemoteState(word) for number, word in account.state_codes.items()},
    )


@contextmanager
def xfin_client(account: Account, *, transport: httpx.BaseTransport | None = None) -> Iterator[XFinClient]:
    """A client for one account; `ClockShifted` when the demonstration's clock forbids it."""
    _check_account_clock(account)
    tokens = DatabaseTokenStore(account.pk)
    with XFinClient(config_for(account), tokens=tokens, transport=transport, clock=clock.now) as client:
        yield client


def usable(now: datetime) -> Q:
    """Accounts that may be tried now, as a condition on Account."""
    waited = Q(state=Account.State.WAITING, retry_at__lte=now)
    return Q(state=Account.State.READY) | waited


def note_trouble(account: Account, error: XFinError, *, now: datetime) -> None:
    """Write down that XFin did not serve us: campaigns wait with a reason, or stop if we are refused."""
    if isinstance(error, AuthRefused):
        _note_refusal(account, error)
        return
    failures = account.failures + 1
    pause = error.retry_after or _pause(failures)
    Account.objects.filter(pk=account.pk).exclude(state=Account.State.REFUSED).update(
        state=Account.State.WAITING,
        reason=error.reason,
        failures=failures,
        retry_at=now + timedelta(seconds=pause),
    )
    running = Campaign.objects.filter(template__account=account, state=Campaign.State.RUNNING)
    running.update(reason=f"Waiting for XFin: {error.reason} It goes on by itself.")


def note_recovery(account: Account) -> None:
    """Write down that XFin serves us again."""
    troubled = Account.objects.filter(pk=account.pk, state=Account.State.WAITING)
    if troubled.update(state=Account.State.READY, reason="", failures=0, retry_at=None):
        running = Campaign.objects.filter(template__account=account, state=Campaign.State.RUNNING)
        running.update(reason="Running.")


def credentials_changed(account: Account) -> None:
    """Staff entered new credentials: forget the old login and try again."""
    Account.objects.filter(pk=account.pk).update(
        token="", state=Account.State.READY, reason="", failures=0, retry_at=None
    )


def stop_refused() -> int:
    """Stop every running campaign whose account is refused, with the reason; how many."""
    stopped = 0
    for account in Account.objects.filter(state=Account.State.REFUSED):
        running = Campaign.objects.filter(template__account=account, state=Campaign.State.RUNNING)
        stopped += running.update(
            state=Campaign.State.STOPPED,
            state_since=clock.now(),
            reason=f"Stopped: {account.reason} Check the account's tenant, credentials, headers and cookies, "
            "then resume.",
        )
    return stopped


def _note_refusal(account: Account, error: AuthRefused) -> None:
    Account.objects.filter(pk=account.pk).update(
        state=Account.State.REFUSED, reason=error.reason, token="", retry_at=None
    )
    stop_refused()


def _pause(failures: int) -> float:
    """Seconds to wait after so many failures in a row, with jitter so that workers don't march in step."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1))
    return random.uniform(longest / 2, longest)
