"""The database's time: that of all processes, whatever their own clocks say."""

from datetime import UTC, datetime, timedelta

import pytest

from calls import database_time
from campaigns import clock

pytestmark = pytest.mark.django_db


def test_it_is_the_time_and_no_clock_of_ours_changes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2020, 1, 1, tzinfo=UTC))
    first, second = database_time.now(), database_time.now()
    assert timedelta(0) <= second - first < timedelta(minutes=1)
    assert abs(first - datetime.now(UTC)) < timedelta(minutes=1), "the database runs on this machine"
    assert first.tzinfo is not None
