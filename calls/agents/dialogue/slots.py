"""PURE: slots of a calendar in a dialogue: how one is spoken, and which day was asked for."""

from collections.abc import Mapping
from datetime import date, datetime

from calls.agents.requests import OfferedSlot
from campaigns.spreadsheets.written import Kind, UnclearError, read_date

KINDS: Mapping[str, Kind] = {"place": Kind.TEXT, "day": Kind.DATE, "time": Kind.TIME, "key": Kind.NUMBER}


def values_of(slot: OfferedSlot) -> dict[str, str]:
    """Return the values of a slot as they are written: place, day and time."""
    begins = datetime.fromisoformat(slot.begins)
    half = "PM" if begins.hour >= 12 else "AM"
    time = f"{(begins.hour - 1) % 12 + 1}:{begins.minute:02d} {half}"
    return {"place": slot.place, "day": begins.date().isoformat(), "time": time}


def label_of(slot: OfferedSlot) -> str:
    """Return a slot for people: `3 Dec 2026, 10:30 AM, Pune`."""
    values, day = values_of(slot), datetime.fromisoformat(slot.begins)
    return f"{day.day} {day:%b %Y}, {values['time']}, {slot.place}"


def day_asked(written: str, today: str) -> str:
    """Return the ISO date of a day that was asked for, without a year the next one; empty if it is none."""
    try:
        day, month, year = read_date(written)
        now = date.fromisoformat(today)
        if year is None:
            year = now.year + ((month, day) < (now.month, now.day))
        return date(year, month, day).isoformat()
    except (UnclearError, ValueError):
        return ""
