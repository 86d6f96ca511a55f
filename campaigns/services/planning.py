"""Which people are called when: messages are planned a short horizon ahead, at the campaign's pace."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Q

from campaigns.models import Campaign, Evidence, Message, Recipient
from campaigns.rules import Judgement, Verdict
from campaigns.services.judging import evidence, judge, suppression_reasons

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
        .select_related("number", "template")
        .get(pk=campaign_id)
    )
    if campaign.state != Campaign.State.RUNNING:
        return 0
    people = _due_people(campaign, now)
    suppressed = suppression_reasons((person.phone for person in people), campaign.category)
    slots = _slots(campaign, now, len(people))
    rows: list[Evidence] = []
    planned = 0
    for person, free in zip(people, slots, strict=True):
        slot = max(free, person.due_at or free)
        judgement = judge(campaign, person, at=slot, suppressed=suppressed.get(person.phone, ""))
        message = _act(person, judgement, slot)
        planned += message is not None
        reference = message.reference if message else ""
        rows.append(
            evidence(person, judgement, stage=Evidence.Stage.PLANNING, at=slot, now=now, reference=reference)
        )
    Evidence.objects.bulk_create(rows)
    return planned


def _due_people(campaign: Campaign, now: datetime) -> list[Recipient]:
    horizon = timedelta(minutes=settings.UPLOAD_HORIZON_MINUTES)
    ahead = Message.objects.filter(
        recipient__campaign=campaign, state__in=[Message.State.PLANNED, Message.State.QUEUED]
    ).filter(send_on__gt=now)
    room = campaign.calls_per_minute * settings.UPLOAD_HORIZON_MINUTES - ahead.count()
    waiting = Recipient.objects.filter(campaign=campaign, state=Recipient.State.WAITING)
    due = waiting.filter(Q(due_at__isnull=True) | Q(due_at__lte=now + horizon))
    return list(due.order_by("id")[: max(0, min(room, STRIDE))])


def _slots(campaign: Campaign, now: datetime, count: int) -> list[datetime]:
    """Dialling times at the campaign's pace, after the last one already given."""
    gap = timedelta(minutes=1) / campaign.calls_per_minute
    last = Message.objects.filter(recipient__campaign=campaign).aggregate(at=Max("send_on"))["at"]
    first = max(now, last + gap) if last else now
    return [first + gap * number for number in range(count)]


def _act(person: Recipient, judgement: Judgement, slot: datetime) -> Message | None:
    """Plan, put off or refuse one person's call, as the rules say."""
    if judgement.verdict == Verdict.BLOCK:
        blocked = any(
            found.rule.startswith("B02") and found.verdict == Verdict.BLOCK for found in judgement.findings
        )
        state = Recipient.State.SUPPRESSED if blocked else Recipient.State.BLOCKED
        Recipient.objects.filter(pk=person.pk).update(state=state, reason=judgement.reason)
        return None
    if judgement.verdict == Verdict.DEFER:
        Recipient.objects.filter(pk=person.pk).update(due_at=judgement.until, reason=judgement.reason)
        return None
    message = Message.objects.create(recipient=person, attempt=person.attempts + 1, send_on=slot)
    Recipient.objects.filter(pk=person.pk).update(
        state=Recipient.State.UNDER_WAY,
        attempts=F("attempts") + 1,
        reason=f"Call {message.attempt} is planned.",
    )
    return message
