"""Reads of a campaign's preflight for the portal and the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from campaigns.models import Campaign, CampaignChange, Preflight, Recipient
from campaigns.queries.campaign import Part
from campaigns.rules.reach import sentence
from campaigns.schedule.forecast import Forecast

_TIMES = ("soonest", "latest", "likely")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One preflight, ready to be shown. Without `figures` nothing has been counted yet."""

    row: Preflight
    sentence: str = ""
    parts: tuple[Part, ...] = ()
    people: int = 0
    figures: Mapping[str, Any] | None = None
    forecast: Forecast | None = None
    outdated: str = ""

    @property
    def counting(self) -> bool:
        """Return whether a newer one is being made."""
        return self.row.state in Preflight.OPEN_STATES


def latest_preflight(campaign: Campaign) -> Shown | None:
    """Return the newest preflight of a campaign; None if none was asked for. Three queries."""
    row = Preflight.objects.filter(campaign=campaign).first()
    return shown(row) if row else None


def shown(row: Preflight) -> Shown:
    """Return a preflight with its sentence, parts, times, and whether it is outdated. Two queries."""
    if row.made_at is None:
        return Shown(row=row)
    figures, kept = row.figures, row.figures["forecast"]
    out = sorted(figures["out"].items(), key=lambda pair: -pair[1])
    times = {name: datetime.fromisoformat(kept[name]) if kept[name] else None for name in _TIMES}
    can = Part("can be called", figures["can"], "ok")
    same = {"campaign": row.campaign_id}
    outdated = ""
    if Recipient.objects.filter(pk__gt=row.newest_recipient, **same).exists():
        outdated = "People were added since."
    elif CampaignChange.objects.filter(from_state=F("to_state"), at__gt=row.made_at, **same).exists():
        outdated = "The campaign was changed since."
    return Shown(
        row=row,
        sentence=sentence(figures["can"], figures["out"]),
        parts=(can, *(Part(why, count, "warn") for why, count in out)),
        people=figures["can"] + sum(figures["out"].values()),
        figures=figures,
        forecast=Forecast(**{**kept, **times, "assumes": tuple(kept["assumes"])}),
        outdated=outdated,
    )
