"""On which day something falls: so long before or after a date, every week, every month. Pure; days are IST.

A month later than the 31st is the last day of a shorter month; a year after 29 February is the 28th.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Unit(StrEnum):
    """What an offset counts."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Offset:
    """So much after a date; before it where `count` is negative."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        if not self.count:
            return "on the day of"
        unit = self.unit.removesuffix("s") if abs(self.count) == 1 else self.unit
        return f"{abs(self.count)} {unit} {'before' if self.count < 0 else 'after'}"


def shifted(day: date, offset: Offset) -> date:
    """The day that is the offset away from `day`. A later `day` never gives an earlier result."""
    match offset.unit:
        case Unit.DAYS:
            return day + timedelta(days=offset.count)
        case Unit.WEEKS:
            return day + timedelta(weeks=offset.count)
        case Unit.MONTHS:
            return _months_later(day, offset.count)
        case Unit.YEARS:
            return _months_later(day, 12 * offset.count)


def earliest(day: date, offset: Offset) -> date:
    """The first date whose `shifted` day is `day` or later; all later dates' are so too."""
    found = shifted(day, Offset(-offset.count, offset.unit))
    while shifted(found, offset) < day:
        found += timedelta(days=1)
    return found


def is_weekday(day: date, weekday: int) -> bool:
    """Whether `day` is this day of the week, Monday 1 to Sunday 7."""
    return day.isoweekday() == weekday


def is_day_of_month(day: date, number: int) -> bool:
    """Whether `day` is the month's day `number`, or its last day if the month is shorter."""
    return day.day == min(number, monthrange(day.year, day.month)[1])


def days(first: date, last: date) -> Iterator[date]:
    """Each day from `first` to `last`, both of them; none if `last` is earlier."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
