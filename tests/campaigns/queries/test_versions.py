"""Which version is the latest, and which campaigns use a dialogue."""

import pytest

from calls.dialogues.publishing import create, publish, save_draft
from campaigns.models import Campaign
from campaigns.queries import versions
from tests.calls.agents.dialogue.samples import survey
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db


def test_the_latest_version_is_the_one_of_the_highest_number() -> None:
    dialogue = create("Survey", survey(), by=None)
    assert versions.latest(dialogue.agent_id) is None
    publish(dialogue, by=None)
    save_draft(dialogue, survey(wrong_keys=4), revision=1, by=None)
    second = publish(dialogue, by=None)
    assert versions.latest(dialogue.agent_id) == second


def test_campaigns_that_are_over_use_no_dialogue() -> None:
    campaign = make_campaign()
    assert versions.users_of(campaign.agent_id) == [campaign.name]
    Campaign.objects.update(state=Campaign.State.COMPLETED)
    assert versions.users_of(campaign.agent_id) == []
