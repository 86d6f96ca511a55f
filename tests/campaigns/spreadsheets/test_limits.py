"""A row is refused for its width, for one long cell, and for all of its cells together."""

import pytest

from campaigns.errors import SheetError
from campaigns.spreadsheets.limits import LONGEST_CELL, LONGEST_ROW, MOST_COLUMNS, check_row


def test_a_row_at_every_limit_is_taken() -> None:
    check_row(1, ["x"] * MOST_COLUMNS)
    check_row(1, ["x" * LONGEST_CELL, "x" * LONGEST_CELL])


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["x"] * (MOST_COLUMNS + 1), "Row 7 has 703 columns"),
        (["x", "x" * (LONGEST_CELL + 1)], "Row 7 is or has a cell of 32,768 letters"),
        (["x" * 30_000] * (LONGEST_ROW // 30_000 + 1), "Row 7 is or has a row of too many letters"),
    ],
)
def test_a_row_beyond_one_is_refused_by_its_number(cells: list[str], why: str) -> None:
    with pytest.raises(SheetError, match=why):
        check_row(7, cells)
