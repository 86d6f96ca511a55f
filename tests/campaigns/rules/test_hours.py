"""Windows and caps, with the boundary cases of the rules' reference, §9.8."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.ist import IST
from campaigns.models import Campaign
from campaigns.rules import (
    WINDOWS,
    Basis,
    BasisKind,
    Caps,
    Kind,
    Organisation,
    Past,
    Sector,
    Verdict,
    by_the_minute,
    calling_window,
    evaluate,
    window_rule,
)
from campaigns.schedule.windows import Window
from tests.campaigns.rules.cases import DAY, LENDER, NOON, SCRIPT, attempt, finding, ist, said

HOUR = timedelta(hours=1)


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
    assert evaluate(attempt("promotional"), ist(at)).verdict == expected


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
    assert evaluate(attempt(), ist(at)).verdict == expected


def test_microfinance_before_2027_is_held_to_nine_by_law_and_the_call_waits() -> None:
    found = finding(attempt("microfinance", widening="Widened."), "B01", ist("2026-12-31 08:30"))
    assert (found.verdict, found.kind) == (Verdict.DEFER, Kind.LAW)
    assert found.until == ist("2026-12-31 09:00")


def test_microfinance_in_2027_may_be_widened_to_the_law_with_a_reason() -> None:
    at = ist("2027-01-01 08:30")
    kept_narrow = attempt("microfinance", own_window=(time(8), time(19)))
    widened = attempt("microfinance", own_window=(time(8), time(19)), widening="Borrowers work by day.")
    assert finding(kept_narrow, "B01", at).verdict == Verdict.DEFER
    assert finding(kept_narrow, "B01", at).kind == Kind.POLICY
    assert finding(widened, "B01", at).verdict == Verdict.OK
    assert window_rule("microfinance", date(2026, 12, 31)).kind == Kind.LAW


def test_half_past_six_in_utc_is_the_next_day_in_india() -> None:
    evening = datetime.fromisoformat("2026-11-24T18:30:00+00:00")
    assert said(attempt("promotional"), evening)["B08"] == Verdict.BLOCK
    assert finding(attempt(), "B01", evening).until == ist("2026-11-25 08:00")


@pytest.mark.parametrize("category", ["promotional", "collections"])
def test_no_reason_widens_hours_that_are_law(category: str) -> None:
    wide = attempt(category, own_window=(time(0), time(23, 59)), widening="The manager says so.")
    assert calling_window(wide, DAY) == window_rule(category, DAY).window


@pytest.mark.parametrize(
    ("category", "widest"),
    [
        ("service", Window(time(8), time(21))),
        ("trade_dues", Window(time(8), time(19))),
        ("survey", Window(time(9), time(21))),
        ("political", Window(time(6), time(22))),
        ("transactional", Window(time(0), time(23, 59))),
        ("government", Window(time(0), time(23, 59))),
    ],
)
def test_policy_hours_grow_with_a_reason_and_only_so_far(category: str, widest: Window) -> None:
    whole_day = (time(0), time(23, 59))
    assert calling_window(attempt(category, own_window=whole_day), DAY) == window_rule(category, DAY).window
    assert calling_window(attempt(category, own_window=whole_day, widening="Asked for."), DAY) == widest
    assert calling_window(attempt(category, widening="Asked for."), DAY) == window_rule(category, DAY).window


def test_a_campaign_whose_own_hours_leave_nothing_is_blocked() -> None:
    assert said(attempt(own_window=(time(21), None)))["B01"] == Verdict.BLOCK


def test_what_the_person_started_half_an_hour_ago_may_ring_at_night() -> None:
    night = ist("23:40")
    for minutes, expected in ((30, Verdict.OK), (31, Verdict.DEFER)):
        basis = Basis(kind=BasisKind.ENQUIRY, given_at=night - timedelta(minutes=minutes))
        assert finding(attempt("transactional", basis=basis), "B01", night).verdict == expected


@pytest.mark.parametrize("ended", ["revoked_at", "expires_at"])
def test_an_enquiry_that_was_withdrawn_or_has_expired_lets_nothing_ring_at_night(ended: str) -> None:
    night = ist("23:00")
    basis = Basis(
        kind=BasisKind.ENQUIRY,
        given_at=night - timedelta(minutes=20),
        **{ended: night - timedelta(minutes=1)},  # type: ignore[arg-type]
    )
    assert finding(attempt("transactional", basis=basis), "B01", night).verdict == Verdict.DEFER
    assert (
        finding(attempt("transactional", basis=basis), "B01", night - timedelta(minutes=5)).verdict
        == Verdict.OK
    )


@pytest.mark.parametrize(
    ("category", "day", "expected"),
    [
        ("service", "2026-11-24", Verdict.OK),
        ("collections", "2026-12-31", Verdict.DEFER),
        ("collections", "2027-01-01", Verdict.OK),
        ("promotional", "2027-01-01", Verdict.DEFER),
    ],
)
def test_a_slot_the_person_asked_for(category: str, day: str, expected: Verdict) -> None:
    slot = (ist(f"{day} 21:30"), ist(f"{day} 22:00"))
    assert finding(attempt(category, requested=slot), "B01", slot[0]).verdict == expected
    assert finding(attempt(category, requested=slot), "B01", slot[1]).verdict == Verdict.DEFER


def test_every_category_has_hours_on_every_day() -> None:
    for category in Campaign.Category.values:
        for day in (date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1), date(2030, 12, 31)):
            assert window_rule(category, day).category == category
    assert {rule.category for rule in WINDOWS} == set(Campaign.Category.values)


# --- Caps -----------------------------------------------------------------------------------------


def test_two_attempts_a_day_and_the_third_waits_for_tomorrow() -> None:
    one = attempt("service", others=(Past(ist("09:30")),))
    two = attempt("service", others=(Past(ist("09:30")), Past(ist("13:40"))))
    at = ist("17:45")
    assert said(one, at) == {}
    assert said(two, at) == {"F01": Verdict.DEFER, "W10": Verdict.WARN}
    assert evaluate(two, at).until == ist("2026-11-25 09:00")


def test_three_answered_calls_in_seven_days() -> None:
    answered = [Past(NOON - timedelta(days=days), answered=True) for days in (1, 3, 5)]
    assert said(attempt("service", others=tuple(answered[:2]))) == {}
    full = attempt("service", others=tuple(answered))
    assert said(full) == {"F02": Verdict.DEFER}
    assert evaluate(full, NOON).until == NOON + timedelta(days=2)
    assert said(full, NOON + timedelta(days=2)) == {}


@pytest.mark.parametrize(
    "offset", [-4 * HOUR + timedelta(seconds=1), timedelta(0), 4 * HOUR - timedelta(seconds=1)]
)
def test_four_hours_of_quiet_before_and_after_another_call(offset: timedelta) -> None:
    assert said(attempt(others=(Past(NOON + offset),)))["F03"] == Verdict.DEFER


def test_four_hours_exactly_are_enough() -> None:
    assert said(attempt(others=(Past(NOON - 4 * HOUR),))) == {}


def test_collections_are_heard_once_a_day() -> None:
    heard = (Past(ist("08:00"), answered=True),)
    later = ist("12:30")
    assert said(attempt(others=heard), later) == {"F04": Verdict.DEFER}
    assert said(attempt("service", others=heard), later) == {}
    assert evaluate(attempt(others=heard), later).until == ist("2026-11-25 08:00")


def test_a_raised_cap_lets_the_third_call_through_with_a_warning() -> None:
    caps = Caps(attempts_a_day=3, gap=HOUR)
    ours = Organisation(sector=Sector.REGULATED, principal_entity="1101", telemarketer="1202", caps=caps)
    others = (Past(ist("09:00")), Past(ist("10:30")))
    assert said(attempt(organisation=ours, others=others)) == {"W10": Verdict.WARN}
    assert said(attempt(organisation=LENDER, others=others))["F01"] == Verdict.DEFER


def test_a_direction_of_the_government_on_record_allows_any_hour_and_nothing_else_does() -> None:
    whole_day = (time(0), time(23, 59))
    night = [ist("2026-11-24 23:57:00"), ist("2026-11-25 00:00:00"), ist("03:00:00")]
    for at in night:
        directed = attempt("government", own_window=whole_day, widening="Order 12/2026 of the collector.")
        assert said(directed, at).get("B01") is None
        assert said(attempt("government", own_window=whole_day), at)["B01"] == Verdict.DEFER


# --- Properties -----------------------------------------------------------------------------------

moments = st.datetimes(datetime(2026, 1, 1), datetime(2030, 12, 31)).map(lambda at: at.replace(tzinfo=IST))
hours = st.none() | st.times(min_value=time(0), max_value=time(23, 30))
pasts = st.builds(
    lambda minutes, answered: (timedelta(minutes=minutes), answered),
    st.integers(-9 * 24 * 60, 24 * 60),
    st.booleans(),
)


@given(
    category=st.sampled_from(sorted(set(Campaign.Category.values) - {"promotional"})),
    at=moments,
    own=st.tuples(hours, hours),
    widening=st.sampled_from(["", "Asked for."]),
    others=st.lists(pasts, max_size=6),
)
def test_a_deferred_call_is_allowed_when_its_time_has_come(
    category: str,
    at: datetime,
    own: tuple[time | None, time | None],
    widening: str,
    others: list[tuple[timedelta, bool]],
) -> None:
    past = tuple(Past(at + offset, answered=answered) for offset, answered in others)
    one = attempt(category, own_window=own, widening=widening, others=past)
    judgement = evaluate(one, at)
    if judgement.verdict != Verdict.DEFER:
        return
    assert judgement.until is not None
    assert judgement.until > at
    assert judgement.until - at <= timedelta(days=10)
    # Hours may shrink to nothing when the rules of another day begin; then the person is refused in time.
    assert evaluate(one, judgement.until).verdict in (Verdict.OK, Verdict.WARN, Verdict.BLOCK)


@given(category=st.sampled_from(Campaign.Category.values), at=moments, own=st.tuples(hours, hours))
def test_no_hours_go_beyond_what_the_reference_names(
    category: str, at: datetime, own: tuple[time | None, time | None]
) -> None:
    day = at.date()
    rule = window_rule(category, day)
    for widening, limit in (("", rule.window), ("Asked for.", rule.widest or rule.window)):
        window = calling_window(attempt(category, own_window=own, widening=widening), day)
        assert window.empty or (limit.start <= window.start and window.end <= limit.end)


@given(
    category=st.sampled_from(Campaign.Category.values),
    at=moments,
    later=st.timedeltas(timedelta(0), timedelta(microseconds=59_999_999)),
    own=st.tuples(hours, hours),
    changes=st.fixed_dictionaries(
        {},
        optional={
            "others": st.lists(pasts, max_size=3),
            "basis": st.builds(lambda gap: (gap,), st.timedeltas(timedelta(-9), timedelta(9))),
            "complaint": st.timedeltas(timedelta(days=-11), timedelta(0)),
            "polls": st.timedeltas(timedelta(0), timedelta(days=4)),
            "opted_out_at": st.timedeltas(timedelta(days=-95), timedelta(0)),
        },
    ),
)
def test_where_no_fact_is_a_moment_all_moments_of_a_minute_are_judged_alike(
    category: str,
    at: datetime,
    later: timedelta,
    own: tuple[time | None, time | None],
    changes: dict[str, Any],
) -> None:
    minute = at.replace(second=0, microsecond=0)
    facts: dict[str, Any] = {"own_window": own}
    if "others" in changes:
        facts["others"] = tuple(Past(at + offset, answered=yes) for offset, yes in changes["others"])
    if "basis" in changes:
        facts["basis"] = Basis(kind=BasisKind.ENQUIRY, given_at=at + changes["basis"][0])
    if "complaint" in changes:
        facts["organisation"] = replace(LENDER, complaints=(at + changes["complaint"],))
    if "polls" in changes:
        facts["polls"] = (at + changes["polls"],)
    if "opted_out_at" in changes:
        asking = replace(SCRIPT, asks_consent=True)
        facts |= {"opted_out_at": at + changes["opted_out_at"], "script": asking}
    one = attempt(category, **facts)
    if by_the_minute(one):
        assert evaluate(one, minute) == evaluate(one, minute + later)


@pytest.mark.parametrize(
    "facts",
    [
        {"others": (Past(NOON),)},
        {"basis": Basis(kind=BasisKind.ENQUIRY, given_at=NOON)},
        {"requested": (NOON, NOON)},
        {"called_back": NOON},
        {"polls": (NOON,)},
        {"organisation": replace(LENDER, complaints=(NOON,))},
        {"own_window": (time(9, 0, 30), None)},
    ],
)
def test_a_fact_that_is_a_moment_is_asked_by_the_second(facts: dict[str, Any]) -> None:
    assert by_the_minute(attempt())
    assert not by_the_minute(attempt(**facts))
