"""PURE: cells that are merged downwards, such as a name that stands for several rows."""

import re
from collections import Counter
from collections.abc import Iterable

_REFERENCE = re.compile(rb"<mergeCell\b[^>]*?\bref=\"([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})\"")


class MergedCells:
    """Give every row the value of the merged cells that it lies in. Rows come in their order, from the top.

    `ranges` are (first row, column, last row), rows from 1 and columns from 0.
    """

    def __init__(self, ranges: Iterable[tuple[int, int, int]]) -> None:
        self._ranges = [(top, left, bottom) for top, left, bottom in ranges if top < bottom]
        self._tops = Counter(top for top, _, _ in self._ranges)
        self._under_way: dict[int, tuple[int, object]] = {}

    def reach_beyond(self, first: int, last: int, row: int) -> bool:
        """Return whether cells merged in the rows from `first` to `last` reach to this row or further."""
        return any(first <= top <= last and bottom >= row for top, _, bottom in self._ranges)

    def fill(self, row: int, cells: list[object]) -> None:
        """Put the values of merged cells that began above into a row's empty cells; note those it begins."""
        for column, (bottom, value) in list(self._under_way.items()):
            if row > bottom:
                del self._under_way[column]
                continue
            cells += [""] * (column + 1 - len(cells))
            if cells[column] == "":
                cells[column] = value
        if self._tops[row]:
            for top, left, bottom in self._ranges:
                if top == row and left < len(cells):
                    self._under_way[left] = (bottom, cells[left])


def merged_in(xml: bytes) -> list[tuple[int, int, int]]:
    """Return the ranges that the end of an .xlsx sheet's XML names, as `MergedCells` takes them."""
    return [(int(top), column_number(left) - 1, int(bottom)) for left, top, bottom in _REFERENCE.findall(xml)]


def column_number(letters: bytes) -> int:
    """Return the number of a column, 1 for A and 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
