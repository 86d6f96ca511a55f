"""Keep named mappings: which heading of an office's lists means what, for the next list."""

from collections.abc import Sequence

from django.db.models import Q

from campaigns.models import Campaign, ColumnMapping, User
from campaigns.spreadsheets.columns import Columns


def offered(campaign: Campaign, headings: Sequence[str]) -> list[ColumnMapping]:
    """Return the mappings that fit a list with these headings: those of the campaign's template first.

    A mapping fits if the list has every heading it names, each once.
    """
    template = campaign.template
    usable = ColumnMapping.objects.filter(account=template.account_id).filter(
        Q(template=template) | Q(template=None)
    )
    fitting = []
    for mapping in usable:
        kept = mapping.columns
        named = (kept["phone"], kept["name"], kept["language"], *kept["variables"].values())
        if all(headings.count(heading) == 1 for heading in named if heading):
            fitting.append(mapping)
    return sorted(fitting, key=lambda mapping: (mapping.template_id is None, mapping.name))


def columns_in(mapping: ColumnMapping, headings: Sequence[str]) -> Columns:
    """Return where the mapping's columns stand in a list with these headings, which it must fit."""
    kept = mapping.columns
    return Columns(
        headings.index(kept["phone"]),
        headings.index(kept["name"]) if kept["name"] else None,
        headings.index(kept["language"]) if kept["language"] else None,
        {word: headings.index(heading) for word, heading in kept["variables"].items()},
        tuple(kept.get("decimal_comma", ())),  # absent before there was a choice
    )


def remember(
    campaign: Campaign, name: str, *, columns: Columns, headings: Sequence[str], by: User | None
) -> ColumnMapping:
    """Keep a choice of columns under a name and return it; one of the same name is replaced."""
    kept = {
        "phone": headings[columns.phone],
        "name": "" if columns.name is None else headings[columns.name],
        "language": "" if columns.language is None else headings[columns.language],
        "variables": {word: headings[place] for word, place in columns.variables.items()},
        "decimal_comma": list(columns.decimal_comma),
    }
    mapping, _ = ColumnMapping.objects.update_or_create(
        account_id=campaign.template.account_id,
        name=name.strip()[:80],
        defaults={"columns": kept, "template": campaign.template, "created_by": by},
    )
    return mapping
