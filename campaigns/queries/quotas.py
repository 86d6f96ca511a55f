"""Reads about the quotas of campaigns. Each function says how many queries it makes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from campaigns import agent_inspection
from campaigns.models import Campaign, Import, QuotaCell, Recipient
from campaigns.models.people import RecipientState
from campaigns.rules.results import NEVER_A_GOAL
from campaigns.schedule import quotas
from campaigns.schedule.quotas import Cell

_FIGURES = ("people", "completed", "under_way", "waiting")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRow:
    """A cell with its people: how many there are, were interviewed, are being called, and wait."""

    id: int
    label: str
    target: int | None
    people: int
    completed: int
    under_way: int
    waiting: int

    @property
    def is_full(self) -> bool:
        """Return whether as many were interviewed as are wanted: no more of its people are called."""
        return self.target is not None and self.completed >= self.target

    @property
    def most(self) -> int:
        """Return what its bar is drawn against: the target, else its people."""
        return self.people if self.target is None else self.target


def completed(campaign: Campaign) -> Q:
    """Return the condition on `Recipient` of people whose interview counts for their cell.

    That is an outcome chosen as the campaign's goal; where none is chosen, any outcome but those that can be
    no goal (opted out, wrong number, not spoken).
    """
    if campaign.goals:
        return Q(outcome__in=campaign.goals)
    return ~Q(outcome="") & ~Q(outcome__in=NEVER_A_GOAL)


def table(campaign: Campaign) -> list[CellRow]:
    """Return the cells of a campaign with their figures, in the order of their values. Two queries."""
    if not campaign.quota_values:
        return []
    counts, under_way = completed(campaign), Q(state=RecipientState.UNDER_WAY)
    figures = Recipient.objects.filter(cell__campaign=campaign).order_by().values("cell")
    found: dict[int, Any] = {
        row["cell"]: row
        for row in figures.annotate(
            people=Count("id"),
            completed=Count("id", filter=counts),
            under_way=Count("id", filter=under_way & ~counts),
            waiting=Count("id", filter=Q(state=RecipientState.WAITING) & ~counts),
        )
    }
    return [
        CellRow(
            id=cell.pk,
            label=quotas.label(campaign.quota_values, cell.first, cell.second),
            target=cell.target,
            **{name: found[cell.pk][name] if cell.pk in found else 0 for name in _FIGURES},
        )
        for cell in QuotaCell.objects.filter(campaign=campaign)
    ]


def with_quotas() -> list[Campaign]:
    """Return the running campaigns that have quotas. One query."""
    running = Campaign.objects.filter(state=Campaign.State.RUNNING)
    return list(running.exclude(quota_values=[]))


def full_cells(campaigns: Iterable[Campaign]) -> Mapping[int, str]:
    """Return the cells that are full, with the reason of the people who are not called for it.

    Two queries for each campaign with quotas, none for others.
    """
    return {
        key: quotas.full(campaign.quota_values, cell.first, cell.second)
        for campaign in campaigns
        for key, (cell, done, _) in _wanted(campaign).items()
        if done >= (cell.target or 0)
    }


def rooms(campaign: Campaign) -> Mapping[int, int]:
    """Return for how many more people of each cell with a target calls may be planned. Two queries."""
    return {
        key: quotas.room(cell.target or 0, completed=done, under_way=under_way)
        for key, (cell, done, under_way) in _wanted(campaign).items()
    }


def _wanted(campaign: Campaign) -> Mapping[int, tuple[QuotaCell, int, int]]:
    """Return the cells with a target by key, with how many were interviewed and how many are under way."""
    if not campaign.quota_values:
        return {}
    counts, under_way = completed(campaign), Q(state=RecipientState.UNDER_WAY)
    figures = Recipient.objects.filter(counts | under_way, cell__campaign=campaign).order_by().values("cell")
    found = {
        row["cell"]: (row["done"], row["on"])
        for row in figures.annotate(
            done=Count("id", filter=counts), on=Count("id", filter=under_way & ~counts)
        )
    }
    cells = QuotaCell.objects.filter(campaign=campaign, target__isnull=False)
    return {cell.pk: (cell, *found.get(cell.pk, (0, 0))) for cell in cells}


def cells_of(campaign: Campaign) -> list[Cell]:
    """Return a campaign's cells as they are written down. One query or none."""
    if not campaign.quota_values:
        return []
    rows = QuotaCell.objects.filter(campaign=campaign)
    return [Cell(*row) for row in rows.values_list("first", "second", "target")]


def values_to_choose(campaign: Campaign) -> Sequence[str]:
    """Return by which values people can be counted: those of the lists, then the questions. One query."""
    columns = Import.objects.filter(campaign=campaign).values_list("columns", flat=True)
    listed = (name for each in columns for name in each.get("variables", {}))
    inspection = agent_inspection.inspect(campaign.agent.kind, campaign.spoken)
    names = (*campaign.quota_values, *listed, *inspection.variables, *inspection.questions)
    return list(dict.fromkeys(names))
