"""Which of an account's campaigns a caller rings back to, and which agent of the number answers."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from campaigns.ist import IST
from campaigns.models import (
    Account,
    Agent,
    Campaign,
    Holiday,
    Message,
    PhoneNumber,
    Recipient,
    Suppression,
    UploadBatch,
)
from campaigns.queries.inbound import answering, ringing_back
from tests.campaigns.world import NOON, add_people, make_campaign

pytestmark = pytest.mark.django_db


def called(campaign: Campaign, *, hours_ago: float = 1, **fields: Any) -> Message:
    """An attempt to call the campaign's first person that was made."""
    person = campaign.recipients.first() or add_people(campaign, 1)[0]
    sent = {"account": campaign.number.account, "size": 1, "claimed_until": NOON, "state": "confirmed"}
    batch = UploadBatch.objects.create(**sent)
    values = {"state": Message.State.DONE, "disposition": "no_answer", "attempt": 1, "batch": batch}
    return Message.objects.create(
        recipient=person, send_on=NOON - timedelta(hours=hours_ago), **(values | fields)
    )


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_campaign(people=1)
    PhoneNumber.objects.update(ring_back_hours=24)
    campaign.number.refresh_from_db()
    return campaign


def found(campaign: Campaign, phone: str = "") -> Message | None:
    phones = [phone or Recipient.objects.values_list("phone", flat=True)[0]]
    return ringing_back(phones, campaign.number, now=NOON)


@pytest.mark.parametrize("state", ["queued", "dialling", "done", "failed", "unknown"])
def test_a_caller_rings_back_to_the_attempt_that_was_made(campaign: Campaign, state: str) -> None:
    message = called(campaign, state=state)
    assert found(campaign) == message
    assert found(campaign, "+919825119999") is None


@pytest.mark.parametrize("state", ["planned", "sending", "withdrawn", "rejected", "blocked", "cancelled"])
def test_an_attempt_that_did_not_ring_is_none(campaign: Campaign, state: str) -> None:
    batch: dict[str, Any] = {"batch": None} if state == "planned" else {}
    called(campaign, state=state, **batch)
    assert found(campaign) is None


@pytest.mark.parametrize(("hours", "known"), [(23.9, True), (24.1, False), (-0.1, False)])
def test_it_must_have_been_within_the_numbers_time(campaign: Campaign, hours: float, known: bool) -> None:
    called(campaign, hours_ago=hours)
    assert (found(campaign) is not None) is known


def test_no_time_for_ringing_back_means_never(campaign: Campaign) -> None:
    called(campaign)
    campaign.number.ring_back_hours = 0
    assert found(campaign) is None


@pytest.mark.parametrize("state", ["suppressed", "blocked", "skipped", "cancelled"])
def test_a_person_who_is_not_called_any_more_is_told_nothing(campaign: Campaign, state: str) -> None:
    called(campaign)
    Recipient.objects.update(state=state)
    assert found(campaign) is None


def test_a_person_who_opted_out_elsewhere_is_told_nothing(campaign: Campaign) -> None:
    message = called(campaign)
    said = {"phone": message.recipient.phone, "source": "staff", "reason": "A letter."}
    other = Suppression.objects.create(scope="category", category="service", **said)
    assert found(campaign) == message
    other.delete()
    Suppression.objects.create(scope="organisation", **said)
    assert found(campaign) is None


def test_a_cancelled_campaign_is_none_and_a_completed_one_is(campaign: Campaign) -> None:
    message = called(campaign)
    Campaign.objects.update(state=Campaign.State.COMPLETED)
    assert found(campaign) == message
    Campaign.objects.update(state=Campaign.State.CANCELLED)
    assert found(campaign) is None


def test_of_several_campaigns_it_is_the_one_that_called_last(campaign: Campaign) -> None:
    first = called(campaign, hours_ago=3)
    later = Campaign.objects.get()
    later.pk, later.name = None, "The next one"
    later.save()
    Recipient.objects.create(campaign=later, phone=first.recipient.phone, language="en")
    assert found(campaign) == first
    last = called(later, hours_ago=2)
    assert found(campaign) == last


def test_another_accounts_campaign_is_none(campaign: Campaign) -> None:
    called(campaign)
    stranger = Account.objects.create(name="Other", tenant="other", email="o@b.in", password="x")
    campaign.number.account = stranger
    assert found(campaign) is None


@pytest.fixture
def number(campaign: Campaign) -> PhoneNumber:
    number = campaign.number
    number.inbound_agent = campaign.agent
    number.inbound_hours = "Mon-Fri 9:00-18:00"
    number.after_hours_agent = Agent.objects.create(name="We are closed", kind=Agent.Kind.ECHO)
    return number


@pytest.mark.parametrize(
    ("day", "hour", "name"),
    [
        (24, 9, "EMI reminder"),
        (24, 18, "We are closed"),
        (22, 11, "We are closed"),  # a Sunday
        (25, 11, "We are closed"),  # a holiday of the table
    ],
)
def test_the_hours_say_which_agent_answers(number: PhoneNumber, day: int, hour: int, name: str) -> None:
    Holiday.objects.create(day=datetime(2026, 11, 25, tzinfo=IST).date(), name="A holiday")
    agent = answering(number, now=datetime(2026, 11, day, hour, tzinfo=IST))
    assert agent is not None
    assert agent.name == name


def test_a_national_holiday_needs_no_row(number: PhoneNumber) -> None:
    agent = answering(number, now=datetime(2026, 10, 2, 11, tzinfo=IST))  # a Friday
    assert agent == number.after_hours_agent


def test_without_another_agent_the_numbers_own_answers_at_all_hours(number: PhoneNumber) -> None:
    number.after_hours_agent = None
    assert answering(number, now=datetime(2026, 11, 22, 3, tzinfo=IST)) == number.inbound_agent
