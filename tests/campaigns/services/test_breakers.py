"""A campaign whose calls fail stops by itself."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from campaigns.models import Campaign, Message
from campaigns.services import breakers, lifecycle
from tests.campaigns.world import NOON, make_campaign

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
    assert breakers.stop_failing(NOON + timedelta(minutes=2)) == 1
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
    assert breakers.stop_failing(NOON + timedelta(minutes=2)) == 0
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING


def test_nought_means_never() -> None:
    ended(*[DROPPED] * 10)
    Campaign.objects.update(stop_at_percent=0)
    assert breakers.stop_failing(NOON + timedelta(minutes=2)) == 0


def test_after_resuming_it_counts_anew() -> None:
    campaign = ended(*[DROPPED] * 10)
    assert breakers.stop_failing(NOON) == 1
    lifecycle.resume(campaign, None)
    Campaign.objects.update(state_since=NOON + timedelta(minutes=5))
    assert breakers.stop_failing(NOON + timedelta(minutes=6)) == 0
