"""How many lines of a number are held by people who call us; the setting `LINES_HELD` names who answers.

Calls live in `calls`, which nothing here imports.
"""

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string


def left_for_campaigns(number_id: int, lines: int) -> int:
    """Return how many of a number's lines people who call us leave free now; 1 if they hold all of them.

    They may hang up within the minute, and with no pace none would be planned for a quarter of an hour.
    """
    held_by_callers = cast("Callable[[int], int]", import_string(settings.LINES_HELD))
    return max(1, lines - held_by_callers(number_id))
