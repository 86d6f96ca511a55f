"""Events on their way to the database, in a file a process: appended, read in order, emptied when stored.

A record is written within a tenth of a second of its acceptance, whether the database is there or not, so
neither an outage nor a `kill -9` during one costs events. What is not stored after a second is also made safe
against a power cut (fsync once a second). The owner holds a lock on its file, which ends with the process;
a file without one is an orphan, and any process of the machine stores what it holds (`store_orphans`).
"""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from django.conf import settings

from calls.events.codec import UnknownLineError, decode, encode
from calls.events.records import Record

SYNC_SECONDS = 1.0
_CHUNK = 256 * 1024
"""Bytes read at once; more for a line that is longer."""
_SUFFIX = ".jsonl"


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
        """Return the spool of this path, locked; made if it is not there. Raises OSError."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            if _lock(path, descriptor):
                return cls(path, descriptor)
            os.close(descriptor)

    @property
    def unread_bytes(self) -> int:
        """Return how many bytes of the file are not taken."""
        return self._written - self._read

    def put(self, records: Sequence[Record]) -> None:
        """Append records. Raises OSError, and then none of them is in the file."""
        data = b"".join(encode(record) for record in records)
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
        """Make what waits safe against a power cut, once a second. Raises OSError; then it is still due."""
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
        """Return the oldest records, at most so many, which stay until `take`; empty if there are none.

        Raises OSError, and `UnknownLineError` where the oldest line is one of a newer version: what follows
        it stays behind it, for a call's log is stored in its order.
        A last line that its process did not live to finish is left out.
        """
        size = _CHUNK
        while True:
            chunk = os.pread(self._descriptor, min(size, self.unread_bytes), self._read)
            if lines := chunk.split(b"\n")[:-1][:most]:
                records, self._peeked = list[Record](), (0, 0)
                for line in lines:
                    try:
                        record = decode(line)
                    except UnknownLineError:
                        if self._peeked == (0, 0):
                            raise
                        break
                    records += [record] if record else []
                    self._peeked = (self._peeked[0] + len(line) + 1, self._peeked[1] + 1)
                if records:
                    return records
                self.take()
            elif size > self.unread_bytes:
                return []
            else:
                size *= 2

    def take(self) -> None:
        """Drop what was peeked: it is stored. An emptied file shrinks to nothing. Raises OSError."""
        size, count = self._peeked
        self._peeked = (0, 0)
        with self._changing:
            self._read += size
            self.waiting = max(0, self.waiting - count)
            if self._read == self._written:
                os.ftruncate(self._descriptor, 0)
                self._read = self._written = 0

    def remove(self) -> None:
        """Remove the file, all of which is stored or can never be; `close` must follow. Raises OSError."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file, which ends its lock; one that holds nothing is removed. Raises OSError."""
        if not self.unread_bytes:
            self.remove()
        os.close(self._descriptor)


def folder() -> Path:
    """Return the folder of the spools of this machine (`SPOOL_DIR`)."""
    return Path(settings.SPOOL_DIR)


def path_of(folder: Path, name: str) -> Path:
    """Return the path of the spool of that name, a process's id."""
    return folder / f"{name}{_SUFFIX}"


def has_files(folder: Path) -> bool:
    """Return whether there are spools, whichever process they belong to."""
    return any(folder.glob(f"*{_SUFFIX}"))


def orphans(folder: Path) -> Iterator[Spool]:
    """Yield the spools whose process is gone, the oldest first, each locked. The caller closes each."""
    changed = []
    for path in folder.glob(f"*{_SUFFIX}"):
        with contextlib.suppress(OSError):  # stored and removed by another process meanwhile
            changed.append((path.stat().st_mtime, path))
    for _, path in sorted(changed):
        try:
            descriptor = os.open(path, os.O_RDWR)
        except OSError:  # removed since
            continue
        if _lock(path, descriptor):
            yield Spool(path, descriptor)
        else:
            os.close(descriptor)


def _lock(path: Path, descriptor: int) -> bool:
    """Return whether the file is ours now, and still the one of that name."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except OSError:
        return False
