"""The only place where a campaign's state is written: a conditional UPDATE, and a line in its history."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from campaigns import audit
from campaigns.models import Campaign, CampaignChange, User

State = Campaign.State


@transaction.atomic
def move(
    campaign_id: int,
    target: Campaign.State,
    reason: str,
    *,
    sources: Collection[Campaign.State],
    now: datetime,
    by: User | None = None,
) -> bool:
    """Bring a campaign from one of `sources` to `target`, with a line of history.

    Return False, with nothing written, if it is in none of them or another transition came first.
    """
    campaign = Campaign.objects.filter(pk=campaign_id)
    before = campaign.filter(state__in=sources).values_list("state", flat=True).first()
    if before is None:
        return False
    if not campaign.filter(state=before).update(state=target, reason=reason, state_since=now, changed_at=now):
        return False
    note(campaign_id, before, target, reason, now=now, by=by)
    return True


def note(
    campaign_id: int,
    before: str,
    after: str,
    reason: str,
    *,
    now: datetime,
    by: User | None = None,
    edited: bool = False,
) -> None:
    """Write one line of a campaign's history. The actor's name is kept when the user is deleted."""
    CampaignChange.objects.create(
        campaign_id=campaign_id,
        at=now,
        from_state=before,
        to_state=after,
        edited=edited,
        actor=by,
        actor_name=name_of(by),
        reason=reason,
    )
    if by and before != after:
        audit.note(Campaign.objects.get(pk=campaign_id), {"state": (before, after)})


def stop(campaign_id: int, reason: str, *, now: datetime) -> bool:
    """Stop a running campaign; `reason` says why and what to do. Return False if it was not running."""
    return move(campaign_id, State.STOPPED, reason, sources=(State.RUNNING,), now=now)


def name_of(by: User | None) -> str:
    """Return the name of the user as staff know them; "the system" for None."""
    return (by.get_full_name() or by.get_username()) if by else "the system"
