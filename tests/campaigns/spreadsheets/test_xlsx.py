"""A long sheet read in pieces says the same as the library says of the whole, and starts again anywhere."""

import io
import zipfile
from datetime import date, datetime, time

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.errors import SheetError
from campaigns.spreadsheets import xlsx
from campaigns.spreadsheets.reader import read_sheet

NAME = "People & “more”"
WORDS = ["", "Asha", "आशा", "a<b&c", "two\nlines", '</row><row r="7">', " spaced "]
values = st.one_of(
    st.none(),
    st.sampled_from([*WORDS, True, 0.1, 1250.5, -3, 9812300001]),
    st.sampled_from([date(2026, 11, 28), datetime(2026, 11, 28, 10, 30), time(9, 5)]),
)


def workbook(rows: list[list[object]], *, shared: bool) -> bytes:
    """With texts in one table for all, as Excel writes them, or in the cells."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": shared, "constant_memory": not shared}) as book:
        page = book.add_worksheet(NAME)
        formats = {kind: book.add_format({"num_format": how}) for kind, how in FORMATS.items()}
        for place, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date | time):
                    page.write_datetime(place, column, value, formats[type(value)])
                elif value is not None:
                    page.write(place, column, value)
    return target.getvalue()


LIST: list[list[object]] = [[text] for text in ("Mobile", *(f"98{number:08d}" for number in range(400)))]
FORMATS: dict[type, str] = {date: "dd/mm/yyyy", time: "hh:mm", datetime: "dd mmm yyyy hh:mm"}


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sheet is long, and a piece is a few rows."""
    cut_small(monkeypatch)


def cut_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "LONG", 0)
    monkeypatch.setattr(xlsx, "PIECE", 600)
    monkeypatch.setattr(xlsx, "_READ", 500)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(st.lists(values, max_size=4), max_size=40), st.booleans())
def test_in_pieces_it_reads_as_in_one(
    monkeypatch: pytest.MonkeyPatch, rows: list[list[object]], shared: bool
) -> None:
    data = workbook([["Mobile", "Name"], *rows], shared=shared)
    whole = read_sheet(data, "list.xlsx")
    expected = list(whole.rows)
    with monkeypatch.context() as patched:
        cut_small(patched)
        assert isinstance(xlsx.open_sheet(io.BytesIO(data), NAME), xlsx.LongSheet)
        pieces = read_sheet(data, "list.xlsx")
        assert (pieces.headers, pieces.header_row) == (whole.headers, whole.header_row)
        assert list(pieces.rows) == expected
        assert pieces.rows.empty <= whole.rows.empty  # empty rows at the end are not there
        assert list(pieces.rows.beyond(7)) == [row for row in expected if row[0] > 7]


def test_progress_is_told_and_a_short_sheet_is_left_to_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    data = workbook(LIST, shared=False)
    assert xlsx.open_sheet(io.BytesIO(data), NAME) == {}
    cut_small(monkeypatch)
    sheet = read_sheet(data, "list.xlsx")
    shares = [sheet.rows.share_read for _ in sheet.rows]
    assert len(shares) == 400
    assert shares == sorted(shares)
    assert shares[0] < 0.2 < 0.9 < shares[-1]


@pytest.mark.usefixtures("in_pieces")
def test_a_damaged_sheet_is_refused_in_words_where_it_breaks() -> None:
    data = bytearray(workbook(LIST, shared=False))
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        part = next(one for one in book.infolist() if one.filename.startswith("xl/worksheets/"))
    spot = part.header_offset + part.compress_size * 3 // 4
    data[spot : spot + 8] = b"\xff" * 8
    rows = read_sheet(bytes(data), "list.xlsx").rows
    with pytest.raises(SheetError, match="Save the list as CSV"):
        list(rows)


@pytest.mark.usefixtures("in_pieces")
def test_a_sheet_whose_rows_have_no_numbers_is_left_to_the_library() -> None:
    data = workbook([["Mobile"], ["9812300001"]], shared=False)
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as good, zipfile.ZipFile(target, "w") as bad:
        for part in good.namelist():
            bad.writestr(
                part, good.read(part).replace(b'<row r="1"', b"<row").replace(b'<row r="2"', b"<row")
            )
    assert xlsx.open_sheet(io.BytesIO(target.getvalue()), NAME) == {}


def row(number: int, *cells: str, hidden: str = "") -> bytes:
    inside = "".join(cells)
    return f'<row r="{number}" spans="1:3"{hidden}>{inside}</row>'.encode()


@pytest.mark.parametrize(
    ("cell", "is_empty"),
    [
        ('<c r="B2"><f>A2*2</f><v></v></c>', True),
        ('<c r="B2" s="1"><f>A2*2</f><v/></c>', True),
        ('<c r="B2"><f t="shared" si="0"/></c>', True),
        ('<c r="B2"><f>A2*2</f><v>4</v></c>', False),
        ('<c r="B2" t="str"><f>IF(A2,"","x")</f><v></v></c>', False),
        ('<c r="B2"/>', False),
    ],
)
def test_a_formula_without_its_result_is_found_and_an_empty_text_is_none(cell: str, is_empty: bool) -> None:
    xml = row(1, '<c r="A1"><v>1</v></c>') + row(2, '<c r="A2"><v>2</v></c>', cell)
    if is_empty:
        with pytest.raises(SheetError, match="1 cells, the first B2, hold formulas"):
            xlsx.look_at(xml)
    else:
        assert xlsx.look_at(xml) == {}


@pytest.mark.parametrize(
    ("last", "fits"),
    [("A1048576", True), ("G1048576", True), ("H1048576", False), ("AA300000", False), ("AAA2", False)],
)
def test_cells_far_apart_are_refused_by_the_memory_they_would_take(last: str, fits: bool) -> None:
    xml = row(1, '<c r="A1"><v>1</v></c>') + row(int(last.lstrip("AGH")), f'<c r="{last}"><v>1</v></c>')
    if fits:
        assert xlsx.look_at(xml) == {}
    else:
        with pytest.raises(SheetError, match=r"columns down to row [\d,]+, more than a list needs"):
            xlsx.look_at(xml)


def test_rows_hidden_in_either_spelling_are_found() -> None:
    xml = row(4, hidden=' hidden="1"') + row(5, hidden=' ht="0" hidden="true"') + row(6, hidden=' hidden="0"')
    assert sorted(xlsx.look_at(xml)) == [4, 5]
