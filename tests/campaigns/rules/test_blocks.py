"""The hard blocks, with the boundary cases of the rules' reference, §9.8."""

from datetime import date, timedelta

import pytest

from campaigns.rules import (
    Basis,
    BasisKind,
    Kind,
    Organisation,
    Scope,
    Script,
    Scrub,
    Sector,
    Verdict,
    evaluate,
)
from tests.campaigns.rules.cases import DAY, LENDER, NOON, attempt, finding, ist, said

BLOCK = Verdict.BLOCK
SHOP = Organisation(sector=Sector.OTHER, principal_entity="1101", telemarketer="1202")


@pytest.mark.parametrize(
    "category",
    ["promotional", "service", "transactional", "collections", "microfinance", "survey", "political"],
)
def test_with_every_fact_on_file_no_rule_has_anything_to_say(category: str) -> None:
    assert said(attempt(category)) == {}


def test_whoever_asked_us_to_stop_is_not_called() -> None:
    assert said(attempt(suppressed="Asked us to stop.")) == {"B02": BLOCK}


@pytest.mark.parametrize(
    ("caller_id", "expected"),
    [
        ("+911401234567", set()),
        ("1401234567", set()),
        ("+919876543210", {"B03"}),
        ("+911600112345", {"B03", "B04"}),
        ("+911601112345", {"B03", "B04"}),
        ("+91140123456", {"B03"}),
    ],
)
def test_promotional_caller_ids(caller_id: str, expected: set[str]) -> None:
    assert set(said(attempt("promotional", caller_id=caller_id))) == expected


def test_a_140_number_is_for_promotion_only() -> None:
    assert "B03" in said(attempt("service", caller_id="+911401234567"))


@pytest.mark.parametrize(
    ("sector", "caller_id", "expected"),
    [
        (Sector.REGULATED, "+911600112345", set()),
        (Sector.GOVERNMENT, "+911600112345", set()),
        (Sector.UTILITY, "+911600112345", {"B04"}),
        (Sector.OTHER, "+911600112345", {"B04", "W03"}),
        (Sector.UTILITY, "+911601112345", set()),
        (Sector.REGULATED, "+911601112345", {"B04", "B05"}),
        (Sector.REGULATED, "+919876543210", {"B05"}),
        (Sector.OTHER, "+919876543210", {"W03"}),
    ],
)
def test_who_may_use_1600_and_1601(sector: Sector, caller_id: str, expected: set[str]) -> None:
    ours = Organisation(sector=sector, principal_entity="1101", telemarketer="1202")
    assert set(said(attempt("service", organisation=ours, caller_id=caller_id))) == expected


@pytest.mark.parametrize("missing", ["principal_entity", "telemarketer"])
def test_no_commercial_call_without_registration(missing: str) -> None:
    facts = {"principal_entity": "1101", "telemarketer": "1202"} | {missing: ""}
    ours = Organisation(sector=Sector.REGULATED, **facts)  # type: ignore[arg-type]  # two of its texts
    assert said(attempt("service", organisation=ours)) == {"B06": BLOCK}
    free = Organisation(sector=Sector.REGULATED, non_commercial=True)
    assert said(attempt("service", organisation=free)) == {}


def test_a_registration_holds_on_its_last_day_and_not_after() -> None:
    ours = Organisation(
        sector=Sector.REGULATED,
        principal_entity="1101",
        telemarketer="1202",
        valid=(date(2026, 1, 1), DAY),
    )
    assert said(attempt(organisation=ours)) == {}
    assert said(attempt(organisation=ours), NOON + timedelta(days=1)) == {"B06": BLOCK}


