import contextlib
import io
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.errors import SheetError
from campaigns.spreadsheets.columns import match_columns
from campaigns.spreadsheets.reader import Sheet, read_sheet

CASES = Path(__file__).resolve().parents[2] / "data" / "lists"
HEAD = "Name,Mobile,Amount"
LIST = f'{HEAD}\nआशा,09812300001,"1,25,000"\nરમેશ,+91 98123 00002,500\n'


def read_case(name: str) -> Sheet:
    """A list as an office sent it, on which the product once failed."""
    return read_sheet((CASES / name).read_bytes(), name)


def cells(sheet: Sheet) -> list[list[str]]:
    return [row for _, row in sheet.rows]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (LIST.encode(), "utf-8"),
        (LIST.encode("utf-8-sig"), "utf-8-sig"),
        (LIST.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + LIST.encode("utf-16-be"), "utf-16"),
        (LIST.replace("आशा", "Asha").replace("રમેશ", "Ram").encode("utf-16-le"), "utf-16-le"),
        (LIST.replace("\n", "\r\n").encode(), "utf-8"),
        (LIST.replace("\n", "\r").encode(), "utf-8"),
    ],
)
def test_every_encoding_gives_the_same_cells(data: bytes, encoding: str) -> None:
    sheet = read_sheet(data, "list.csv")
    assert (sheet.encoding, sheet.delimiter, sheet.kind, sheet.header_row) == (encoding, ",", "csv", 1)
    assert sheet.headers == ["Name", "Mobile", "Amount"]
    assert [row[1:] for row in cells(sheet)] == [["09812300001", "1,25,000"], ["+91 98123 00002", "500"]]
    assert sheet.warnings == ()


def test_names_in_latin_letters_survive_iso_8859_1_and_windows() -> None:
    text = "Name;Mobile\nJosé Conceição;98123 00001\nRenée {}D'Souza;98123 00002\n"
    plain = read_sheet(text.format("").encode("iso8859-1"), "list.csv")
    assert (plain.encoding, plain.delimiter) == ("iso8859-1", ";")
    assert cells(plain)[0][0] == "José Conceição"
    windows = read_sheet(text.format("“").encode("cp1252"), "list.csv")
    assert windows.encoding == "cp1252"
    assert cells(windows)[1][0] == "Renée “D'Souza"


def test_a_spoilt_letter_does_not_spoil_the_other_names() -> None:
    whole = (LIST * 20).encode()
    sheet = read_sheet(whole[:-1] + b"\xe0\xa4\n", "list.csv")
    assert sheet.encoding == "utf-8"
    assert cells(sheet)[0][0] == "आशा"
    assert sheet.warnings == ("Some letters in the file are damaged.",)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found_although_amounts_hold_commas(delimiter: str) -> None:
    lines = [
        ["Name", "Mobile", "Amount"],
        ["Asha", "98123 00001", "1,25,000"],
        ["Ram", "98123 00002", "2,25,000"],
    ]
    quote = '"' if delimiter == "," else ""
    text = "\n".join(delimiter.join(f"{quote}{cell}{quote}" for cell in line) for line in lines)
    sheet = read_sheet(text.encode(), "list.txt")
    assert sheet.delimiter == delimiter
    assert cells(sheet) == lines[1:]


def test_excels_separator_line_is_obeyed_and_no_row() -> None:
    sheet = read_sheet(b"sep=;\r\nName;Mobile\r\nAsha;98123 00001\r\n", "list.csv")
    assert (sheet.delimiter, sheet.headers, sheet.header_row) == (";", ["Name", "Mobile"], 2)
    assert list(sheet.rows) == [(3, ["Asha", "98123 00001"])]


def test_one_column_of_numbers_is_a_list() -> None:
    sheet = read_sheet(b"98123 00001\n98123 00002\n", "list.txt")
    assert (sheet.headers, sheet.header_row) == (["Column 1"], 0)
    assert cells(sheet) == [["98123 00001"], ["98123 00002"]]
    assert match_columns(sheet.headers, cells(sheet)).phone == 0


def test_titles_above_the_headings_are_passed_over() -> None:
    text = f"Mobile list of Nov 2026,,\n\nBranch: Anand,Contact person: Asha,\n{HEAD}\nAsha,98123 00001,5\n"
    sheet = read_sheet(text.encode(), "list.csv")
    assert (sheet.header_row, sheet.headers[1]) == (4, "Mobile")
    assert list(sheet.rows) == [(5, ["Asha", "98123 00001", "5"])]


def test_headings_in_unknown_words_stand_above_the_first_number() -> None:
    sheet = read_sheet(b"Titel\nWer,Wohin\nAsha,98123 00001\n", "list.csv")
    assert (sheet.header_row, sheet.headers) == (2, ["Wer", "Wohin"])


