"""No cell of ours is run by a spreadsheet."""

import pytest

from campaigns.portal.downloads import escape_formula


@pytest.mark.parametrize(
    "cell", ["=1+2", "@SUM(1)", "+1+cmd|' /C calc'!A0", "-cmd", "\t=1", "\r=1", "\n=1", "＝1", "＋cmd"]
)
def test_what_would_be_run_becomes_text(cell: str) -> None:
    assert escape_formula(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Asha", "+91 98251-12410", "-5.50", "1=1", "अाशा"])
def test_everything_else_stays_as_it_is(cell: str) -> None:
    assert escape_formula(cell) == cell
