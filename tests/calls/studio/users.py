"""Campaigns that call with a dialogue, for tests."""

from typing import Any

from campaigns.models import Campaign, Dialogue
from tests.campaigns.world import make_campaign


def calling_with(dialogue: Dialogue, **fields: Any) -> Campaign:
    """A campaign that calls with a dialogue; one for each test of one dialogue, or with fields of its own."""
    first = Campaign.objects.filter(agent=dialogue.agent).first()
    if first is None:
        campaign = make_campaign(**fields)
        Campaign.objects.filter(pk=campaign.pk).update(agent=dialogue.agent)
        campaign.refresh_from_db()
        return campaign
    copied: dict[str, Any] = {"template": first.template, "number": first.number, "agent": first.agent}
    copied |= {"category": first.category, "starts_at": first.starts_at}
    return Campaign.objects.create(**(copied | {"state": first.state} | fields))
