"""The demonstration's clock shows working hours at every start, and never goes back."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awaaz_project.launch.demo_clock import IST, DemoClock, clock_offset


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST)


def shown(now: datetime, seen: datetime | None = None) -> str:
    return f"{now + timedelta(seconds=clock_offset(now, seen=seen)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        ("2026-11-24 15:00", "2026-11-24 11:00"),
        ("2026-11-24 11:00", "2026-11-24 11:00"),
        ("2026-11-24 10:59", "2026-11-23 11:00"),
        ("2026-11-23 06:30", "2026-11-20 11:00"),
        ("2026-11-22 23:00", "2026-11-20 11:00"),
    ],
)
def test_a_demonstration_begins_on_the_last_working_morning(now: str, begins: str) -> None:
    assert shown(at(now)) == begins


@pytest.mark.parametrize(
    ("now", "seen", "begins"),
    [
        ("2026-11-24 15:10", "2026-11-24 11:10", "2026-11-24 11:10"),  # minutes later: it goes on
        ("2026-11-24 22:00", "2026-11-24 18:00", "2026-11-25 11:00"),  # its day is over
        ("2026-11-25 12:00", "2026-11-24 13:00", "2026-11-25 11:00"),  # on the next day: a new morning
        ("2026-11-27 20:00", "2026-11-27 16:30", "2026-11-30 11:00"),  # a Friday: on Monday
        ("2026-11-28 09:00", "2026-11-28 08:00", "2026-11-30 11:00"),  # it ran into a Saturday
    ],
)
def test_a_later_start_goes_on_or_begins_the_next_morning(now: str, seen: str, begins: str) -> None:
    assert shown(at(now), at(seen)) == begins


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),
    st.none() | st.timedeltas(timedelta(days=-9), timedelta(days=9)),
)
def test_it_is_always_a_working_hour_and_never_goes_back(naive: datetime, before: timedelta | None) -> None:
    now = naive.replace(tzinfo=IST)
    seen = None if before is None else now + before
    begins = now + timedelta(seconds=clock_offset(now, seen=seen), milliseconds=1)
    assert begins.weekday() < 5
    assert 11 <= begins.hour < 16 or (begins.hour, begins.minute) == (16, 0)
    assert seen is None or begins >= seen


def test_the_file_keeps_how_far_it_came(tmp_path: Path) -> None:
    file = tmp_path / "new" / "demo-clock"
    first, now = DemoClock(file), at("2026-11-24 15:00")
    assert not first.exists
    assert first.start(now) == -4 * 3600
    first.note(now + timedelta(minutes=90))
    again = DemoClock(file)
    assert again.exists
    assert again.start(now + timedelta(minutes=91)) == -4 * 3600 - 60  # 12:30, where it stopped


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"seen": 5}', '{"seen": "soon"}'])
def test_a_damaged_file_counts_as_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "demo-clock"
    file.write_text(text)
    assert DemoClock(file).start(at("2026-11-24 15:00")) == -4 * 3600
