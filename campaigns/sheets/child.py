"""Read one uploaded list, on standard input: `python -m campaigns.sheets.child NAME BEYOND MOST`.

What a workbook unpacks to is known only when it is unpacked, and a library that asks for too much memory ends
its process: this one, which holds nothing else and has limits of memory and time. It writes JSON lines:
`Head`, then `Batch` after batch, the last one with `end`; or `Refused` in the place of any of them.
`campaigns.sheets.process` starts it and reads them. Neither Django nor a secret is known here.
"""

import contextlib
import resource
import sys
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Literal

import msgspec

from campaigns.errors import SheetError
from campaigns.spreadsheets.limits import TOO_MUCH_MEMORY
from campaigns.spreadsheets.reader import Row, Sheet, read_sheet

#: Bytes of address space. A piece of a long workbook takes up to 300 MB of it, Python and its libraries 100.
MOST_MEMORY = 1 << 30
#: Seconds of processor time until the next batch; a piece of a long workbook takes one or two.
MOST_SECONDS = 60
#: Rows, and letters in them, that are written at once.
BATCH_ROWS, BATCH_LETTERS = 1000, 1 << 20


class Head(msgspec.Struct, frozen=True, tag="head"):
    """What is known of a list before its rows."""

    headers: list[str]
    encoding: str
    delimiter: str
    kind: Literal["csv", "workbook"]
    warnings: list[str]
    rows_after: int
    """The number of the row above the first one."""


class Batch(msgspec.Struct, frozen=True, tag="batch"):
    """Some rows, with their `problems`; `empty` counts the rows without content before and behind them."""

    rows: list[Row]
    problems: dict[int, str]
    empty: int
    share_read: float
    end: bool = False


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Why the list can't be read, or not beyond the rows before."""

    reason: str


Line = Head | Batch | Refused


def main(filename: str, beyond: int, most: int) -> None:
    """Write the list on standard input as JSON lines: its rows after `beyond`, at most so many."""
    _limit_memory()
    with open(0, "rb", closefd=False) as file, open(1, "wb", closefd=False) as out:
        encode = msgspec.json.Encoder().encode
        try:
            for line in _lines(file, filename, beyond=beyond, most=most):
                _limit_time()
                out.write(encode(line) + b"\n")
                out.flush()
        except SheetError as error:
            out.write(encode(Refused(error.reason)) + b"\n")
        except MemoryError:
            out.write(encode(Refused(TOO_MUCH_MEMORY)) + b"\n")


def _lines(file: BinaryIO, filename: str, *, beyond: int, most: int) -> Iterator[Line]:
    _limit_time()
    sheet = read_sheet(file, filename)
    yield Head(
        sheet.headers,
        sheet.encoding,
        sheet.delimiter,
        sheet.kind,
        list(sheet.warnings),
        max(beyond, sheet.rows.after),
    )
    rows: list[Row] = []
    letters = 0
    try:
        for row in islice(sheet.rows.beyond(beyond), most):
            rows.append(row)
            letters += sum(map(len, row[1]))
            if len(rows) == BATCH_ROWS or letters > BATCH_LETTERS:
                yield _described(rows, sheet)
                rows, letters = [], 0
    except SheetError as error:
        yield _described(rows, sheet)
        yield Refused(error.reason)
        return
    yield _described(rows, sheet, end=True)


def _described(rows: list[Row], sheet: Sheet, *, end: bool = False) -> Batch:
    problems = sheet.rows.problems
    found = {number: problems[number] for number, _ in rows if number in problems} if problems else {}
    return Batch(rows, found, sheet.rows.empty, sheet.rows.share_read, end)


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):  # not every system has this limit
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def _limit_time() -> None:
    """Let the process run for `MOST_SECONDS` more of processor time; SIGXCPU ends it then."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (round(used.ru_utime + used.ru_stime) + MOST_SECONDS, hard))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
