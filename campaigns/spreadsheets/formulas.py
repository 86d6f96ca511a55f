"""PURE: the mark that keeps a spreadsheet from running a cell of a CSV, put there and taken away again.

A cell such as `=1+2` is run when the file is opened; with `'` before it, it is text. Where the list separator
is a semicolon, a spreadsheet also splits a cell at one, so each part of a cell gets its own mark.
"""

import re

_SIGNS = re.compile("[=@+\\-\uff1d\uff20\uff0b\uff0d]")
#: At these a spreadsheet of some country begins another cell.
_SEPARATORS = re.compile(r"([;,|\t\r\n])")
_NUMBER = frozenset("0123456789+-(). ")
_OPENS_LINE = ("\t", "\r", "\n")


def escape_formula(cell: str) -> str:
    """Return the cell with a quote before each part that a spreadsheet would run as a formula.

    A phone number keeps its plus, an amount its minus.
    """
    opens_line = cell.lstrip("'").startswith(_OPENS_LINE)
    if _SIGNS.search(cell) is None and not opens_line:
        return cell
    first, *others = _SEPARATORS.split(cell)
    marked = "".join(f"'{part}" if _runs(part) else part for part in others)
    marked = f"'{first}{marked}" if _runs(cell) or _runs(first) else f"{first}{marked}"
    return f"'{marked}" if opens_line else marked


def unescape_formula(cell: str) -> str:
    """Return the cell as it was before `escape_formula`."""
    if "'" not in cell:
        return cell
    if cell[:1] == "'" and cell.lstrip("'").startswith(_OPENS_LINE):
        cell = cell[1:]
    first, *others = _SEPARATORS.split(cell)
    rest = "".join(part[1:] if part[:1] == "'" and _runs(part) else part for part in others)
    is_marked = first[:1] == "'" and (_runs(cell) or _runs(first))
    return f"{first[1:] if is_marked else first}{rest}"


def _runs(part: str) -> bool:
    """Return whether a spreadsheet would run it, whatever quotes and spaces stand before."""
    bare = part.lstrip(" \"'")
    if bare[:1] in ("+", "-"):
        return not _NUMBER.issuperset(bare)
    return _SIGNS.match(bare) is not None
