"""Lines that people who call us hold are not planned for a campaign."""

import pytest

from calls.models import Call, MediaProcess
from campaigns.lines_held import left_for_campaigns
from campaigns.models import Campaign
from campaigns.planning import plan
from tests.campaigns.planning.test_plan import known_calls
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db


def hold(campaign: Campaign, count: int, **fields: object) -> None:
    """So many calls of the campaign's number, on the line."""
    process = MediaProcess.objects.create()
    for _ in range(count):
        held = {"number": campaign.number, "process": process, "agent": campaign.agent, **fields}
        Call.objects.create(**held)


def test_calls_that_we_made_and_calls_that_are_over_hold_no_line_of_a_campaign() -> None:
    campaign = make_campaign(people=1)
    hold(campaign, 2, direction="outbound")
    hold(campaign, 2, state="ended", ended_at=NOON)
    assert left_for_campaigns(campaign.number_id, 10) == 10
    hold(campaign, 6)
    assert left_for_campaigns(campaign.number_id, 10) == 4


def test_one_line_is_always_left() -> None:
    campaign = make_campaign(people=1)
    hold(campaign, 12)
    assert left_for_campaigns(campaign.number_id, 10) == 1


def test_a_campaign_is_paced_by_the_lines_that_callers_leave() -> None:
    """Ten lines and calls of a minute: ten calls a minute, four of them while six people call us."""
    campaign = make_campaign(people=1, calls_per_minute=600)
    known_calls(campaign, 40)
    assert plan.pace_of(campaign, NOON) == 10
    hold(campaign, 6)
    assert plan.pace_of(campaign, NOON) == 4
