"""PURE: rows that are hidden in other workbooks than .xlsx; the library for workbooks tells of none.

An .ods workbook says it in its XML, which is read here. Of .xls and .xlsb workbooks, which are not XML, it is
not found out: that is said to those who upload one.
"""

import zipfile
import zlib
from typing import IO, BinaryIO
from xml.etree import ElementTree

CANNOT_TELL = (
    "In a workbook of this kind hidden rows look like all others: they are read too. If rows are hidden in "
    "it, save it as .xlsx and upload that."
)
HIDDEN = (
    "This row is hidden in the workbook, by a filter or by hand. Show it if the person is to be called, "
    "or delete it."
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_INVISIBLE = ("collapse", "filter")
_MOST_AT_ONCE = 100_000
"""More alike rows than that in one are the empty rest of a sheet."""


def remark_on(file: BinaryIO) -> str:
    """Return a sentence for staff if hidden rows of this workbook cannot be told from others; else empty."""
    file.seek(0)
    if file.read(len(_OLD_OFFICE)) == _OLD_OFFICE:
        return CANNOT_TELL
    try:
        return CANNOT_TELL if "xl/workbook.bin" in zipfile.ZipFile(file).namelist() else ""
    except (zipfile.BadZipFile, OSError):
        return ""


def hidden_in_ods(file: BinaryIO, name: str) -> dict[int, str]:
    """Return the rows that are hidden in this sheet of an .ods workbook, with the reason; else empty."""
    try:
        with zipfile.ZipFile(file).open("content.xml") as content:
            return dict.fromkeys(_hidden(content, name), HIDDEN)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ElementTree.ParseError, OSError):
        return {}


def _hidden(content: IO[bytes], name: str) -> list[int]:
    """Return the numbers of the hidden rows. A row element may stand for several alike ones."""
    hidden: list[int] = []
    row, is_ours = 0, False
    for event, element in ElementTree.iterparse(content, events=("start", "end")):
        if event == "start" and element.tag == f"{_TABLE}table":
            row, is_ours = 0, element.get(f"{_TABLE}name") == name
        elif event == "end" and element.tag == f"{_TABLE}table-row":
            count = int(element.get(f"{_TABLE}number-rows-repeated", "1"))
            if is_ours and element.get(f"{_TABLE}visibility") in _INVISIBLE and count <= _MOST_AT_ONCE:
                hidden += range(row + 1, row + count + 1)
            row += count
            element.clear()
    return hidden
