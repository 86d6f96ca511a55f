"""Merged cells: every row has the value it lies in, in short sheets and in long ones, from any row on."""

import io

import pytest
import xlsxwriter

from campaigns.spreadsheets import xlsx
from campaigns.spreadsheets.merged_cells import MergedCells, column_number, merged_in
from campaigns.spreadsheets.reader import read_sheet


def test_a_row_within_has_the_value_and_keeps_its_own() -> None:
    merged = MergedCells([(2, 0, 4), (7, 1, 7)])
    rows: list[list[object]] = [["Name"], ["Asha"], [""], ["own"], [""], []]
    for number, cells in enumerate(rows, start=1):
        merged.fill(number, cells)
    assert rows == [["Name"], ["Asha"], ["Asha"], ["own"], [""], []]


def test_ranges_are_read_from_the_sheets_end() -> None:
    xml = (
        b'</sheetData><mergeCells count="2"><mergeCell ref="B2:B4"/><mergeCell ref="AA10:AC11"/></mergeCells>'
    )
    assert merged_in(xml) == [(2, 1, 4), (10, 26, 11)]
    assert [column_number(letters) for letters in (b"A", b"Z", b"AA")] == [1, 26, 27]


@pytest.mark.parametrize("is_long", [False, True])
def test_a_name_that_stands_for_several_rows_is_theirs(
    is_long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_long:
        monkeypatch.setattr(xlsx, "LONG", 0)
        monkeypatch.setattr(xlsx, "PIECE", 600)
        monkeypatch.setattr(xlsx, "_READ", 500)
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        page = book.add_worksheet("People")
        page.write_row(0, 0, ["Mobile", "Name"])
        for place in range(1, 61):
            page.write(place, 0, f"98251{place:05d}")
            if not 3 <= place <= 40:
                page.write(place, 1, f"Person {place}")
        page.merge_range(3, 1, 40, 1, "Asha")
    rows = read_sheet(target.getvalue(), "people.xlsx").rows
    names = {number: cells[1] for number, cells in rows}
    assert {number for number, name in names.items() if name == "Asha"} == set(range(4, 42))
    assert (names[3], names[42]) == ("Person 2", "Person 41")
    assert next(iter(rows.beyond(30)))[1][1] == "Asha"
