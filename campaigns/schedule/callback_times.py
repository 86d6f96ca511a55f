"""When a person wants to be called back: what was asked for as a moment, and in a sentence. Pure.

Written so: `in 60 minutes`, `in 2 hours`, `at 18:00` (the next time the clock shows it), `tomorrow 10:00`, or
a moment as ISO 8601 writes it. Times of day, and moments without an offset, are India's.
"""

import re
from datetime import UTC, datetime, time, timedelta

from campaigns.formatting import ist
from campaigns.ist import IST

_IN = re.compile(r"in (?P<count>\d{1,4}) (?P<unit>minute|hour|day)s?")
_AT = re.compile(r"(?P<day>at|tomorrow) (?P<hour>\d{1,2}):(?P<minute>\d{2})")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_DAY = timedelta(days=1)


class UnreadableMoment(ValueError):
    """Raised for text that names no moment. Its text is a sentence for the person who wrote it."""


def moment(when: str, *, now: datetime) -> datetime:
    """Return the moment (UTC) that was asked for at `now`. Raises `UnreadableMoment`."""
    words = " ".join(when.lower().split())
    try:
        if found := _IN.fullmatch(words):
            return (now + int(found["count"]) * _UNITS[found["unit"]]).astimezone(UTC)
        if found := _AT.fullmatch(words):
            clock = time(int(found["hour"]), int(found["minute"]))
            at = datetime.combine(now.astimezone(IST).date(), clock, IST)
            if found["day"] == "tomorrow" or at <= now:
                at += _DAY
            return at.astimezone(UTC)
        if ":" not in words:
            raise ValueError("a day is no moment")
        read = datetime.fromisoformat(words.upper())
        return (read if read.tzinfo else read.replace(tzinfo=IST)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UnreadableMoment(
            f"“{when[:40]}” is no moment; write “in 60 minutes”, “at 18:00”, “tomorrow 10:00” or a date with "
            "its time."
        ) from error


def unusable(asked_for: datetime, *, asked_at: datetime, days: int) -> str:
    """Return a sentence that says why no call can be made at this moment; empty if one can.

    `days`: how far ahead a call-back may lie.
    """
    if asked_for < asked_at:
        return f"{ist(asked_for)} had passed when it was asked for."
    if asked_for > asked_at + timedelta(days=days):
        return f"{ist(asked_for)} is more than {days} days ahead."
    return ""


def explain(asked_for: datetime, planned_for: datetime, why: str) -> str:
    """Return in sentences what was asked for and, if that can't be kept, why and what happens instead."""
    asked = f"Asked to be called back on {ist(asked_for)}."
    return asked if planned_for <= asked_for else f"{asked} {why} Planned for {ist(planned_for)}."
