"""No cell of ours is run by a spreadsheet, and what comes back is what went out."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.spreadsheets.formulas import escape_formula, unescape_formula


@pytest.mark.parametrize(
    "cell", ["=1+2", "@SUM(1)", "+1+cmd|' /C calc'!A0", "-cmd", "＝1", "＋cmd", "'=1", " =1", '"=1"']
)
def test_what_would_be_run_becomes_text(cell: str) -> None:
    assert escape_formula(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("Asha;=1+2", "Asha;'=1+2"),
        ("x; @SUM(1)", "x;' @SUM(1)"),
        ('x;"=cmd"', 'x;\'"=cmd"'),
        ("a,=1", "a,'=1"),
        ("a\tb\n+cmd", "a\tb\n'+cmd"),
        ("\t=1", "'\t'=1"),
    ],
)
def test_each_part_at_which_a_spreadsheet_splits_a_cell_is_text(cell: str, written: str) -> None:
    assert escape_formula(cell) == written


@pytest.mark.parametrize("cell", ["", "Asha", "+91 98251-12410", "-5.50", "1=1", "अाशा", "D'Souza; O'Neil"])
def test_everything_else_stays_as_it_is(cell: str) -> None:
    assert escape_formula(cell) == unescape_formula(cell) == cell


@given(st.text("=+-@'\" ;,|\t\r\nab1＝", max_size=12) | st.text(max_size=12))
def test_every_cell_comes_back_as_it_went_out(cell: str) -> None:
    assert unescape_formula(escape_formula(cell)) == cell


@given(st.lists(st.text("=+-@'\" ;,ab1", max_size=8), min_size=1, max_size=4), st.sampled_from(",;\t|"))
def test_no_part_runs_whichever_separator_a_spreadsheet_splits_at(row: list[str], separator: str) -> None:
    target = io.StringIO()
    csv.writer(target).writerow([escape_formula(cell) for cell in row])
    for cell in next(csv.reader([target.getvalue()], delimiter=separator), []):
        assert not re.match(r"[=@]|[+-]+[a-z]", cell), target.getvalue()
