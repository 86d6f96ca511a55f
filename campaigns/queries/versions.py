"""Which versions of a dialogue there are, and which campaigns keep which."""

from campaigns.models import Campaign, DialogueVersion


def latest(agent_id: int) -> DialogueVersion | None:
    """Return the latest published version of an agent's dialogue; None if it has none. One query."""
    return DialogueVersion.objects.filter(dialogue__agent=agent_id).order_by("-number").first()


def users_of(agent_id: int) -> list[str]:
    """Return the names of the campaigns that are not over and call with an agent. One query."""
    over = (Campaign.State.COMPLETED, Campaign.State.CANCELLED)
    mine = Campaign.objects.filter(agent=agent_id).exclude(state__in=over)
    return list(mine.order_by("name").values_list("name", flat=True))