def test_empty_rows_are_skipped_counted_and_keep_their_numbers() -> None:
    sheet = read_sheet(f"{HEAD}\nAsha,98123 00001,5\n,,\n\nRam,98123 00002,6\n".encode(), "list.csv")
    for _ in range(2):
        assert [number for number, _ in sheet.rows] == [2, 5]
        assert sheet.rows.empty == 2


def test_short_rows_are_filled_and_long_ones_show_that_they_are() -> None:
    sheet = read_sheet(
        f"{HEAD}\nAsha,98123 00001\nRam,98123 00002,1,25,000\nSita,98123 00003,5,,\n".encode(), "x"
    )
    assert [len(row) for row in cells(sheet)] == [3, 5, 3]


def test_an_open_quotation_mark_is_named_by_its_row() -> None:
    body = "".join(f"Asha,98123 0{number:04d},5\n" for number in range(30))
    sheet = read_sheet(f'{HEAD}\n{body}"Ram,98123 00002,6\n{body}'.encode(), "list.csv")
    with pytest.raises(SheetError, match="Row 32 has a quotation mark"):
        list(sheet.rows)


def test_a_huge_cell_is_an_error_and_no_crash() -> None:
    with pytest.raises(SheetError, match="Row 2"):
        read_sheet(f"{HEAD}\n{'x' * 200_000},1,2\n".encode(), "list.csv")


def workbook(rows: list[list[object]], *, hidden_first: bool = False) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        if hidden_first:
            notes = book.add_worksheet("notes")
            notes.write(0, 0, "not this one")
            notes.hide()
            book.add_worksheet("empty").activate()
        page = book.add_worksheet("List")
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for place, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, datetime):
                    page.write_datetime(place, column, value, day)
                else:
                    page.write(place, column, value)
    return target.getvalue()


def test_a_workbooks_cells_are_read_as_a_person_sees_them() -> None:
    rows: list[list[object]] = [
        [],
        ["Name", "Mobile", "Amount", "Due", "New"],
        ["आशा", 9812300001, 1250.5, datetime(2026, 11, 28), True],
        [],
        ["Ram", "09812300002", 125000.0, datetime(2026, 11, 28, 10, 30), 0.1],
    ]
    sheet = read_sheet(workbook(rows), "list.xlsx")
    assert (sheet.kind, sheet.header_row, sheet.headers[:2]) == ("workbook", 2, ["Name", "Mobile"])
    assert list(sheet.rows) == [
        (3, ["आशा", "9812300001", "1250.5", "28/11/2026", "TRUE"]),
        (5, ["Ram", "09812300002", "125000", "28/11/2026 10:30", "0.1"]),
    ]
    assert sheet.rows.empty == 1


def test_the_first_visible_sheet_with_content_is_taken() -> None:
    data = workbook([["Mobile"], [9812300001]], hidden_first=True)
    assert cells(read_sheet(data, "list.xlsx")) == [["9812300001"]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \r\n\t\n", "is empty"),
        (b"\x00" * 50, "is empty"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"\x89PNG\r\n\x1a\n", "is a picture"),
        (b"PK\x03\x04 no workbook", "is not a workbook"),
        (b"\xd0\xcf\x11\xe0 no workbook", "is not a workbook"),
        (bytes(range(256)) * 40, "is not a text file"),
        (workbook([]), "no sheet with content"),
    ],
)
def test_what_is_no_list_is_refused_in_plain_words(data: bytes, words: str) -> None:
    with pytest.raises(SheetError, match=words) as caught:
        read_sheet(data, "list.csv")
    assert "list.csv" in caught.value.reason


def test_a_large_file_is_read_row_by_row() -> None:
    sheet = read_sheet((HEAD + "\n" + "Asha,98123 00001,5\n" * 100_000).encode(), "list.csv")
    rows = iter(sheet.rows)
    assert next(rows) == (2, ["Asha", "98123 00001", "5"])
    assert sum(1 for _ in rows) == 99_999


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(alphabet="ab9१,;\t\"'\n\r\x00é", max_size=80).map(str.encode))
def test_any_bytes_are_a_list_or_refused_in_words(data: bytes) -> None:
    with contextlib.suppress(SheetError):
        sheet = read_sheet(data, "list.csv")
        for number, row in sheet.rows:
            assert number > sheet.header_row
            assert len(row) >= len(sheet.headers)


