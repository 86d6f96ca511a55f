"""PURE: bytes of an uploaded list in, rows of text out.

Every cell is text: leading zeros survive, amounts and dates stay as they are written. Offices send
UTF-8 with and without a BOM, UTF-16 and ISO-8859-1, any of four separators, a title above the
headings, and workbooks (awaaz-platform.md §1). A file of a million rows is read row by row.
"""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Literal

from charset_normalizer import from_bytes
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from campaigns.columns import (
    Columns,
    SheetError,
    heading_score,
    holds_phone,
    match_columns,
    normalise_language,
)

__all__ = ["Columns", "Sheet", "SheetError", "match_columns", "normalise_language", "read_sheet"]

Row = tuple[int, list[str]]
Kind = Literal["csv", "workbook"]

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_BYTES = 64 * 1024
_ROWS_LOOKED_AT = 30
_MOST_LINES_IN_A_CELL = 10
_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_FILES = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"{\\rtf": "a text document",
    b"<htm": "a web page",
    b"<!DO": "a web page",
}
_SAVE_AS = "Save the list as CSV or as an Excel workbook and upload it again."


class Rows:
    """The rows below the headings as `(row number, cells)`; can be gone through again.

    Row numbers are those a spreadsheet shows, from 1. Each row has at least as many cells as there
    are headings; more mean a separator stands unquoted in a cell. `empty` counts the rows without
    content that the last pass has skipped. A pass raises SheetError at a row that cannot be read.
    """

    def __init__(self, read: Callable[[], Iterator[list[str]]], *, after: int, width: int) -> None:
        self._read = read
        self._after = after
        self._width = width
        self.empty = 0

    def __iter__(self) -> Iterator[Row]:
        self.empty = 0
        for number, cells in enumerate(self._read(), start=1):
            if number <= self._after:
                continue
            if any(cells):
                yield number, self._fitted(cells)
            else:
                self.empty += 1

    def _fitted(self, cells: list[str]) -> list[str]:
        while len(cells) > self._width and not cells[-1]:
            cells = cells[:-1]
        return cells + [""] * (self._width - len(cells))


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


def read_sheet(data: bytes, filename: str) -> Sheet:
    """Open a list; what it is, is told by its content. Raises SheetError when it is none.

    `filename` is used in messages only.
    """
    if not data.strip(b"\x00 \t\r\n"):
        raise SheetError(f"The file {filename} is empty.")
    for start, what in _OTHER_FILES.items():
        if data.startswith(start):
            raise SheetError(f"The file {filename} is {what}, not a list. {_SAVE_AS}")
    if data.startswith((_ZIP, _OLD_OFFICE)):
        return _read_workbook(data, filename)
    return _read_text(data, filename)


def _read_text(data: bytes, filename: str) -> Sheet:
    encoding = _encoding_of(data, filename)
    errors = "strict" if _is_strictly(data, encoding) else "replace"
    sample = _decoded_sample(data, encoding)
    delimiter, hinted = _delimiter_of(sample)

    def read() -> Iterator[list[str]]:
        text = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, errors=errors, newline="")
        return _csv_rows(text, delimiter)

    warnings = ("Some letters in the file are damaged.",) if errors == "replace" else ()
    return _sheet(
        read, encoding=encoding, delimiter=delimiter, kind="csv", skip=int(hinted), warnings=warnings
    )


def _csv_rows(text: io.TextIOBase, delimiter: str) -> Iterator[list[str]]:
    number = 0
    try:
        for number, cells in enumerate(csv.reader(text, delimiter=delimiter), start=1):
            if any(cell.count("\n") > _MOST_LINES_IN_A_CELL for cell in cells):
                raise SheetError(_open_quote(number))
            yield [_clean(cell) for cell in cells]
    except csv.Error:
        raise SheetError(_open_quote(number + 1)) from None


def _open_quote(row: int) -> str:
    return f"Row {row} has a quotation mark that is never closed. Remove it and upload the file again."


def _clean(cell: str) -> str:
    return cell.replace("\x00", "").replace("\ufeff", "").strip()


