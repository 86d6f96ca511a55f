"""Events on their way to the database, in a file a process: appended, read in order, emptied when stored.

A record is written within a tenth of a second of its acceptance, whether the database is there or not, so
neither an outage nor a `kill -9` during one costs events. What is not stored after a second is also made safe
against a power cut (fsync once a second). The owner holds a lock on its file, which ends with the process;
a file without one is an orphan, and whoever finds it stores what it holds.
"""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import UUID

import msgspec

from calls.conversation.outputs import Entry, EntryKind
from calls.events.records import Closed, Identified, Logged, Record

log = logging.getLogger(__name__)

SYNC_SECONDS = 1.0
_CHUNK = 256 * 1024
_SUFFIX = ".jsonl"


class _EntryRead(msgspec.Struct):
    """An entry as it stands in a file, before its `data` is typed."""

    kind: EntryKind
    at_ms: int
    text: str
    data: dict[str, object] = {}


class _LoggedRead(msgspec.Struct):
    call_id: UUID
    at: datetime
    sequence: int
    entry: _EntryRead


class _LineRead(msgspec.Struct):
    """One line of a file: a record under the name of its kind."""

    logged: _LoggedRead | None = None
    identified: Identified | None = None
    closed: Closed | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_LineRead)
_NAMES = {Logged: "logged", Identified: "identified", Closed: "closed"}


class Spool:
    """A queue of records in a file. One thread may `put` while another does the rest."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.waiting = 0
        """Records that are not taken; unknown (0) for an orphan."""
        self._descriptor = descriptor
        self._changing = threading.Lock()
        self._read, self._written = 0, os.fstat(descriptor).st_size
        self._peeked = (0, 0)
        self._synced_at = time.monotonic()
        self._unsynced = False

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new spool, locked. Raises OSError."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            if _lock(path, descriptor):
                return cls(path, descriptor)
            os.close(descriptor)

    @property
    def unread_bytes(self) -> int:
        """What is not taken."""
        return self._written - self._read

    def put(self, records: Sequence[Record]) -> None:
        """Append records. Raises OSError, and then none of them is in the file."""
        data = b"".join(_encoded(record) for record in records)
        with self._changing:
            try:
                done = 0
                while done < len(data):
                    done += os.pwrite(self._descriptor, data[done:], self._written + done)
            except OSError:
                os.ftruncate(self._descriptor, self._written)
                raise
            self._written += len(data)
            self.waiting += len(records)
            self._unsynced = True

    def sync(self) -> None:
        """Once a second: make safe against a power cut what waits. Raises OSError; then it is still due."""
        now = time.monotonic()
        if not self.unread_bytes:
            self._synced_at = now
        elif self._unsynced and now - self._synced_at >= SYNC_SECONDS:
            self._unsynced = False  # before: what is put meanwhile may be too late for this one
            try:
                os.fdatasync(self._descriptor)
            except OSError:
                self._unsynced = True
                raise
            self._synced_at = now

    def peek(self, most: int) -> list[Record]:
        """The oldest records, at most so many; they stay until `take`. Raises OSError.

        A last line that its process did not live to finish is left out.
        """
        while lines := self._lines(most):
            self._peeked = (sum(len(line) + 1 for line in lines), len(lines))
            if records := [record for line in lines if (record := _decoded(line)) is not None]:
                return records
            self.take()
        return []

    def _lines(self, most: int) -> list[bytes]:
        size = _CHUNK
        while True:
            chunk = os.pread(self._descriptor, min(size, self.unread_bytes), self._read)
            lines = chunk.split(b"\n")[:-1][:most]
            if lines or size > self.unread_bytes:
                return lines
            size *= 2

    def take(self) -> None:
        """What was peeked is stored. An emptied file shrinks to nothing. Raises OSError."""
        size, count = self._peeked
        self._peeked = (0, 0)
        with self._changing:
            self._read += size
            self.waiting = max(0, self.waiting - count)
            if self._read == self._written:
                os.ftruncate(self._descriptor, 0)
                self._read = self._written = 0

    def close(self) -> None:
        """Let go of the file; one that holds nothing is removed."""
        if not self.unread_bytes:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def remove(self) -> None:
        """Remove the file: everything in it is stored."""
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


def orphans(folder: Path) -> Iterator[Spool]:
    """Spools whose process is gone, each locked for us, the oldest first. Whoever takes one ends it."""
    for path in sorted(folder.glob(f"*{_SUFFIX}"), key=_age_of):
        try:
            descriptor = os.open(path, os.O_RDWR)
        except OSError:  # stored and removed by somebody else meanwhile
            continue
        if _lock(path, descriptor):
            yield Spool(path, descriptor)
        else:
            os.close(descriptor)


def has_files(folder: Path) -> bool:
    """Whether anything was left by anybody."""
    return any(folder.glob(f"*{_SUFFIX}"))


def path_of(folder: Path, name: str) -> Path:
    """Where the spool of that name is."""
    return folder / f"{name}{_SUFFIX}"


def _age_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _lock(path: Path, descriptor: int) -> bool:
    """Whether the file is ours now, and still the one of that name."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except OSError:
        return False


def _encoded(record: Record) -> bytes:
    """One line. An entry that is no JSON is our own mistake; its place in the log is kept."""
    try:
        return _encoder.encode({_NAMES[type(record)]: record}) + b"\n"
    except (TypeError, ValueError, OverflowError) as error:
        log.error("Call %s: something could not be written down: %s", record.call_id, type(error).__name__)
        return _encoder.encode({_NAMES[type(record)]: _without_content(record)}) + b"\n"


def _without_content(record: Record) -> Record:
    match record:
        case Logged(call_id=call_id, at=at, sequence=sequence, entry=entry):
            bare = Entry(kind=entry.kind, at_ms=entry.at_ms, text="What happened could not be written down.")
            return Logged(call_id=call_id, at=at, sequence=sequence, entry=bare)
        case Closed(call_id=call_id, at=at, close=close, lost=lost):
            return Closed(call_id=call_id, at=at, close=close, summary=None, lost=lost)
        case Identified():
            return record


def _decoded(line: bytes) -> Record | None:
    try:
        found = _decoder.decode(line)
    except msgspec.DecodeError as error:
        log.error("A line of the spool can't be read and is left out: %s", type(error).__name__)
        return None
    if logged := found.logged:
        entry = Entry.from_json(**msgspec.structs.asdict(logged.entry))
        return Logged(call_id=logged.call_id, at=logged.at, sequence=logged.sequence, entry=entry)
    return found.identified or found.closed
