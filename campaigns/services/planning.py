"""Which people are called when: messages are planned a short horizon ahead, at the campaign's pace."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from campaigns.models import Campaign, Evidence, Message, Recipient
from campaigns.rules import Judgement
from campaigns.services.judging import Bench, stop_campaign

#: People looked at in one transaction; the next nudge takes the next ones.
STRIDE = 500


def campaigns_to_plan(now: datetime) -> list[int]:
    """Running campaigns that have begun."""
    due = Campaign.objects.filter(state=Campaign.State.RUNNING, starts_at__lte=now)
    return list(due.values_list("pk", flat=True))


@transaction.atomic
def plan(campaign_id: int, *, now: datetime) -> int:
    """Plan the next calls of one campaign; how many messages were planned.

    The campaign's row is locked meanwhile, so that two workers never plan the same person.
    """
    campaign = (
        Campaign.objects.select_for_update(of=("self",))
        .select_related("number", "template", "agent")
        .get(pk=campaign_id)
    )
    if campaign.state != Campaign.State.RUNNING:
        return 0
    people = _due_people(campaign, now)
    bench = Bench(people, now=now)
    planned: list[Message] = []
    rows: list[Evidence] = []
    for person, free in zip(people, _slots(campaign, now, len(people)), strict=True):
        slot = max(free, person.due_at or free)
        judgement = bench.judge(person, at=slot)
        message = None
        if judgement.stops_campaign:
            stop_campaign(campaign.pk, judgement, now=now)
        elif message := _act(person, judgement, slot):
            planned.append(message)
        reference = message.reference if message else ""
        rows.append(
            bench.evidence(
                person, judgement, stage=Evidence.Stage.PLANNING, at=slot, now=now, reference=reference
            )
        )
        if judgement.stops_campaign:
            break
    Recipient.objects.bulk_update(people, ["state", "reason", "due_at", "attempts"])
    Message.objects.bulk_create(planned)
    Evidence.objects.bulk_create(rows)
    return len(planned)


def _due_people(campaign: Campaign, now: datetime) -> list[Recipient]:
    horizon = timedelta(minutes=settings.UPLOAD_HORIZON_MINUTES)
    ahead = Message.objects.filter(
        recipient__campaign=campaign, state__in=[Message.State.PLANNED, Message.State.QUEUED]
    ).filter(send_on__gt=now)
    room = campaign.calls_per_minute * settings.UPLOAD_HORIZON_MINUTES - ahead.count()
    waiting = Recipient.objects.filter(campaign=campaign, state=Recipient.State.WAITING)
    due = waiting.filter(Q(due_at__isnull=True) | Q(due_at__lte=now + horizon))
    chosen = list(
        due.order_by("id").select_for_update(of=("self",), skip_locked=True)[: max(0, min(room, STRIDE))]
    )
    for person in chosen:
        person.campaign = campaign
    return chosen


def _slots(campaign: Campaign, now: datetime, count: int) -> list[datetime]:
    """Dialling times at the campaign's pace, after the last one already given."""
    gap = timedelta(minutes=1) / campaign.calls_per_minute
    last = Message.objects.filter(recipient__campaign=campaign).aggregate(at=Max("send_on"))["at"]
    first = max(now, last + gap) if last else now
    return [first + gap * number for number in range(count)]


def _act(person: Recipient, judgement: Judgement, slot: datetime) -> Message | None:
    """Plan, put off or refuse one person's call, as the rules say; the caller writes the rows."""
    if judgement.refuses_person:
        state = Recipient.State.SUPPRESSED if judgement.opted_out else Recipient.State.BLOCKED
        person.state, person.reason = state, judgement.reason
        return None
    if judgement.waits_until:
        person.due_at, person.reason = judgement.waits_until, judgement.reason
        return None
    person.attempts += 1
    person.state, person.reason = Recipient.State.UNDER_WAY, f"Call {person.attempts} is planned."
    return Message(recipient=person, attempt=person.attempts, send_on=slot)