def _encoding_of(data: bytes, filename: str) -> str:
    """What a BOM says, else UTF-8 if all of it is, else a guess."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return encoding
    wide = _wide_encoding(data[:_SAMPLE_BYTES])
    if wide:
        return wide
    if _is_strictly(data, "utf-8") or _is_mostly_utf8(data):
        return "utf-8"
    return _single_byte_encoding(data, filename)


def _is_strictly(data: bytes, encoding: str) -> bool:
    """Whether all of `data` decodes; piece by piece, since a list may be large."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), 1 << 20):
            decoder.decode(data[start : start + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _is_mostly_utf8(data: bytes) -> bool:
    """Whether a few spoilt bytes stand in a UTF-8 file: ISO-8859-1 has hardly a valid sequence."""
    text = data[: 1 << 20].decode("utf-8", "replace")
    spoilt = text.count("\ufffd")
    return sum(1 for c in text if c > "\x7f") - spoilt >= 10 * spoilt


def _wide_encoding(sample: bytes) -> str:
    """UTF-16 without a BOM shows as zeros in every other byte of the separators and digits."""
    if sample.count(0) < len(sample) // 10:
        return ""
    return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"


def _single_byte_encoding(data: bytes, filename: str) -> str:
    """ISO-8859-1, or Windows' variant of it where the bytes that only that one uses occur."""
    lines = [line for line in data[: 1 << 20].splitlines() if not line.isascii()]
    sample = b"\n".join(lines)[:_SAMPLE_BYTES]
    if any(byte < 9 for byte in sample):
        raise SheetError(f"The file {filename} is not a text file. {_SAVE_AS}")
    guess = from_bytes(sample, cp_isolation=["cp1252", "latin_1"]).best()
    windows = guess is not None and guess.encoding == "cp1252" and any(0x80 <= b < 0xA0 for b in sample)
    return "cp1252" if windows else "iso8859-1"


def _decoded_sample(data: bytes, encoding: str) -> list[str]:
    """The first lines; the last one is dropped when the sample has cut it."""
    text = data[:_SAMPLE_BYTES].decode(encoding, "ignore")
    lines = text.splitlines()
    return lines[:-1] if len(data) > _SAMPLE_BYTES and len(lines) > 1 else lines


def _delimiter_of(lines: Sequence[str]) -> tuple[str, bool]:
    """The separator, and whether Excel's `sep=` line names it."""
    first = lines[0].strip().strip('"').lower() if lines else ""
    if len(first) == 5 and first.startswith("sep=") and first[4] in _DELIMITERS:
        return first[4], True
    filled = [line for line in lines if line.strip()][:200]
    return max(_DELIMITERS, key=lambda delimiter: _delimiter_score(filled, delimiter)), False


def _delimiter_score(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """Headings found, then rows of the commonest width: amounts with commas have no headings."""
    rows = list(csv.reader(lines, delimiter=delimiter, strict=False))
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 0, 0
    width, count = widths.most_common(1)[0]
    headed = max((heading_score(row) for row in rows[:_ROWS_LOOKED_AT]), default=0)
    return (headed if headed > 1 else 0, count * width)


def _read_workbook(data: bytes, filename: str) -> Sheet:
    try:
        rows = _first_filled_sheet(CalamineWorkbook.from_filelike(io.BytesIO(data)))
    except PasswordError:
        raise SheetError(f"The file {filename} is protected by a password. Save it without one.") from None
    except CalamineError:
        raise SheetError(f"The file {filename} is not a workbook that can be read. {_SAVE_AS}") from None
    if rows is None:
        raise SheetError(f"The workbook {filename} has no sheet with content.")
    return _sheet(lambda: iter(rows), encoding="", delimiter="", kind="workbook")


def _first_filled_sheet(book: CalamineWorkbook) -> list[list[str]] | None:
    for about in book.sheets_metadata:
        if about.visible == SheetVisibleEnum.Visible:
            cells = book.get_sheet_by_name(about.name).to_python(skip_empty_area=False)
            rows = [[_cell_text(cell) for cell in row] for row in cells]
            if any(map(any, rows)):
                return rows
    return None


def _cell_text(cell: object) -> str:
    """A workbook's cell as a person reads it: whole numbers without ".0", dates as 28/11/2026."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else format(Decimal(repr(cell)), "f")
    if isinstance(cell, date | time | timedelta):
        return _time_text(cell)
    return _clean(str(cell))


def _time_text(cell: date | time | timedelta) -> str:
    if isinstance(cell, datetime):
        return cell.strftime("%d/%m/%Y" if cell.time() == time() else "%d/%m/%Y %H:%M")
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    return cell.strftime("%H:%M") if isinstance(cell, time) else str(cell)


def _sheet(
    read: Callable[[], Iterator[list[str]]],
    *,
    encoding: str,
    delimiter: str,
    kind: Kind,
    skip: int = 0,
    warnings: tuple[str, ...] = (),
) -> Sheet:
    first = list(islice(read(), skip + _ROWS_LOOKED_AT))
    header_row = _header_row(first, skip)
    width = max((len(row) for row in first), default=0)
    headers = first[header_row - 1] if header_row else [f"Column {place + 1}" for place in range(width)]
    while headers and not headers[-1]:
        headers = headers[:-1]
    rows = Rows(read, after=header_row or skip, width=len(headers))
    return Sheet(headers, rows, encoding, delimiter, kind, header_row, warnings)


def _header_row(rows: Sequence[list[str]], skip: int) -> int:
    """The number of the row with the headings, from 1; 0 when the list starts without any.

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
