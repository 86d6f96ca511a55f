"""When a number is open to people who call us, written in lines such as "Mon-Fri 9:00-18:00". Pure; IST."""

import re
from collections.abc import Mapping
from datetime import datetime

from campaigns.ist import IST

#: The key of holidays in `Hours`; the days of the week are 0 (Monday) to 6.
HOLIDAYS = 7

#: The spans of each day, in minutes from midnight, half-open. A day that is missing is closed.
Hours = Mapping[int, tuple[tuple[int, int], ...]]

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LINE = re.compile(r"(?P<days>[a-z,\s–-]+?)\s*(?P<start>[\d:.]+)\s*[–-]\s*(?P<end>[\d:.]+)", re.IGNORECASE)
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")
_MIDNIGHT = 24 * 60


class UnreadableHours(ValueError):
    """A line says no hours. The text is a sentence."""


def read_hours(text: str) -> Hours:
    """Return the opening hours that a text states, one line a span; empty for an empty text.

    Days are English names or their first three letters, alone, with commas or as a range; "holidays" are
    days of their own. Raises `UnreadableHours`.
    """
    spans: dict[int, tuple[tuple[int, int], ...]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        found = _LINE.fullmatch(line)
        if found is None:
            raise UnreadableHours(f"“{line}” are no hours: write lines such as “Mon-Fri 9:00-18:00”.")
        start, end = _minutes(found["start"]), _minutes(found["end"])
        if start >= end:
            raise UnreadableHours(f"“{line}” ends before it begins; hours over midnight need two lines.")
        for day in _days(found["days"]):
            spans[day] = (*spans.get(day, ()), (start, end))
    return spans


def _minutes(text: str) -> int:
    found = _TIME.fullmatch(text)
    minutes = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else _MIDNIGHT + 1
    if minutes > _MIDNIGHT:
        raise UnreadableHours(f"“{text}” is no time of day: write 9:00 or 18:30, at most 24:00.")
    return minutes


def _days(text: str) -> list[int]:
    days: list[int] = []
    for part in filter(None, map(str.strip, text.lower().split(","))):
        ends = [_day(name) for name in re.split(r"\s*[–-]\s*", part)]
        if len(ends) > 2 or (len(ends) == 2 and HOLIDAYS in ends):
            raise UnreadableHours(f"“{part}” are no days: write Mon-Fri, or Mon, Wed.")
        first, last = ends[0], ends[-1]
        days += [first] if first == last else [(first + n) % 7 for n in range((last - first) % 7 + 1)]
    return days


def _day(name: str) -> int:
    if name in ("holiday", "holidays"):
        return HOLIDAYS
    day = next((n for n, full in enumerate(_DAYS) if len(name) >= 3 and full.startswith(name)), None)
    if day is None:
        raise UnreadableHours(f"“{name}” is no day: write Mon, Tue, Wed, Thu, Fri, Sat, Sun or Holidays.")
    return day


def is_open(hours: Hours, at: datetime, *, holiday: bool) -> bool:
    """Return whether a number is open at `at` (aware). Without hours it always is; `holiday`: by their hours,
    closed if they have none."""
    local = at.astimezone(IST)
    minute = local.hour * 60 + local.minute
    spans = hours.get(HOLIDAYS if holiday else local.weekday(), ())
    return not hours or any(start <= minute < end for start, end in spans)
