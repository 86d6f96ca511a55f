"""Handing messages to XFin, each exactly once.

XFin has no idempotency key (awaaz-platform.md §1), so a lost reply must never lead to a blind second
request. A batch is claimed in the database, sent, and its fate written down:

    claim:  PLANNED -> SENDING      with a new UploadBatch, in one transaction
    send:   one create_bulk request, outside any transaction
    settle: reply read              -> QUEUED (or REJECTED with XFin's words), batch CONFIRMED
            certainly not carried out -> PLANNED again, batch NOT_SENT or REFUSED
            anything else           -> UNCONFIRMED; `reconciling` looks up what was created

A worker that dies in between leaves a batch SENDING past `claimed_until`; it counts as unconfirmed.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from campaigns.clock import Clock
from campaigns.models import (
    Account,
    Campaign,
    Evidence,
    Message,
    Recipient,
    Template,
    TemplateLanguage,
    UploadBatch,
)
from campaigns.rules import Judgement
from campaigns.services.accounts import note_recovery, note_trouble, usable, xfin_client
from campaigns.services.judging import Bench, stop_campaign
from campaigns.services.settling import settle_recipient
from campaigns.xfin.client import XFinClient
from campaigns.xfin.errors import AuthRefused, Refused, Retry, XFinError
from campaigns.xfin.schemas import CreatedMessage, NewMessage

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that is ours to send, with its messages in order."""

    batch: UploadBatch
    messages: Sequence[Message]


def accounts_with_due_messages(now: datetime) -> list[int]:
    """Accounts that may be tried now and have messages to hand over."""
    due = _due(now).values("recipient__campaign__template__account")
    return list(Account.objects.filter(usable(now), pk__in=due).values_list("pk", flat=True))


