"""PURE: slots as people write them: days × times between two dates, or the rows of a list."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from campaigns.errors import NotAllowed
from campaigns.formatting import grouped
from campaigns.ist import IST
from campaigns.schedule.recurrence import days
from campaigns.spreadsheets.dates import read_day
from campaigns.spreadsheets.written import UnclearError, read_time

MOST_SLOTS = 20_000
"""Slots entered at once; a year of a clinic with fifty a day."""
MOST_PLACES, LONGEST_PLACE = 1000, 120
FIRST_CLEAR_HOUR = 7
"""From this hour on a time without AM or PM is read by the clock of 24 hours: no office begins at 5:30."""

HEADINGS: Mapping[str, frozenset[str]] = {
    "date": frozenset({"date", "day", "on", "दिनांक", "तारीख", "तारीख़", "તારીખ"}),
    "time": frozenset({"time", "begins", "begin", "start", "starts", "from", "समय", "સમય"}),
    "ends": frozenset({"ends", "end", "until", "to", "till"}),
    "place": frozenset({"place", "location", "branch", "clinic", "centre", "center", "venue", "स्थान"}),
    "capacity": frozenset({"capacity", "places", "seats", "people", "number"}),
}
"""What a column is, by its heading in small letters."""


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One slot to enter. Times are aware; `ends` may be None."""

    begins: datetime
    place: str = ""
    capacity: int = 1
    ends: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The same times on some days of the week, 1 Monday to 7 Sunday, from `first` to `last`, in India."""

    first: date
    last: date
    weekdays: Collection[int]
    times: Sequence[time]
    place: str = ""
    capacity: int = 1
    minutes: int | None = None
    """How long a slot lasts; None: not said."""

    def rows(self) -> list[SlotRow]:
        """Return its slots in order. Raises `NotAllowed` if there are none, or too many."""
        on = [day for day in days(self.first, self.last) if day.isoweekday() in self.weekdays]
        times = sorted(set(self.times))
        if not on or not times:
            raise NotAllowed("There is no such day between these dates.")
        if len(on) * len(times) > MOST_SLOTS:
            raise NotAllowed(f"These are more than {grouped(MOST_SLOTS)} slots; enter them in parts.")
        lasts = timedelta(minutes=self.minutes) if self.minutes else None
        begins = [datetime.combine(day, at, IST) for day in on for at in times]
        return [
            SlotRow(at, self.place.strip(), self.capacity, at + lasts if lasts else None) for at in begins
        ]


def read_times(text: str) -> list[time]:
    """Return the times between commas, such as `10:00, 10:30, 5 PM`. Raises `NotAllowed` with a sentence."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise NotAllowed("Write at least one time, such as 10:00, 10:30, 17:00.")
    return [read_clock(part) for part in parts]


def read_clock(text: str) -> time:
    """Return a time of the day. Raises `NotAllowed` if it is none, or could be morning or evening."""
    try:
        hour, minute, certain = read_time(text)
    except UnclearError as error:
        raise NotAllowed(str(error)) from error
    if not certain and hour < FIRST_CLEAR_HOUR:
        raise NotAllowed(f"“{text[:40]}” may be in the morning or later. Write it as 17:30 or 5:30 PM.")
    return time(hour, minute)


def find_columns(headers: Sequence[str]) -> dict[str, int]:
    """Return the place of each column that was found. Raises `NotAllowed` without a date, or with two.

    Where no column holds the time, it is read from the date's cell.
    """
    found: dict[str, int] = {}
    for at, header in enumerate(headers):
        said = header.strip().casefold()
        for use in (use for use, words in HEADINGS.items() if said in words):
            if use in found:
                raise NotAllowed(f"Two columns are headed like the {use}: keep one.")
            found[use] = at
    if "date" not in found:
        raise NotAllowed("No column is headed “date”. The headings are date, time, ends, place and capacity.")
    return {"time": found["date"], **found}


def read_row(cells: Sequence[str], columns: Mapping[str, int]) -> SlotRow:
    """Return the slot of a row. Raises `NotAllowed` with the sentence that says what to correct."""
    said = {use: cells[at].strip() if at < len(cells) else "" for use, at in columns.items()}
    day = read_day(said["date"])
    if day is None:
        raise NotAllowed(f"“{said['date'][:40]}” is no clear date. Write it as 28/11/2026.")
    begins = datetime.combine(day, read_clock(said["time"]), IST)
    ends = datetime.combine(day, read_clock(said["ends"]), IST) if said.get("ends") else None
    if ends and ends <= begins:
        raise NotAllowed("It ends before it begins.")
    capacity = said.get("capacity") or "1"
    if not (capacity.isdecimal() and 1 <= int(capacity[:6]) <= MOST_PLACES):
        raise NotAllowed(f"“{capacity[:40]}” is no number of people from 1 to {MOST_PLACES}.")
    place = said.get("place", "")
    if len(place) > LONGEST_PLACE:
        raise NotAllowed(f"The place is longer than {LONGEST_PLACE} letters.")
    return SlotRow(begins, place, int(capacity), ends)
