"""Withdraw what is at XFin and not dialled yet, once its person must not be called for it any more.

    mark:    QUEUED -> WITHDRAWING   its campaign is halted, its person asked not to be called, or has a cell
                                     of a quota that is full
    turn:    one worker at a time withdraws for an account (`turns`)
    delete:  in the order in which they would be dialled, hundreds in a request. What may be dialled at this
             moment is asked for by its id first: the record of a call is not deleted
    confirm: when nothing is left to delete, each is asked for by its id
             no such id                               -> WITHDRAWN, and the attempt does not count
             being dialled                            -> DIALLING; its result is kept
             ended                                    -> settled as any other
             still there                              -> tried again after a moment

The deletion protects the person, the confirmation our books: 15,000 people are safe after 75 requests, and
a person who opts out while these are being confirmed comes before the rest of them.

Nothing is believed without a question: a deletion whose reply was lost is found gone, or done again. A
message counts as gone only if XFin says so of its own id. A list may leave it out: other deletions shift its
pages, and a call on the line would be taken for withdrawn and its person called again.

A pause of the account after failures (`circuit_breaker`) does not keep withdrawals back: an XFin whose lists
fail may well delete. They have pauses of their own, and keep one that XFin asks for.
"""

import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import httpx
from django.db import connections, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.bulk import among_keys, keys
from campaigns.clock import Clock
from campaigns.delivery.account_client import wire_id, xfin_client
from campaigns.delivery.circuit_breaker import record_failure, record_success, usable
from campaigns.delivery.turns import HeldTurn, turn
from campaigns.locks import locked
from campaigns.models import Account, Callback, Campaign, Message, Recipient, Suppression
from campaigns.queries.quotas import full_cells, with_quotas
from campaigns.transitions.attempt import ENDED, attempts_withdrawn, callbacks_withdrawn, settle_messages
from campaigns.xfin.client import XFinClient
from campaigns.xfin.errors import Refused, TakenOver, XFinError
from campaigns.xfin.schemas import RemoteMessage
from campaigns.xfin.states import RemoteState

log = logging.getLogger(__name__)

#: Messages of one deletion.
CHUNK = 200
#: A worker that died is followed by another after this; two at once do no harm, deleting twice is deleting.
CLAIM = timedelta(seconds=60)
#: The same for what is deleted and not confirmed yet, which waits until nothing is left to delete.
CONFIRM = timedelta(minutes=10)
#: What would be dialled within this may be dialled already, by XFin's clock or while the request goes out.
AHEAD = timedelta(seconds=15)
#: From so many messages on they are asked for by so many threads.
MANY, AT_ONCE = 50, 8
#: After a failure of XFin everything in hand is tried again after this; many fail by timeouts of a minute.
AFTER_FAILURE = timedelta(seconds=5)
#: What XFin still shows after its deletion is deleted again after this.
AGAIN = timedelta(seconds=2)
DELETABLE = (RemoteState.SCHEDULED, RemoteState.UNKNOWN)

GONE = "Withdrawn from XFin before it was dialled."
TOO_LATE = "XFin was already calling when this was to be withdrawn; the result is kept."
MARKED = "Being withdrawn from XFin."


@transaction.atomic
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
    full = list(full_cells(with_quotas()))
    unwanted = Message.objects.filter(state=Message.State.QUEUED).filter(
        Q(recipient__campaign__state__in=Campaign.HALTED)
        | Q(recipient__cell__in=full, recipient__outcome="")
        | Q(recipient__state=Recipient.State.COMPLETED)  # the answer of an earlier call came late
        | Exists(live.exclude(in_its_own_call))
        | Exists(waiting.exclude(in_its_own_call))
        | Q(callback__state=Callback.State.WITHDRAWN)  # by staff, when it was here already
    )
    theirs = list(locked(unwanted).values_list("pk", flat=True))
    return Message.objects.filter(pk__in=among_keys(theirs)).update(
        state=Message.State.WITHDRAWING, withdraw_at=now, reason=MARKED, changed_at=now
    )


def accounts_with_withdrawals(now: datetime) -> list[int]:
    """Return the keys of accounts that have messages to withdraw and that XFin does not refuse."""
    due = _due(now).values("batch__account")
    served = Account.objects.exclude(state=Account.State.REFUSED)
    return list(served.filter(pk__in=due).values_list("pk", flat=True))


