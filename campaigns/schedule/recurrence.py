"""On which day something falls: so long before or after a date, every week, every month. Pure; days are IST.

A month later than the 31st is the last day of a shorter month; a year after 29 February is the 28th.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from dateutil.relativedelta import relativedelta


class Unit(StrEnum):
    """What an offset counts."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


_ONE: Mapping[Unit, relativedelta] = {
    Unit.DAYS: relativedelta(days=1),
    Unit.WEEKS: relativedelta(weeks=1),
    Unit.MONTHS: relativedelta(months=1),
    Unit.YEARS: relativedelta(years=1),
}


@dataclass(frozen=True, slots=True)
class Offset:
    """A distance from a date: `count` units after it, before it where `count` is negative."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        if not self.count:
            return "on the day of"
        unit = self.unit.removesuffix("s") if abs(self.count) == 1 else self.unit
        return f"{abs(self.count)} {unit} {'before' if self.count < 0 else 'after'}"


def shifted(day: date, offset: Offset) -> date:
    """Return the day that is the offset away from `day`. A later `day` never gives an earlier result."""
    return day + offset.count * _ONE[offset.unit]


def earliest(day: date, offset: Offset) -> date:
    """Return the first date whose `shifted` day is `day` or later; all later dates' are so too."""
    found = shifted(day, Offset(-offset.count, offset.unit))
    while shifted(found, offset) < day:
        found += timedelta(days=1)
    return found


def is_weekday(day: date, weekday: int) -> bool:
    """Return whether `day` is this day of the week, Monday 1 to Sunday 7."""
    return day.isoweekday() == weekday


def is_day_of_month(day: date, number: int) -> bool:
    """Return whether `day` is the month's day `number`, or its last day if the month is shorter."""
    return day.day == min(number, monthrange(day.year, day.month)[1])


def days(first: date, last: date) -> Iterator[date]:
    """Yield each day from `first` to `last`, both included; none if `last` is earlier."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
