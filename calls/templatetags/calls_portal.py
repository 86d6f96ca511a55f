"""Template filters for calls."""

from datetime import datetime

from django import template

from calls.models import Call
from campaigns import formatting

register = template.Library()

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@register.filter
def lasted(call: Call, now: datetime) -> str:
    """Return how long a call lasted, or has lasted by `now`, as minutes and seconds."""
    if call.state == Call.State.LIVE:
        return formatting.length(round((now - call.started_at).total_seconds() * 1000))
    return formatting.length(call.duration_ms)


@register.filter
def attempt(number: int) -> str:
    """Return 2 as "second attempt"."""
    return f"{ORDINALS[number - 1]} attempt" if 1 <= number <= len(ORDINALS) else f"attempt {number}"


@register.filter
def of_whole(part: float) -> str:
    """Return 0.25 as "25 %"; empty if `part` is no number."""
    return f"{part * 100:.0f} %" if isinstance(part, int | float) else ""
