"""Make the XFin client of an account: its credentials, its shared token, and one login at a time."""

import ipaddress
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db.models import Q

from campaigns import clock
from campaigns.models import Account
from campaigns.xfin.client import XFinClient
from campaigns.xfin.config import XFinConfig
from campaigns.xfin.schemas import RemoteId
from campaigns.xfin.states import RemoteState

#: The longest a login may take, and how often those who wait for it look.
LOGIN_SECONDS, ASK_AGAIN_SECONDS = 30.0, 0.1


class ClockShifted(Exception):
    """Raised where the demonstration's shifted clock would call real people. Its text is shown to staff."""


class DatabaseTokenStore:
    """Login tokens on the account's row, so that all processes share one login."""

    def __init__(self, account_id: int) -> None:
        self._account_id = account_id
        self._lock = _login_locks.setdefault(account_id, Lock())

    def get(self, account: str) -> str | None:
        """Return the token that all processes use now; None if there is none."""
        token = Account.objects.values_list("token", flat=True).get(pk=self._account_id)
        return token or None

    def put(self, account: str, token: str) -> None:
        """Keep a fresh token."""
        self._write(token)

    def clear(self, account: str) -> None:
        """Forget a token that XFin no longer takes."""
        self._write("")

    @contextmanager
    def lock(self, account: str) -> Iterator[None]:
        """Let one login run at a time, in all processes; the others wait for its token.

        They wait at most `LOGIN_SECONDS`; then one login more is made, which does no harm.
        """
        with self._lock:  # the threads of this process wait without asking the database
            given_up = time.monotonic() + LOGIN_SECONDS
            while True:
                now = clock.now()
                until = now + timedelta(seconds=LOGIN_SECONDS)
                free = Q(logging_in_until__isnull=True) | Q(logging_in_until__lte=now)
                claimed = Account.objects.filter(free, pk=self._account_id).update(logging_in_until=until)
                if claimed or time.monotonic() > given_up:
                    break
                time.sleep(ASK_AGAIN_SECONDS)
            try:
                yield
            finally:
                Account.objects.filter(pk=self._account_id, logging_in_until=until).update(
                    logging_in_until=None
                )

    def _write(self, token: str) -> None:
        Account.objects.filter(pk=self._account_id).update(token=token)


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
    """Yield a client for one account. Raise `ClockShifted` if the demonstration's clock forbids it."""
    _check_account_clock(account)
    tokens = DatabaseTokenStore(account.pk)
    with XFinClient(config_for(account), tokens=tokens, transport=transport, clock=clock.now) as client:
        yield client


def wire_id(remote_id: str) -> RemoteId:
    """Return a stored id as XFin wrote it: a number if it is one."""
    return int(remote_id) if remote_id.isdecimal() else remote_id
