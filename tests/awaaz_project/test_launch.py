"""The demonstration's clock."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awaaz_project.launch import IST, clock_offset


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("2026-11-24 15:00", "2026-11-24 11:00"),
        ("2026-11-24 11:00", "2026-11-24 11:00"),
        ("2026-11-24 10:59", "2026-11-23 11:00"),
        ("2026-11-23 06:30", "2026-11-20 11:00"),
        ("2026-11-22 23:00", "2026-11-20 11:00"),
    ],
)
def test_a_demonstration_begins_on_the_last_working_morning(now: str, shown: str) -> None:
    real = datetime.fromisoformat(now).replace(tzinfo=IST)
    assert f"{real + timedelta(seconds=clock_offset(real)):%Y-%m-%d %H:%M}" == shown


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)))
def test_it_is_always_a_lawful_hour_and_never_the_future(naive: datetime) -> None:
    real = naive.replace(tzinfo=IST)
    shown = real + timedelta(seconds=clock_offset(real))
    assert shown.weekday() < 5
    assert 10 <= shown.hour <= 11
    assert shown <= real + timedelta(seconds=1)