def withdraw(account_id: int, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> int:
    """Withdraw an account's due messages. Return how many are certainly gone.

    One withdrawal of an account at a time. The first failure ends it and is recorded on the account.
    """
    account = Account.objects.get(pk=account_id)
    with turn("withdraw", account_id) as held:
        if held is None:
            return 0
        work = _Withdrawal(account, held, clock=clock)
        try:
            with xfin_client(account, transport=transport, still_ours=held.renew) as client:
                work.run(client)
        except TakenOver:
            work.put_off(timedelta(0))
            return work.gone
        except XFinError as error:
            log.warning("withdrawing messages of account %s: %s", account.pk, error.reason)
            work.put_off(timedelta(seconds=error.retry_after) if error.retry_after else AFTER_FAILURE)
            if Account.objects.filter(usable(clock()), pk=account_id).exists():
                record_failure(account, error, now=clock())
            return work.gone
    record_success(account, now=clock())
    return work.gone


@transaction.atomic
def claim(account: Account, *, now: datetime) -> Sequence[Message]:
    """Return the next messages to withdraw, ours for `CLAIM`: those first that would be dialled first."""
    due = _due(now).filter(batch__account=account).order_by("send_on", "id")
    ours = list(due.select_for_update(of=("self",), no_key=True, skip_locked=True)[:CHUNK])
    _due_again(ours, now + CLAIM)
    return ours


def _due(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(state=Message.State.WITHDRAWING, withdraw_at__lte=now)


def _due_again(messages: Sequence[Message], at: datetime) -> None:
    still = Message.objects.filter(pk__in=keys(messages), state=Message.State.WITHDRAWING)
    still.update(withdraw_at=at)


class _Withdrawal:
    """One turn: everything due is deleted, then everything deleted is confirmed."""

    def __init__(self, account: Account, held: HeldTurn, *, clock: Clock) -> None:
        self._account, self._held, self._clock = account, held, clock
        self._in_hand: Sequence[Message] = ()
        self._deleted: deque[Message] = deque()
        self.gone = 0

    def run(self, client: XFinClient) -> None:
        """Go on until nothing is due or deleted, or another worker has the turn. Raises `XFinError`."""
        while self._held.renew():
            if messages := claim(self._account, now=self._clock()):
                self._in_hand = messages
                self.delete(messages, client)
            elif self._deleted:
                self._in_hand = [self._deleted.popleft() for _ in range(min(CHUNK, len(self._deleted)))]
                self._settle(self._in_hand, _ask_each(client, self._in_hand))
            else:
                return
            self._in_hand = ()

    def put_off(self, pause: timedelta) -> None:
        """Have all that is not settled tried again after a pause, by whichever worker has the turn then."""
        _due_again([*self._in_hand, *self._deleted], self._clock() + pause)

    def delete(self, messages: Sequence[Message], client: XFinClient) -> None:
        """Delete messages, but none that XFin is dialling or has dialled."""
        soon = self._clock() + AHEAD
        near = [message for message in messages if message.send_on <= soon]
        asked = _ask_each(client, near)
        pairs = zip(near, asked, strict=True)
        over = [(m, remote) for m, remote in pairs if remote is None or remote.state not in DELETABLE]
        self._settle([message for message, _ in over], [remote for _, remote in over])
        done = {message.pk for message, _ in over}
        waiting = [message for message in messages if message.pk not in done]
        ids = [wire_id(message.remote_id) for message in waiting]
        try:
            client.delete_messages(ids)
        except Refused:  # because of one of them; which are gone is asked later
            for remote_id in ids:
                with suppress(Refused):
                    client.delete_message(remote_id)
        _due_again(waiting, self._clock() + CONFIRM)
        self._deleted.extend(waiting)

    def _settle(self, messages: Sequence[Message], asked: Sequence[RemoteMessage | None]) -> None:
        """Write down what became of messages of which XFin was asked."""
        now = self._clock()
        pairs = list(zip(messages, asked, strict=True))
        gone = [m for m, remote in pairs if remote is None or remote.state == RemoteState.CANCELLED]
        with transaction.atomic():  # they are not at XFin any more; their people wait again
            ours = Message.objects.filter(pk__in=keys(gone), state=Message.State.WITHDRAWING)
            still = set(locked(ours).values_list("pk", flat=True))
            mine = [message for message in gone if message.pk in still]
            _change(mine, Message.State.WITHDRAWN, GONE, now=now, settled_at=now)
            attempts_withdrawn([message.recipient_id for message in mine], now=now)
            callbacks_withdrawn(mine, now=now)
        self.gone += len(mine)
        others = [(m, remote) for m, remote in pairs if remote and remote.state != RemoteState.CANCELLED]
        settle_messages([(m, remote) for m, remote in others if remote.state in ENDED], now=now)
        dialled = [m for m, remote in others if remote.state == RemoteState.IN_PROGRESS]
        _change(dialled, Message.State.DIALLING, TOO_LATE, now=now)
        _due_again([m for m, remote in others if remote.state in DELETABLE], now + AGAIN)


def _ask_each(client: XFinClient, messages: Sequence[Message]) -> Sequence[RemoteMessage | None]:
    """Ask for each message by its id, many at the same time; None for one that XFin does not have."""
    ids = [wire_id(message.remote_id) for message in messages]
    if len(ids) < MANY:
        return [client.find_message(remote_id) for remote_id in ids]

    def ask_every(first: int) -> Sequence[RemoteMessage | None]:
        try:
            return [client.find_message(remote_id) for remote_id in ids[first::AT_ONCE]]
        finally:
            connections.close_all()  # those of this thread, which read the token

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="asks") as pool:
        parts = pool.map(ask_every, range(AT_ONCE))
        found: list[RemoteMessage | None] = [None] * len(ids)
        for first, part in enumerate(parts):
            found[first::AT_ONCE] = part
    return found


def _change(
    messages: Sequence[Message], state: Message.State, reason: str, *, now: datetime, **fields: datetime
) -> None:
    ours = Message.objects.filter(pk__in=keys(messages), state=Message.State.WITHDRAWING)
    ours.update(state=state, reason=reason, withdraw_at=None, changed_at=now, **fields)
