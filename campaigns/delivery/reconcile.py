"""Find out what became of batches whose reply was not read; only what XFin does not have is sent again.

Each of a batch's messages is looked up twice, `SETTLE_SECONDS` after its request and `SETTLE_AGAIN_SECONDS`
after that: XFin may create messages, or show them, long after it answered. What is there is QUEUED at once.
What is provably absent both times is planned again under the same reference; if XFin had refused the request
for its content it goes up again in smaller parts, and a message refused alone ends with XFin's words.

Where the absence can't be proved the batch is UNCLEAR: nothing of it is sent, and it is asked about until
there is a proof, or staff say what they know.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from campaigns.bulk import keys
from campaigns.clock import Clock
from campaigns.delivery.account_client import xfin_client
from campaigns.delivery.batches import keep_alive, mark_unconfirmed, queue, record_answer
from campaigns.delivery.circuit_breaker import record_failure, record_success, usable
from campaigns.delivery.claims import from_now
from campaigns.delivery.look_up import LookedUp, Wanted, look_up
from campaigns.delivery.refusals import stop_refused_campaigns
from campaigns.delivery.turns import turn
from campaigns.locks import locked
from campaigns.models import Account, Message, UploadBatch
from campaigns.transitions.attempt import ended_unknown
from campaigns.xfin.errors import XFinError
from campaigns.xfin.schemas import CreatedMessage, RemoteMessage

log = logging.getLogger(__name__)

#: An absence counts after so many looks that proved it.
LOOKS = 2
#: A look-up that failed is repeated after this part of `SETTLE_SECONDS`: 5 s.
AGAIN = 12

State = UploadBatch.State
IN_PARTS = "XFin refused it together with others: {} It is sent again in a smaller part."
LOOKED_UP = "Looked up at XFin:"
SENT_AGAIN = "XFin does not have it; it is sent again."


def abandon_dead_claims(now: datetime) -> int:
    """Mark batches as unconfirmed whose worker died while sending. Return how many."""
    dead = UploadBatch.objects.filter(state=State.SENDING, claimed_until__lte=Now())
    abandoned = 0
    for batch in list(dead):
        with transaction.atomic():
            # It may have been renewed since it was read.
            still = UploadBatch.objects.filter(pk=batch.pk, claimed_until__lte=Now())
            if locked(still).exists():
                reason = "The worker that sent it stopped before it read the reply."
                abandoned += mark_unconfirmed(batch, reason, now=now)
    return abandoned


def batches_to_look_up(now: datetime) -> list[int]:
    """Return the keys of batches to be looked up whose time has come and whose account may be tried."""
    due = UploadBatch.objects.filter(_due(), account__in=Account.objects.filter(usable(now)))
    return list(due.order_by("look_up_after").values_list("pk", flat=True))


def _due() -> Q:
    """Return the condition of batches that are to be looked up and that no other worker is looking up."""
    waited = Q(look_up_after__lte=Now(), claimed_until__lte=Now())
    return Q(state__in=UploadBatch.TO_LOOK_UP) & waited


def accounts_to_look_up(now: datetime) -> list[int]:
    """Return the keys of accounts with batches to look up now."""
    due = UploadBatch.objects.filter(pk__in=batches_to_look_up(now))
    return list(due.order_by().values_list("account", flat=True).distinct())


def reconcile_account(account_id: int, *, clock: Clock) -> None:
    """Look up an account's batches, one after the other; nothing if another worker is at it."""
    with turn("look up", account_id) as held:
        for batch_id in batches_to_look_up(clock()) if held else ():
            if UploadBatch.objects.filter(pk=batch_id, account=account_id).exists():
                reconcile(batch_id, clock=clock)


