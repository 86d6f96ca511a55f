"""PURE: quotas of a survey: how many interviews each cell of values may have, and how staff write them down.

A cell is one combination of one or two values: Surat × female.
"""

import csv
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from campaigns.errors import NotAllowed
from campaigns.formatting import grouped, words

MOST_VALUES: Final = 2
MOST_CELLS: Final = 400
"""Cells of one campaign: 36 districts × 5 ages × 2; a value that has more differs from person to person."""
LONGEST: Final = 80
"""Letters of a value that tell one cell from another."""
MOST_WANTED: Final = 1_000_000
CALLS_FOR_ONE: Final = 4
"""Calls that are under way for each interview that a cell lacks. With one call in four completed a cell fills
without a pause; in the end at most three interviews come too many."""


class Cell(NamedTuple):
    """A combination of values, and how many interviews are wanted of it; None: as many as come.

    `second` is empty where the quota asks for one value. An empty value: the person has none.
    """

    first: str
    second: str
    target: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Return what tells it from others: the values without regard to capitals."""
        return self.first.casefold(), self.second.casefold()


def tidy(value: object) -> str:
    """Return a value of a list or an answer as a cell holds it: one line, without spaces round it."""
    return " ".join(str(value or "").split())[:LONGEST].strip()


def label(names: Sequence[str], first: str, second: str) -> str:
    """Return how a cell reads: `Surat × female`; of a value that is missing `no gender`."""
    pairs = zip(names, (first, second), strict=False)
    return " × ".join(value or f"no {words(name).lower()}" for name, value in pairs)


def full(names: Sequence[str], first: str, second: str) -> str:
    """Return the reason of a person who is not called because their cell is full."""
    return f"The quota of {label(names, first, second)} is full."


def room(target: int, *, completed: int, under_way: int) -> int:
    """Return for how many more people of a cell calls may be planned; 0 if it is full or waits for calls."""
    return max(0, CALLS_FOR_ONE * (target - completed) - under_way) if completed < target else 0


# --- Written by staff -----------------------------------------------------------------------------


def read(text: str, names: Sequence[str]) -> list[Cell]:
    """Return the cells in lines such as `Surat, female, 50`: the values, and how many are wanted.

    Commas, semicolons and tabs part them, so that a table can be pasted; a first line without a number is
    taken for headings. Raises `NotAllowed` with the line and what is wrong with it.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    part = next((sign for sign in "\t;" if lines and sign in lines[0]), ",")
    found: dict[tuple[str, str], Cell] = {}
    for number, cells in enumerate(csv.reader(lines, delimiter=part), 1):
        *values, wanted = [tidy(cell) for cell in cells]
        if number == 1 and not wanted.isdecimal() and len(lines) > 1:
            continue
        if len(values) != len(names):
            raise NotAllowed(
                f"Line {number}: write {part_of(names)} and a number, such as {_such_as(names)}."
            )
        cell = Cell(values[0], values[1] if len(values) > 1 else "", read_target(wanted, f"Line {number}: "))
        if cell.key in found:
            raise NotAllowed(f"Line {number}: {label(names, cell.first, cell.second)} is there twice.")
        found[cell.key] = cell
    if len(found) > MOST_CELLS:
        raise NotAllowed(f"These are more than {MOST_CELLS} cells.")
    return list(found.values())


def read_target(text: str, where: str = "") -> int | None:
    """Return a number of interviews, None for an empty text. Raises `NotAllowed`, saying `where`."""
    if not text:
        return None
    if not (text.isdecimal() and int(text[:9]) <= MOST_WANTED):
        raise NotAllowed(f"{where}“{text[:40]}” is no number from 0 to {grouped(MOST_WANTED)}.")
    return int(text[:9])


def part_of(names: Sequence[str]) -> str:
    """Return the values of a quota in words: `district and gender`."""
    return " and ".join(words(name).lower() for name in names)


def _such_as(names: Sequence[str]) -> str:
    return "“Surat, female, 50”" if len(names) > 1 else "“Surat, 50”"


def written(cells: Iterable[Cell], names: Sequence[str]) -> str:
    """Return cells as lines that `read` takes; those without a number are left out."""
    kept = [cell for cell in cells if cell.target is not None]
    quoted = ([f'"{value}"' if set(value) & set(',;\t"') else value for value in cell[:-1]] for cell in kept)
    return "\n".join(
        ", ".join([*values[: len(names)], str(cell.target)])
        for cell, values in zip(kept, quoted, strict=True)
    )
