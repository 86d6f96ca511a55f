"""Attempts in which nothing is wrong, to be spoilt one fact at a time."""

from datetime import date, datetime, timedelta
from typing import Any

from campaigns.ist import IST
from campaigns.rules import (
    Attempt,
    Basis,
    BasisKind,
    Finding,
    Organisation,
    Script,
    Scrub,
    Sector,
    Verdict,
    evaluate,
)

#: A Tuesday.
DAY = date(2026, 11, 24)
CALLER_IDS = {"promotional": "+911401234567", "political": "+919876543210", "survey": "+919876543210"}
LENDER = Organisation(sector=Sector.REGULATED, principal_entity="1101", telemarketer="1202")
SCRIPT = Script(
    says_name=True, says_purpose=True, says_recorded=True, says_opt_out=True, voice_template="1107"
)


def ist(text: str) -> datetime:
    """`2026-11-24 09:00:00`, or `09:00` of that Tuesday, in IST."""
    text = text if "-" in text else f"{DAY} {text}"
    return datetime.fromisoformat(text).replace(tzinfo=IST)


NOON = ist("12:00")


def attempt(category: str = "collections", **changes: Any) -> Attempt:
    """A call against which no rule has anything to say at noon, but for what is changed."""
    facts: dict[str, Any] = {
        "category": category,
        "caller_id": CALLER_IDS.get(category, "+911600110245"),
        "organisation": LENDER,
        "declared": True,
        "script": SCRIPT,
        "has_voice": True,
        "polls": (),
    }
    if category == "promotional":
        facts["scrub"] = Scrub(day=DAY, reference="S-1")
        facts["basis"] = Basis(kind=BasisKind.CONSENT, given_at=NOON - timedelta(days=30))
    return Attempt(**(facts | changes))


def said(one: Attempt, at: datetime = NOON) -> dict[str, Verdict]:
    """What every rule that is not simply fine says, by its id."""
    return {found.id: found.verdict for found in evaluate(one, at).spoken()}


def finding(one: Attempt, rule: str, at: datetime = NOON) -> Finding:
    """What one rule says."""
    return next(found for found in evaluate(one, at).findings if found.id == rule)
