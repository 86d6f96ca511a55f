"""PURE: what the library for workbooks does not say of an .xlsx sheet, and long sheets a piece at a time.

The library holds a whole sheet in memory, half a kilobyte a row, and asks for all cells between the first and
the last one at once. So the XML is looked at before: how far its cells lie apart, which rows are hidden,
which formulas have no stored result. A long sheet is cut between rows, and each piece goes to the same
library as a small workbook of its own, with the styles and texts of the whole one: cells mean what they would
have meant.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook

from campaigns.errors import SheetError
from campaigns.spreadsheets.hidden_rows import HIDDEN
from campaigns.spreadsheets.limits import LARGE_PART, MOST_CELLS, MOST_COLUMNS, MOST_UNPACKED_TIMES
from campaigns.spreadsheets.merged_cells import MergedCells, column_number, merged_in

#: A sheet whose XML is longer is read in pieces; shorter ones take some 50 MB as a whole.
LONG = 32 << 20
#: About so much XML goes into one piece, some 60,000 rows.
PIECE = 16 << 20
_READ = 1 << 20
_LONGEST_ROW = 64 << 20

_NAMES = {
    "m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "p": "http://schemas.openxmlformats.org/package/2006/relationships",
}
_ROOT = re.compile(rb"<worksheet[^>]*>")
_DATA = re.compile(rb"<sheetData[^>]*>")
_ROW = re.compile(rb"<row\b[^>]*?\br=\"(\d+)\"")
_END = b"</row>"
_DATA_END = b"</sheetData>"
_HIDDEN_ROW = re.compile(rb"<row\b(?=[^>]*?\bhidden=\"(?:1|true)\")[^>]*?\br=\"(\d+)\"")
_ANY_COLUMN = re.compile(rb"<c\b[^>]*?\br=\"([A-Z]+)\d")
_FAR_COLUMN = re.compile(rb"<c\b[^>]*?\br=\"([A-Z]{2,})\d")
#: A formula that gives a text has t="str", and its result may be empty.
_NO_RESULT = re.compile(
    rb"<c\b(?![^>]*\bt=\"str\")[^>]*?\br=\"([A-Z]+\d+)\"[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)"
    rb"\s*(?:<v\s*/>|<v></v>)?\s*</c>"
)


def check_parts(file: BinaryIO) -> None:
    """Raise `SheetError` for a zip archive with a part that unpacks to far more than a list does."""
    try:
        parts = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, OSError):
        return  # The library says what is wrong with it.
    for part in parts:
        if part.file_size > LARGE_PART and part.file_size > MOST_UNPACKED_TIMES * part.compress_size:
            raise SheetError(
                f"The workbook is small, {part.compress_size / 1e6:.1f} MB, and unpacks to "
                f"{part.file_size / 1e6:,.0f} MB: it is mostly empty or repeated cells. Copy the rows "
                "with people "
                "into a new workbook, or save the list as CSV."
            )


def look_at(xml: bytes) -> dict[int, str]:
    """Return the row numbers of a sheet, or a piece of one, that must not be taken, with the reason.

    Raises `SheetError` for cells that lie too far apart to be held in memory, and for formulas without
    results.
    """
    rows = [int(number) for number in _ROW.findall(xml)]
    down = max(rows, default=0) - min(rows, default=0) + 1
    # Most lists end before column AA, and most pieces are short: then no cell needs to be looked at.
    columns = max(map(column_number, set(_FAR_COLUMN.findall(xml))), default=26)
    if columns == 26 and down * columns > MOST_CELLS:
        columns = max(map(column_number, set(_ANY_COLUMN.findall(xml))), default=1)
    if columns > MOST_COLUMNS or down * columns > MOST_CELLS:
        raise SheetError(
            f"The workbook has cells in {columns:,} columns down to row {max(rows, default=0):,}, more "
            "than a "
            "list needs. Delete what stands far away from the list, or copy the list into a new workbook."
        )
    if empty := _NO_RESULT.findall(xml):
        raise SheetError(
            f"{len(empty):,} cells, the first {empty[0].decode()}, hold formulas without their results. "
            "Open the workbook in Excel or LibreOffice, save it there and upload it again."
        )
    return {int(number): HIDDEN for number in _HIDDEN_ROW.findall(xml)}


class LongSheet:
    """Read one sheet of a workbook, as often as wanted, one pass at a time."""

    def __init__(self, book: zipfile.ZipFile, part: str, name: str) -> None:
        self._book, self._part, self.name = book, part, name
        self._size = book.getinfo(part).file_size
        self._taken = 0
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as small:
            for other in book.namelist():  # all but the sheets: styles and texts give the cells their meaning
                if other.startswith(("xl/worksheets/", "xl/media/", "xl/drawings/")) or other.endswith("/"):
                    continue
                small.writestr(other, book.read(other))
        self._rest = target.getvalue()
        self.problems: dict[int, str] = {}
        """Row number -> why it must not be taken; those of the pass under way."""
        self._merged = merged_in(self._behind_the_rows())

    def _behind_the_rows(self) -> bytes:
        """Return the XML behind the rows, where merged cells are named; empty if the sheet is damaged."""
        behind, kept = b"", b""
        try:
            with self._book.open(self._part) as xml:
                while data := xml.read(_READ):
                    kept = kept[-len(_DATA_END) :] + data
                    if behind:
                        behind += data
                    elif _DATA_END in kept:
                        behind = kept[kept.index(_DATA_END) :]
        except (zipfile.BadZipFile, zlib.error, EOFError):
            return b""  # said when the rows are read
        return behind

    def read(self, begin: int) -> Iterator[list[object]]:
        """Yield the cells of every row from the row with this number on (1 is the first), empty rows as `[]`.

        Raises `SheetError` where the workbook is damaged.
        """
        following, merged = begin, MergedCells(self._merged)
        try:
            for first, last, xml in self._pieces():
                if last < begin and not merged.reach_beyond(first, last, begin):
                    continue
                for number, cells in self._rows(xml, first):
                    merged.fill(number, cells)
                    if number < begin:
                        continue
                    yield from ([] for _ in range(following, number))
                    yield cells
                    following = number + 1
        except (CalamineError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise SheetError("The workbook is damaged. Save the list as CSV.") from error

    def share_read(self) -> float:
        """Return how much of the sheet the pass under way has read, from 0 to 1."""
        return self._taken / max(1, self._size)

    def _rows(self, xml: bytes, first: int) -> Iterator[tuple[int, list[object]]]:
        """Yield each row of a piece as (row number, cells); the piece becomes a small workbook for that."""
        self.problems |= look_at(xml)
        target = io.BytesIO(self._rest)
        with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as small:
            small.writestr(self._part, xml)
        target.seek(0)
        page = CalamineWorkbook.from_filelike(target).get_sheet_by_name(self.name)
        top, left = page.start or (first - 1, 0)
        for place, row in enumerate(page.to_python(skip_empty_area=True), start=top + 1):
            yield place, [*[""] * left, *row]

    def _pieces(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield whole rows, as a sheet of their own: the numbers of the first and the last, and the XML."""
        with self._book.open(self._part) as xml:
            head = xml.read(_READ)
            self._taken = len(head)
            root, data_tag = _ROOT.search(head), _DATA.search(head)
            if not root or not data_tag:
                raise SheetError("The workbook's sheet can't be read. Save the list as CSV.")
            kept = head[data_tag.end() :]
            while data := xml.read(_READ):
                self._taken += len(data)
                kept += data
                if len(kept) >= PIECE and (cut := kept.rfind(_END) + len(_END)) >= len(_END):
                    yield _piece(root[0], kept[:cut])
                    kept = kept[cut:]
                elif len(kept) > _LONGEST_ROW:
                    raise SheetError("A row of the workbook is too long. Save the list as CSV.")
            rows = kept[: kept.rfind(_END) + len(_END)] if _END in kept else b""
            if _ROW.search(rows):
                yield _piece(root[0], rows)