def test_an_undeclared_number_calls_nobody_from_the_day_of_the_rule() -> None:
    assert said(attempt(declared=False)) == {"B07": BLOCK}
    assert said(attempt(declared=False), ist("2026-11-16 12:00")) == {}
    charity = Organisation(sector=Sector.REGULATED, non_commercial=True)
    assert said(attempt("service", declared=False, organisation=charity)) == {"B07": Verdict.WARN}


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("promotional", BLOCK),
        ("collections", BLOCK),
        ("microfinance", BLOCK),
        ("trade_dues", BLOCK),
        ("political", BLOCK),
        ("service", Verdict.WARN),
        ("transactional", Verdict.WARN),
        ("survey", Verdict.WARN),
    ],
)
def test_missing_facts_fail_closed_where_the_reference_says_so(category: str, expected: Verdict) -> None:
    unknown = said(attempt(category, organisation=None, declared=None))
    assert (unknown["B06"], unknown["B07"]) == (expected, expected)


def test_yesterdays_scrub_ended_at_midnight() -> None:
    late = attempt("promotional", scrub=Scrub(day=DAY, reference="S-1"))
    assert said(late, ist("20:54")) == {}
    assert said(late, ist("2026-11-25 00:00:00"))["B08"] == BLOCK
    assert said(late, ist("2026-11-25 10:00:00")) == {"B08": BLOCK}


def test_a_list_that_grew_or_was_never_scrubbed() -> None:
    assert said(attempt("promotional", scrub=None)) == {"B08": BLOCK}
    grown = Scrub(day=DAY, reference="S-1", list_grew=True)
    assert said(attempt("promotional", scrub=grown)) == {"B08": BLOCK}
    assert said(attempt("service", scrub=None)) == {}


def test_a_dnd_hit_yields_only_to_the_consent_register() -> None:
    assert said(attempt("promotional", dnd_hit=True)) == {"B09": BLOCK}
    registered = Basis(kind=BasisKind.CONSENT, given_at=NOON - timedelta(days=1), reference="CR-1")
    assert said(attempt("promotional", dnd_hit=True, basis=registered)) == {}
    revoked = Basis(
        kind=BasisKind.CONSENT, given_at=NOON - timedelta(days=1), reference="CR-1", revoked_at=NOON
    )
    assert said(attempt("promotional", dnd_hit=True, basis=revoked)) == {"B09": BLOCK, "B10": BLOCK}


@pytest.mark.parametrize("kind", [BasisKind.ENQUIRY, BasisKind.COMPLETION])
def test_an_enquiry_supports_calls_for_seven_days_to_the_second(kind: BasisKind) -> None:
    week = timedelta(days=7)
    old = Basis(kind=kind, given_at=NOON - week)
    older = Basis(kind=kind, given_at=NOON - week - timedelta(seconds=1))
    assert said(attempt("promotional", basis=old)) == {}
    assert said(attempt("promotional", basis=older)) == {"B10": BLOCK}


def test_a_promotional_call_needs_a_ground_that_holds() -> None:
    assert said(attempt("promotional", basis=None)) == {"B10": BLOCK}
    expired = Basis(kind=BasisKind.CONTRACT, given_at=NOON - timedelta(days=400), expires_at=NOON)
    assert said(attempt("promotional", basis=expired)) == {"B10": BLOCK}
    future = Basis(kind=BasisKind.CONSENT, given_at=NOON + timedelta(seconds=1))
    assert said(attempt("promotional", basis=future)) == {"B10": BLOCK}


@pytest.mark.parametrize(("days", "expected"), [(89, {"B11"}), (90, {"B11"}), (91, set())])
def test_consent_is_not_asked_for_again_within_90_days(days: int, expected: set[str]) -> None:
    asks = Script(
        says_name=True,
        says_purpose=True,
        says_recorded=True,
        says_opt_out=True,
        voice_template="1107",
        asks_consent=True,
    )
    opted_out = NOON - timedelta(days=days)
    assert set(said(attempt("service", script=asks, opted_out_at=opted_out))) == expected
    assert said(attempt("service", opted_out_at=opted_out)) == {}


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(hours=72, seconds=1), {}),
        (timedelta(hours=72), {"B12": Verdict.WARN}),
        (timedelta(hours=48, seconds=1), {"B12": Verdict.WARN}),
        (timedelta(hours=48), {"B12": BLOCK}),
        (timedelta(seconds=1), {"B12": BLOCK}),
        (timedelta(0), {}),
    ],
)
def test_poll_silence(before: timedelta, expected: dict[str, Verdict]) -> None:
    assert said(attempt("political", polls=(NOON + before,))) == expected
    assert said(attempt("service", polls=(NOON + before,))) == {}


