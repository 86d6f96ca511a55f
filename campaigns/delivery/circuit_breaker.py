"""Stop sending requests to an XFin that fails, account by account, and try again after growing pauses."""

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest, Least

from campaigns import clock, edges
from campaigns.clock import Clock
from campaigns.delivery.account_client import xfin_client
from campaigns.models import Account, Campaign
from campaigns.transitions.campaign import stop
from campaigns.xfin.errors import AuthRefused, TakenOver, Throttled, XFinError

log = logging.getLogger(__name__)

#: Pauses after failures in a row, in seconds: doubling from the first to the last.
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
#: Beyond these neither pauses nor figures grow: an account may be out of order for months.
MOST_DOUBLINGS, MOST_COUNTED = 16, 1_000_000
#: Failures in a row after which nothing but a single trial request goes out.
BREAK_AFTER = 5
#: How long one trial may take before another worker tries.
TRIAL = timedelta(seconds=60)

TROUBLED = (Account.State.WAITING, Account.State.BROKEN)


def usable(now: datetime) -> Q:
    """Return the condition on `Account` of those that may be tried now.

    A broken one is tried by `try_broken` alone.
    """
    waited = Q(state=Account.State.WAITING, retry_at__lte=now)
    return Q(state=Account.State.READY) | waited


def record_failure(account: Account, error: XFinError, *, now: datetime, in_a_row: int = 1) -> None:
    """Write down that XFin did not serve us: campaigns wait with a reason, or stop if we are refused.

    `in_a_row`: requests of this kind that failed one after the other. Others may have succeeded meanwhile.
    Nothing is written if staff changed the credentials since `account` was read: the old ones failed.
    """
    same = Account.objects.filter(pk=account.pk, credentials_version=account.credentials_version)
    if isinstance(error, AuthRefused):
        if same.update(state=Account.State.REFUSED, reason=error.reason, token="", retry_at=None):
            stop_refused()
        return
    served = same.exclude(state=Account.State.REFUSED)
    counted = Least(F("failures"), Value(MOST_COUNTED - 1)) + 1  # the column ends somewhere
    if not served.update(failures=Greatest(counted, Value(in_a_row)), reason=error.reason):
        return
    failures = Account.objects.values_list("failures", flat=True).get(pk=account.pk)
    # Being asked to slow down is an answer: XFin is not out of order.
    broken = failures >= BREAK_AFTER and not isinstance(error, Throttled)
    pause = error.retry_after
    if not pause:
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, MOST_DOUBLINGS))
        pause = random.uniform(longest / 2, longest)  # so that workers don't retry in step
    until = Value(now + timedelta(seconds=pause))
    served.update(
        state=Account.State.BROKEN if broken else Account.State.WAITING,
        # Another worker's failure never shortens a pause that XFin asked for.
        retry_at=Greatest(Coalesce(F("retry_at"), until), until),
    )
    running = Campaign.objects.filter(template__account=account, state=Campaign.State.RUNNING)
    running.update(reason=f"Waiting for XFin: {error.reason} It goes on by itself.")


def record_success(account: Account, *, now: datetime | None = None) -> None:
    """Write down that XFin serves us again.

    What succeeds while a pause still runs was sent before the failure: it ends no pause, least of all one
    that XFin asked for.
    """
    over = Q(retry_at__isnull=True) | Q(retry_at__lte=now or clock.now())
    _recovered(account, Account.objects.filter(over))


def _recovered(account: Account, which: QuerySet[Account]) -> None:
    same = which.filter(pk=account.pk, credentials_version=account.credentials_version)
    troubled = same.filter(state__in=TROUBLED)
    if troubled.update(state=Account.State.READY, reason="", failures=0, retry_at=None):
        running = Campaign.objects.filter(template__account=account, state=Campaign.State.RUNNING)
        running.update(reason="Running.")


def accounts_to_try(now: datetime) -> list[int]:
    """Return the keys of broken accounts whose pause is over."""
    over = Account.objects.filter(state=Account.State.BROKEN, retry_at__lte=now)
    return list(over.values_list("pk", flat=True))


def try_account(account_id: int, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> bool:
    """Send one trial request to a broken account. Return whether it works again."""
    account = Account.objects.get(pk=account_id)
    mine = Account.objects.filter(pk=account.pk, state=Account.State.BROKEN, retry_at=account.retry_at)
    if not mine.update(retry_at=clock() + TRIAL):
        return False
    try:
        with xfin_client(account, transport=transport) as client:
            client.probe()
    except XFinError as error:
        record_failure(account, error, now=clock())
        return False
    _recovered(account, Account.objects.all())
    return True


def for_account(what: str, account_id: int, work: Callable[..., object], *, clock: Clock) -> bool:
    """Run one kind of work for one account, at its own edge. Return False if it failed.

    What XFin, or the account as it is entered, did not let through is recorded as XFin's failure; an error of
    ours is logged, counted and shown on the account.
    """

    def run() -> None:
        try:
            work(account_id, clock=clock)
        except TakenOver as error:
            log.warning("%s: account %s: %s", what, account_id, error.reason)
        except XFinError as error:
            log.warning("%s: account %s: %s", what, account_id, error.reason)
            record_failure(Account.objects.get(pk=account_id), error, now=clock())

    return edges.for_account(what, account_id, run)


def credentials_changed(account: Account) -> None:
    """Forget the old login and try again, after staff entered new credentials.

    What still runs with the old ones sends nothing more, and what it is told no longer counts.
    """
    Account.objects.filter(pk=account.pk).update(
        credentials_version=F("credentials_version") + 1,
        token="",
        token_until=None,
        logging_in_until=None,
        state=Account.State.READY,
        reason="",
        failures=0,
        retry_at=None,
        own_failure="",
    )


def stop_refused() -> int:
    """Stop every running campaign whose account is refused, with the reason. Return how many."""

    def stop_campaigns_of(account: Account) -> int:
        what = "tenant, credentials, headers and cookies"
        reason = f"Stopped: {account.reason} Check the account's {what}, then resume."
        running = Campaign.objects.filter(template__account=account, state=Campaign.State.RUNNING)
        ids = list(running.values_list("pk", flat=True))
        return sum(stop(campaign_id, reason, now=clock.now()) for campaign_id in ids)

    return edges.each("stopping", Account.objects.filter(state=Account.State.REFUSED), stop_campaigns_of)
