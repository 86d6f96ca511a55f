"""Rows are checked without the database: numbers, widths, languages, and what is to be spoken."""

import json

import pytest

from campaigns.imports.row_check import CheckedRows, RowChecker
from campaigns.spreadsheets.columns import Columns

PHONE = "9825012401"


def checked(
    rows: list[list[str]], columns: Columns, *, kinds: dict[str, str] | None = None, language: str = "hi"
) -> CheckedRows:
    width = max(map(len, rows))
    checker = RowChecker(columns, width=width, language=language, own=(), kinds=kinds)
    return checker.check(list(enumerate(rows, start=2)))


VALUES = Columns(0, 1, None, {"amount": 2, "due_date": 3})


@pytest.mark.parametrize(
    ("word", "value", "why"),
    [
        ("amount", "1250,50", "“1250,50” is no clear amount"),
        ("amount", "12,5000", "“12,5000” is no clear amount"),
        ("amount", "5.00E+05", "power of ten"),
        ("amount", "-500", "below zero"),
        ("due_date", "46354", "number of the day"),
        ("due_date", "11/28/2026", "month seems to stand before the day"),
    ],
)
def test_a_value_that_is_not_clear_is_refused_with_itself_shown(word: str, value: str, why: str) -> None:
    row = [PHONE, "Asha", "500", "28/11/2026"]
    row[2 if word == "amount" else 3] = value
    found = checked([row], VALUES, kinds={"amount": "amount", "due_date": "date"})
    assert found.people == []
    assert found.refused[2].reason.startswith(f"{word}: “{value}”")
    assert why in found.refused[2].reason


def test_what_the_agent_does_not_speak_is_taken_and_noted() -> None:
    found = checked([[PHONE, "Asha", "1,200 Cr", "46354"]], VALUES)
    (person,) = found.people
    assert json.loads(person.variables) == {"amount": "1,200 Cr", "due_date": "46354"}
    assert "amount: “1,200 Cr” is no clear amount" in person.note
    assert "due_date: “46354” is no clear date" in person.note


def test_zero_and_a_missing_value_are_noted() -> None:
    rows = [[PHONE, "Asha", "0", ""], ["9825012402", "Ravi", "", "28/11/2026"]]
    first, second = checked(rows, VALUES, kinds={"amount": "amount"}).people
    assert first.note == "The amount is zero."
    assert second.note == "There is no amount, which the agent speaks."


def test_a_column_with_decimal_commas_is_read_so_and_kept_as_every_call_reads_it() -> None:
    columns = Columns(0, None, None, {"amount": 1, "fine": 2}, ("amount", "fine"))
    rows = [[PHONE, "1.250,50", "5,5"], ["9825012402", "1,250.50", "1"]]
    found = checked(rows, columns)
    (person,) = found.people
    assert json.loads(person.variables) == {"amount": "1250.50", "fine": "5.50"}
    assert found.refused[3].reason.startswith("“1,250.50” is no clear amount")
