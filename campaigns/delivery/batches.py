"""Keep one batch on its way to XFin: its claim, its result, and its halves if XFin refuses it as a whole."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from threading import Event, Thread

from django.conf import settings
from django.db import connection, connections, transaction

from campaigns.clock import Clock
from campaigns.models import Account, Message, Recipient, UploadBatch
from campaigns.transitions.attempt import settle_recipient
from campaigns.xfin.errors import Refused, Retry, XFinError
from campaigns.xfin.schemas import CreatedMessage

ON_ITS_WAY = (Message.State.SENDING, Message.State.UNCONFIRMED)
#: Nothing usable came back; a batch that was looked up is one of those.
NO_RESULT = (UploadBatch.State.NOT_SENT, UploadBatch.State.UNCONFIRMED, UploadBatch.State.RECONCILED)
AT_XFIN = "At XFin, waiting for its turn."


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that is ours to send, with its messages in order."""

    batch: UploadBatch
    messages: Sequence[Message]


def open_batch(account: Account, messages: Sequence[Message], *, now: datetime) -> Claim:
    """Create and return a batch of these messages, claimed for `CLAIM_SECONDS`.

    The caller moves the messages into it.
    """
    batch = UploadBatch.objects.create(account=account, size=len(messages), claimed_until=_claim_end(now))
    return Claim(batch, messages)


@contextmanager
def keep_claim_alive(batch: UploadBatch, *, clock: Clock) -> Iterator[None]:
    """Renew the batch's claim while the block runs: a slow reply must not make the worker count as dead."""
    done = Event()

    def renew() -> None:
        while not done.wait(settings.CLAIM_SECONDS / 3):
            ours = UploadBatch.objects.filter(pk=batch.pk, state=UploadBatch.State.SENDING)
            ours.update(claimed_until=_claim_end(clock()))
        connections.close_all()  # those of this thread

    keeper = Thread(target=renew, name=f"keeps-{batch.pk}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _claim_end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.CLAIM_SECONDS)


@transaction.atomic
def split(claim: Claim, error: Refused, *, now: datetime) -> Sequence[Claim]:
    """Return the two halves of a batch that XFin refused as a whole; empty if it was given up meanwhile."""
    reason = f"{error.reason} It is sent again in halves, to find the message that is meant."
    ours = UploadBatch.objects.filter(pk=claim.batch.pk, state=UploadBatch.State.SENDING)
    if not ours.update(state=UploadBatch.State.REFUSED, reason=reason, changed_at=now):
        return ()
    middle = len(claim.messages) // 2
    parts = []
    for messages in (claim.messages[:middle], claim.messages[middle:]):
        part = open_batch(claim.batch.account, messages, now=now)
        sending = Message.objects.filter(batch=claim.batch, state=Message.State.SENDING)
        sending.filter(pk__in=[message.pk for message in messages]).update(batch=part.batch, changed_at=now)
        parts.append(part)
    return parts


@transaction.atomic
def settle_reply(claim: Claim, created: Sequence[CreatedMessage], *, now: datetime) -> None:
    """Write down a reply that was read: every message is at XFin, or was rejected with XFin's words."""
    answers = {answer.reference: answer for answer in created}
    taken: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for message in claim.messages:
        answer = answers[message.reference]
        if answer.created:
            taken[answer.status][message.pk] = str(answer.id)
        else:
            record_answer(message, answer, now=now)
    pairs = "json_each_text" if connection.vendor == "postgresql" else "json_each"
    at = connection.ops.adapt_datetimefield_value(now)
    for status, remote_ids in taken.items():  # all of one status in one statement; only those on their way
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {Message._meta.db_table} AS m SET state = %s, remote_id = pair.value,"
                f" remote_state = %s, reason = %s, changed_at = %s FROM {pairs}(%s) AS pair"
                " WHERE m.id = CAST(pair.key AS bigint) AND m.state IN (%s, %s)",
                [Message.State.QUEUED, status, AT_XFIN, at, json.dumps(remote_ids), *ON_ITS_WAY],
            )
    UploadBatch.objects.filter(pk=claim.batch.pk).update(
        state=UploadBatch.State.CONFIRMED, reason="XFin confirmed it.", changed_at=now
    )


def record_answer(message: Message, answer: CreatedMessage, *, now: datetime) -> None:
    """Write down what XFin said of one message. Only a message on its way is changed."""
    on_its_way = Message.objects.filter(pk=message.pk, state__in=ON_ITS_WAY)
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
def settle_failure(batch: UploadBatch, error: XFinError, *, now: datetime) -> None:
    """Settle a batch without a usable reply: plan it again if nothing was carried out, else look it up.

    A batch that was given up meanwhile is left alone: `reconcile` decides for its messages.
    """
    if error.retry == Retry.LOOK_UP_FIRST:
        mark_unconfirmed(batch, error.reason, now=now)
        return
    state = UploadBatch.State.REFUSED if error.retry == Retry.NEVER else UploadBatch.State.NOT_SENT
    release(batch, state, error.reason, now=now)


@transaction.atomic
def release(batch: UploadBatch, state: UploadBatch.State, reason: str, *, now: datetime) -> None:
    """Plan the messages of a batch again, of which nothing is at XFin. `state` is the batch's end."""
    ours = UploadBatch.objects.filter(pk=batch.pk, state=UploadBatch.State.SENDING)
    if ours.update(state=state, reason=reason, changed_at=now):
        messages = Message.objects.filter(batch=batch, state=Message.State.SENDING)
        messages.update(state=Message.State.PLANNED, batch=None, reason=reason, changed_at=now)


@transaction.atomic
def reject(claim: Claim, error: Refused, *, now: datetime) -> None:
    """End messages that XFin refuses, with its words."""
    ours = UploadBatch.objects.filter(pk=claim.batch.pk, state=UploadBatch.State.SENDING)
    if ours.update(state=UploadBatch.State.REFUSED, reason=error.reason, changed_at=now):
        for message in claim.messages:
            answer = CreatedMessage(reference=message.reference, error=error.detail)
            record_answer(message, answer, now=now)


def failed_in_a_row(account: Account, *, most: int) -> int:
    """Return how many of the account's latest requests in a row got no result from XFin, at most `most`."""
    ended = account.batches.exclude(state=UploadBatch.State.SENDING).order_by("-pk")
    states = ended.values_list("state", flat=True)[:most]
    return sum(1 for _ in takewhile(NO_RESULT.__contains__, states))


def mark_unconfirmed(batch: UploadBatch, reason: str, *, now: datetime) -> None:
    """Have a request that may have been carried out looked up, `SETTLE_SECONDS` from now."""
    UploadBatch.objects.filter(pk=batch.pk, state=UploadBatch.State.SENDING).update(
        state=UploadBatch.State.UNCONFIRMED,
        reason=reason,
        look_up_after=now + timedelta(seconds=settings.SETTLE_SECONDS),
        changed_at=now,
    )
    Message.objects.filter(batch=batch, state=Message.State.SENDING).update(
        state=Message.State.UNCONFIRMED,
        reason="Sent, but XFin's reply was not read; it is looked up before anything is sent again.",
        changed_at=now,
    )
