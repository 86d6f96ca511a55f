"""Keep one batch on its way to XFin: its claim, its fence, and what its reply says.

A row is written only while its message still belongs to the batch: a worker that comes late with a reply, or
with news of a failure, changes nothing of what others did meanwhile.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from threading import Event, Thread

from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import Q
from django.db.models.functions import Now

from campaigns.bulk import among_keys
from campaigns.delivery.claims import from_now
from campaigns.delivery.refusals import stop_refused_campaigns
from campaigns.locks import locked
from campaigns.models import Account, Campaign, Message, Recipient, UploadBatch
from campaigns.transitions.attempt import settle_recipient
from campaigns.xfin.errors import XFinError
from campaigns.xfin.schemas import CreatedMessage

log = logging.getLogger(__name__)

ON_ITS_WAY = (Message.State.SENDING, Message.State.UNCONFIRMED)
#: What became of the messages is not written yet.
OPEN = (UploadBatch.State.SENDING, *UploadBatch.TO_LOOK_UP)
#: Nothing usable came back; a batch that was looked up is one of those.
NO_RESULT = (UploadBatch.State.NOT_SENT, *UploadBatch.TO_LOOK_UP, UploadBatch.State.RECONCILED)
AT_XFIN = "At XFin, waiting for its turn."
LOOKED_UP_FIRST = (
    "Sent, but what XFin made of it is not known; it is looked up before anything is sent again."
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that is ours to send, with its messages in order, and when the rules were asked about them."""

    batch: UploadBatch
    messages: Sequence[Message]
    checked_at: datetime


def open_batch(account: Account, messages: Sequence[Message], *, now: datetime) -> Claim:
    """Create and return a batch of these messages, claimed for `CLAIM_SECONDS`.

    The caller moves the messages into it.
    """
    until = from_now(settings.CLAIM_SECONDS)
    batch = UploadBatch.objects.create(account=account, size=len(messages), claimed_until=until)
    return Claim(batch, messages, now)


def still_sending(batch: UploadBatch) -> bool:
    """Renew a batch's claim for `CLAIM_SECONDS`. Return False if it has ended: then nothing may be sent."""
    ours = UploadBatch.objects.filter(pk=batch.pk, state=UploadBatch.State.SENDING, claimed_until__gt=Now())
    return bool(ours.update(claimed_until=from_now(settings.CLAIM_SECONDS)))


@contextmanager
def keep_alive(renew: Callable[[], object], *, name: str) -> Iterator[None]:
    """Renew a claim while the block runs: a slow XFin must not make the worker count as dead.

    A database that is away for a while costs a renewal, not the keeper.
    """
    done = Event()

    def keep() -> None:
        while not done.wait(settings.CLAIM_SECONDS / 3):
            try:
                renew()
            except DatabaseError as error:
                log.warning("%s: the claim could not be renewed: %s", name, type(error).__name__)
                connections.close_all()
        connections.close_all()  # those of this thread

    keeper = Thread(target=keep, name=name, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


@transaction.atomic
def settle_reply(claim: Claim, created: Sequence[CreatedMessage], *, now: datetime) -> int:
    """Write down a reply that was read. Return how many messages are at XFin.

    Each is there, or was rejected with XFin's words. Those of which the reply says nothing believable are
    looked up. So are rejected ones where so many were that the cause is theirs in common: their campaign is
    stopped, and they are called once it is resumed.
    """
    answers = {answer.reference: answer for answer in created}
    _lock_for(claim, refused=any(not answer.created and not answer.doubt for answer in created))
    taken: defaultdict[str, dict[int, str]] = defaultdict(dict)
    rejected: list[tuple[Message, CreatedMessage]] = []
    doubts: list[tuple[Message, CreatedMessage]] = []
    for message in claim.messages:
        answer = answers[message.reference]
        if answer.created:
            taken[answer.status][message.pk] = str(answer.id)
        else:
            (doubts if answer.doubt else rejected).append((message, answer))
    for status, remote_ids in taken.items():  # all of one status in one statement
        queue(claim.batch, status, remote_ids, now=now)
    for message, answer in rejected:
        record_answer(message, claim.batch, answer, now=now)
    if doubts:
        why = f"{len(doubts)} of {len(claim.messages)}: {doubts[0][1].doubt}."
        log.warning("batch %s: set aside: %s", claim.batch.reference, why)
        mark_unconfirmed(claim.batch, why, now=now)
    else:
        UploadBatch.objects.filter(pk=claim.batch.pk, state__in=OPEN).update(
            state=UploadBatch.State.CONFIRMED, reason="XFin confirmed it.", look_up_after=None, changed_at=now
        )
    if rejected:
        stop_refused_campaigns(claim.batch, now=now)
    return sum(map(len, taken.values()))


def _lock_for(claim: Claim, *, refused: bool) -> None:
    """Lock what a reply may change beside its own messages: their batch, and where XFin refused some, whose
    campaign may be stopped for it, before it the campaigns, behind it all refused messages with their people.
    """
    batches = Q(pk=claim.batch.pk)
    if not refused:
        list(locked(UploadBatch.objects.filter(batches)).values_list("pk"))
        return
    campaigns = {message.recipient.campaign_id for message in claim.messages}
    list(locked(Campaign.objects.filter(pk__in=campaigns)).values_list("pk"))
    earlier = Q(state=Message.State.REJECTED, recipient__campaign__in=campaigns)
    batches |= Q(pk__in=set(Message.objects.filter(earlier).values_list("batch_id", flat=True)))
    list(locked(UploadBatch.objects.filter(batches)).values_list("pk"))
    messages = locked(Message.objects.filter(earlier | Q(batch=claim.batch)))
    people = list(messages.values_list("recipient_id", flat=True))
    list(locked(Recipient.objects.filter(pk__in=among_keys(people))).values_list("pk"))


def queue(batch: UploadBatch, status: str, remote_ids: Mapping[int, str], *, now: datetime) -> None:
    """Write down XFin's ids of messages, by key; only of those that are still on their way in this batch."""
    pairs = "json_each_text" if connection.vendor == "postgresql" else "json_each"
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Message._meta.db_table} AS m SET state = %s, remote_id = pair.value,"
            f" remote_state = %s, reason = %s, changed_at = %s FROM {pairs}(%s) AS pair"
            " WHERE m.id = CAST(pair.key AS bigint) AND m.batch_id = %s AND m.state IN (%s, %s)",
            [Message.State.QUEUED, status, AT_XFIN, at, json.dumps(remote_ids), batch.pk, *ON_ITS_WAY],
        )


