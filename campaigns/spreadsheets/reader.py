"""PURE: bytes of an uploaded list in, rows of text out.

Every cell is text: leading zeros survive, amounts and dates stay as they are written. Offices send
UTF-8 with and without a BOM, UTF-16 and ISO-8859-1, any of four separators, a title above the
headings, and workbooks (awaaz-platform.md §1). A file of a million rows is read row by row.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import BinaryIO, Literal

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from campaigns.errors import SheetError
from campaigns.spreadsheets.columns import (
    Columns,
    heading_score,
    holds_phone,
    match_columns,
    normalise_language,
)
from campaigns.spreadsheets.formulas import unescape_formula
from campaigns.spreadsheets.hidden_rows import hidden_in_ods, remark_on
from campaigns.spreadsheets.limits import LONGEST_ROW, check_row, too_long
from campaigns.spreadsheets.merged_cells import MergedCells
from campaigns.spreadsheets.text_files import (
    ROWS_LOOKED_AT,
    SAVE_AS,
    decoded_sample,
    delimiter_of,
    encoding_of,
    is_strictly,
    pieces_of,
    start_of,
)
from campaigns.spreadsheets.xlsx import LongSheet, check_parts, open_sheet

__all__ = ["Columns", "Sheet", "SheetError", "match_columns", "normalise_language", "read_sheet"]

Row = tuple[int, list[str]]
Kind = Literal["csv", "workbook"]
#: Reads cells from the row with this number on (1 is the first).
Read = Callable[[int], Iterator[list[str]]]

_MOST_LINES_IN_A_CELL = 10
_MOST_DIGITS_KEPT = 1e15
#: The name of a stream in a workbook that Office has encrypted.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_OTHER_FILES = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"{\\rtf": "a text document",
    b"<htm": "a web page",
    b"<!DO": "a web page",
}


class Rows:
    """Yield the rows below the headings as `(row number, cells)`, as often as wanted, one pass at a time.

    Row numbers are those a spreadsheet shows, from 1; the first row is `after` + 1. Each row has at least as
    many cells as there are headings; more mean a separator stands unquoted in a cell. `empty` counts the rows
    without content that the last pass has skipped; `problems` has, by row number, why a row must not be
    taken. A pass raises `SheetError` at a row that cannot be read.
    """

    def __init__(
        self,
        read: Read,
        *,
        after: int,
        width: int,
        share_read: Callable[[], float],
        problems: Mapping[int, str],
    ) -> None:
        self._read = read
        self.problems = problems
        self.after = after
        self._width = width
        self._share_read = share_read
        self.empty = 0

    def __iter__(self) -> Iterator[Row]:
        return self.beyond(0)

    def beyond(self, number: int) -> Generator[Row, None, None]:
        """Yield the rows after the one with this number: where an earlier pass was broken off."""
        self.empty = 0
        begin = max(number, self.after) + 1
        for place, cells in enumerate(self._read(begin), start=begin):
            if not any(cells):
                self.empty += 1
            elif len(cells) == self._width:
                yield place, cells
            else:
                yield place, cells + [""] * (self._width - len(cells))

    @property
    def share_read(self) -> float:
        """Return how much of the file the pass under way has read, from 0 to 1; a block ahead of its rows."""
        return min(1.0, self._share_read())


@dataclass(frozen=True)
class Sheet:
    """A list as uploaded. `header_row` is 0 when the file has no headings of its own.

    `encoding` is Python's name ("" for a workbook), `warnings` are sentences for staff.
    """

    headers: list[str]
    rows: Rows
    encoding: str
    delimiter: str
    kind: Kind
    header_row: int
    warnings: tuple[str, ...] = ()


def read_sheet(source: bytes | BinaryIO, filename: str) -> Sheet:
    """Open a list, of the kind that its content shows. Raises `SheetError` when it is none.

    A file must be seekable and stay open while rows are read. `filename` is used in messages only.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    if not any(piece.strip(b"\x00 \t\r\n") for piece in pieces_of(file)):
        raise SheetError(f"The file {filename} is empty.")
    start = start_of(file)
    for beginning, what in _OTHER_FILES.items():
        if start.startswith(beginning):
            raise SheetError(f"The file {filename} is {what}, not a list. {SAVE_AS}")
    if start.startswith((_ZIP, _OLD_OFFICE)):
        return _read_workbook(file, filename)
    encoding = encoding_of(file, filename)
    errors = "strict" if is_strictly(file, encoding) else "replace"
    delimiter, hinted = delimiter_of(decoded_sample(file, encoding))
    size = file.seek(0, io.SEEK_END)
    text = _Source(
        lambda begin: _csv_rows(_lines(file, encoding, errors), delimiter, begin=begin),
        lambda: file.tell() / size,
    )
    headers, rows, header_row = _below_headings(text, skip=int(hinted))
    warnings = ("Some letters in the file are damaged.",) if errors == "replace" else ()
    return Sheet(headers, rows, encoding, delimiter, "csv", header_row, warnings)