def open_sheet(file: BinaryIO, name: str) -> LongSheet | dict[int, str]:
    """Return the sheet of this name if it is to be read in pieces, else what `look_at` finds in it.

    Nothing is found in a file that is no .xlsx workbook or is damaged. Raises `SheetError` as `look_at` does.
    """
    try:
        book = zipfile.ZipFile(file)
        # The workbook names its sheets with a key each, and links the keys to the parts.
        sheets = ElementTree.fromstring(book.read("xl/workbook.xml")).iterfind("m:sheets/m:sheet", _NAMES)
        key = next((s.get(f"{{{_NAMES['r']}}}id") for s in sheets if s.get("name") == name), None)
        linked = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
        links = linked.iterfind("p:Relationship", _NAMES)
        target = next((link.get("Target", "") for link in links if link.get("Id") == key), "")
        if not target:
            return {}
        part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        with book.open(part) as xml:
            if book.getinfo(part).file_size <= LONG:
                return look_at(xml.read())
            return LongSheet(book, part, name) if _ROW.search(xml.read(_READ)) else {}
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ElementTree.ParseError, OSError):
        return {}


def _piece(root: bytes, rows: bytes) -> tuple[int, int, bytes]:
    """Return the numbers of the first and the last row, and the XML of a sheet with these rows."""
    first, last = _ROW.search(rows), _ROW.search(rows, rows.rfind(b"<row"))
    if not first or not last:
        raise SheetError("The workbook's rows are not numbered. Save the list as CSV.")
    return int(first[1]), int(last[1]), root + b"<sheetData>" + rows + b"</sheetData></worksheet>"
