"""PURE: the rows of a long sheet of an .xlsx workbook, a piece at a time.

The library for workbooks holds a whole sheet in memory, half a kilobyte a row. Here the sheet's XML is cut
between rows, and each piece goes to the same library as a small workbook of its own, with the styles and
texts of the whole one: cells mean what they would have meant.
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


class LongSheet:
    """Read one sheet of a workbook, as often as wanted, one pass at a time."""

    def __init__(self, book: zipfile.ZipFile, part: str, name: str) -> None:
        self._book, self._part, self._name = book, part, name
        self._size = book.getinfo(part).file_size
        self._taken = 0
        self._rest = _without_sheets(book)

    def read(self, begin: int) -> Iterator[list[object]]:
        """Yield the cells of every row from the row with this number on (1 is the first), empty rows as `[]`.

        Raises `SheetError` where the workbook is damaged.
        """
        following = begin
        try:
            for first, last, xml in self._pieces():
                for number, cells in self._rows(xml, first) if last >= begin else ():
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
        target = io.BytesIO(self._rest)
        with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as small:
            small.writestr(self._part, xml)
        target.seek(0)
        page = CalamineWorkbook.from_filelike(target).get_sheet_by_name(self._name)
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


def long_sheet(file: BinaryIO, name: str) -> LongSheet | None:
    """Return the sheet of this name if it is to be read in pieces; None if it is short or cannot be."""
    try:
        book = zipfile.ZipFile(file)
        part = _part_of(book, name)
        if part is None or book.getinfo(part).file_size <= LONG:
            return None
        with book.open(part) as xml:
            return LongSheet(book, part, name) if _ROW.search(xml.read(_READ)) else None
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, OSError):
        return None


def _part_of(book: zipfile.ZipFile, name: str) -> str | None:
    """Return the name of the workbook's part with the sheet of this name; None if there is none."""
    sheets = ElementTree.fromstring(book.read("xl/workbook.xml")).iterfind("m:sheets/m:sheet", _NAMES)
    key = next((s.get(f"{{{_NAMES['r']}}}id") for s in sheets if s.get("name") == name), None)
    links = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels")).iterfind("p:Relationship", _NAMES)
    target = next((link.get("Target", "") for link in links if link.get("Id") == key), "")
    if not target:
        return None
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _without_sheets(book: zipfile.ZipFile) -> bytes:
    """Return a workbook of all parts but the sheets: styles and texts give the cells their meaning."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as small:
        for part in book.namelist():
            if part.startswith(("xl/worksheets/", "xl/media/", "xl/drawings/")) or part.endswith("/"):
                continue
            small.writestr(part, book.read(part))
    return target.getvalue()


def _piece(root: bytes, rows: bytes) -> tuple[int, int, bytes]:
    """Return the numbers of the first and the last row, and the XML of a sheet with these rows."""
    first, last = _ROW.search(rows), _ROW.search(rows, rows.rfind(b"<row"))
    if not first or not last:
        raise SheetError("The workbook's rows are not numbered. Save the list as CSV.")
    return int(first[1]), int(last[1]), root + b"<sheetData>" + rows + b"</sheetData></worksheet>"
