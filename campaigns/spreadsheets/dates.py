"""PURE: a day with its year as offices write it: 28/11/2026, 28-11-2026, 2026-11-28, 28 Nov 2026."""

from datetime import date

from campaigns.spreadsheets.written import UnclearError, read_date


def read_day(text: str) -> date | None:
    """Return the day, None if the text is none. A year of two digits is refused: its century is not known."""
    try:
        day, month, year = read_date(text)
    except UnclearError:
        return None
    return date(year, month, day) if year else None


def is_day(text: str) -> bool:
    """Return whether the text is a day."""
    return read_day(text) is not None
