"""The clocks: defaults, lower bounds, and the day from which the law keeps everything for a year."""

from datetime import UTC, date, datetime, timedelta

import pytest

from campaigns.privacy import retention

DEFAULTS = {clock.name: clock.days for clock in retention.CLOCKS}
BEFORE, AFTER = datetime(2026, 11, 24, 5, 30, tzinfo=UTC), datetime(2027, 6, 1, 5, 30, tzinfo=UTC)


def test_the_defaults_are_those_of_the_reference_and_good() -> None:
    assert retention.too_short(DEFAULTS) == []
    assert (DEFAULTS["recordings"], DEFAULTS["events"], DEFAULTS["people"]) == (365, 365, 365)
    assert DEFAULTS["calls"] == DEFAULTS["evidence"] == DEFAULTS["complaints"] == 3 * 365 + 1


@pytest.mark.parametrize(("name", "days"), [("recordings", 179), ("audit", 364), ("evidence", 10)])
def test_nothing_is_kept_for_less_than_its_bound(name: str, days: int) -> None:
    [problem] = retention.too_short({**DEFAULTS, name: days})
    assert problem.startswith(f"RETENTION_{name.upper()}_DAYS is {days}; it must be")


def test_recordings_may_go_after_180_days_until_the_law_keeps_them_for_a_year() -> None:
    assert retention.cutoff("recordings", 180, now=BEFORE) == BEFORE - timedelta(days=180)
    assert retention.cutoff("recordings", 180, now=AFTER) == AFTER - timedelta(days=365)
    assert retention.kept_days("recordings", 180, on=date(2027, 5, 12)) == 180
    assert retention.kept_days("recordings", 180, on=date(2027, 5, 13)) == 365


def test_a_person_is_erased_at_once_and_later_a_year_after_the_last_use() -> None:
    used = datetime(2027, 5, 1, tzinfo=UTC)
    assert retention.erasable_from(BEFORE - timedelta(days=1), now=BEFORE) == BEFORE
    assert retention.erasable_from(used, now=AFTER) == used + timedelta(days=365)
    assert retention.erasable_from(None, now=AFTER) == AFTER
    assert retention.erasable_from(used, now=used + timedelta(days=400)) == used + timedelta(days=400)