@dataclass(frozen=True)
class _Source:
    """Where rows come from: each read gives those from a row number on, stripped of empty ends."""

    read: Read
    share_read: Callable[[], float]
    problems: Mapping[int, str] = field(default_factory=dict)


def _lines(file: BinaryIO, encoding: str, errors: str) -> Iterator[str]:
    """Yield the lines as they came, without signs that no cell may hold; the file stays open."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")
    try:
        for number, line in enumerate(iter(partial(text.readline, LONGEST_ROW + 1), ""), start=1):
            if len(line) > LONGEST_ROW:
                raise too_long(number, "line without an end", LONGEST_ROW)
            if "\x00" in line or "\ufeff" in line:
                line = line.replace("\x00", "").replace("\ufeff", "")
            yield line
    finally:
        text.detach()


def _csv_rows(lines: Iterator[str], delimiter: str, *, begin: int) -> Iterator[list[str]]:
    """Yield the cells of each row from the row with this number on. Raises `SheetError` for stray quotes."""
    taken = _Taken(lines)
    reader = csv.reader(taken, delimiter=delimiter)
    number, of_row = 0, list[str]()
    held: list[list[str]] = []  # the last row is none before it is known to be closed
    try:
        for number, cells in enumerate(reader, start=1):
            yield from held
            of_row, taken.since, held = taken.since, [], []
            if len(of_row) > 1:
                _check_several_lines(number, cells, delimiter)
            if number >= begin:
                kept = [unescape_formula(cell).strip() for cell in cells]
                while kept and not kept[-1]:
                    kept.pop()
                check_row(number, kept)
                held = [kept]
    except csv.Error as error:
        if len(taken.since) == 1 and "field larger" in str(error):
            raise too_long(number + 1, "cell of more letters than that", csv.field_size_limit()) from None
        raise SheetError(_open_quote(number + 1)) from None
    if _is_open(of_row, delimiter):
        raise SheetError(_open_quote(number))
    yield from held


class _Taken(Iterator[str]):
    """Lines, and those since the last row: they show what a quotation mark has made of them."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.since: list[str] = []

    def __next__(self) -> str:
        line = next(self._lines)
        self.since.append(line)
        return line


def _check_several_lines(number: int, cells: list[str], delimiter: str) -> None:
    """Raise `SheetError` for a row of several lines in which a cell has swallowed other rows."""
    for cell in cells:
        lines = cell.splitlines()
        if len(lines) > _MOST_LINES_IN_A_CELL + 1:
            raise SheetError(_open_quote(number))
        for line in lines[1:]:
            parts = line.split(delimiter)
            if len(parts) > 1 and any(map(holds_phone, parts)):
                raise SheetError(
                    f"Row {number} has a quotation mark that makes one row of several people "
                    f"(“{line[:30]}…”). "
                    "Remove the mark, or put both marks around the cell, and upload the file again."
                )


def _is_open(lines: list[str], delimiter: str) -> bool:
    """Return whether a quotation mark is open at the end of a row, the last of a file, made of these
    lines.
    """
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end" in str(error) or "".join(lines).count('"') % 2 == 1
    return False


def _open_quote(row: int) -> str:
    return f"Row {row} has a quotation mark that is never closed. Remove it and upload the file again."


