"""Template tags of the portal: chips, bars, and functions of `campaigns.formatting` as filters."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.template.context import RequestContext

from campaigns import formatting, phones
from campaigns.models import Campaign
from campaigns.queries.campaign import Part

register = template.Library()

for _name in (
    "spaced_phone",
    "length",
    "offset",
    "ist",
    "ist_exact",
    "grouped",
    "words",
    "tone",
    "language",
):
    register.filter(_name, getattr(formatting, _name))


register.filter("masked_phone", phones.mask)


@register.filter
def moment(written: str) -> datetime:
    """Return the time that JSON keeps as text."""
    return datetime.fromisoformat(written)


@register.simple_tag
def share(part: int, whole: int) -> str:
    """Return `part` of `whole` in per cent."""
    return formatting.share(part, whole)


@register.inclusion_tag("parts/chip.html")
def chip(state: str, label: str = "") -> dict[str, str]:
    """Return the context of a chip: the state's colour, and always its word."""
    return {"tone": formatting.tone(state), "label": label or formatting.words(state)}


@register.inclusion_tag("parts/chip.html")
def outcome_chip(outcome: str, campaign: Campaign | None) -> dict[str, str]:
    """Return the context of a chip for an outcome: green if it is the goal of its campaign."""
    reached = campaign is not None and outcome in campaign.goals
    return {"tone": "ok" if reached else "calm", "label": formatting.words(outcome)}


@register.inclusion_tag("parts/bar.html")
def bar(parts: Sequence[Part], whole: int, label: str = "") -> dict[str, Any]:
    """Return the context of a bar of parts, in SVG because the content policy refuses styles in the page."""
    drawn, start = [], 0.0
    for part in parts:
        width = 100 * part.count / whole if whole else 0.0
        drawn.append({"x": f"{start:.2f}%", "width": f"{width:.2f}%", "tone": part.tone})
        start += width
    return {
        "parts": drawn,
        "label": label or ", ".join(f"{formatting.grouped(p.count)} {p.label}" for p in parts),
    }


@register.inclusion_tag("parts/span.html")
def span_bar(count: int, whole: int) -> dict[str, str]:
    """Return the context of a funnel's row: the part of the whole as a bar's width in per cent."""
    return {"width": f"{100 * count / whole if whole else 0:.2f}%"}


@register.filter
def length_of(things: Sequence[Any]) -> int:
    """Return how many there are."""
    return len(things)


@register.filter
def cells(row: Sequence[Any]) -> str:
    """Return the cells of a row as it came, parted by bars, what may be a phone number masked."""
    return " | ".join(formatting.masked_cell(str(cell)) for cell in row)


@register.filter
def one_cell(cell: str) -> str:
    """Return a cell of an uploaded list; of what may be a phone number only the last digits are left."""
    return formatting.masked_cell(cell)


@register.simple_tag(takes_context=True)
def page_link(context: RequestContext, number: int) -> str:
    """Return this page's query with another `page`."""
    query = context["request"].GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def here(context: RequestContext, *prefixes: str) -> str:
    """Return `page`, for `aria-current`, if the path starts with a prefix ("/": is it); else empty."""
    path = context["request"].path
    return "page" if any(path == p or (p != "/" and path.startswith(p)) for p in prefixes) else ""
