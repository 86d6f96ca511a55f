"""What is read about an uploaded list."""

import pytest

from campaigns.queries import imports
from tests.calls.agents.texts import MENU, dialogue
from tests.campaigns.world import make_campaign


@pytest.mark.django_db
def test_the_variables_wanted_are_those_the_agent_speaks_but_the_name() -> None:
    campaign = make_campaign()
    assert imports.wanted_variables(campaign) == []
    campaign.agent.configuration = dialogue(
        MENU | {"variables": {"name": "text", "due_date": "date", "amount": "amount"}}
    )
    assert imports.wanted_variables(campaign) == ["due_date", "amount"]
