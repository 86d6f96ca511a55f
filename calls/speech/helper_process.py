"""Run a helper process that answers JSON lines with a JSON line and bytes; every wait is bounded.

Not by `multiprocessing`, nor by pebble, which builds on it: Celery's prefork processes are daemonic, so they
may start no child with it, and under Daphne the child imports the server's main script first (2 s, 69 MB).
"""

import contextlib
import json
import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_MOST_ANSWER: Final = 64 * 1024 * 1024
_CHUNK: Final = 1 << 16


class ChildError(Exception):
    """The process died, hung, or sent an unreadable answer. The text completes a sentence."""


class Child:
    """One process, run in `folder`, given one request at a time.

    After a `ChildError` only `close` makes sense.
    """

    def __init__(self, command: Sequence[str], *, folder: Path | None = None) -> None:
        try:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        except OSError as error:
            raise ChildError("it could not be started") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._rest = bytearray()

    def ask(self, request: Mapping[str, Any], *, timeout: float) -> tuple[dict[str, Any], bytes]:
        """Return the answer's head, and as many bytes as its `size` says.

        Raises `ChildError` if the process is gone, takes over `timeout` seconds, or answers with no JSON
        object or more than 64 MB.
        """
        until = time.monotonic() + timeout
        try:
            self._stdin.write(json.dumps(dict(request)).encode() + b"\n")
        except OSError as error:
            raise ChildError("it is gone") from error
        while (end := self._rest.find(b"\n")) < 0:
            self._read(until)
        try:
            head = json.loads(self._take(end + 1, until))
        except ValueError as error:
            raise ChildError("its answer is not readable") from error
        if not isinstance(head, dict):
            raise ChildError("its answer is not readable")
        size = head.get("size", 0)
        if not isinstance(size, int) or not 0 <= size <= _MOST_ANSWER:
            raise ChildError("its answer is too large")
        return head, self._take(size, until)

    def close(self) -> None:
        """Kill the process and close its pipes."""
        self._selector.close()
        with contextlib.suppress(OSError):
            self._stdin.close()
        self._stdout.close()
        self._process.kill()
        self._process.wait()

    def _take(self, size: int, until: float) -> bytes:
        while len(self._rest) < size:
            self._read(until)
        taken = bytes(self._rest[:size])
        del self._rest[:size]
        return taken

    def _read(self, until: float) -> None:
        if len(self._rest) > _MOST_ANSWER:
            raise ChildError("its answer is too large")
        if not self._selector.select(max(0.0, until - time.monotonic())):
            raise ChildError("it did not answer in time")
        data = os.read(self._stdout.fileno(), _CHUNK)
        if not data:
            raise ChildError("it ended")
        self._rest += data
