"""People become messages at the campaign's pace, inside lawful hours, each judged with evidence."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Campaign, Evidence, Message, Recipient, Suppression
from campaigns.planning import plan
from campaigns.schedule.pacing import ENOUGH_CALLS
from tests.campaigns.world import NOON, add_people, approve, make_campaign

pytestmark = pytest.mark.django_db


def test_calls_are_spaced_by_the_pace() -> None:
    campaign = make_campaign(people=4, calls_per_minute=30)
    assert plan.plan(campaign.pk, now=NOON) == 4
    times = list(Message.objects.order_by("pk").values_list("send_on", flat=True))
    assert times == [NOON + timedelta(seconds=2 * number) for number in range(4)]


def test_no_more_is_planned_than_the_horizon_holds() -> None:
    campaign = make_campaign(people=40, calls_per_minute=2)
    assert plan.plan(campaign.pk, now=NOON) == 30
    assert plan.plan(campaign.pk, now=NOON) <= 1
    assert campaign.recipients.filter(state=Recipient.State.WAITING).count() >= 9


def test_a_person_is_planned_once() -> None:
    campaign = make_campaign(people=3)
    plan.plan(campaign.pk, now=NOON)
    plan.plan(campaign.pk, now=NOON + timedelta(minutes=1))
    assert Message.objects.count() == 3
    assert set(campaign.recipients.values_list("attempts", flat=True)) == {1}


def test_outside_hours_everybody_waits_with_a_reason() -> None:
    campaign = make_campaign(people=2)
    night = NOON + timedelta(hours=10)
    assert plan.plan(campaign.pk, now=night) == 0
    person = campaign.recipients.first()
    assert person
    assert person.state == Recipient.State.WAITING
    assert "outside 08:00–19:00 IST" in person.reason
    assert person.due_at == NOON + timedelta(hours=21)
    assert Evidence.objects.filter(verdict="DEFER").count() == 2


def test_whoever_asked_us_to_stop_is_not_planned() -> None:
    campaign = make_campaign(people=2)
    person = campaign.recipients.first()
    assert person
    Suppression.objects.create(phone=person.phone, source="key", reason="Asked us to stop.")
    assert plan.plan(campaign.pk, now=NOON) == 1
    person.refresh_from_db()
    assert (person.state, person.reason) == (Recipient.State.SUPPRESSED, "Asked us to stop.")


def test_a_suppression_of_another_category_does_not_count() -> None:
    campaign = make_campaign(people=1)
    person = campaign.recipients.get()
    Suppression.objects.create(
        phone=person.phone, source="key", reason="No offers.", scope="category", category="promotional"
    )
    assert plan.plan(campaign.pk, now=NOON) == 1


def test_a_promotional_campaign_on_a_1600_number_calls_nobody() -> None:
    campaign = approve(make_campaign(people=1, category="promotional"))
    assert plan.plan(campaign.pk, now=NOON) == 0
    person = campaign.recipients.get()
    assert person.state == Recipient.State.BLOCKED
    assert "140" in person.reason


def test_a_retry_is_not_planned_before_it_is_due() -> None:
    campaign = make_campaign(people=1)
    due = NOON + timedelta(minutes=7)
    campaign.recipients.update(due_at=due)
    plan.plan(campaign.pk, now=NOON)
    assert Message.objects.get().send_on == due


def known_calls(campaign: Campaign, seconds: int) -> None:
    """Calls enough on the campaign's number to tell how long they last."""
    other = Campaign.objects.get(pk=campaign.pk)
    other.pk, other.name, other.state = None, "Last month", Campaign.State.COMPLETED
    other.save()
    people = add_people(other, ENOUGH_CALLS)
    Recipient.objects.filter(campaign=other).update(state=Recipient.State.COMPLETED)
    Message.objects.bulk_create(
        Message(
            recipient=person,
            attempt=1,
            send_on=NOON - timedelta(days=30),
            state=Message.State.DONE,
            disposition="answered",
            duration_seconds=seconds,
            settled_at=NOON - timedelta(days=30),
        )
        for person in people
    )


def second_campaign(campaign: Campaign, **fields: Any) -> Campaign:
    """Another one on the same number with people of its own."""
    other = Campaign.objects.get(pk=campaign.pk)
    other.pk, other.name = None, "Another"
    for name, value in fields.items():
        setattr(other, name, value)
    other.save()
    add_people(other, 3)
    return other


def test_the_pace_follows_the_numbers_lines_and_the_length_of_its_calls() -> None:
    campaign = make_campaign(people=1, calls_per_minute=600)
    assert plan.pace_of(campaign, NOON) == 600
    known_calls(campaign, 40)  # and 20 s of ringing: ten lines carry ten a minute
    assert plan.pace_of(campaign, NOON) == 10
    campaign.most_at_once = 4
    assert plan.pace_of(campaign, NOON) == 4
    campaign.most_at_once, campaign.agent.most_calls = None, 2
    assert plan.pace_of(campaign, NOON) == 2


def test_two_campaigns_share_a_number_by_priority_as_long_as_both_have_somebody_to_call() -> None:
    campaign = make_campaign(people=1, calls_per_minute=60, priority=Campaign.Priority.LOW)
    other = second_campaign(campaign, priority=Campaign.Priority.HIGH)
    assert plan.pace_of(campaign, NOON) == 12
    assert plan.pace_of(other, NOON) == 48
    other.recipients.update(state=Recipient.State.COMPLETED)
    assert plan.pace_of(campaign, NOON) == 60


def test_first_calls_and_retries_take_turns() -> None:
    campaign = make_campaign(people=4, calls_per_minute=60, max_attempts=2)
    again = [person.pk for person in campaign.recipients.order_by("pk")[2:]]
    Recipient.objects.filter(pk__in=again).update(attempts=1, due_at=NOON)
    plan.plan(campaign.pk, now=NOON)
    order = Message.objects.order_by("send_on").values_list("attempt", flat=True)
    assert list(order) == [1, 2, 1, 2]