def _read_workbook(file: BinaryIO, filename: str) -> Sheet:
    check_parts(file)
    file.seek(0)
    try:
        page, others = _first_filled_sheet(file)
    except PasswordError:
        raise SheetError(f"The file {filename} is protected by a password. Save it without one.") from None
    except CalamineError:
        if _ENCRYPTED in b"".join(pieces_of(file)):
            raise SheetError(
                f"The file {filename} is protected by a password. Save it without one."
            ) from None
        raise SheetError(f"The file {filename} is not a workbook that can be read. {SAVE_AS}") from None
    if page is None:
        raise SheetError(f"The workbook {filename} has no sheet with content.")

    def read(begin: int) -> Iterator[list[str]]:
        for number, row in enumerate(page.read(begin), start=begin):
            cells = [_cell_text(cell) for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            check_row(number, cells)
            yield cells

    headers, rows, header_row = _below_headings(_Source(read, page.share_read, page.problems), skip=0)
    names = ", ".join(f"“{name[:40]}”" for name in others[:5])
    unread = (
        f"The workbook has several sheets: only “{page.name[:40]}” is read, not {names}. "
        "Upload a file for each sheet with people."
    )
    warnings = [unread] if others else []
    warnings += filter(None, [remark_on(file)])
    return Sheet(headers, rows, "", "", "workbook", header_row, tuple(warnings))


def _first_filled_sheet(file: BinaryIO) -> tuple["_Page | LongSheet | None", list[str]]:
    """Return the first visible sheet with content, and the names of the other visible ones with content."""
    book = CalamineWorkbook.from_filelike(file)
    first: _Page | LongSheet | None = None
    others: list[str] = []
    for about in book.sheets_metadata:
        if about.visible != SheetVisibleEnum.Visible or "sheet" not in str(about.typ).lower():
            continue
        found = open_sheet(file, about.name) or hidden_in_ods(file, about.name)
        page = found if isinstance(found, LongSheet) else _Page(book.get_sheet_by_name(about.name), found)
        if isinstance(page, _Page) and not page.is_filled():
            continue
        if first is None:
            first = page
        else:
            others.append(about.name)
    return first, others


class _Page:
    """Read a sheet of a workbook. The library keeps all of it, half a kilobyte a row: `xlsx`."""

    def __init__(self, page: CalamineSheet, problems: Mapping[int, str]) -> None:
        self._page = page
        self._place = 0
        self.name, self.problems = page.name, problems

    def is_filled(self) -> bool:
        """Return whether a cell of the sheet has a text or a value."""
        return any(any(map(_cell_text, row)) for row in self._page.iter_rows())

    def read(self, begin: int) -> Iterator[list[object]]:
        """Yield the cells of every row from the row with this number on.

        Cells that are merged downwards all have the value of the first: a name that stands for several rows.
        """
        ranges = self._page.merged_cell_ranges or ()
        merged = MergedCells((top + 1, left, bottom + 1) for (top, left), (bottom, _) in ranges)
        for place, row in enumerate(self._page.iter_rows()):
            cells: list[object] = list(row)
            merged.fill(place + 1, cells)
            self._place = place + 1
            if place + 1 >= begin:
                yield cells

    def share_read(self) -> float:
        """Return which share of all rows the pass under way has read, from 0 to 1."""
        return self._place / max(1, self._page.total_height)


def _cell_text(cell: object) -> str:
    """Return a workbook's cell as a person reads it: whole numbers without ".0", dates as 28/11/2026."""
    if isinstance(cell, str):  # nearly always, so that this comes first
        return cell.replace("\x00", "").replace("\ufeff", "").strip()
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        # A spreadsheet keeps 15 digits; what comes behind them is noise (7.000000000000001).
        kept = f"{cell:.15G}"
        return kept if abs(cell) >= _MOST_DIGITS_KEPT else format(Decimal(kept), "f")
    if isinstance(cell, datetime):
        return cell.strftime("%d/%m/%Y" if cell.time() == time() else "%d/%m/%Y %H:%M")
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    return cell.strftime("%H:%M") if isinstance(cell, time) else str(cell)  # a duration


def _below_headings(source: _Source, *, skip: int) -> tuple[list[str], Rows, int]:
    """Return the headings, the rows below them, and the number of the row with the headings (0: none).

    They are looked for in the first rows after `skip`. A list without headings gets "Column 1", ...
    """
    first = list(islice(source.read(1), skip + ROWS_LOOKED_AT))
    header_row = _header_row(first, skip)
    width = max((len(row) for row in first), default=0)
    headers = first[header_row - 1] if header_row else [f"Column {place + 1}" for place in range(width)]
    if header_row - 1 > skip:
        headers = _with_row_above(headers, first[header_row - 2], width)
    rows = Rows(
        source.read,
        after=header_row or skip,
        width=len(headers),
        share_read=source.share_read,
        problems=source.problems,
    )
    return headers, rows, header_row


def _with_row_above(headers: list[str], above: list[str], width: int) -> list[str]:
    """Return headings of two rows as one: those that stand only above, and the group above alike headings.

    A row above with a single cell is a title.
    """
    if sum(map(bool, above)) < 2:
        return headers
    count, group, joined = Counter(filter(None, headers)), "", []
    for place in range(min(width, max(len(headers), len(above)))):
        own = headers[place] if place < len(headers) else ""
        over = above[place] if place < len(above) else ""
        group = over or group
        joined.append(f"{group} {own}".strip() if count[own] > 1 else own or over)
    return joined


def _header_row(rows: Sequence[list[str]], skip: int) -> int:
    """Return the number of the row with the headings, from 1; 0 when the list starts without any.

    It is the first row with most words that head columns, two or more, though a helpline stand above it; else
    the row above the first phone number with such a word; a title says less than the headings do.
    """
    headed = max(range(skip, len(rows)), key=lambda place: heading_score(rows[place]), default=skip)
    if headed < len(rows) and heading_score(rows[headed]) > 1:
        return headed + 1
    end = next((place for place, row in enumerate(rows) if any(map(holds_phone, row))), len(rows))
    above = range(skip, end)
    best = max(above, key=lambda place: heading_score(rows[place]), default=None)
    if best is not None and heading_score(rows[best]):
        return best + 1
    filled = [place for place in above if any(rows[place])]
    if not filled:
        return 0
    return (filled[-1] if end < len(rows) else filled[0]) + 1
