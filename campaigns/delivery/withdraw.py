"""Withdraw what is at XFin and not dialled yet, once its person must not be called for it any more.

    mark:   QUEUED -> WITHDRAWING   its campaign is halted, or its person asked not to be called
    claim:  `withdraw_at` moves on, so that the work is ours for a while
    look, delete what still waits, ask for each by its id:
            no such id                                -> WITHDRAWN, and the attempt does not count
            being dialled                             -> DIALLING; its result is kept
            ended                                     -> settled as any other
            still there                               -> tried again after a moment

Nothing is believed without a question: a deletion whose reply was lost is found gone, or done again. A
message counts as gone only if XFin says so of its own id. A list may leave it out: other deletions shift its
pages, and a call on the line would be taken for withdrawn and its person called again.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import httpx
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.clock import Clock
from campaigns.delivery.account_client import wire_id, xfin_client
from campaigns.delivery.circuit_breaker import record_failure, record_success, usable
from campaigns.models import Account, Callback, Campaign, Message, Recipient, Suppression
from campaigns.transitions.attempt import ENDED, attempt_withdrawn, callback_withdrawn, settle_message
from campaigns.xfin.client import XFinClient
from campaigns.xfin.errors import Refused, XFinError
from campaigns.xfin.schemas import MessageFilter, RemoteMessage
from campaigns.xfin.states import RemoteState

log = logging.getLogger(__name__)

#: Messages of one deletion.
CHUNK = 200
#: XFin writes whole seconds and its filters exclude the ends.
MARGIN = timedelta(seconds=2)
#: A worker that died is followed by another after this; two at once do no harm, deleting twice is deleting.
CLAIM = timedelta(seconds=60)
#: What XFin still shows after its deletion is deleted again after this.
AGAIN = timedelta(seconds=2)
DELETABLE = (RemoteState.SCHEDULED, RemoteState.UNKNOWN)

GONE = "Withdrawn from XFin before it was dialled."
TOO_LATE = "XFin was already calling when this was to be withdrawn; the result is kept."
MARKED = "Being withdrawn from XFin."


def mark_unwanted(now: datetime) -> int:
    """Mark every message at XFin for withdrawal that must not be dialled any more. Return how many.

    A call-back takes the place of what was planned before it. A suppression or call-back that was asked for
    in the message's own call does not count: that call has been dialled.

    By query, not at the moment of the pause: a batch that was on its way then arrives later.
    """
    live = Suppression.objects.live(OuterRef("recipient__campaign__category")).filter(
        phone=OuterRef("recipient__phone")
    )
    waiting = Callback.objects.filter(recipient=OuterRef("recipient"), state=Callback.State.WAITING)
    in_its_own_call = Q(message_reference=OuterRef("reference"))
    unwanted = Message.objects.filter(state=Message.State.QUEUED).filter(
        Q(recipient__campaign__state__in=Campaign.HALTED)
        | Q(recipient__state=Recipient.State.COMPLETED)  # the answer of an earlier call came late
        | Exists(live.exclude(in_its_own_call))
        | Exists(waiting.exclude(in_its_own_call))
        | Q(callback__state=Callback.State.WITHDRAWN)  # by staff, when it was here already
    )
    return Message.objects.filter(pk__in=unwanted.values("pk"), state=Message.State.QUEUED).update(
        state=Message.State.WITHDRAWING, withdraw_at=now, reason=MARKED, changed_at=now
    )


def accounts_with_withdrawals(now: datetime) -> list[int]:
    """Return the keys of accounts that may be tried now and have messages to withdraw."""
    due = _due(now).values("batch__account")
    return list(Account.objects.filter(usable(now), pk__in=due).values_list("pk", flat=True))


def withdraw(account_id: int, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> int:
    """Withdraw an account's due messages, chunk by chunk. Return how many are certainly gone.

    The first failure ends it and is recorded on the account.
    """
    account = Account.objects.get(pk=account_id)
    gone = 0
    with xfin_client(account, transport=transport) as client:
        while messages := claim(account, now=clock()):
            try:
                gone += _take_back(messages, client, clock=clock)
            except XFinError as error:
                log.warning("withdrawing messages of account %s: %s", account.pk, error.reason)
                _again(messages, now=clock())
                record_failure(account, error, now=clock())
                return gone
            record_success(account, now=clock())
    return gone


@transaction.atomic
def claim(account: Account, *, now: datetime) -> Sequence[Message]:
    """Return the next messages to withdraw, ours for `CLAIM`: those first that would be dialled first."""
    due = _due(now).filter(batch__account=account).order_by("send_on", "id")
    ours = list(due.select_for_update(of=("self",), skip_locked=True)[:CHUNK])
    Message.objects.filter(pk__in=[message.pk for message in ours]).update(withdraw_at=now + CLAIM)
    return ours


def _due(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(state=Message.State.WITHDRAWING, withdraw_at__lte=now)


def _take_back(messages: Sequence[Message], client: XFinClient, *, clock: Clock) -> int:
    """Look, delete what still waits, ask for each by its id; return how many messages are gone."""
    before = _look(messages, client)
    shown = [message.remote_id for message in messages if message.remote_id in before]
    # What XFin shows as being dialled or over is not deleted.
    waiting = [wire_id(remote_id) for remote_id in shown if before[remote_id].state in DELETABLE]
    try:
        client.delete_messages(waiting)
    except Refused:  # because of one of them; what is gone is asked below
        for remote_id in waiting:
            with suppress(Refused):
                client.delete_message(remote_id)
    return sum(_settle(message, client.find_message(message.remote_id), now=clock()) for message in messages)


def _look(messages: Sequence[Message], client: XFinClient) -> Mapping[str, RemoteMessage]:
    """Return what XFin shows of these messages, by its own id."""
    times = [message.send_on for message in messages]
    window = MessageFilter(send_on_after=min(times) - MARGIN, send_on_before=max(times) + MARGIN)
    ours = {message.remote_id for message in messages}
    listed = {str(remote.id): remote for remote in client.iter_messages(window)}
    return {remote_id: listed[remote_id] for remote_id in ours & listed.keys()}


def _settle(message: Message, remote: RemoteMessage | None, *, now: datetime) -> bool:
    """Write down what became of one message; return whether it is gone."""
    if remote is None or remote.state == RemoteState.CANCELLED:
        with transaction.atomic():
            gone = _change(message, Message.State.WITHDRAWN, GONE, now=now, settled_at=now)
            if gone:
                attempt_withdrawn(message.recipient_id, now=now)
                callback_withdrawn(message, now=now)
        return gone
    if remote.state in ENDED:
        settle_message(message, remote, now=now)
    elif remote.state == RemoteState.IN_PROGRESS:
        _change(message, Message.State.DIALLING, TOO_LATE, now=now)
    else:
        _again([message], now=now)
    return False


def _change(
    message: Message, state: Message.State, reason: str, *, now: datetime, **fields: datetime
) -> bool:
    ours = Message.objects.filter(pk=message.pk, state=Message.State.WITHDRAWING)
    return bool(ours.update(state=state, reason=reason, withdraw_at=None, changed_at=now, **fields))


def _again(messages: Sequence[Message], *, now: datetime) -> None:
    ours = Message.objects.filter(pk__in=[m.pk for m in messages], state=Message.State.WITHDRAWING)
    ours.update(withdraw_at=now + AGAIN)