def record_answer(message: Message, batch: UploadBatch, answer: CreatedMessage, *, now: datetime) -> None:
    """Write down what XFin said of one message, if it is still on its way in this batch."""
    on_its_way = Message.objects.filter(pk=message.pk, batch=batch, state__in=ON_ITS_WAY)
    if answer.created:
        on_its_way.update(
            state=Message.State.QUEUED,
            remote_id=str(answer.id),
            remote_state=answer.status,
            reason=AT_XFIN,
            changed_at=now,
        )
        return
    reason = f"XFin rejected it: {answer.error or 'no reason given'}"
    if on_its_way.update(state=Message.State.REJECTED, reason=reason, settled_at=now, changed_at=now):
        settle_recipient(message.recipient_id, Recipient.State.FAILED, reason)


@transaction.atomic
def settle_failure(
    batch: UploadBatch, error: XFinError, *, sent: bool, now: datetime, words: str = ""
) -> None:
    """Settle a batch without a usable reply: plan it again if nothing was `sent`, else have it looked up.

    Whatever status XFin answered, it may have created messages before it did. `words`: why XFin refused the
    request, if that was for its content. A batch that was given up meanwhile is left alone.
    """
    if sent:
        mark_unconfirmed(batch, error.reason, now=now, refusal=words)
    else:
        release(batch, error.reason, now=now)


@transaction.atomic
def release(batch: UploadBatch, reason: str, *, now: datetime) -> None:
    """Plan the messages of a batch again that was not sent."""
    ours = UploadBatch.objects.filter(pk=batch.pk, state=UploadBatch.State.SENDING)
    if ours.update(state=UploadBatch.State.NOT_SENT, reason=reason, changed_at=now):
        messages = Message.objects.filter(batch=batch, state=Message.State.SENDING)
        messages.update(state=Message.State.PLANNED, batch=None, reason=reason, changed_at=now)


def failed_in_a_row(account: Account, *, most: int) -> int:
    """Return how many of the account's latest requests in a row got no result from XFin, at most `most`."""
    ended = account.batches.exclude(state=UploadBatch.State.SENDING).filter(refusal="").order_by("-pk")
    states = ended.values_list("state", flat=True)[:most]
    return sum(1 for _ in takewhile(NO_RESULT.__contains__, states))


def mark_unconfirmed(batch: UploadBatch, reason: str, *, now: datetime, refusal: str = "") -> bool:
    """Have a request that may have been carried out looked up, `SETTLE_SECONDS` from now.

    Return False, with nothing changed, if it is not being sent any more.
    """
    marked = UploadBatch.objects.filter(pk=batch.pk, state=UploadBatch.State.SENDING).update(
        state=UploadBatch.State.UNCONFIRMED,
        reason=reason,
        refusal=refusal,
        looks=0,
        claimed_until=Now(),
        look_up_after=from_now(settings.SETTLE_SECONDS),
        changed_at=now,
    )
    if marked:
        Message.objects.filter(batch=batch, state=Message.State.SENDING).update(
            state=Message.State.UNCONFIRMED, reason=LOOKED_UP_FIRST, changed_at=now
        )
    return bool(marked)
