"""Reads about one uploaded list for the portal and the API: headings, progress, what became of each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from campaigns.agent_inspection import inspect
from campaigns.formatting import share
from campaigns.models import (
    Campaign,
    Import,
    ImportRow,
)
from campaigns.models.people import ImportRowFate
from campaigns.queries.campaign import Part


def column_headings(source: Import) -> list[str]:
    """Return the file's own headings; empty for rows that came without a file. No query."""
    return [str(heading) for heading in source.columns.get("headings", [])]


def wanted_variables(campaign: Campaign) -> list[str]:
    """Return the variables that the campaign's agent speaks, without `name` (docs/agents.md). No query."""
    agent = inspect(campaign.agent.kind, campaign.spoken)
    return [name for name in agent.variables if name != "name"]


def verdicts(source: Import) -> list[dict[str, Any]]:
    """Return what became of each row of an import, in order. Two queries."""
    people = source.recipients.values_list("row_number", "note", "pk")
    accepted = [{"row": n, "fate": "accepted", "reason": note, "recipient": pk} for n, note, pk in people]
    others = source.rows.values_list("row_number", "fate", "reason")
    refused = [{"row": n, "fate": fate, "reason": why, "recipient": None} for n, fate, why in others]
    return sorted(accepted + refused, key=lambda verdict: verdict["row"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgress:
    """Show how far an import is. `rate` is rows a second."""

    rows: int
    share: str
    parts: tuple[Part, ...]
    rate: int
    seconds_left: int | None


def import_progress(source: Import) -> ImportProgress:
    """Return what the page shows while a file is read. No query."""
    rows = source.uploaded + source.empty
    left = rows * (source.size - source.bytes_read) / source.bytes_read if source.bytes_read else None
    return ImportProgress(
        rows=rows,
        share=share(source.bytes_read, source.size),
        parts=(Part("read", source.bytes_read, "live"),),
        rate=source.rows_a_second,
        seconds_left=round(left / source.rows_a_second)
        if left is not None and source.rows_a_second
        else None,
    )


def latest_imports(campaign_id: int, limit: int = 5) -> Sequence[Import]:
    """Return the files that were uploaded last, newest first. One query."""
    return list(Import.objects.filter(campaign_id=campaign_id).select_related("created_by")[:limit])


def rows_not_accepted(source: Import, *, fate: str = "") -> QuerySet[ImportRow]:
    """Return the rows of a file that did not become people, in its order; all for an unknown `fate`."""
    rows = source.rows.order_by("row_number")
    return rows.filter(fate=fate) if fate in ImportRowFate.values else rows


def people_repaired(source: Import) -> int:
    """Return how many accepted rows had something repaired. One query."""
    return source.recipients.exclude(note="").count()
