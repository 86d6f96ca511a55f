"""What the reading process writes, and that its limits end it."""

import subprocess
import sys
from pathlib import Path

import msgspec

from campaigns.sheets.child import BATCH_ROWS, Batch, Head, Line, Refused

ROOT = Path(__file__).resolve().parents[3]


def written(data: bytes, tmp_path: Path, *, beyond: int = 0, most: int = 10**9) -> list[Line]:
    path = tmp_path / "list"
    path.write_bytes(data)
    command = [sys.executable, "-m", "campaigns.sheets.child", "list.csv", str(beyond), str(most)]
    with path.open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, check=True, cwd=ROOT, timeout=60)
    assert done.stderr == b""
    return [msgspec.json.decode(line, type=Line) for line in done.stdout.splitlines()]


def test_a_head_then_batches_then_the_end(tmp_path: Path) -> None:
    text = "Name,Mobile\n" + "Asha,9825012401\n" * (BATCH_ROWS + 2)
    head, *batches = written(text.encode(), tmp_path)
    assert head == Head(["Name", "Mobile"], "utf-8", ",", "csv", [], 1)
    assert [len(batch.rows) for batch in batches if isinstance(batch, Batch)] == [BATCH_ROWS, 2]
    assert [batch.end for batch in batches if isinstance(batch, Batch)] == [False, True]


def test_rows_before_a_broken_one_are_written_and_then_the_reason(tmp_path: Path) -> None:
    text = "Name,Mobile\n" + "Asha,9825012401\n" * 40 + '"Sita,9825012403\n'
    _, batch, end = written(text.encode(), tmp_path, beyond=40)
    assert isinstance(batch, Batch)
    assert batch.rows == [(41, ["Asha", "9825012401"])]
    assert end == Refused(
        "Row 42 has a quotation mark that is never closed. Remove it and upload the file again."
    )


def test_what_is_no_list_is_refused_at_once(tmp_path: Path) -> None:
    assert written(b"%PDF-1.7", tmp_path) == [
        Refused(
            "The file list.csv is a PDF, not a list. "
            "Save the list as CSV or as an Excel workbook and upload it again."
        )
    ]


def test_its_limits_end_it(tmp_path: Path) -> None:
    """The same limits, set low: what asks for more memory gets none, what computes on and on is ended."""
    program = """
import sys
from campaigns.sheets import child
child.MOST_MEMORY, child.MOST_SECONDS = 400 << 20, 1
child._limit_memory()
try:
    bytearray(500 << 20)
except MemoryError:
    print("no memory", flush=True)
child._limit_time()
while True:
    pass
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT, timeout=100)
    assert done.stdout == b"no memory\n"
    assert done.returncode == -24  # SIGXCPU
