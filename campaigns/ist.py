"""PURE: India's time zone and calendar day."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

IST = ZoneInfo("Asia/Kolkata")


def ist_day(instant: datetime) -> date:
    """Return the day it is in India at `instant` (aware)."""
    return instant.astimezone(IST).date()
