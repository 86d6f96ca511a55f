"""A campaign whose calls fail or bring complaints stops by itself."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from campaigns import clock
from campaigns.compliance import complaints
from campaigns.compliance.complaints import stop_complained_about
from campaigns.errors import NotAllowed
from campaigns.lifecycle import actions, auto_stop
from campaigns.models import Campaign, Complaint, Message
from tests.campaigns.world import NOON, at, make_campaign

pytestmark = pytest.mark.django_db
State = Message.State


@pytest.fixture(autouse=True)
def ten_calls_are_enough(settings: Settings) -> None:
    settings.BREAKER_CALLS = 10


def ended(*ends: tuple[State, str], minutes: int = 1) -> Campaign:
    """A campaign that runs since noon, whose calls ended like this so many minutes later."""
    campaign = make_campaign(people=len(ends), state_since=NOON)
    Message.objects.bulk_create(
        Message(
            recipient=person,
            attempt=1,
            send_on=NOON,
            state=state,
            disposition=disposition,
            reason="XFin rejected it: no such template.",
            settled_at=NOON + timedelta(minutes=minutes),
        )
        for person, (state, disposition) in zip(campaign.recipients.all(), ends, strict=True)
    )
    return campaign


ANSWERED, BUSY = (State.DONE, "answered"), (State.FAILED, "busy")
DROPPED, REJECTED = (State.FAILED, "dropped"), (State.REJECTED, "")


def test_half_of_the_calls_failing_stops_it_with_the_commonest_reason_and_what_to_do() -> None:
    campaign = ended(*[DROPPED] * 4, REJECTED, *[ANSWERED] * 5)
    assert auto_stop.stop_failing(NOON + timedelta(minutes=2)) == 1
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.STOPPED
    assert campaign.reason.startswith(
        "Stopped by itself: 5 of the last 10 calls failed, mostly so: The call was dropped. See under Calls"
    )
    assert campaign.changes.get().actor_name == "the system"


@pytest.mark.parametrize(
    "ends",
    [
        [BUSY] * 10,
        [*[DROPPED] * 4, *[ANSWERED] * 6],
        [DROPPED] * 9,
    ],
    ids=["nobody at home", "less than half", "too few to tell"],
)
def test_it_goes_on(ends: list[tuple[State, str]]) -> None:
    campaign = ended(*ends)
    assert auto_stop.stop_failing(NOON + timedelta(minutes=2)) == 0
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING


def test_nought_means_never() -> None:
    ended(*[DROPPED] * 10)
    Campaign.objects.update(stop_at_percent=0)
    assert auto_stop.stop_failing(NOON + timedelta(minutes=2)) == 0


def test_after_resuming_it_counts_anew() -> None:
    campaign = ended(*[DROPPED] * 10)
    assert auto_stop.stop_failing(NOON) == 1
    actions.resume(campaign, None)
    Campaign.objects.update(state_since=NOON + timedelta(minutes=5))
    assert auto_stop.stop_failing(NOON + timedelta(minutes=6)) == 0


# --- Complaints -----------------------------------------------------------------------------------


def two_campaigns() -> tuple[Campaign, Campaign]:
    """Two running campaigns: the first rang its five people an hour ago, the second nobody yet."""
    first = ended(*[ANSWERED] * 5)
    Message.objects.update(send_on=NOON - timedelta(hours=1))
    values = {name: getattr(first, name) for name in ("template", "number", "agent", "category")}
    other = Campaign.objects.create(name="Other", state=Campaign.State.RUNNING, starts_at=NOON, **values)
    return first, other


def complain(phone: str = "", **fields: Any) -> Complaint:
    complaint = Complaint(phone=phone, **({"received_at": NOON, "channel": "1909"} | fields))
    complaints.record_complaint(complaint, now=NOON)
    return complaint


def test_two_complaints_about_its_calls_stop_a_campaign_and_no_other() -> None:
    campaign, other = two_campaigns()
    one, two = campaign.recipients.order_by("pk")[:2]
    assert complain(one.phone).campaign == campaign
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING
    complain(two.phone)
    campaign.refresh_from_db()
    other.refresh_from_db()
    assert (campaign.state, other.state) == (Campaign.State.STOPPED, Campaign.State.RUNNING)
    assert campaign.reason.startswith(
        "Stopped by itself: 2 open complaints about its calls in 10 days "
        "(24 Nov 2026, 11:00:00 IST 1909, 24 Nov 2026, 11:00:00 IST 1909). Find out whether"
    )
    assert campaign.reason.endswith("Close each complaint with its outcome, then resume.")
    assert one.phone not in campaign.reason


def test_it_is_resumed_when_the_complaints_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", at(NOON))
    campaign, _ = two_campaigns()
    first, _ = complain(campaign=campaign), complain(campaign=campaign)
    campaign.refresh_from_db()
    with pytest.raises(NotAllowed, match="2 open complaints about its calls"):
        actions.resume(campaign, None)
    first.closed_at, first.outcome = NOON, "The number was entered wrongly; corrected."
    first.save()
    actions.resume(campaign, None)
    assert stop_complained_about(NOON) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"dismissed": True, "outcome": "Unfounded."},
        {"closed_at": NOON, "outcome": "Apologised."},
        {"received_at": NOON - timedelta(days=10)},
        {"kind": "grievance", "phone": "+919825112410"},
        {"campaign": None},
    ],
)
def test_what_does_not_count_against_a_campaign(changes: dict[str, Any]) -> None:
    campaign, _ = two_campaigns()
    complain(campaign=campaign)
    complain(**{"campaign": campaign} | changes)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING


def test_the_count_and_the_days_are_settings_and_nought_means_never(settings: Settings) -> None:
    campaign, _ = two_campaigns()
    Campaign.objects.update(stop_at_complaints=0)
    complain(campaign=campaign)
    complain(campaign=campaign, received_at=NOON - timedelta(days=20))
    assert stop_complained_about(NOON) == 0
    Campaign.objects.update(stop_at_complaints=2)
    assert stop_complained_about(NOON) == 0
    settings.BREAKER_COMPLAINT_DAYS = 30
    assert stop_complained_about(NOON) == 1


def test_a_complaint_about_no_call_of_ours_has_no_campaign() -> None:
    campaign, _ = two_campaigns()
    called = campaign.recipients.order_by("pk")[0].phone
    assert complain("+919825112410").campaign is None
    assert complain(called, received_at=NOON - timedelta(hours=2)).campaign is None
