"""The warnings: the call may be placed, and somebody should know."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from campaigns.rules import Attempt, Basis, BasisKind, Script, Verdict, evaluate
from tests.campaigns.rules.cases import LENDER, NOON, SCRIPT, attempt, ist, said

SUNDAY = "2026-11-29"


@pytest.mark.parametrize(
    ("one", "at", "rule"),
    [
        (attempt(), "2027-01-26 12:00", "W01"),
        (attempt(organisation=replace(LENDER, holidays=frozenset({date(2026, 11, 24)}))), "12:00", "W01"),
        (attempt(), f"{SUNDAY} 09:59", "W02"),
        (attempt(script=replace(SCRIPT, voice_template="")), "12:00", "W04"),
        (attempt(has_voice=False), "12:00", "W05"),
        (attempt(organisation=replace(LENDER, answered=20, short=11)), "12:00", "W07"),
        (attempt(organisation=replace(LENDER, answered=30, abandoned=1)), "12:00", "W07"),
        (attempt(script=replace(SCRIPT, says_opt_out=False)), "12:00", "W08"),
        (attempt(landline=True), "12:00", "W09"),
        (attempt(script=replace(SCRIPT, about_children=True)), "12:00", "W12"),
        (attempt(), "2027-02-22 12:00", "W13"),
    ],
)
def test_a_warning_stands_alone_and_lets_the_call_through(one: Attempt, at: str, rule: str) -> None:
    assert said(one, ist(at)) == {rule: Verdict.WARN}
    assert evaluate(one, ist(at)).verdict == Verdict.WARN


@pytest.mark.parametrize(
    ("one", "at"),
    [
        (attempt(), f"{SUNDAY} 10:00"),
        (attempt(organisation=replace(LENDER, answered=20, short=10)), "12:00"),
        (attempt(organisation=replace(LENDER, answered=19, short=19)), "12:00"),
        (attempt(organisation=replace(LENDER, answered=34, abandoned=1)), "12:00"),
        (attempt(has_voice=None), "12:00"),
        (attempt(), "2027-02-21 10:00"),
    ],
)
def test_just_before_a_warning_there_is_none(one: Attempt, at: str) -> None:
    assert said(one, ist(at)) == {}


def test_a_script_nobody_has_declared() -> None:
    assert said(attempt(script=None)) == {"W04": Verdict.WARN, "W08": Verdict.WARN}
    found = evaluate(attempt(script=Script(voice_template="1107")), NOON)
    assert "who calls, why, that it is recorded, how to opt out" in found.reason


@pytest.mark.parametrize(("days", "expected"), [(1, {"W11": Verdict.WARN}), (3, {})])
def test_a_basis_that_ends_before_the_last_retry(days: int, expected: dict[str, Any]) -> None:
    basis = Basis(
        kind=BasisKind.CONSENT, given_at=NOON - timedelta(days=1), expires_at=NOON + timedelta(days=days)
    )
    one = attempt("promotional", basis=basis, retries_take=timedelta(days=2))
    assert said(one) == expected
