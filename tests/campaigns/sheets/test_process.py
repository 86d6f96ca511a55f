"""A list is read in a process of its own, with limits; what is too large for one is refused in a sentence."""

import csv
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from campaigns.errors import SheetError
from campaigns.sheets.process import opened

HEAD = ["Name", "Mobile", "Amount"]
MB = 1 << 20


def rows_of(data: bytes, name: str = "list", *, beyond: int = 0) -> list[tuple[int, list[str]]]:
    with opened(io.BytesIO(data), name, beyond=beyond) as sheet:
        return list(sheet.rows)


def a_text(rows: int) -> bytes:
    return "\n".join(["Name,Mobile,Amount", *(f"Asha {n},98250{n:05d},5" for n in range(rows))]).encode()


def test_it_says_what_reading_in_place_says() -> None:
    text = a_text(3000) + b"\n,,\n,,\nRam,9825099999,6\n,,\n"
    with opened(io.BytesIO(text), "list.csv") as sheet:
        assert (sheet.headers, sheet.kind, sheet.encoding, sheet.delimiter) == (HEAD, "csv", "utf-8", ",")
        seen = [(number, sheet.empty) for number, _ in sheet.rows]
    assert seen[2999:] == [(3001, 0), (3004, 2)]
    assert (len(seen), sheet.empty, sheet.share_read) == (3001, 3, 1.0)


def test_it_goes_on_anywhere_and_from_a_file_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(a_text(50))
    with path.open("rb") as file, opened(file, path.name, beyond=48, most=2) as sheet:
        assert [number for number, _ in sheet.rows] == [49, 50]


def test_the_child_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not-for-strangers")
    with opened(io.BytesIO(a_text(100_000)), "list.csv") as sheet:
        next(sheet.rows)
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        secrets = [Path(f"/proc/{child}/environ").read_bytes() for child in children]
    assert any(secrets)
    assert not any(b"not-for-strangers" in found for found in secrets)


def test_a_list_that_is_left_ends_its_child() -> None:
    before = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    with opened(io.BytesIO(a_text(100_000)), "list.csv") as sheet:
        next(sheet.rows)
    assert Path(f"/proc/self/task/{os.getpid()}/children").read_text() == before


def far_cell() -> bytes:
    """A workbook of some kilobytes with a list, and one cell in the last column of the last row."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEAD)
        page.write_row(1, 0, ["Asha", "9825012401", 5])
        page.write(1_048_575, 16_383, "x")
    return target.getvalue()


def repeated_cells() -> bytes:
    """A workbook that unpacks to more than a hundred times its size."""
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    sheet += b"".join(b'<row r="%d"><c r="A%d"><v>9825012401</v></c></row>' % (n, n) for n in (1, 2))
    return repacked(
        far_cell(), sheet + b"<row><c><v>1</v></c></row>" * 2_000_000 + b"</sheetData></worksheet>"
    )


def many_texts() -> bytes:
    """A workbook whose table of texts is a bomb."""
    texts = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    return repacked(far_cell(), texts + b"<si><t>aaaaaaaaaa</t></si>" * 10_000_000, "xl/sharedStrings.xml")


def repacked(book: bytes, xml: bytes, name: str = "xl/worksheets/sheet1.xml") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, xml if part == name else old.read(part))
    return target.getvalue()


def lying_about_its_size() -> bytes:
    """The same bomb, whose directory says that it is small: the library unpacks all of it."""
    data = bytearray(many_texts())
    size = len(b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">') + 260_000_000
    real, said = size.to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert data.count(real) == 2
    return bytes(data.replace(real, said))


def one_line() -> bytes:
    return b"Name,Mobile\nAsha," + b"9" * (50 * MB)


def one_quoted_line() -> bytes:
    return b'Name,Mobile\nAsha,"' + b"9\n" * (20 * MB)


def wide_rows() -> bytes:
    return b"Name,Mobile" + b",x" * 16_383 + b"\nAsha,9825012401\n"


REFUSED: list[tuple[Callable[[], bytes], str]] = [
    (far_cell, "cells in 16,384 columns down to row 1,048,576"),
    (repeated_cells, "The workbook is small, .* and unpacks to"),
    (many_texts, "The workbook is small, .* and unpacks to 260 MB"),
    (lying_about_its_size, "memory|not a workbook|damaged"),
    (one_line, "Row 2 is or has a line without an end"),
    (one_quoted_line, "quotation mark that is never closed"),
    (wide_rows, "Row 1 has 16,385 columns, and a list can have 702"),
]


@pytest.mark.parametrize(("make", "why"), REFUSED)
def test_what_unpacks_or_spreads_too_far_is_refused_in_a_sentence_and_costs_this_process_nothing(
    make: Callable[[], bytes], why: str, tmp_path: Path
) -> None:
    """Measured in a fresh process, whose peak counts from its start: `VmHWM` of this one has seen other
    tests.
    """
    path = tmp_path / "list"
    path.write_bytes(make())
    found = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True, timeout=100
    )
    reason, grown = found.stdout.rsplit("\n", 2)[:2]
    with pytest.raises(SheetError, match=why):
        raise SheetError(reason)
    assert int(grown) < 20 * 1024, f"{grown} kB"


MEASURED = """
import os, resource, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
from campaigns.errors import SheetError
from campaigns.sheets.process import opened
with opened(open("campaigns/samples/emi-reminders.csv", "rb"), "list") as sheet:
    list(sheet.rows)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    with opened(open(sys.argv[1], "rb"), "list") as sheet:
        list(sheet.rows)
except SheetError as error:
    print(error.reason)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_trailing_separators_cost_a_row_nothing() -> None:
    """They took half a second a row: the headings were cut shorter one by one."""
    commas = "," * 16_383
    text = "\n".join(["Name,Mobile" + commas, *(f"Asha,98250{n:05d}{commas}" for n in range(200))])
    assert len(rows_of(text.encode())) == 200


def test_a_full_disk_of_rows_is_the_same_in_pieces() -> None:
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerows([HEAD, *([f"आशा {n}", f"98250{n:05d}", "x" * (n % 3000)] for n in range(2500))])
    rows = rows_of(target.getvalue().encode())
    assert [number for number, _ in rows] == list(range(2, 2502))
    assert rows[-1][1] == ["आशा 2499", "9825002499", "x" * 2499]
