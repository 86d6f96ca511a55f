"""The boundary cases of the rules' reference, §9.8, as far as rules stand."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.models import Campaign
from campaigns.rules import WINDOWS, Attempt, Kind, Verdict, evaluate, window_rule
from campaigns.windows import IST


def verdict(category: str, at: str, *, series: str = "ordinary") -> Verdict:
    attempt = Attempt(category=category, caller_series=series)
    return evaluate(attempt, datetime.fromisoformat(at).replace(tzinfo=IST)).verdict


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("09:59:59", Verdict.DEFER),
        ("10:00:00", Verdict.OK),
        ("20:54:59", Verdict.OK),
        ("20:55:00", Verdict.DEFER),
        ("21:00:00", Verdict.DEFER),
    ],
)
def test_promotional_hours(at: str, expected: Verdict) -> None:
    assert verdict("promotional", f"2026-11-24 {at}", series="140") == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("07:59:59", Verdict.DEFER),
        ("08:00:00", Verdict.OK),
        ("18:54:59", Verdict.OK),
        ("19:00:00", Verdict.DEFER),
    ],
)
def test_lender_hours(at: str, expected: Verdict) -> None:
    assert verdict("collections", f"2026-11-24 {at}", series="1600") == expected


def test_microfinance_hours_stay_narrow_in_2027_but_are_policy_then() -> None:
    assert verdict("microfinance", "2026-12-31 08:30:00", series="1600") == Verdict.DEFER
    assert window_rule("microfinance", date(2026, 12, 31)).kind == Kind.LAW
    assert window_rule("microfinance", date(2027, 1, 1)).kind == Kind.POLICY


@pytest.mark.parametrize(
    ("category", "series", "expected"),
    [
        ("promotional", "140", Verdict.OK),
        ("promotional", "ordinary", Verdict.BLOCK),
        ("promotional", "1600", Verdict.BLOCK),
        ("service", "140", Verdict.BLOCK),
        ("service", "1600", Verdict.OK),
    ],
)
def test_series(category: str, series: str, expected: Verdict) -> None:
    assert verdict(category, "2026-11-24 12:00:00", series=series) == expected


def test_everything_that_is_wrong_is_said_at_once() -> None:
    attempt = Attempt(
        category="promotional", caller_series="1600", suppressed="Pressed 9.", callee_problem="A short code."
    )
    judgement = evaluate(attempt, datetime(2026, 11, 24, 3, tzinfo=IST))
    assert judgement.verdict == Verdict.BLOCK
    assert {f.rule.split()[0] for f in judgement.findings if f.verdict != Verdict.OK} == {
        "B01",
        "B02",
        "B03",
        "B13",
    }
    assert "Pressed 9." in judgement.reason
    assert "A short code." in judgement.reason
    assert judgement.until is None


def test_a_campaign_whose_own_hours_leave_nothing_is_blocked() -> None:
    night = (datetime(2026, 1, 1, 21).time(), None)
    attempt = Attempt(category="collections", caller_series="1600", own_window=night)
    assert evaluate(attempt, datetime(2026, 11, 24, 12, tzinfo=IST)).verdict == Verdict.BLOCK


def test_every_category_has_hours_on_every_day() -> None:
    for category in Campaign.Category.values:
        for day in (date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1), date(2030, 12, 31)):
            assert window_rule(category, day).category == category
    assert {rule.category for rule in WINDOWS} == set(Campaign.Category.values)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2030, 12, 31)).map(lambda at: at.replace(tzinfo=IST))


@given(category=st.sampled_from(Campaign.Category.values), at=moments)
def test_a_deferred_call_is_allowed_when_its_time_has_come(category: str, at: datetime) -> None:
    attempt = Attempt(category=category, caller_series="140" if category == "promotional" else "1600")
    judgement = evaluate(attempt, at)
    if judgement.verdict == Verdict.DEFER:
        assert judgement.until is not None
        assert judgement.until > at
        assert judgement.until - at <= timedelta(days=1)
        assert evaluate(attempt, judgement.until).verdict == Verdict.OK
