"""Windows of the day in Indian time."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.ist import IST
from campaigns.schedule.windows import QUIET_END, Window

DAY = Window(time(8), time(19))


def ist(text: str) -> datetime:
    """`2026-11-24 09:00:00` in IST, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=IST).astimezone(UTC)


def test_a_day_begins_at_midnight_in_india() -> None:
    midnight = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
    assert midnight.astimezone(IST) == datetime(2026, 11, 24, tzinfo=IST)
    assert DAY.next_opening(midnight) == ist("2026-11-24 08:00:00")


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-24 07:59:59", "2026-11-24 08:00:00"),
        ("2026-11-24 08:00:00", "2026-11-24 08:00:00"),
        ("2026-11-24 18:54:59", "2026-11-24 18:54:59"),
        ("2026-11-24 18:55:00", "2026-11-25 08:00:00"),
        ("2026-12-31 23:00:00", "2027-01-01 08:00:00"),
    ],
)
def test_the_next_opening(at: str, opens: str) -> None:
    assert DAY.next_opening(ist(at)) == ist(opens)


def test_a_campaign_narrows_and_never_widens() -> None:
    assert DAY.narrowed(time(10), time(12)) == Window(time(10), time(12))
    assert DAY.narrowed(time(6), time(22)) == DAY
    assert DAY.narrowed(None, None) == DAY


def test_a_window_of_nothing_is_empty_and_never_opens() -> None:
    nothing = DAY.narrowed(time(19), None)
    assert nothing.empty
    with pytest.raises(ValueError, match="never opens"):
        nothing.next_opening(ist("2026-11-24 12:00:00"))


def test_a_window_shorter_than_its_quiet_end_is_empty() -> None:
    assert Window(time(10), time(10, 5)).empty
    assert not Window(time(10), time(10, 6)).empty


times = st.times(min_value=time(0), max_value=time(23, 0))
instants = st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


@given(start=times, hours=st.integers(1, 12), instant=instants)
def test_an_opening_is_always_allowed_and_nothing_before_it_is(
    start: time, hours: int, instant: datetime
) -> None:
    window = Window(start, min(time(23, 59), time(min(23, start.hour + hours), start.minute)))
    if window.empty:
        return
    opens = window.next_opening(instant)
    assert window.allows(opens)
    assert opens == instant or not window.allows(opens - timedelta(microseconds=1))
    assert opens - instant <= timedelta(days=1) + QUIET_END