def upload(account_id: int, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> int:
    """Hand over what is due, batch by batch; how many messages XFin confirmed.

    Stops at the first trouble, which is noted on the account.
    """
    account = Account.objects.get(pk=account_id)
    confirmed = 0
    with xfin_client(account, transport=transport) as client:
        while claim := claim_due(account, now=clock()):
            accepted = send(claim, client, account, clock=clock)
            if accepted is None:
                break
            confirmed += accepted
    return confirmed


@transaction.atomic
def claim_due(account: Account, *, now: datetime) -> Claim | None:
    """Take the next due messages of an account into a new batch, judging each once more."""
    candidates = list(
        _due(now)
        .filter(recipient__campaign__template__account=account)
        .select_related(
            "recipient__campaign__number", "recipient__campaign__template", "recipient__campaign__agent"
        )
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("send_on", "id")[: account.chunk_size]
    )
    lawful = _judge_again(candidates, now)
    if not lawful:
        return None
    batch = UploadBatch.objects.create(
        account=account,
        size=len(lawful),
        claimed_until=now + timedelta(seconds=settings.CLAIM_SECONDS),
    )
    claimed = Message.objects.filter(pk__in=[m.pk for m in lawful], state=Message.State.PLANNED)
    claimed.update(state=Message.State.SENDING, batch=batch, reason="Being sent to XFin.", changed_at=now)
    return Claim(batch, lawful)


def send(claim: Claim, client: XFinClient, account: Account, *, clock: Clock) -> int | None:
    """Send one claimed batch and write down its fate; how many XFin took, or None after trouble."""
    wire = [_to_wire(message, claim.batch) for message in claim.messages]
    try:
        created = client.create_bulk(wire)
    except XFinError as error:
        log.warning("batch %s: %s", claim.batch.reference, error.reason)
        settle_failure(claim.batch, error, now=clock())
        note_trouble(account, error, now=clock())
        return None
    settle_reply(claim, created, now=clock())
    note_recovery(account)
    return sum(answer.created for answer in created)


@transaction.atomic
def settle_reply(claim: Claim, created: Sequence[CreatedMessage], *, now: datetime) -> None:
    """A reply was read: every message is at XFin now, or was rejected with XFin's words."""
    answers = {answer.reference: answer for answer in created}
    for message in claim.messages:
        record_answer(message, answers[message.reference], now=now)
    UploadBatch.objects.filter(pk=claim.batch.pk).update(
        state=UploadBatch.State.CONFIRMED, reason="XFin confirmed it.", changed_at=now
    )


def record_answer(message: Message, answer: CreatedMessage, *, now: datetime) -> None:
    """What XFin said of one message. Only a message on its way is changed."""
    on_its_way = Message.objects.filter(
        pk=message.pk, state__in=[Message.State.SENDING, Message.State.UNCONFIRMED]
    )
    if answer.created:
        on_its_way.update(
            state=Message.State.QUEUED,
            remote_id=str(answer.id),
            remote_state=answer.status,
            reason="At XFin, waiting for its turn.",
            changed_at=now,
        )
        return
    reason = f"XFin rejected it: {answer.error or 'no reason given'}"
    if on_its_way.update(state=Message.State.REJECTED, reason=reason, settled_at=now, changed_at=now):
        settle_recipient(message.recipient_id, Recipient.State.FAILED, reason)


@transaction.atomic
def settle_failure(batch: UploadBatch, error: XFinError, *, now: datetime) -> None:
    """No usable reply: give the messages back if nothing was carried out, else have them looked up.

    A batch that was given up meanwhile is left alone: whoever looks it up decides for its messages.
    """
    if error.retry == Retry.LOOK_UP_FIRST:
        mark_unconfirmed(batch, error.reason, now=now)
        return
    state = UploadBatch.State.REFUSED if error.retry == Retry.NEVER else UploadBatch.State.NOT_SENT
    ours = UploadBatch.objects.filter(pk=batch.pk, state=UploadBatch.State.SENDING)
    if not ours.update(state=state, reason=error.reason, changed_at=now):
        return
    messages = Message.objects.filter(batch=batch, state=Message.State.SENDING)
    if isinstance(error, Refused) and not isinstance(error, AuthRefused):
        _reject_all(messages, error, now)
        return
    messages.update(state=Message.State.PLANNED, batch=None, reason=error.reason, changed_at=now)


def mark_unconfirmed(batch: UploadBatch, reason: str, *, now: datetime) -> None:
    """The request may have been carried out: look it up once XFin has had time to finish it."""
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


def _reject_all(messages: QuerySet[Message], error: Refused, now: datetime) -> None:
    for message in messages:
        record_answer(message, CreatedMessage(reference=message.reference, error=error.reason), now=now)


def _due(now: datetime) -> QuerySet[Message]:
    """Planned messages within the horizon whose campaign runs and whose template is at XFin in all languages.

    XFin rejects a message in a language that it does not have yet, and nobody would call that person.
    """
    unfinished = TemplateLanguage.objects.filter(sync_state=TemplateLanguage.Sync.PENDING)
    return Message.objects.exclude(recipient__campaign__template__in=unfinished.values("template")).filter(
        state=Message.State.PLANNED,
        send_on__lte=now + timedelta(minutes=settings.UPLOAD_HORIZON_MINUTES),
        recipient__campaign__state=Campaign.State.RUNNING,
        recipient__campaign__template__sync_state=Template.Sync.SYNCED,
    )


def _judge_again(candidates: Sequence[Message], now: datetime) -> list[Message]:
    """The messages that may still be sent; the others are put off or blocked. All leave evidence."""
    bench = Bench([message.recipient for message in candidates], now=now)
    lawful, rows, stopped = [], [], set[int]()
    for message in candidates:
        person, at = message.recipient, max(message.send_on, now)
        if person.campaign_id in stopped:
            continue
        judgement = bench.judge(person, at=at, message=message)
        if judgement.stops_campaign:
            stop_campaign(person.campaign_id, judgement, now=now)
            stopped.add(person.campaign_id)
        elif _may_go(message, judgement, now):
            lawful.append(message)
        rows.append(
            bench.evidence(
                person,
                judgement,
                stage=Evidence.Stage.HAND_OVER,
                at=at,
                now=now,
                reference=message.reference,
            )
        )
    Evidence.objects.bulk_create(rows)
    return lawful


def _may_go(message: Message, judgement: Judgement, now: datetime) -> bool:
    if judgement.refuses_person:
        Message.objects.filter(pk=message.pk).update(
            state=Message.State.BLOCKED, reason=judgement.reason, settled_at=now
        )
        # The attempt was never made, so it does not count against the person's limit.
        Recipient.objects.filter(pk=message.recipient_id).update(attempts=F("attempts") - 1)
        state = Recipient.State.SUPPRESSED if judgement.opted_out else Recipient.State.BLOCKED
        settle_recipient(message.recipient_id, state, judgement.reason)
        return False
    if judgement.waits_until:
        Message.objects.filter(pk=message.pk).update(send_on=judgement.waits_until, reason=judgement.reason)
        return False
    return True


def _to_wire(message: Message, batch: UploadBatch) -> NewMessage:
    person = message.recipient
    return NewMessage(
        phone_number=person.phone,
        language=person.language,
        template=person.campaign.template.name,
        reference=message.reference,
        batch=batch.reference,
        send_on=message.send_on,
        variables={"name": person.name, **person.variables},
    )
