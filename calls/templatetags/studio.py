"""Template filters of the studio."""

import re
from collections.abc import Mapping

from django import template

from calls.agents.dialogue import outline
from campaigns.formatting import words

register = template.Library()
register.filter("way", outline.way)


@register.filter
def slug_id(name: str) -> str:
    """Return the name of a field as the id of an element."""
    return re.sub(r"\W+", "-", name)


@register.filter
def spoken_name(name: str) -> str:
    """Return the name of a value for people: `due_date` as "Due date"."""
    return words(name)


@register.filter
def of(titles: Mapping[str, str], step_id: str) -> str:
    """Return the title of a step; its id if it has none."""
    return titles.get(step_id, step_id)
