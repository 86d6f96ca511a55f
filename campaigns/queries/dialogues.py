"""Which dialogues there are, and which campaigns call with them."""

from collections import defaultdict
from collections.abc import Mapping

from django.db.models import Max, QuerySet

from campaigns.models import Campaign, Dialogue, DialogueVersion

_OVER = (Campaign.State.COMPLETED, Campaign.State.CANCELLED)


def all_dialogues() -> QuerySet[Dialogue]:
    """Return the dialogues by name, each with `newest`, the number of its latest version (None: none)."""
    found = Dialogue.objects.select_related("agent", "draft_changed_by")
    return found.annotate(newest=Max("versions__number")).order_by("agent__name")


def campaigns_by_agent() -> Mapping[int, list[Campaign]]:
    """Return the campaigns that are not over, by the id of the agent that they call with. One query."""
    found: dict[int, list[Campaign]] = defaultdict(list)
    for campaign in Campaign.objects.exclude(state__in=_OVER).order_by("name"):
        found[campaign.agent_id].append(campaign)
    return found


def campaigns_of(dialogue: Dialogue) -> list[Campaign]:
    """Return the campaigns that are not over and call with a dialogue, each with its version. One query."""
    mine = Campaign.objects.filter(agent=dialogue.agent_id).exclude(state__in=_OVER)
    return list(mine.select_related("dialogue_version").order_by("name"))


def versions_of(dialogue: Dialogue) -> list[DialogueVersion]:
    """Return the published versions of a dialogue, the newest first. One query."""
    return list(dialogue.versions.select_related("published_by").order_by("-number"))


def latest_version(agent_id: int) -> DialogueVersion | None:
    """Return the latest published version of an agent's dialogue; None if it has none. One query."""
    return DialogueVersion.objects.filter(dialogue__agent=agent_id).order_by("-number").first()
