"""PURE: bytes of an uploaded list in, rows of text out.

Every cell is text: leading zeros survive, amounts and dates stay as they are written. Offices send
UTF-8 with and without a BOM, UTF-16 and ISO-8859-1, any of four separators, a title above the
headings, and workbooks (awaaz-platform.md §1). A file of a million rows is read row by row.
"""

import csv
import io
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
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
from campaigns.spreadsheets.large_workbooks import LongSheet, long_sheet
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

__all__ = ["Columns", "Sheet", "SheetError", "match_columns", "normalise_language", "read_sheet"]

Row = tuple[int, list[str]]
Kind = Literal["csv", "workbook"]
#: Reads cells from the row with this number on (1 is the first).
Read = Callable[[int], Iterator[list[str]]]

_MOST_LINES_IN_A_CELL = 10
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

    Row numbers are those a spreadsheet shows, from 1. Each row has at least as many cells as there
    are headings; more mean a separator stands unquoted in a cell. `empty` counts the rows without
    content that the last pass has skipped. A pass raises `SheetError` at a row that cannot be read.
    """

    def __init__(self, read: Read, *, after: int, width: int, share_read: Callable[[], float]) -> None:
        self._read = read
        self._after = after
        self._width = width
        self._share_read = share_read
        self.empty = 0

    def __iter__(self) -> Iterator[Row]:
        return self.beyond(0)

    def beyond(self, number: int) -> Generator[Row, None, None]:
        """Yield the rows after the one with this number: where an earlier pass was broken off."""
        self.empty = 0
        begin = max(number, self._after) + 1
        for place, cells in enumerate(self._read(begin), start=begin):
            if not any(cells):
                self.empty += 1
            elif len(cells) == self._width:
                yield place, cells
            else:
                while len(cells) > self._width and not cells[-1]:
                    cells.pop()
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
    return _read_text(file, filename)


def _read_text(file: BinaryIO, filename: str) -> Sheet:
    encoding = encoding_of(file, filename)
    errors = "strict" if is_strictly(file, encoding) else "replace"
    delimiter, hinted = delimiter_of(decoded_sample(file, encoding))
    size = file.seek(0, io.SEEK_END)

    def read(begin: int) -> Iterator[list[str]]:
        return _csv_rows(_lines(file, encoding, errors), delimiter, begin=begin)

    headers, rows, header_row = _below_headings(read, skip=int(hinted), share_read=lambda: file.tell() / size)
    warnings = ("Some letters in the file are damaged.",) if errors == "replace" else ()
    return Sheet(headers, rows, encoding, delimiter, "csv", header_row, warnings)


def _lines(file: BinaryIO, encoding: str, errors: str) -> Iterator[str]:
    """Yield the lines as they came, without signs that no cell may hold; the file stays open."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")
    try:
        for line in text:
            if "\x00" in line or "\ufeff" in line:
                line = line.replace("\x00", "").replace("\ufeff", "")
            yield line
    finally:
        text.detach()


def _csv_rows(lines: Iterator[str], delimiter: str, *, begin: int) -> Iterator[list[str]]:
    reader = csv.reader(lines, delimiter=delimiter)
    number, lines_before = 0, 0
    try:
        for number, cells in enumerate(reader, start=1):
            if reader.line_num - lines_before > _MOST_LINES_IN_A_CELL and any(
                len(cell.splitlines()) > _MOST_LINES_IN_A_CELL + 1 for cell in cells
            ):
                raise SheetError(_open_quote(number))
            lines_before = reader.line_num
            if number >= begin:
                yield [cell.strip() for cell in cells]
    except csv.Error:
        raise SheetError(_open_quote(number + 1)) from None


def _open_quote(row: int) -> str:
    return f"Row {row} has a quotation mark that is never closed. Remove it and upload the file again."


def _read_workbook(file: BinaryIO, filename: str) -> Sheet:
    file.seek(0)
    try:
        page = _first_filled_sheet(file)
    except PasswordError:
        raise SheetError(f"The file {filename} is protected by a password. Save it without one.") from None
    except CalamineError:
        raise SheetError(f"The file {filename} is not a workbook that can be read. {SAVE_AS}") from None
    if page is None:
        raise SheetError(f"The workbook {filename} has no sheet with content.")

    def read(begin: int) -> Iterator[list[str]]:
        return ([_cell_text(cell) for cell in row] for row in page.read(begin))

    headers, rows, header_row = _below_headings(read, skip=0, share_read=page.share_read)
    return Sheet(headers, rows, "", "", "workbook", header_row)


def _first_filled_sheet(file: BinaryIO) -> "_Page | LongSheet | None":
    book = CalamineWorkbook.from_filelike(file)
    for about in book.sheets_metadata:
        if about.visible == SheetVisibleEnum.Visible:
            if long := long_sheet(file, about.name):
                return long
            page = book.get_sheet_by_name(about.name)
            if any(any(map(_cell_text, row)) for row in page.iter_rows()):
                return _Page(page)
    return None


class _Page:
    """Read a sheet of a workbook. The library keeps all of it, half a kilobyte a row: `large_workbooks`."""

    def __init__(self, page: CalamineSheet) -> None:
        self._page = page
        self._place = 0

    def read(self, begin: int) -> Iterator[list[object]]:
        """Yield the cells of every row from the row with this number on."""
        for place, row in enumerate(self._page.iter_rows(), start=1):
            self._place = place
            if place >= begin:
                yield list(row)

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
        return str(int(cell)) if cell.is_integer() else format(Decimal(repr(cell)), "f")
    if isinstance(cell, datetime):
        return cell.strftime("%d/%m/%Y" if cell.time() == time() else "%d/%m/%Y %H:%M")
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    return cell.strftime("%H:%M") if isinstance(cell, time) else str(cell)  # a duration


def _below_headings(read: Read, *, skip: int, share_read: Callable[[], float]) -> tuple[list[str], Rows, int]:
    """Return the headings, the rows below them, and the number of the row with the headings (0: none).

    They are looked for in the first rows after `skip`. A list without headings gets "Column 1", ...
    """
    first = list(islice(read(1), skip + ROWS_LOOKED_AT))
    header_row = _header_row(first, skip)
    width = max((len(row) for row in first), default=0)
    headers = first[header_row - 1] if header_row else [f"Column {place + 1}" for place in range(width)]
    while headers and not headers[-1]:
        headers = headers[:-1]
    return (
        headers,
        Rows(read, after=header_row or skip, width=len(headers), share_read=share_read),
        header_row,
    )


def _header_row(rows: Sequence[list[str]], skip: int) -> int:
    """Return the number of the row with the headings, from 1; 0 when the list starts without any.

    It is the row above the first phone number with most words that head columns; a title says less
    than the headings do.
    """
    end = next((place for place, row in enumerate(rows) if any(map(holds_phone, row))), len(rows))
    above = range(skip, end)
    best = max(above, key=lambda place: heading_score(rows[place]), default=None)
    if best is not None and heading_score(rows[best]):
        return best + 1
    filled = [place for place in above if any(rows[place])]
    if not filled:
        return 0
    return (filled[-1] if end < len(rows) else filled[0]) + 1
