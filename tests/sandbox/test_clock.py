from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from sandbox import clock


def test_the_offset_shifts_the_clock(settings: Any) -> None:
    settings.CLOCK_OFFSET = 90.5
    with time_machine.travel(datetime(2026, 11, 24, tzinfo=UTC), tick=False):
        assert clock.now() == datetime(2026, 11, 24, 0, 1, 30, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-24T10:00:00", "2026-11-24 10:00:00", "2026-11-24T04:30:00+00:00"])
def test_times_without_a_zone_are_indian(text: str) -> None:
    assert clock.from_wire(text) == datetime(2026, 11, 24, 4, 30, tzinfo=UTC)
    assert clock.to_wire(clock.from_wire(text)) == "2026-11-24T10:00:00"
