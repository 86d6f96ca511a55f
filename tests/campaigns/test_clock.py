from datetime import UTC, datetime, timedelta
from pathlib import Path

from pytest_django import Settings

from campaigns import clock

AN_HOUR = timedelta(hours=1)


def test_the_clock_is_the_real_one_unless_told() -> None:
    assert not clock.is_shifted()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_an_offset_shifts_it(settings: Settings) -> None:
    settings.CLOCK_OFFSET = -3600.0
    assert clock.is_shifted()
    assert abs(clock.now() + AN_HOUR - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_file_shifts_it_anew_each_time(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "clock"
    settings.CLOCK_FILE = str(file)
    file.write_text("0")
    assert clock.is_shifted()
    before = clock.now()
    file.write_text("3600.5")
    assert AN_HOUR < clock.now() - before < AN_HOUR + timedelta(seconds=5)
