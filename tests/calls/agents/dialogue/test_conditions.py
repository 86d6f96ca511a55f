"""Conditions compare values by their kind, in an order."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from calls.agents.dialogue.conditions import closed_exits, holds
from calls.agents.dialogue.document import Branch, Case, Condition, Relation
from calls.agents.dialogue.wording import Wording
from campaigns.spreadsheets.written import Kind
from tests.calls.agents.dialogue.documents import dialogue

DOCUMENT = dialogue({"end": {"kind": "end"}}, {}, values={kind.value: kind.value for kind in Kind})
TRUE = {
    -1: {Relation.LESS, Relation.AT_MOST, Relation.IS_NOT},
    0: {Relation.IS, Relation.AT_LEAST, Relation.AT_MOST},
    1: {Relation.MORE, Relation.AT_LEAST, Relation.IS_NOT},
    None: {Relation.IS_NOT},
}
ORDERED = [relation for relation in Relation if relation not in (Relation.KNOWN, Relation.UNKNOWN)]


def true(kind: Kind, value: str, other: str) -> set[Relation]:
    """Return the relations in which a value of a kind stands to another."""
    wording = Wording(DOCUMENT, "en")
    wording.know({kind.value: value})
    return {r for r in ORDERED if holds(Condition(kind.value, r, other), wording)}


@pytest.mark.parametrize(
    ("kind", "value", "other", "order"),
    [
        (Kind.AMOUNT, "1,25,000", "125000.00", 0),
        (Kind.AMOUNT, "Rs. 900/-", "1,000", -1),
        (Kind.AMOUNT, "a lot", "1,000", None),
        (Kind.AMOUNT, "", "1,000", None),
        (Kind.DATE, "28/11/2026", "28 Nov 2026", 0),
        (Kind.DATE, "28/11/26", "2026-11-28", 0),
        (Kind.DATE, "05/01/2027", "2026-12-28", 1),
        (Kind.DATE, "5 Jan", "2026-12-28", 1),
        (Kind.DATE, "28 Dec", "2027-01-05", -1),
        (Kind.DATE, "28 Nov", "2026-12-01", -1),
        (Kind.DATE, "2 Feb", "1 March", -1),
        (Kind.TIME, "9:30", "10.00 am", -1),
        (Kind.TIME, "5 PM", "17:00", 0),
        (Kind.NUMBER, "1,000", "900", 1),
        (Kind.ORDINAL, "3rd", "10", -1),
        (Kind.PHONE, "+91 98765 43210", "09876543210", 0),
        (Kind.PIN, "560 001", "560001", 0),
        (Kind.ACCOUNT, "0123", "123", 1),
        (Kind.DIGITS, "10", "9", 1),
        (Kind.DIGITS, "98 76", "9876", 0),
        (Kind.DIGITS, "0123", "123", 1),
        (Kind.TEXT, "Pune", "pune", 0),
        (Kind.TEXT, "10", "9", 1),
        (Kind.TEXT, "ten", "9", None),
    ],
)
def test_a_value_stands_to_another_as_its_kind_says(
    kind: Kind, value: str, other: str, order: int | None
) -> None:
    assert true(kind, value, other) == TRUE[order]


def test_known_and_unknown() -> None:
    wording = Wording(DOCUMENT, "en")
    wording.know({"text": " ", "amount": "5"})
    assert holds(Condition("amount", Relation.KNOWN), wording)
    assert not holds(Condition("text", Relation.KNOWN), wording)
    assert holds(Condition("text", Relation.UNKNOWN), wording)
    assert holds(Condition("never_heard_of", Relation.UNKNOWN), wording)


def test_a_value_is_compared_with_another_value() -> None:
    wording = Wording(DOCUMENT, "en")
    wording.know({"amount": "500", "text": "400"})
    assert holds(Condition("amount", Relation.MORE, "{text}"), wording)


DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
WRITTEN: dict[Kind, tuple[st.SearchStrategy[Any], Callable[[Any], str]]] = {
    Kind.AMOUNT: (st.integers(0, 10**9), str),
    Kind.DATE: (DAYS, lambda day: f"{day:%d/%m/%Y}"),
    Kind.TIME: (st.times(), lambda time: f"{time:%H:%M}"),
    Kind.NUMBER: (st.integers(0, 10**9), str),
    Kind.ORDINAL: (st.integers(1, 9999), str),
    Kind.DIGITS: (st.integers(0, 10**12), str),
    Kind.TEXT: (st.integers(0, 10**9), str),
}


@pytest.mark.parametrize("kind", WRITTEN)
@given(data=st.data())
def test_values_of_a_kind_stand_in_the_order_of_what_they_mean(kind: Kind, data: st.DataObject) -> None:
    strategy, write = WRITTEN[kind]
    left, right = data.draw(strategy), data.draw(strategy)
    if kind is Kind.TIME:
        left, right = (time.replace(second=0, microsecond=0) for time in (left, right))
    order = (left > right) - (left < right)
    assert true(kind, write(left), write(right)) == TRUE[order]


@given(day=DAYS, apart=st.integers(-150, 150))
def test_a_date_without_a_year_is_the_nearest_one(day: date, apart: int) -> None:
    other = day + timedelta(days=apart)
    order = (apart > 0) - (apart < 0)
    assert true(Kind.DATE, f"{other:%d %b}", day.isoformat()) == TRUE[order]


@pytest.mark.parametrize(
    ("values", "closed"),
    [
        ({"amount": "0", "number": "1"}, {"owes", "else"}),
        ({"amount": "500", "number": "1"}, {"paid", "else"}),
        ({"amount": "500", "number": "9"}, {"paid"}),
        ({"amount": "500"}, {"paid"}),
        ({"number": "1"}, set()),
        ({}, set()),
    ],
)
def test_exits_that_known_values_can_not_take(values: dict[str, str], closed: set[str]) -> None:
    """`text` is got in the call: a case that asks for it may hold whatever it is before."""
    paid = Case("paid", [Condition("amount", Relation.IS, "0")])
    owes = Case("owes", [Condition("amount", Relation.MORE, "0"), Condition("number", Relation.LESS, "5")])
    asked = Case("owes", [Condition("amount", Relation.MORE, "0"), Condition("text", Relation.IS, "yes")])
    wording = Wording(DOCUMENT, "en")
    wording.know(values | {"text": "no"})
    assert closed_exits(Branch(cases=[paid, owes, asked]), wording, own={"text"}) == closed


def test_a_value_that_is_compared_with_one_of_the_call_settles_nothing() -> None:
    case = Case("more", [Condition("amount", Relation.MORE, "{number}")])
    wording = Wording(DOCUMENT, "en")
    wording.know({"amount": "5", "number": "3"})
    assert closed_exits(Branch(cases=[case]), wording, own=set()) == {"else"}
    assert closed_exits(Branch(cases=[case]), wording, own={"number"}) == set()
