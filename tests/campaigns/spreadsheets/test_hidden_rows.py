"""Rows hidden in .ods workbooks are found; of .xls and .xlsb it is said that they are not."""

import io
import zipfile

import pytest

from campaigns.spreadsheets.hidden_rows import CANNOT_TELL, HIDDEN, hidden_in_ods, remark_on
from campaigns.spreadsheets.reader import read_sheet

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content office:version="1.2" '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:spreadsheet>'
)
_END = "</office:spreadsheet></office:body></office:document-content>"
_KIND = "application/vnd.oasis.opendocument.spreadsheet"
_MANIFEST = (
    '<?xml version="1.0"?><m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<m:file-entry m:full-path="/" m:media-type="{_KIND}"/></m:manifest>'
)


def row(text: str, *, attributes: str = "") -> str:
    cell = f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    return f"<table:table-row {attributes}>{cell}</table:table-row>"


def ods(*sheets: tuple[str, list[str]]) -> bytes:
    tables = "".join(
        f'<table:table table:name="{name}">{"".join(rows)}</table:table>' for name, rows in sheets
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as book:
        book.writestr("mimetype", _KIND)
        book.writestr("META-INF/manifest.xml", _MANIFEST)
        book.writestr("content.xml", _HEAD + tables + _END)
    return target.getvalue()


PEOPLE = [
    row("Mobile"),
    row("9825112410"),
    row("9825112411", attributes='table:visibility="filter"'),
    row("9825112412", attributes='table:visibility="collapse" table:number-rows-repeated="2"'),
    row("9825112413"),
    row("", attributes='table:visibility="collapse" table:number-rows-repeated="1048570"'),
]


def test_rows_hidden_by_a_filter_or_by_hand_are_told_from_the_others() -> None:
    book = ods(("Notes", [row("hidden", attributes='table:visibility="collapse"')]), ("People", PEOPLE))
    assert hidden_in_ods(io.BytesIO(book), "People") == dict.fromkeys([3, 4, 5], HIDDEN)
    assert hidden_in_ods(io.BytesIO(book), "Notes") == {1: HIDDEN}


def test_a_list_from_libreoffice_is_read_with_its_hidden_rows_marked() -> None:
    sheet = read_sheet(ods(("People", PEOPLE)), "people.ods")
    rows = dict(sheet.rows)
    assert (rows[2], rows[6]) == (["9825112410"], ["9825112413"])
    assert set(sheet.rows.problems) == {3, 4, 5}
    assert sheet.warnings == ()


@pytest.mark.parametrize(
    ("start", "part", "remark"),
    [
        (b"\xd0\xcf\x11\xe0", "", CANNOT_TELL),
        (b"", "xl/workbook.bin", CANNOT_TELL),
        (b"", "xl/workbook.xml", ""),
    ],
)
def test_where_it_cannot_be_told_that_is_said(start: bytes, part: str, remark: str) -> None:
    target = io.BytesIO(start)
    if part:
        with zipfile.ZipFile(target, "w") as book:
            book.writestr(part, "")
    assert remark_on(target) == remark


def test_what_is_no_workbook_hides_nothing() -> None:
    assert hidden_in_ods(io.BytesIO(b"Mobile\n9825112410\n"), "People") == {}
    assert remark_on(io.BytesIO(b"Mobile\n9825112410\n")) == ""
