"""Make files while they are sent, so that a long one takes no more memory than a short one."""

import csv
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import IO

import xlsxwriter
from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

from campaigns.spreadsheets.formulas import escape_formula

Table = Iterable[Sequence[str]]

PIECE = 64 * 1024
LINES_AT_ONCE = 500
CSV = "text/csv; charset=utf-8"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Download(StreamingHttpResponse):
    """Send a file to be saved, in the pieces of an iterator.

    Under ASGI each piece is made in the request's own thread, where its database connection is; Django
    would make all of them before it sends the first.
    """

    def __init__(self, pieces: Iterator[bytes], *, filename: str, content_type: str) -> None:
        self._pieces = pieces
        super().__init__(pieces, content_type=content_type)
        self.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
        self.headers["Cache-Control"] = "private, no-store"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces; each is made in the thread, not on the event loop."""
        next_piece = sync_to_async(partial(next, self._pieces, b""), thread_sensitive=True)
        while piece := await next_piece():
            yield piece


def as_csv(table: Table, *, stem: str, delimiter: str = ",") -> Download:
    """Return the table in UTF-8 with the byte order mark that Excel wants; no cell is a formula."""
    return Download(_lines(table, delimiter), filename=f"{safe(stem)}.csv", content_type=CSV)


def as_workbook(table: Table, *, stem: str, title: str) -> Download:
    """Return the table as an XLSX file of one sheet in which every cell is text, none a formula."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the answer closes it)
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        page = book.add_worksheet(title)
        for place, row in enumerate(table):
            for column, cell in enumerate(row):
                page.write_string(place, column, cell)
    file.seek(0)
    return Download(Blocks(file), filename=f"{safe(stem)}.xlsx", content_type=WORKBOOK)


def safe(stem: str) -> str:
    """Return a file name of ASCII letters, digits and `-_.` only; `table` if nothing is left of `stem`."""
    plain = "".join(ch if ch.isascii() and (ch.isalnum() or ch in "-_.") else "-" for ch in stem)
    return plain.strip("-.") or "table"


class _Line:
    """A file for csv's writer that returns the line instead of storing it."""

    def write(self, line: str) -> str:
        return line


def _lines(table: Table, delimiter: str) -> Iterator[bytes]:
    writer = csv.writer(_Line(), delimiter=delimiter)
    lines = (writer.writerow([escape_formula(cell) for cell in row]) for row in table)
    yield "\ufeff".encode()
    while several := "".join(islice(lines, LINES_AT_ONCE)):
        yield several.encode()


class Blocks(Iterator[bytes]):
    """Read an open file in pieces of 64 KiB. Django closes it with the response, also if the client left."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.close = file.close

    def __next__(self) -> bytes:
        """Return the next piece. Raises `StopIteration` at the end."""
        if block := self._file.read(PIECE):
            return block
        raise StopIteration