def test_a_quotation_mark_open_at_the_end_swallows_no_rows() -> None:
    with pytest.raises(SheetError, match="Row 2 has a quotation mark"):
        read_case("12b_unclosed_quote_short.csv")
    body = "".join(f"Asha,98123 0{number:04d},5\n" for number in range(40))
    sheet = read_sheet(f'{HEAD}\n{body}"Ram,98123 00002,6\n98123 00003'.encode(), "list.csv")
    taken: list[tuple[int, list[str]]] = []
    with pytest.raises(SheetError, match="Row 42 has a quotation mark that is never closed"):
        taken.extend(sheet.rows)
    assert [number for number, _ in taken] == list(range(2, 42))


def test_two_stray_quotation_marks_make_no_person_of_several() -> None:
    with pytest.raises(SheetError, match=r"Row 3 has a quotation mark that makes one row of several people"):
        read_case("81_quote_pair.csv")
    sheet = read_sheet(f'{HEAD}\nAsha,98123 00001,"12 MG Road,\nAnand"\n'.encode(), "list.csv")
    assert cells(sheet) == [["Asha", "98123 00001", "12 MG Road,\nAnand"]]


def test_a_long_cell_is_called_that_and_no_quotation_mark() -> None:
    with pytest.raises(SheetError, match="Row 2 is or has a line without an end; 65,536 is the most"):
        read_sheet(f"{HEAD}\n{'x' * 140_000},1,2\n".encode(), "list.csv")
    with pytest.raises(SheetError, match="Row 2 is or has a cell of 40,000 letters; 32,767 is the most"):
        read_sheet(f"{HEAD}\n{'x' * 40_000},1,2\n".encode(), "list.csv")


@pytest.mark.parametrize("size", range(1, 40))
def test_a_file_of_a_few_bytes_is_no_utf_16(size: int) -> None:
    sheet = read_sheet(b"9812300001"[:size] + b"\n" * (size % 3), "list.csv")
    assert sheet.encoding == "utf-8"


def test_a_helpline_above_the_headings_is_no_person() -> None:
    text = f"Helpline,98250 99999\nMobile list of Nov 2026\n{HEAD}\nAsha,98123 00001,5\n"
    sheet = read_sheet(text.encode(), "list.csv")
    assert (sheet.header_row, cells(sheet)) == (3, [["Asha", "98123 00001", "5"]])


def test_hidden_rows_are_told_from_the_others() -> None:
    sheet = read_case("56_filtered_rows.xlsx")
    assert [number for number, _ in sheet.rows] == [2, 3, 4, 5]
    assert sorted(sheet.rows.problems) == [3, 4]
    assert "hidden in the workbook" in sheet.rows.problems[3]


def test_formulas_without_results_are_named_and_not_read_as_empty() -> None:
    with pytest.raises(SheetError, match=r"120 cells, the first A2, hold formulas without their results"):
        read_case("r06-formulas-phone.xlsx")
    with pytest.raises(SheetError, match="the first D2, hold formulas"):
        read_case("r06-formulas-amount.xlsx")


def test_noise_of_floating_point_is_not_kept() -> None:
    assert cells(read_case("r08-noise.xlsx")) == [
        ["9825112410", "Asha", "1250.1", "7"],
        ["9825112411", "Meena", "0.3", "2.675"],
        ["9825112412", "Ravi", "1E+15", "1"],
        ["9825112413", "Usha", "4999.995", "70"],
    ]
    assert cells(read_case("r08-digits.xlsx")) == [
        ["9825112410", "Asha", "28/11/2026", "1250.1", "7", "69.99"]
    ]


def test_merged_cells_and_headings_of_two_rows_lose_nothing() -> None:
    sheet = read_case("r09-merged.xlsx")
    assert sheet.headers == ["Mobile", "Name", "Branch", "Amount", "Due date"]
    rows = dict(sheet.rows)
    assert [rows[number][2] for number in (5, 6, 24)] == ["Paldi"] * 3
    assert rows[25][2] == rows[44][2] != ""


def test_groups_above_alike_headings_tell_them_apart() -> None:
    text = "Customer,,Guarantor,,Loan\nName,Mobile,Name,Mobile,\nAsha,98123 00001,Ram,98123 00002,L1\n"
    sheet = read_sheet(text.encode(), "list.csv")
    assert sheet.headers == ["Customer Name", "Customer Mobile", "Guarantor Name", "Guarantor Mobile", "Loan"]


def test_other_sheets_with_content_are_named() -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        for name in ("North", "South", "Empty"):
            page = book.add_worksheet(name)
            if name != "Empty":
                page.write_column(0, 0, ["Mobile", "9812300001"])
    (warning,) = read_sheet(target.getvalue(), "list.xlsx").warnings
    assert "only “North” is read, not “South”. Upload a file for each" in warning


def test_a_locked_workbook_is_called_locked() -> None:
    with pytest.raises(SheetError, match="is protected by a password"):
        read_case("31_locked.xlsx")
