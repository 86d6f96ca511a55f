"""Hand messages to XFin, each exactly once.

XFin has no idempotency key (awaaz-platform.md §1), so a lost reply must never lead to a blind second
request. A batch is claimed in the database, sent, and its result written down:

    claim:  PLANNED -> SENDING      with a new UploadBatch, in one transaction
    send:   one create_bulk request, outside any transaction
    settle: reply read              -> QUEUED (or REJECTED with XFin's words), batch CONFIRMED
            certainly not carried out -> PLANNED again, batch NOT_SENT or REFUSED
            anything else           -> UNCONFIRMED; `reconcile` looks up what was created
            refused for its content -> halved, until the message that XFin refuses stands alone

The claim is renewed while the request is under way. A worker that dies in between leaves a batch
SENDING past `claimed_until`; it counts as unconfirmed.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from operator import attrgetter

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.bulk import add_campaigns, insert, keys, update
from campaigns.clock import Clock
from campaigns.compliance.check import ComplianceChecker, stop_campaign
from campaigns.delivery.account_client import xfin_client
from campaigns.delivery.batches import (
    Claim,
    failed_in_a_row,
    keep_claim_alive,
    open_batch,
    reject,
    release,
    settle_failure,
    settle_reply,
    split,
)
from campaigns.delivery.circuit_breaker import BREAK_AFTER, record_failure, record_success, usable
from campaigns.lifecycle import approvals
from campaigns.models import (
    Account,
    Callback,
    Campaign,
    Evidence,
    Message,
    Recipient,
    Template,
    TemplateLanguage,
    UploadBatch,
)
from campaigns.planning.respace import space_due
from campaigns.rules import Judgement
from campaigns.transitions import callback
from campaigns.transitions.attempt import revert_attempt, settle_recipient
from campaigns.transitions.campaign import stop
from campaigns.xfin.client import XFinClient
from campaigns.xfin.errors import Refused, XFinError
from campaigns.xfin.schemas import NewMessage

log = logging.getLogger(__name__)

#: HTTP statuses about a request's content (bad, too large, unprocessable): one row of it may be the cause.
ABOUT_CONTENT = (400, 413, 422)
#: The columns read of a message and its person: half of a row's time goes into building objects from them.
NEEDED = (
    *("id", "recipient", "attempt", "reference", "send_on"),
    *(f"recipient__{name}" for name in ("campaign", "phone", "name", "language", "variables", "attempts")),
)
#: After so many single messages refused and none taken, the cause is what they have in common: the template.
MOST_REFUSED = 5


def uploads_wanted(now: datetime) -> dict[int, int]:
    """Return how many uploads to begin, by account, for those that may be tried and have messages due.

    While XFin reads one batch the next is checked. Where `UPLOADS_AT_ONCE` are under way already, one more is
    begun all the same: their workers may be dead.
    """
    wanted: dict[int, int] = {}
    for account in Account.objects.filter(usable(now)):
        due: int = _due(account.pk, now)[: settings.UPLOADS_AT_ONCE * account.chunk_size].count()
        under_way = account.batches.filter(state=UploadBatch.State.SENDING, claimed_until__gt=now).count()
        free: int = settings.UPLOADS_AT_ONCE - under_way
        if count := min(max(1, free), ceil(due / account.chunk_size)):
            wanted[account.pk] = count
    return wanted


def upload(account_id: int, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> int:
    """Hand over an account's due messages, batch by batch. Return how many messages XFin confirmed.

    The first failure ends it and is recorded on the account.
    """
    account = Account.objects.get(pk=account_id)
    confirmed = 0
    with xfin_client(account, transport=transport) as client:
        try:
            client.ensure_login()  # before anything is claimed: a login may take long or fail
        except XFinError as error:
            record_failure(account, error, now=clock())
            return 0
        while claim := claim_due(account, now=clock()):
            accepted = send(claim, client, account, clock=clock)
            if accepted is None:
                break
            confirmed += accepted
    return confirmed


@transaction.atomic
def claim_due(account: Account, *, now: datetime) -> Claim | None:
    """Take the next due messages of an account into a new batch, at their pace, checking each once more.

    Return None if nothing may be sent now. One claim of an account at a time, so that each sees what the
    others gave to XFin: two would both fill the same minutes. The sending overlaps.
    """
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    candidates = list(
        _due(account.pk, now)
        .select_related("recipient")
        .only(*NEEDED)
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("send_on", "id")[: account.chunk_size]
    )
    add_campaigns([message.recipient for message in candidates])
    lawful = _check_again(space_due(candidates, now=now), now)
    if not lawful:
        return None
    claim = open_batch(account, lawful, now=now)
    claimed = Message.objects.filter(pk__in=keys(lawful), state=Message.State.PLANNED)
    claimed.update(
        state=Message.State.SENDING, batch=claim.batch, reason="Being sent to XFin.", changed_at=now
    )
    return claim


def send(claim: Claim, client: XFinClient, account: Account, *, clock: Clock) -> int | None:
    """Send one claimed batch and write down its result. Return how many messages XFin took.

    None after a failure, which is recorded on the account, or if the campaign had to be stopped.
    """
    return _Delivery(claim, client=client, account=account, clock=clock).run()


class _Delivery:
    """A batch on its way, halved as often as XFin refuses a part as a whole."""

    def __init__(self, claim: Claim, *, client: XFinClient, account: Account, clock: Clock) -> None:
        self._left = [claim]
        self._client, self._account, self._clock = client, account, clock
        self._taken = self._refused = 0

    def run(self) -> int | None:
        """Send part by part. Return how many messages XFin took, or None after a failure."""
        while self._left:
            part = self._left.pop()
            try:
                self._send(part)
            except XFinError as error:
                log.warning("batch %s: %s", part.batch.reference, error.reason)
                settle_failure(part.batch, error, now=self._clock())
                self._release_rest(error.reason)
                # XFin may well answer questions meanwhile: that must not keep the circuit closed.
                in_a_row = failed_in_a_row(self._account, most=BREAK_AFTER)
                record_failure(self._account, error, now=self._clock(), in_a_row=in_a_row)
                return None
            if self._refused >= MOST_REFUSED and not self._taken:
                return None
        record_success(self._account, now=self._clock())
        return self._taken

    def _send(self, part: Claim) -> None:
        """Send one part. If XFin refuses it for its content, halve it, or end the only message of it."""
        wire = [_to_wire(message, part.batch) for message in part.messages]
        try:
            with keep_claim_alive(part.batch, clock=self._clock):
                created = self._client.create_bulk(wire)
        except Refused as error:
            if error.status not in ABOUT_CONTENT:
                raise
            log.warning("batch %s of %d: %s", part.batch.reference, len(part.messages), error.reason)
            if len(part.messages) > 1:
                self._left += reversed(split(part, error, now=self._clock()))
                return
            reject(part, error, now=self._clock())
            self._refused += 1
            if self._refused >= MOST_REFUSED and not self._taken:
                self._release_rest(error.reason)
                reason = (
                    f"Stopped: XFin refuses every message. {error.reason} Compare the template with the one "
                    "at XFin and look at the people's variables, then resume."
                )
                stop(part.messages[0].recipient.campaign_id, reason, now=self._clock())
            return
        settle_reply(part, created, now=self._clock())
        self._taken += sum(answer.created for answer in created)

    def _release_rest(self, reason: str) -> None:
        for part in self._left:
            release(part.batch, UploadBatch.State.NOT_SENT, reason, now=self._clock())
        self._left.clear()


def _due(account_id: int, now: datetime) -> QuerySet[Message]:
    """Return an account's planned messages within the horizon, of campaigns that are ready.

    Ready is a running campaign whose templates are at XFin in all languages: XFin rejects a message in a
    language that it does not have yet, and that person would not be called. People who wait for a call-back
    are called then, and not for what was planned before.
    """
    unfinished = TemplateLanguage.objects.filter(sync_state=TemplateLanguage.Sync.PENDING).values("template")
    there = Template.objects.filter(sync_state=Template.Sync.SYNCED).exclude(pk__in=unfinished)
    ready = Campaign.objects.filter(
        Q(retry_template__isnull=True) | Q(retry_template__in=there),
        template__in=there.filter(account=account_id),
        state=Campaign.State.RUNNING,
    )
    asked = Callback.objects.filter(recipient=OuterRef("recipient"), state=Callback.State.WAITING)
    return Message.objects.filter(
        ~Exists(asked),
        state=Message.State.PLANNED,
        recipient__state=Recipient.State.UNDER_WAY,
        # The few campaigns are read first: in one statement with them the database took every person under
        # way for every batch.
        recipient__campaign__in=list(ready.values_list("pk", flat=True)),
        send_on__lte=now + timedelta(minutes=settings.UPLOAD_HORIZON_MINUTES),
    )


def _check_again(candidates: Sequence[Message], now: datetime) -> list[Message]:
    """Return the messages that may still be sent, in order; put off or block the others. All leave evidence.

    Of two calls to one number the older goes first, so they are checked in that order.
    """
    checker = ComplianceChecker([message.recipient for message in candidates], now=now, messages=candidates)
    campaigns = (message.recipient.campaign for message in candidates)
    lawful, rows, stopped = [], [], approvals.lapsed_among(campaigns, now=now)
    later: dict[int, Judgement] = {}
    for message in sorted(candidates, key=attrgetter("id")):
        person, at = message.recipient, message.send_on  # not before now: `space_due` saw to that
        if person.campaign_id in stopped:
            continue
        judgement = checker.evaluate(person, at=at, message=message)
        if judgement.stops_campaign:
            stop_campaign(person.campaign_id, judgement, now=now)
            stopped.add(person.campaign_id)
        elif judgement.refuses_person:
            Message.objects.filter(pk=message.pk).update(
                state=Message.State.BLOCKED, reason=judgement.reason, settled_at=now
            )
            revert_attempt(Recipient.objects.filter(pk=message.recipient_id))
            end = Recipient.State.SUPPRESSED if judgement.opted_out else Recipient.State.BLOCKED
            settle_recipient(message.recipient_id, end, judgement.reason)
            checker.decided(message, None, planned=True)
        elif judgement.waits_until:
            message.send_on, message.reason = judgement.waits_until, judgement.reason
            later[message.pk] = judgement
            checker.decided(message, judgement.waits_until, planned=True)
        else:
            lawful.append(message)
            checker.decided(message, at, planned=False)
        stage = Evidence.Stage.HAND_OVER
        rows.append(checker.evidence(person, judgement, stage=stage, at=at, now=now, message=message))
    insert(Evidence, rows)
    if later:
        update([message for message in candidates if message.pk in later], ["send_on", "reason"])
        callback.attempts_put_off(later)
    return sorted(lawful, key=attrgetter("send_on", "id"))


def _to_wire(message: Message, batch: UploadBatch) -> NewMessage:
    person = message.recipient
    return NewMessage(
        phone_number=person.phone,
        language=person.language,
        template=person.campaign.line(message.attempt)[0].name,
        reference=message.reference,
        batch=batch.reference,
        send_on=message.send_on,
        variables={"name": person.name, **person.variables},
    )