def reconcile(batch_id: int, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> int | None:
    """Look one batch up at XFin. Return how many of its messages were there.

    None after a failure, or if another worker is at it, or became it meanwhile.
    """
    mine = UploadBatch.objects.filter(_due(), pk=batch_id)
    if not mine.update(claimed_until=from_now(settings.CLAIM_SECONDS)):
        return None
    batch = UploadBatch.objects.select_related("account").get(pk=batch_id)
    messages = list(batch.messages.filter(state=Message.State.UNCONFIRMED).select_related("recipient"))
    wanted = [
        Wanted(reference=message.reference, phone=message.recipient.phone, send_on=message.send_on)
        for message in messages
    ]
    try:
        with (
            keep_alive(
                lambda: _still_looking(batch).update(claimed_until=from_now(settings.CLAIM_SECONDS)),
                name=f"looks-{batch_id}",
            ),
            xfin_client(batch.account, transport=transport) as client,
        ):
            looked = look_up(client, batch.reference, wanted)
    except XFinError as error:
        log.warning("looking up batch %s: %s", batch.reference, error.reason)
        record_failure(batch.account, error, now=clock())
        again = from_now(settings.SETTLE_SECONDS / AGAIN)
        _still_looking(batch).update(claimed_until=Now(), look_up_after=again)
        return None
    record_success(batch.account, now=clock())
    return len(looked.found) if settle(batch, messages, looked, now=clock()) else None


def _still_looking(batch: UploadBatch) -> QuerySet[UploadBatch]:
    """Return the batch if this look is still the one that counts."""
    return UploadBatch.objects.filter(
        pk=batch.pk,
        state__in=UploadBatch.TO_LOOK_UP,
        looks=batch.looks,
        claimed_until__gt=Now(),
    )


@transaction.atomic
def settle(batch: UploadBatch, messages: Sequence[Message], looked: LookedUp, *, now: datetime) -> bool:
    """Write down what a look showed. Return False, with nothing written, if it came too late to count."""
    missing = [message for message in messages if message.reference not in looked.found]
    looks = batch.looks + (not looked.unproved)
    there = f"{LOOKED_UP} {len(looked.found)} of {len(messages)} were there."
    reason = f"{batch.reason.partition(LOOKED_UP)[0].strip()} {there} {looked.unproved}".strip()
    state, wait = State.RECONCILED, None
    if missing and (looked.unproved or looks < LOOKS):
        state = State.UNCLEAR if looked.unproved else State.UNCONFIRMED
        wait = from_now(settings.SETTLE_AGAIN_SECONDS)
    counted = _still_looking(batch).update(
        state=state,
        reason=reason,
        looks=looks,
        claimed_until=Now(),
        look_up_after=wait,
        changed_at=now,
    )
    if not counted:
        return False
    _write_found(batch, messages, looked.found, now)
    if state == State.RECONCILED:
        _send_again(batch, missing, now)
    elif state == State.UNCLEAR:
        unclear = f"Unclear whether XFin has it. {looked.unproved}"
        Message.objects.filter(batch=batch, state=Message.State.UNCONFIRMED).update(
            reason=unclear, changed_at=now
        )
    return True


def _write_found(
    batch: UploadBatch, messages: Sequence[Message], found: Mapping[str, RemoteMessage], now: datetime
) -> None:
    by_status: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for message in messages:
        if remote := found.get(message.reference):
            by_status[remote.raw_state[:60]][message.pk] = str(remote.id)
    for status, remote_ids in by_status.items():
        queue(batch, status, remote_ids, now=now)


def _send_again(batch: UploadBatch, missing: Sequence[Message], now: datetime) -> None:
    """Plan messages again that XFin does not have; one that it refused alone ends with its words."""
    if batch.refusal and batch.size == 1:
        for message in missing:
            answer = CreatedMessage(reference=message.reference, error=batch.refusal)
            record_answer(message, batch, answer, now=now)
        stop_refused_campaigns(batch, now=now)
        return
    lost = Message.objects.filter(pk__in=keys(missing), batch=batch, state=Message.State.UNCONFIRMED)
    if batch.refusal:
        # They keep their batch: `upload` sends what was refused together apart from all others, in parts.
        reason = IN_PARTS.format(batch.refusal)
        lost.update(state=Message.State.PLANNED, reason=reason, changed_at=now)
    else:
        lost.update(state=Message.State.PLANNED, batch=None, reason=SENT_AGAIN, changed_at=now)


@transaction.atomic
def resolve(batch: UploadBatch, *, at_xfin: bool, now: datetime) -> int:
    """Settle the messages of an unclear batch by what staff know. Return how many; 0 if it is not unclear.

    `at_xfin`: XFin has them. How their calls ended is not known then; otherwise they are sent again.
    """
    unclear = UploadBatch.objects.filter(pk=batch.pk, state=State.UNCLEAR, claimed_until__lte=Now())
    said = "Staff say that XFin has them." if at_xfin else "Staff say that XFin does not have them."
    if not unclear.update(
        state=State.RECONCILED, reason=f"{batch.reason} {said}", look_up_after=None, changed_at=now
    ):
        return 0
    messages = list(batch.messages.filter(state=Message.State.UNCONFIRMED))
    if not at_xfin:
        _send_again(batch, messages, now)
        return len(messages)
    Message.objects.filter(pk__in=keys(messages), state=Message.State.UNCONFIRMED).update(
        state=Message.State.UNKNOWN, reason=said, settled_at=now, changed_at=now
    )
    for message in messages:
        ended_unknown(message.recipient_id, said)
    return len(messages)
