"""Days that fall so long before or after a date: month ends, leap days, India's midnight."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import ist
from campaigns.schedule import recurrence
from campaigns.schedule.recurrence import Offset, Unit, earliest, shifted

days = st.dates(date(1950, 1, 1), date(2150, 1, 1))
offsets = st.builds(
    Offset,
    st.integers(-1000, 1000),
    st.sampled_from([Unit.DAYS, Unit.WEEKS]),
) | st.builds(Offset, st.integers(-60, 60), st.sampled_from([Unit.MONTHS, Unit.YEARS]))


@pytest.mark.parametrize(
    ("day", "count", "unit", "falls"),
    [
        (date(2026, 12, 1), -3, Unit.DAYS, date(2026, 11, 28)),
        (date(2026, 1, 5), 14, Unit.WEEKS, date(2026, 4, 13)),
        (date(2026, 1, 31), 1, Unit.MONTHS, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, Unit.MONTHS, date(2028, 2, 29)),
        (date(2026, 3, 31), -1, Unit.MONTHS, date(2026, 2, 28)),
        (date(2026, 11, 30), 2, Unit.MONTHS, date(2027, 1, 30)),
        (date(2028, 2, 29), 1, Unit.YEARS, date(2029, 2, 28)),
        (date(2028, 2, 29), 4, Unit.YEARS, date(2032, 2, 29)),
        (date(2028, 2, 29), -1, Unit.DAYS, date(2028, 2, 28)),
    ],
)
def test_known_days(day: date, count: int, unit: Unit, falls: date) -> None:
    assert shifted(day, Offset(count, unit)) == falls


@given(days, days, offsets)
def test_a_later_date_never_falls_earlier(one: date, other: date, offset: Offset) -> None:
    first, last = sorted((one, other))
    assert shifted(first, offset) <= shifted(last, offset)


@given(days, days, offsets)
def test_from_the_earliest_date_on_and_no_other_falls_on_or_after_a_day(
    day: date, born: date, offset: Offset
) -> None:
    assert (shifted(born, offset) >= day) == (born >= earliest(day, offset))


@given(days, st.integers(-40, 40), offsets)
def test_near_the_border_as_well(day: date, away: int, offset: Offset) -> None:
    born = earliest(day, offset) + timedelta(days=away)
    assert (shifted(born, offset) >= day) == (away >= 0)


@given(st.integers(1950, 2150), st.integers(1, 12), st.integers(1, 31))
def test_every_month_has_one_such_day(year: int, month: int, number: int) -> None:
    first = date(year, month, 1)
    after = shifted(first, Offset(1, Unit.MONTHS))
    month_days = list(recurrence.days(first, after - timedelta(days=1)))
    found = [day for day in month_days if recurrence.is_day_of_month(day, number)]
    assert found == [month_days[min(number, len(month_days)) - 1]]


@given(days, st.integers(1, 7))
def test_seven_days_have_one_of_each_weekday(day: date, weekday: int) -> None:
    week = recurrence.days(day, day + timedelta(days=6))
    assert sum(recurrence.is_weekday(each, weekday) for each in week) == 1


def test_no_days_lie_before_the_first() -> None:
    assert list(recurrence.days(date(2026, 11, 24), date(2026, 11, 23))) == []


def test_the_day_changes_at_indias_midnight() -> None:
    midnight = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
    assert ist.ist_day(midnight) == date(2026, 11, 24)
    assert ist.ist_day(midnight - timedelta(microseconds=1)) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (Offset(-3, Unit.DAYS), "3 days before"),
        (Offset(1, Unit.WEEKS), "1 week after"),
        (Offset(0, Unit.DAYS), "on the day of"),
    ],
)
def test_offsets_read_as_staff_say_them(offset: Offset, words: str) -> None:
    assert str(offset) == words
