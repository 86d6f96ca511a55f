from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.pacing import SECOND, Redials, Trunk, Window, pick, read_count, read_gaps

TEN = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)
"""10:00 in India."""
OFFICE = Window.read("09:00-21:00")


def minutes(*numbers: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=number) for number in numbers)


def trunk(*, lines: int = 9, per_second: int = 0) -> Trunk:
    return Trunk("+917961344101", lines=lines, per_second=per_second, busy=0, begun=())


@pytest.mark.parametrize(
    ("wall", "opening"),
    [
        ("08:59:59.999999", "09:00"),
        ("09:00", "09:00"),
        ("20:59:59.999999", "20:59:59.999999"),
        ("21:00", "next 09:00"),
        ("23:59", "next 09:00"),
        ("00:00", "09:00"),
    ],
)
def test_the_window_opens_in_indian_time(wall: str, opening: str) -> None:
    now = datetime.fromisoformat(f"2026-11-24T{wall}+05:30").astimezone(UTC)
    day = "2026-11-25" if opening.startswith("next") else "2026-11-24"
    expected = datetime.fromisoformat(f"{day}T{opening.removeprefix('next ')}+05:30")
    assert OFFICE.next_opening(now) == expected
    assert OFFICE.holds(now) == (expected == now)


@pytest.mark.parametrize("text", ["", "9-21", "21:00-09:00", "09:00-09:00", "09:00", "09:00-25:00"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no window"):
        Window.read(text)


def test_a_trunk_takes_as_many_calls_as_it_has_lines() -> None:
    number = trunk(lines=2)
    number.take(TEN)
    assert (number.free_at(TEN), number.room(TEN)) == (TEN, 1)
    number.take(TEN)
    assert (number.free_at(TEN), number.room(TEN)) == (None, 0)
    number.release()
    assert number.free_at(TEN) == TEN


@given(st.integers(1, 5), st.lists(st.integers(0, 700), max_size=60))
def test_no_second_sees_more_calls_begin_than_allowed(per_second: int, waits: list[int]) -> None:
    number, now, begun = trunk(lines=1000, per_second=per_second), TEN, list[datetime]()
    for wait in waits:
        now += timedelta(milliseconds=wait)
        assert (number.room(now) > 0) == (number.free_at(now) == now)
        if number.free_at(now) == now:
            number.take(now)
            begun.append(now)
    for first in begun:
        assert sum(first <= other < first + SECOND for other in begun) <= per_second


def test_a_full_second_says_when_the_next_call_may_begin() -> None:
    number = trunk(per_second=2)
    number.take(TEN)
    number.take(TEN + SECOND / 2)
    assert number.free_at(TEN + SECOND / 2) == TEN + SECOND


def test_numbers_take_turns_and_full_ones_are_passed_over() -> None:
    full, one, two = trunk(lines=0), trunk(), trunk()
    assert [pick([full, one, two], TEN, turn) for turn in range(4)] == [one, one, two, one]
    assert pick([full], TEN, 0) is None


def test_the_last_gap_stands_for_those_that_follow() -> None:
    redials = Redials(3, minutes(5, 30))
    due = [redials.next_after(dials, TEN) for dials in (1, 2, 3, 4)]
    assert due == [*(TEN + gap for gap in minutes(5, 30, 30)), None]


def test_options_are_read_strictly() -> None:
    assert (read_count(""), read_count("3"), read_gaps("5, 30")) == (0, 3, minutes(5, 30))
    for wrong in ("-1", "many", "100", "1.5", "٣"):
        with pytest.raises(ValueError, match="num_backups"):
            read_count(wrong)
    for wrong in ("", "0", "5,", "-5", "10081", "soon"):
        with pytest.raises(ValueError, match="backup_gap_minutes"):
            read_gaps(wrong)
