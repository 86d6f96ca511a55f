"""Template tags of the portal: chips, bars, and everything of `campaigns.formatting` as a filter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.template.context import RequestContext

from campaigns import formatting, phones
from campaigns.queries.campaign import NO_GOAL, Part

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
    """A time as JSON keeps it."""
    return datetime.fromisoformat(written)


@register.simple_tag
def share(part: int, whole: int) -> str:
    """`part` of `whole` in per cent."""
    return formatting.share(part, whole)


@register.inclusion_tag("parts/chip.html")
def chip(state: str, label: str = "") -> dict[str, str]:
    """A state: its colour, and always its word."""
    return {"tone": formatting.tone(state), "label": label or formatting.words(state)}


@register.inclusion_tag("parts/chip.html")
def outcome_chip(outcome: str) -> dict[str, str]:
    """An outcome: green when the goal was reached."""
    return {"tone": "calm" if outcome in NO_GOAL else "ok", "label": formatting.words(outcome)}


@register.inclusion_tag("parts/bar.html")
def bar(parts: Sequence[Part], whole: int, label: str = "") -> dict[str, Any]:
    """A bar of parts, drawn in SVG because styles in the page are refused by the content policy."""
    drawn, start = [], 0.0
    for part in parts:
        width = 100 * part.count / whole if whole else 0.0
        drawn.append({"x": f"{start:.2f}%", "width": f"{width:.2f}%", "tone": part.tone})
        start += width
    return {"parts": drawn, "label": label or ", ".join(f"{p.count} {p.label}" for p in parts)}


@register.inclusion_tag("parts/span.html")
def span_bar(count: int, whole: int) -> dict[str, str]:
    """One row of a funnel: the part of the whole as a bar; the figure stands beside it in words."""
    return {"width": f"{100 * count / whole if whole else 0:.2f}%"}


@register.filter
def length_of(things: Sequence[Any]) -> int:
    """How many there are."""
    return len(things)


@register.filter
def cells(row: Sequence[Any]) -> str:
    """The cells of a row as it came, numbers masked."""
    return " | ".join(formatting.masked_cell(str(cell)) for cell in row)


@register.filter
def one_cell(cell: str) -> str:
    """A cell of an uploaded list, with what may be a number hidden but for its last digits."""
    return formatting.masked_cell(cell)


@register.simple_tag(takes_context=True)
def page_link(context: RequestContext, number: int) -> str:
    """This page's address with another `page`."""
    query = context["request"].GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def here(context: RequestContext, *prefixes: str) -> str:
    """`page` when the address starts with one of the prefixes ("/" only by itself), for `aria-current`."""
    path = context["request"].path
    return "page" if any(path == p or (p != "/" and path.startswith(p)) for p in prefixes) else ""
