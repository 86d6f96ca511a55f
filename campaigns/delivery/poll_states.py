"""Poll the states of messages at XFin, by the window of their dialling times."""

import logging
from datetime import datetime, timedelta
from itertools import islice

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min, QuerySet

from campaigns.clock import Clock
from campaigns.delivery.account_client import xfin_client
from campaigns.delivery.circuit_breaker import record_failure, record_success, usable
from campaigns.models import Account, Message
from campaigns.transitions.attempt import ENDED, ended_unknown, settle_message, settle_messages
from campaigns.xfin.errors import XFinError
from campaigns.xfin.schemas import MessageFilter

log = logging.getLogger(__name__)

#: XFin writes whole seconds and its filters exclude the ends.
MARGIN = timedelta(seconds=2)
#: Messages whose ends are written in one transaction, and overdue ones that are looked up in one go.
CHUNK = 200
#: XFin has them, or may have, and has not said how they ended.
NOT_ENDED = (Message.State.UNCONFIRMED, *Message.AT_XFIN)


def accounts_with_news(now: datetime) -> list[int]:
    """Return the keys of accounts that may be tried and have messages at XFin whose time has come."""
    open_at_xfin = _at_xfin(now).values("batch__account")
    return list(Account.objects.filter(usable(now), pk__in=open_at_xfin).values_list("pk", flat=True))


def pull_states(account_id: int, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> int:
    """Ask XFin for the states of the account's open messages. Return how many ended; 0 after a failure."""
    account = Account.objects.get(pk=account_id)
    mine = _at_xfin(clock()).filter(batch__account=account)
    span = mine.aggregate(first=Min("send_on"), last=Max("send_on"))
    if span["first"] is None:
        return 0
    window = MessageFilter(send_on_after=span["first"] - MARGIN, send_on_before=span["last"] + MARGIN)
    by_remote_id, ended = {message.remote_id: message for message in mine}, 0
    try:
        with xfin_client(account, transport=transport) as client:
            listed = client.iter_messages(window)
            while chunk := list(islice(listed, CHUNK)):
                reported = [
                    (message, remote)
                    for remote in chunk
                    if remote.state in ENDED and (message := by_remote_id.get(str(remote.id)))
                ]
                ended += settle_messages(reported, now=clock())
    except XFinError as error:
        log.warning("pulling states of account %s: %s", account.pk, error.reason)
        record_failure(account, error, now=clock())
        return 0
    record_success(account, now=clock())
    return ended


def accounts_with_overdue(now: datetime) -> list[int]:
    """Return the keys of accounts that may be tried and have messages past `STATE_BOUND_HOURS`."""
    overdue = _overdue(now).values("batch__account")
    return list(Account.objects.filter(usable(now), pk__in=overdue).values_list("pk", flat=True))


def look_up_overdue(account_id: int, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> int:
    """Ask once more for each overdue message by its id; it ends as XFin says, else `unknown`.

    Return how many were looked up; 0 after a failure.
    """
    account = Account.objects.get(pk=account_id)
    overdue = list(_overdue(clock()).filter(batch__account=account).order_by("send_on")[:CHUNK])
    try:
        with xfin_client(account, transport=transport) as client:
            for message in overdue:
                remote = client.find_message(message.remote_id)
                if remote is not None and remote.state in ENDED:
                    settle_message(message, remote, now=clock())
                    continue
                said = f"XFin still said “{remote.raw_state}”" if remote else "XFin did not have it any more"
                hours = f"{settings.STATE_BOUND_HOURS:g} hours after its time"
                _unknown(message, f"{said} {hours}; how it ended is not known.", now=clock())
    except XFinError as error:
        log.warning("looking up messages of account %s: %s", account.pk, error.reason)
        record_failure(account, error, now=clock())
        return 0
    record_success(account, now=clock())
    return len(overdue)


def give_up_waiting(now: datetime) -> int:
    """End messages as `unknown` that could not be looked up for twice the bound. Return how many.

    Also those of which it is not known whether XFin has them: an account that XFin refuses for good would
    keep them, and their campaign, open for ever.
    """
    hours = 2 * settings.STATE_BOUND_HOURS
    stale = Message.objects.filter(state__in=NOT_ENDED, send_on__lt=now - timedelta(hours=hours))
    given_up = 0
    for message in stale:
        reason = f"XFin did not say how it ended, and could not be asked within {hours:g} hours."
        if message.state == Message.State.UNCONFIRMED:
            reason = f"Whether XFin has it could not be found out within {hours:g} hours."
        given_up += _unknown(message, reason, now=now)
    return given_up


def _overdue(now: datetime) -> QuerySet[Message]:
    bound = now - timedelta(hours=settings.STATE_BOUND_HOURS)
    return Message.objects.filter(state__in=Message.AT_XFIN, send_on__lt=bound)


@transaction.atomic
def _unknown(message: Message, reason: str, *, now: datetime) -> bool:
    changed = Message.objects.filter(pk=message.pk, state__in=NOT_ENDED).update(
        state=Message.State.UNKNOWN, reason=reason, withdraw_at=None, settled_at=now, changed_at=now
    )
    if changed:
        ended_unknown(message.recipient_id, reason)
    return bool(changed)


def _at_xfin(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(state__in=Message.AT_XFIN, send_on__lte=now)
