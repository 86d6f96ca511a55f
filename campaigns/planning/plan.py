"""Plan messages a short horizon ahead, at the campaign's pace: which people are called when."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count, islice
from math import ceil

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from campaigns.bulk import insert, update
from campaigns.compliance.check import ComplianceChecker, EvidenceRow, stop_campaign
from campaigns.lifecycle import approvals
from campaigns.lines_held import left_for_campaigns
from campaigns.locks import locked
from campaigns.models import Callback, Campaign, Evidence, Message, Recipient
from campaigns.queries.quotas import full_cells, rooms
from campaigns.rules import Judgement
from campaigns.schedule.pacing import Demand, interleaved, line_seconds, paces
from campaigns.transitions import callback

#: People planned in one transaction; the next run of the task takes the next ones.
CHUNK = 500
MADE = [state for state in Message.State if state != Message.State.WITHDRAWN]
#: The latest calls of a number, from which the length of a call is estimated.
LATEST = 200


def campaigns_to_plan(now: datetime) -> list[int]:
    """Return the keys of running campaigns that have begun."""
    due = Campaign.objects.filter(state=Campaign.State.RUNNING, starts_at__lte=now)
    return list(due.values_list("pk", flat=True))


@transaction.atomic
def plan(campaign_id: int, *, now: datetime) -> int:
    """Plan the next calls of one campaign. Return how many messages were planned.

    The campaign's row is locked meanwhile, so that two workers never plan the same person.
    """
    campaign = (
        locked(Campaign.objects.all())
        .select_related("number", "template", "agent", "dialogue_version", "retry_template")
        .get(pk=campaign_id)
    )
    if campaign.state != Campaign.State.RUNNING or approvals.lapse(campaign, now=now):
        return 0
    pace = pace_of(campaign, now)
    people = _due_people(campaign, pace, now)
    checker = ComplianceChecker(people, now=now)
    planned: list[Message] = []
    rows: list[EvidenceRow] = []
    asked = callback.waiting_for(people)
    for person, free in zip(people, _slots(campaign, pace, now, people, asked), strict=True):
        slot = max(free, person.due_at or free)
        judgement = checker.evaluate(person, at=slot)
        message = None
        if judgement.stops_campaign:
            stop_campaign(campaign.pk, judgement, now=now)
        elif message := _act(person, judgement, slot, asked.get(person.pk)):
            planned.append(message)
        stage = Evidence.Stage.PLANNING
        rows.append(checker.evidence(person, judgement, stage=stage, at=slot, now=now, message=message))
        if judgement.stops_campaign:
            break
    update(people, ["state", "reason", "due_at", "attempts"])
    insert(Message, planned)
    callback.planned(asked, planned)
    insert(Evidence, rows)
    return len(planned)


def pace_of(campaign: Campaign, now: datetime) -> float:
    """Return a campaign's calls a minute now: its share of its number's lines and of its agent's calls.

    Lines that people who call us hold just now are left out.

    With a number of its own for retries, the smaller of its shares.
    """
    # Those with people to call now: a share of any other campaign's would lie idle.
    due = Recipient.objects.filter(_due(now), campaign=OuterRef("pk"), state=Recipient.State.WAITING)
    approved = due.filter(pk__lte=OuterRef("approval__newest_recipient"))
    with_people = (~approvals.NEEDED & Exists(due)) | (approvals.NEEDED & Exists(approved))
    active = Campaign.objects.filter(with_people, state=Campaign.State.RUNNING, starts_at__lte=now)
    ended = Message.objects.filter(recipient__campaign__number=campaign.number, settled_at__isnull=False)
    latest = ended.exclude(disposition="").order_by("-settled_at")
    seconds = line_seconds(list(latest.values_list("duration_seconds", flat=True)[:LATEST]))
    shares = []
    for number in {campaign.number, campaign.line(2)[1]}:
        retry_from_it = Campaign.objects.filter(retry_template__numbers=number)
        others = active.filter(Q(number=number) | Q(pk__in=retry_from_it))
        lines = left_for_campaigns(number.pk, number.max_calls)
        shares.append(_share(campaign, lines, others, seconds))
    if campaign.agent.most_calls is not None:
        others = active.filter(agent=campaign.agent)
        shares.append(_share(campaign, campaign.agent.most_calls, others, seconds))
    return min(shares)


def _share(campaign: Campaign, lines: int, others: QuerySet[Campaign], seconds: float | None) -> float:
    sharing = {other.pk: other for other in others} | {campaign.pk: campaign}
    demands = {pk: Demand(c.calls_per_minute, c.most_at_once, c.priority) for pk, c in sharing.items()}
    return paces(lines, demands, call_seconds=seconds)[campaign.pk]


def _due(now: datetime) -> Q:
    horizon = timedelta(minutes=settings.UPLOAD_HORIZON_MINUTES)
    return Q(due_at__isnull=True) | Q(due_at__lte=now + horizon)


def _due_people(campaign: Campaign, pace: float, now: datetime) -> list[Recipient]:
    """Lock and return the people to plan now.

    First all whose call-back is due, whatever the pace; then as many as the horizon still holds, first calls
    and retries in turn.
    """
    waiting = Recipient.objects.filter(_due(now), campaign=campaign, state=Recipient.State.WAITING)
    due = locked(approvals.callable_people(campaign, waiting), skip=True)
    asked = Callback.objects.filter(state=Callback.State.WAITING).values("recipient")
    free = dict(rooms(campaign))
    due = due.exclude(cell__in=list(full_cells([campaign])))
    chosen = list(due.filter(pk__in=asked).order_by("due_at", "id")[:CHUNK])
    # A cell of a quota that has enough calls under way waits for them to end, and its people do not
    # stand in the others' way.
    others = due.exclude(pk__in=[person.pk for person in chosen])
    others = others.exclude(cell__in=[cell for cell, more in free.items() if not more])
    # What could not be handed over counts also when its time has passed: an outage must not pile up plans.
    still_ahead = Q(send_on__gt=now) | Q(state=Message.State.PLANNED)
    ahead = Message.objects.filter(still_ahead, recipient__campaign=campaign, state__in=Message.OPEN_STATES)
    room: int = ceil(pace * settings.UPLOAD_HORIZON_MINUTES) - ahead.count()
    room = max(0, min(room, CHUNK))
    fresh = list(others.filter(attempts=0).order_by("id")[:room])
    retries = list(others.filter(attempts__gt=0).order_by("due_at", "id")[:room])
    chosen += islice(_within(free, interleaved(fresh, retries)), room)
    for person in chosen:
        person.campaign = campaign
    return chosen


def _within(free: dict[int, int], people: Iterable[Recipient]) -> Iterator[Recipient]:
    """Yield people in their order, of each cell of a quota no more than it is `free` for."""
    for person in people:
        if person.cell_id in free:
            free[person.cell_id] -= 1
        if free.get(person.cell_id or 0, 0) >= 0:
            yield person


def _slots(
    campaign: Campaign,
    pace: float,
    now: datetime,
    people: Sequence[Recipient],
    asked: Mapping[int, Callback],
) -> Iterator[datetime]:
    """Return each person's first free dialling time at this pace: `now` for call-backs, which wait for none.

    The first follows the last time already given to a call that is no call-back.
    """
    gap = timedelta(minutes=1) / pace
    # Older ones don't matter, and of those that do the database has an index.
    made = Message.objects.filter(recipient__campaign=campaign, state__in=MADE, send_on__gt=now - gap)
    last = made.filter(callback__isnull=True).aggregate(at=Max("send_on"))["at"]
    first = max(now, last + gap) if last else now
    free = (first + gap * number for number in count())
    return (now if person.pk in asked else next(free) for person in people)


def _act(person: Recipient, judgement: Judgement, slot: datetime, asked: Callback | None) -> Message | None:
    """Plan, put off or refuse one person's call, as the rules say; the caller writes the rows.

    Return the planned message; None if there is none. `asked`: the call-back the person waits for.
    """
    if judgement.refuses_person:
        state = Recipient.State.SUPPRESSED if judgement.opted_out else Recipient.State.BLOCKED
        person.state, person.reason = state, judgement.reason
        callback.end_of(person.pk, judgement.reason)
        return None
    if judgement.waits_until:
        person.due_at, person.reason = judgement.waits_until, judgement.reason
        if asked:
            callback.put_off(asked, judgement)
        return None
    person.attempts += 1
    person.state, person.reason = Recipient.State.UNDER_WAY, f"Call {person.attempts} is planned."
    return Message(recipient=person, attempt=person.attempts, send_on=slot)
