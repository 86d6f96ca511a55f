"""Hand messages to XFin, each exactly once.

XFin has no idempotency key (awaaz-platform.md §1), so a lost reply must never lead to a blind second
request. A batch is claimed in the database, sent, and its result written down:

    claim:  PLANNED -> SENDING      with a new UploadBatch, in one transaction
    ask:    (`before_call`)         where a campaign asks a service first: some leave the batch again
    fence:  still ours?             renewed in one UPDATE just before the request; if not, nothing is sent
    send:   one create_bulk request, outside any transaction
    settle: reply read              -> QUEUED (or REJECTED with XFin's words), batch CONFIRMED
            certainly not sent      -> PLANNED again, batch NOT_SENT
            anything else           -> UNCONFIRMED; `reconcile` looks up what was created
            refused for its content -> the same; what XFin lacks goes up again in smaller parts, until the
                                       message that is meant stands alone

No status proves that nothing was created: a 429 or a 400 may come after the messages were made. The claim is
renewed while the request is under way. A worker that dies in between leaves a batch SENDING past
`claimed_until`; it counts as unconfirmed.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from operator import attrgetter

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from campaigns import edges
from campaigns.bulk import add_campaigns, among_keys, insert, keys, update
from campaigns.clock import Clock
from campaigns.compliance.check import ComplianceChecker, stop_campaign
from campaigns.delivery import before_call
from campaigns.delivery.account_client import xfin_client
from campaigns.delivery.batches import (
    Claim,
    failed_in_a_row,
    keep_alive,
    open_batch,
    release,
    settle_failure,
    settle_reply,
    still_sending,
)
from campaigns.delivery.circuit_breaker import BREAK_AFTER, record_failure, record_success, usable
from campaigns.delivery.refusals import stop_if_all_are_refused
from campaigns.delivery.spoken import WordsFirst
from campaigns.lifecycle import approvals, quotas
from campaigns.locks import locked
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
from campaigns.queries.quotas import full_cells
from campaigns.rules import Judgement
from campaigns.transitions import callback
from campaigns.transitions.attempt import revert_attempt, settle_recipient
from campaigns.xfin.client import XFinClient
from campaigns.xfin.errors import NotSent, Refused, TakenOver, XFinError
from campaigns.xfin.schemas import NewMessage

log = logging.getLogger(__name__)

#: Stops one campaign.
Stop = Callable[[], object]

#: HTTP statuses about a request's content (bad, too large, unprocessable): one row of it may be the cause.
ABOUT_CONTENT = (400, 413, 422)
#: The columns read of a message and its person: half of a row's time goes into building objects from them.
NEEDED = (
    *("id", "recipient", "attempt", "reference", "send_on", "fetched", "put_offs"),
    *(
        f"recipient__{name}"
        for name in ("campaign", "phone", "name", "language", "variables", "attempts", "cell")
    ),
)
#: A request that was refused for its content goes up again in so many parts. The look-ups between take
#: minutes, so there are few levels: one bad row of 5,000 stands alone after five.
PARTS = 8
#: A batch whose request has not gone out so long after the rules were asked is checked again.
CHECK_HOLDS = timedelta(seconds=60)


def uploads_wanted(now: datetime) -> dict[int, int]:
    """Return how many uploads to begin, by account, for those that may be tried and have messages due.

    While XFin reads one batch the next is checked. Where `UPLOADS_AT_ONCE` are under way already, one more is
    begun all the same: their workers may be dead.
    """
    wanted: dict[int, int] = {}
    for account in Account.objects.filter(usable(now)):
        due: int = _due(account.pk, now)[: settings.UPLOADS_AT_ONCE * account.chunk_size].count()
        sending = account.batches.filter(state=UploadBatch.State.SENDING)
        under_way = sending.filter(claimed_until__gt=Now()).count()
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
        words = WordsFirst(account_id)
        while claim := claim_due(account, now=clock(), words=words):
            asked = before_call.ask(claim, clock=clock)
            accepted = send(asked, client, account, clock=clock) if asked else 0
            if accepted is None:
                break
            confirmed += accepted
    return confirmed


def claim_due(account: Account, *, now: datetime, words: WordsFirst | None = None) -> Claim | None:
    """Take the next due messages of an account into a new batch, at their pace, checking each once more.

    With `words`: only those whose words lie ready. Return None if nothing may be sent now. One claim of an
    account at a time, so that each sees what the others gave to XFin: two would both fill the same minutes.
    The sending overlaps.
    """
    following = partial(_next_together, account, now)
    ready = words.ready(lambda held_up: following(without=held_up), now=now) if words else None
    claim, stops = edges.retried("a claim", lambda: _claim(account, now, ready))
    for halt in stops:
        halt()
    return claim


@transaction.atomic
def _claim(
    account: Account, now: datetime, ready: Sequence[int] | None
) -> tuple[Claim | None, Sequence[Stop]]:
    """Return the claim, and the stops of campaigns that follow from the check.

    These come after the transaction: campaigns are locked before messages (`campaigns.locks`).
    """
    locked(Account.objects.all()).get(pk=account.pk)
    candidates = list(
        _next_together(account, now, ready=ready)
        .select_related("recipient")
        .only(*NEEDED)
        .select_for_update(of=("self",), no_key=True, skip_locked=True)
    )
    add_campaigns([message.recipient for message in candidates])
    lawful, stops = _check_again(space_due(candidates, now=now), now)
    if not lawful:
        return None, stops
    claim = open_batch(account, lawful, now=now)
    claimed = Message.objects.filter(pk__in=keys(lawful), state=Message.State.PLANNED)
    claimed.update(
        state=Message.State.SENDING, batch=claim.batch, reason="Being sent to XFin.", changed_at=now
    )
    return claim, stops


def _next_together(
    account: Account, now: datetime, *, ready: Sequence[int] | None = None, without: Collection[int] = ()
) -> QuerySet[Message]:
    """Return the messages that go up in the next request, those first that are due first.

    Only those among `ready`, if that is given, and of no campaign of `without`. What XFin refused together
    goes up apart from all others, in parts; so do, few at a time, people about whom a service is asked
    before.
    """
    due = _due(account.pk, now).exclude(recipient__campaign__in=without).order_by("send_on", "id")
    if ready is not None:
        due = due.filter(pk__in=among_keys(ready))
    first = due.select_related("batch", "recipient").first()
    if first and first.batch:
        return due.filter(batch=first.batch)[: max(1, first.batch.size // PARTS)]
    together, most = due.filter(batch__isnull=True), account.chunk_size
    if asking := before_call.asking_campaigns():
        if first and first.recipient.campaign_id in asking:
            most = min(most, before_call.MOST_TOGETHER)
            return together.filter(recipient__campaign__in=asking)[:most]
        together = together.exclude(recipient__campaign__in=asking)
    return together[:most]


def send(claim: Claim, client: XFinClient, account: Account, *, clock: Clock) -> int | None:
    """Send one claimed batch and write down its result. Return how many messages XFin took.

    None after a failure, which is recorded on the account, or if the batch was not ours any more.
    """
    wire = [as_new_message(message, claim.batch) for message in claim.messages]
    asked: list[bool] = []

    def still_ours() -> bool:
        asked.append(clock() - claim.checked_at <= CHECK_HOLDS and still_sending(claim.batch))
        return asked[-1]

    try:
        with keep_alive(lambda: still_sending(claim.batch), name=f"keeps-{claim.batch.pk}"):
            created = client.create_bulk(wire, still_ours=still_ours)
    except TakenOver as error:
        log.warning("batch %s: %s", claim.batch.reference, error.reason)
        release(claim.batch, "It waited too long before it was sent; it is checked again.", now=clock())
        return None
    except XFinError as error:
        log.warning("batch %s of %d: %s", claim.batch.reference, len(claim.messages), error.reason)
        return _failed(claim, account, error, sent=any(asked) and not isinstance(error, NotSent), clock=clock)
    taken = edges.retried("a reply", partial(settle_reply, claim, created, now=clock()))
    record_success(account, now=clock())
    return taken


def _failed(claim: Claim, account: Account, error: XFinError, *, sent: bool, clock: Clock) -> int | None:
    """Write down a failure. Return 0 if others may be sent all the same, else None."""
    if isinstance(error, Refused) and error.status in ABOUT_CONTENT:
        settle_failure(claim.batch, error, sent=sent, now=clock(), words=error.detail)
        campaigns = list(dict.fromkeys(message.recipient.campaign_id for message in claim.messages))
        return None if stop_if_all_are_refused(account, campaigns, error.reason, now=clock()) else 0
    settle_failure(claim.batch, error, sent=sent, now=clock())
    # XFin may well answer questions meanwhile: that must not keep the circuit closed.
    in_a_row = failed_in_a_row(account, most=BREAK_AFTER)
    record_failure(account, error, now=clock(), in_a_row=in_a_row)
    return None


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


def _check_again(candidates: Sequence[Message], now: datetime) -> tuple[list[Message], list[Stop]]:
    """Return the messages that may still be sent, in order; put off or block the others. All leave evidence.

    Return also the stops of the campaigns that may call no person as they are. Of two calls to one number the
    older goes first, so they are checked in that order.
    """
    checker = ComplianceChecker([message.recipient for message in candidates], now=now, messages=candidates)
    campaigns = {message.recipient.campaign_id: message.recipient.campaign for message in candidates}
    lapsed = [campaign for campaign in campaigns.values() if approvals.lapsed(campaign)]
    stops: list[Stop] = [partial(approvals.lapse, campaign, now=now) for campaign in lapsed]
    lawful, rows, stopped = [], [], {campaign.pk for campaign in lapsed}
    later: dict[int, Judgement] = {}
    full = full_cells(campaigns.values())
    for message in sorted(candidates, key=attrgetter("id")):
        person, at = message.recipient, message.send_on  # not before now: `space_due` saw to that
        if person.campaign_id in stopped:
            continue
        if is_full := full.get(person.cell_id or 0):
            quotas.leave(message, is_full, now=now)
            checker.decided(message, None, planned=True)
            continue
        judgement = checker.evaluate(person, at=at, message=message)
        if judgement.stops_campaign:
            stops.append(partial(stop_campaign, person.campaign_id, judgement, now=now))
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
    return sorted(lawful, key=attrgetter("send_on", "id")), stops


def as_new_message(message: Message, batch: UploadBatch) -> NewMessage:
    """Return a message of this batch as XFin takes it."""
    person = message.recipient
    return NewMessage(
        phone_number=person.phone,
        language=person.language,
        template=person.campaign.line(message.attempt)[0].name,
        reference=message.reference,
        batch=batch.reference,
        send_on=message.send_on,
        variables={"name": person.name, **person.variables, **message.fetched},
    )
