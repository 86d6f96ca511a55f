"""Read an uploaded list in a process of its own, never in one that holds calls or other people's work.

`opened` starts `campaigns.sheets.child`, which has limits of memory and time, and gives its rows.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import IO, BinaryIO

import msgspec
from django.conf import settings

from campaigns.errors import SheetError
from campaigns.sheets.child import Batch, Head, Line, Refused
from campaigns.spreadsheets.limits import TOO_MUCH_MEMORY, TOO_MUCH_TIME
from campaigns.spreadsheets.reader import Row

_decode = msgspec.json.Decoder(Line).decode
_ALL = sys.maxsize
#: Of the environment the child gets these only: no secret is where a stranger's file is read.
_PASSED_ON = ("PATH", "PYTHON", "LD_LIBRARY_PATH", "LANG", "LC_", "TMPDIR")


class OpenList:
    """A list that is being read: its headings, and its rows in one pass.

    `kind` is csv or workbook, `encoding` Python's name ("" for a workbook), `warnings` are sentences for
    staff. `problems` has, by row number, why a row must not be taken; `empty` counts the rows without content
    that were passed over; `share_read` is how much of the file was read, from 0 to 1.
    """

    def __init__(self, lines: Iterator[Line]) -> None:
        """Read the head from the child's lines. Raises `SheetError` if there is none."""
        head = next(lines)
        if not isinstance(head, Head):
            raise SheetError(head.reason if isinstance(head, Refused) else TOO_MUCH_MEMORY)
        self.headers, self.kind = head.headers, head.kind
        self.encoding, self.delimiter, self.warnings = head.encoding, head.delimiter, tuple(head.warnings)
        self.problems: dict[int, str] = {}
        self.empty = 0
        self.share_read = 0.0
        self.rows = self._rows(lines, head.rows_after)

    def _rows(self, lines: Iterator[Line], last: int) -> Iterator[Row]:
        for line in lines:
            if isinstance(line, Refused):
                raise SheetError(line.reason)
            if isinstance(line, Batch):
                self.share_read = line.share_read
                self.problems |= line.problems
                for row in line.rows:
                    self.empty += row[0] - last - 1
                    last = row[0]
                    yield row
                if line.end:
                    self.empty = line.empty


@contextlib.contextmanager
def opened(file: BinaryIO, filename: str, *, beyond: int = 0, most: int = _ALL) -> Iterator[OpenList]:
    """Yield the list with its rows after the one with number `beyond`, at most so many.

    Raises `SheetError`, also from its rows, for what is no list, or takes more memory or time than one may.
    Leave the file alone meanwhile.
    """
    command = [sys.executable, "-m", "campaigns.sheets.child", filename, str(beyond), str(most)]
    with contextlib.ExitStack() as stack:
        on_disk: IO[bytes] = file
        file.seek(0)
        try:
            file.fileno()
        except OSError:  # it is held in memory, where no other process can read it
            on_disk = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(file, on_disk, 1 << 20)
            on_disk.flush()
        child = subprocess.Popen(
            command,
            stdin=on_disk,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            env={name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)},
        )
        stack.callback(child.wait)
        stack.callback(child.kill)
        output = child.stdout
        assert output is not None  # it was asked for
        stack.enter_context(output)
        yield OpenList(_lines(child, output))


def _lines(child: "subprocess.Popen[bytes]", output: IO[bytes]) -> Iterator[Line]:
    """Yield what the child writes, to its last line. Raises `SheetError` if it was ended before that."""
    for text in output:
        line = _decode(text) if text.endswith(b"\n") else Refused(TOO_MUCH_MEMORY)
        yield line
        if isinstance(line, Refused) or (isinstance(line, Batch) and line.end):
            return
    raise SheetError(TOO_MUCH_TIME if child.wait() == -signal.SIGXCPU else TOO_MUCH_MEMORY)
