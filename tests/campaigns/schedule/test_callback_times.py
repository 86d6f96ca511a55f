"""When somebody wants to be called back: moments out of words, and what is said of them."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.ist import IST
from campaigns.schedule.callback_times import UnreadableMoment, explain, moment, unusable

#: 11:00 IST on 24 November 2026.
NOW = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
HOURS, MINUTES = st.integers(0, 23), st.integers(0, 59)


def india(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=IST)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("in 60 minutes", india(24, 12)),
        ("In  1 hour", india(24, 12)),
        ("in 3 days", india(27, 11)),
        ("at 18:00", india(24, 18)),
        ("at 11:00", india(25, 11)),
        ("at 9:30", india(25, 9, 30)),
        ("tomorrow 10:00", india(25, 10)),
        ("tomorrow 23:59", india(25, 23, 59)),
        ("2026-11-26T17:00", india(26, 17)),
        ("2026-11-26 17:00", india(26, 17)),
        ("2026-11-26T17:00:00+05:30", india(26, 17)),
        ("2026-11-26T11:30:00Z", india(26, 17)),
    ],
)
def test_words_become_a_moment_in_india(words: str, found: datetime) -> None:
    assert moment(words, now=NOW) == found


@pytest.mark.parametrize(
    "words",
    [
        "",
        "soon",
        "at 25:00",
        "at 10:60",
        "tomorrow",
        "in -5 minutes",
        "in 99999 minutes",
        "2026-11-26",
        "2026-02-30T10:00",
        "0001-01-01T00:00:00+14:00",
        "in 1 year",
        "at 10:00; drop table",
        "x" * 5000,
    ],
)
def test_what_is_no_moment_is_said_to_be_none(words: str) -> None:
    with pytest.raises(UnreadableMoment) as refused:
        moment(words, now=NOW)
    assert "is no moment; write" in str(refused.value)
    assert len(str(refused.value)) < 200


@given(now=MOMENTS, hour=HOURS, minute=MINUTES)
def test_the_next_time_of_day_is_ahead_within_a_day_and_shows_on_indias_clock(
    now: datetime, hour: int, minute: int
) -> None:
    found = moment(f"at {hour}:{minute:02d}", now=now)
    assert now < found <= now + timedelta(days=1)
    local = found.astimezone(IST)
    assert (local.hour, local.minute, local.second) == (hour, minute, 0)


@given(now=MOMENTS, hour=HOURS, minute=MINUTES)
def test_tomorrow_is_the_next_day_in_india(now: datetime, hour: int, minute: int) -> None:
    local = moment(f"tomorrow {hour:02d}:{minute:02d}", now=now).astimezone(IST)
    assert local.date() == now.astimezone(IST).date() + timedelta(days=1)
    assert (local.hour, local.minute) == (hour, minute)


@given(asked=MOMENTS, offset=st.integers(-12 * 60, 14 * 60))
def test_a_moment_written_in_any_zone_is_the_same_moment(asked: datetime, offset: int) -> None:
    written = asked.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    assert moment(written, now=NOW) == asked
    assert moment(asked.astimezone(IST).replace(tzinfo=None).isoformat(), now=NOW) == asked


@given(st.text(max_size=80), MOMENTS)
def test_any_text_is_a_moment_or_refused(words: str, now: datetime) -> None:
    with contextlib.suppress(UnreadableMoment):
        assert moment(words, now=now).tzinfo is UTC


def test_a_moment_may_neither_have_passed_nor_be_too_far_ahead() -> None:
    assert unusable(NOW, asked_at=NOW, days=14) == ""
    assert unusable(NOW + timedelta(days=14), asked_at=NOW, days=14) == ""
    past = unusable(NOW - timedelta(seconds=1), asked_at=NOW, days=14)
    assert past == "24 Nov, 10:59 IST had passed when it was asked for."
    far = unusable(NOW + timedelta(days=15), asked_at=NOW, days=14)
    assert far == "9 Dec, 11:00 IST is more than 14 days ahead."


def test_what_can_be_kept_is_said_in_short_and_what_can_not_with_the_reason() -> None:
    asked = india(24, 21, 30)
    assert explain(asked, asked, "") == "Asked to be called back on 24 Nov, 21:30 IST."
    assert explain(asked, india(25, 10), "It is outside of lawful hours.") == (
        "Asked to be called back on 24 Nov, 21:30 IST. It is outside of lawful hours. "
        "Planned for 25 Nov, 10:00 IST."
    )
