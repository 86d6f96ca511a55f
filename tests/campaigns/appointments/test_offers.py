"""Which slots are offered, and in which order."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.appointments.offers import MOST, Span, Wish, bounds, choose, readable_day
from campaigns.ist import ist_day

#: 11:00 on Tuesday 24 November 2026 in India.
NOON = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
SPAN = Span.of(NOON, lead=timedelta(hours=2), horizon=timedelta(days=30))


class Slot(NamedTuple):
    pk: int
    begins: datetime


def slots(*hours: float) -> list[Slot]:
    return [Slot(pk, NOON + timedelta(hours=hour)) for pk, hour in enumerate(hours, 1)]


def offered(*hours: float, wish: Wish) -> list[float]:
    return [(slot.begins - NOON) / timedelta(hours=1) for slot in choose(slots(*hours), wish, SPAN)]


def test_the_nearest_come_first_and_no_more_than_asked_for() -> None:
    assert offered(50, 3, 26, 4, wish=Wish(most=3)) == [3, 4, 26]


def test_none_is_over_too_soon_or_too_far_away() -> None:
    assert offered(-1, 0, 1.9, 2, 30 * 24, 30 * 24 + 0.1, wish=Wish()) == [2, 30 * 24]


def test_what_was_offered_before_is_left_out() -> None:
    assert offered(3, 4, 5, 6, wish=Wish(passed={1, 2})) == [5, 6]


def test_the_day_asked_for_comes_first_then_what_is_nearest_to_it() -> None:
    # Thursday 26 November lasts from 37 to 61 hours after Tuesday 11:00.
    thursday = date(2026, 11, 26)
    assert offered(3, 31, 37, 60, 62, 80, wish=Wish(day=thursday, most=6)) == [37, 60, 62, 31, 80, 3]


def test_the_bounds_of_a_day_are_those_of_india() -> None:
    begin, end = bounds(date(2026, 11, 26))
    assert (begin.astimezone(UTC).hour, begin.astimezone(UTC).minute) == (18, 30)
    assert ist_day(end - timedelta.resolution) == date(2026, 11, 26)


def test_a_lead_longer_than_the_horizon_leaves_nothing() -> None:
    span = Span.of(NOON, lead=timedelta(days=40), horizon=timedelta(days=30))
    assert choose(slots(5, 35 * 24), Wish(), span) == []


@pytest.mark.parametrize(("most", "count"), [(0, 1), (-3, 1), (2, 2), (MOST, MOST), (500, MOST)])
def test_the_number_of_offers_has_bounds(most: int, count: int) -> None:
    assert Wish(most=most).count == count


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026-12-03", date(2026, 12, 3)), ("", None), ("Thursday", None), ("2026-13-01", None)],
)
def test_a_day_that_is_none_asks_for_none(text: str, day: date | None) -> None:
    assert readable_day(text) == day


@given(
    hours=st.lists(st.integers(-50, 900), max_size=30),
    passed=st.sets(st.integers(1, 30)),
    days=st.none() | st.integers(-3, 40),
    most=st.integers(1, 5),
)
def test_what_is_offered_is_allowed_and_nothing_nearer_is_left_out(
    hours: list[int], passed: set[int], days: int | None, most: int
) -> None:
    day = None if days is None else ist_day(NOON) + timedelta(days=days)
    wish = Wish(day=day, passed=passed, most=most)
    chosen = choose(slots(*hours), wish, SPAN)
    allowed = [s for s in slots(*hours) if SPAN.first <= s.begins <= SPAN.last and s.pk not in passed]
    assert set(chosen) <= set(allowed)
    assert len(chosen) == min(most, len(allowed))
    left = [slot for slot in allowed if slot not in chosen]
    if day is None:
        assert all(slot.begins <= other.begins for slot in chosen for other in left)
    elif any(ist_day(slot.begins) == day for slot in left):
        assert all(ist_day(slot.begins) == day for slot in chosen)