def test_a_political_call_to_an_unknown_area_is_refused() -> None:
    assert said(attempt("political", polls=None)) == {"B12": BLOCK}


def test_a_number_that_is_no_person_s() -> None:
    assert said(attempt(callee_problem="This is a short code, not a person's number.")) == {"B13": BLOCK}


def test_no_recovery_call_while_a_grievance_is_open() -> None:
    one = attempt(grievance="A grievance is open.")
    assert finding(one, "B14").kind == Kind.LAW
    assert said(one) == {"B14": BLOCK}
    later = finding(one, "B14", ist("2027-01-01 12:00"))
    assert (later.verdict, later.kind) == (BLOCK, Kind.POLICY)
    assert said(attempt("service", grievance="A grievance is open.")) == {}


def test_an_offer_makes_a_service_call_promotional() -> None:
    offer = Script(
        says_name=True,
        says_purpose=True,
        says_recorded=True,
        says_opt_out=True,
        voice_template="1107",
        contains_offer=True,
    )
    assert said(attempt("service", script=offer)) == {"B15": BLOCK}
    assert said(attempt("promotional", script=offer)) == {}


@pytest.mark.parametrize(
    ("complaints", "expected"),
    [(0, {}), (1, {"W06": Verdict.WARN}), (2, {"W06": Verdict.WARN}), (3, {"B16": BLOCK})],
)
def test_the_third_complaint_in_ten_days_stops_everything(
    complaints: int, expected: dict[str, Verdict]
) -> None:
    times = tuple(NOON - timedelta(days=day) for day in range(complaints))
    ours = Organisation(
        sector=Sector.REGULATED,
        principal_entity="1101",
        telemarketer="1202",
        complaints=(*times, NOON - timedelta(days=10)),
    )
    assert said(attempt(organisation=ours)) == expected


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = attempt(
        "promotional",
        caller_id="+911600112345",
        organisation=None,
        declared=None,
        scrub=None,
        basis=None,
        script=None,
        suppressed="Pressed 9.",
        callee_problem="A short code.",
    )
    judgement = evaluate(wrong, ist("03:00"))
    blocked = {found.id for found in judgement.blocks}
    assert blocked == {"B02", "B03", "B04", "B06", "B07", "B08", "B10", "B13"}
    assert {"B01", "W04", "W08"} <= {found.id for found in judgement.spoken()}
    assert "Pressed 9." in judgement.reason
    assert "A short code." in judgement.reason
    assert judgement.until is None
    assert judgement.opted_out


def test_what_the_office_can_put_right_refuses_no_person() -> None:
    unscrubbed = evaluate(attempt("promotional", scrub=None), NOON)
    assert unscrubbed.stops_campaign
    assert {found.scope for found in unscrubbed.blocks} == {Scope.CAMPAIGN}
    at_night = evaluate(attempt("promotional", scrub=None), ist("03:00"))
    assert not at_night.stops_campaign
    assert at_night.waits_until == ist("10:00")
    refused = evaluate(attempt("promotional", scrub=None, suppressed="Pressed 9."), NOON)
    assert refused.refuses_person
    assert not refused.stops_campaign


def test_facts_of_others_do_not_help() -> None:
    assert said(attempt("service", organisation=SHOP)) == {"B04": BLOCK, "W03": Verdict.WARN}
    assert said(attempt("service", organisation=LENDER)) == {}
