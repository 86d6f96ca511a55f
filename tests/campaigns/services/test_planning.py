"""People become messages at the campaign's pace, inside lawful hours, each judged with evidence."""

from datetime import timedelta

import pytest

from campaigns.models import Evidence, Message, Recipient, Suppression
from campaigns.services import planning
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db


def test_calls_are_spaced_by_the_pace() -> None:
    campaign = make_campaign(people=4, calls_per_minute=30)
    assert planning.plan(campaign.pk, now=NOON) == 4
    times = list(Message.objects.order_by("pk").values_list("send_on", flat=True))
    assert times == [NOON + timedelta(seconds=2 * number) for number in range(4)]


def test_no_more_is_planned_than_the_horizon_holds() -> None:
    campaign = make_campaign(people=40, calls_per_minute=2)
    assert planning.plan(campaign.pk, now=NOON) == 30
    assert planning.plan(campaign.pk, now=NOON) <= 1
    assert campaign.recipients.filter(state=Recipient.State.WAITING).count() >= 9


def test_a_person_is_planned_once() -> None:
    campaign = make_campaign(people=3)
    planning.plan(campaign.pk, now=NOON)
    planning.plan(campaign.pk, now=NOON + timedelta(minutes=1))
    assert Message.objects.count() == 3
    assert set(campaign.recipients.values_list("attempts", flat=True)) == {1}


def test_outside_hours_everybody_waits_with_a_reason() -> None:
    campaign = make_campaign(people=2)
    night = NOON + timedelta(hours=10)
    assert planning.plan(campaign.pk, now=night) == 0
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
    assert planning.plan(campaign.pk, now=NOON) == 1
    person.refresh_from_db()
    assert (person.state, person.reason) == (Recipient.State.SUPPRESSED, "Asked us to stop.")


def test_a_suppression_of_another_category_does_not_count() -> None:
    campaign = make_campaign(people=1)
    person = campaign.recipients.get()
    Suppression.objects.create(
        phone=person.phone, source="key", reason="No offers.", scope="category", category="promotional"
    )
    assert planning.plan(campaign.pk, now=NOON) == 1


def test_a_promotional_campaign_on_a_1600_number_calls_nobody() -> None:
    campaign = make_campaign(people=1, category="promotional")
    assert planning.plan(campaign.pk, now=NOON) == 0
    person = campaign.recipients.get()
    assert person.state == Recipient.State.BLOCKED
    assert "140" in person.reason


def test_a_retry_is_not_planned_before_it_is_due() -> None:
    campaign = make_campaign(people=1)
    due = NOON + timedelta(minutes=7)
    campaign.recipients.update(due_at=due)
    planning.plan(campaign.pk, now=NOON)
    assert Message.objects.get().send_on == due
