"""Accepted records of one process until they are stored: in memory for a tenth of a second, then on disk."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from uuid import UUID

from django.conf import settings

from calls.background import BackgroundWorker
from calls.events import spool
from calls.events.batch_writer import BATCH
from calls.events.records import Record
from calls.events.spool import Spool

log = logging.getLogger(__name__)


class SpoolWriter(BackgroundWorker):
    """Accepts records without waiting, and writes them to the process's spool in a thread of its own.

    A thread of its own, because the one that stores them may be waiting for the database.
    """

    def __init__(self, process_id: UUID, *, capacity: int, interval: float) -> None:
        super().__init__(interval=interval)
        self.spares_statistics = False
        """Whether per-second statistics are to be left out: the spool is at its limit, or the disk fails."""
        self._process_id = process_id
        self._capacity = capacity
        self._records: deque[Record] = deque()
        self._spool: Spool | None = None
        self._moving = threading.Lock()
        """Held while records move from memory to disk, or from memory to the database."""
        self._disk_fails = False
        self._in_doubt = False
        """Whether the next batch may be stored already: a commit's reply was lost."""

    # --- the side of the calls: nothing here waits ---

    def put(self, record: Record) -> None:
        """Accept a record."""
        self._records.append(record)

    @property
    def is_full(self) -> bool:
        """Return whether as many records are in memory as may be (`capacity`)."""
        return len(self._records) >= self._capacity

    @property
    def in_memory(self) -> int:
        """Return how many records are neither stored nor on disk."""
        return len(self._records)

    @property
    def waiting(self) -> int:
        """Return how many records are not stored, on disk or in memory."""
        return len(self._records) + (self._spool.waiting if self._spool else 0)

    # --- from memory to disk, in either thread ---

    def work(self) -> None:
        """Write what was accepted to the spool. While the disk takes nothing it stays in memory.

        Statistics are left out past `JOURNAL_SPOOL_MB`, until less than nine tenths of it wait.
        """
        with self._moving:
            try:
                self._write()
                if self._spool:
                    self._spool.sync()
            except OSError as error:
                if not self._disk_fails:
                    log.error("The disk fails (%s); events it does not take wait in memory.", error.strerror)
                self._disk_fails = self.spares_statistics = True
                return
            self._disk_fails = False
        waiting = self._spool.unread_bytes if self._spool else 0
        limit = settings.JOURNAL_SPOOL_MB * 1024 * 1024
        if waiting > limit and not self.spares_statistics:
            log.error("%.0f MB of events wait on disk; per-second statistics are left out.", waiting / 2**20)
            self.spares_statistics = True
        elif self.spares_statistics and waiting < 0.9 * limit:
            log.warning("Per-second statistics of calls are kept again.")
            self.spares_statistics = False

    def finish(self) -> None:
        """Write what is left, for the last time."""
        self.work()

    def left(self) -> int:
        """Return 0: `Journal.left` counts what is in memory."""
        return 0

    def close(self) -> None:
        """Close the spool, which ends its lock. Both threads must have ended. Raises OSError."""
        if self._spool:
            self._spool.close()
            self._spool = None

    def _write(self) -> None:
        """Move all records from memory to the file, opened when it is needed first. Raises OSError.

        They leave memory before the file is synced, whatever becomes of that: written twice they would be
        refused by the database, with all that came with them.
        """
        records = [self._records[index] for index in range(len(self._records))]
        if records:
            if self._spool is None:
                self._spool = Spool.create(spool.path_of(spool.folder(), str(self._process_id)))
                self._in_doubt |= self._spool.unread_bytes > 0
            self._spool.put(records)
        for _ in records:
            self._records.popleft()

    # --- from disk to the database, in the journal's thread ---

    def drain(self, store: Callable[[list[Record], bool], None], *, between: Callable[[], None]) -> None:
        """Have all records stored, oldest first, by `store(batch, in_doubt)`. If it raises, the batch stays.

        `between` is called after every batch of the spool. While the disk takes nothing, records go from
        memory to the database, but only when none is on disk: those are older.
        """
        while self._spool and (batch := self._spool.peek(BATCH)):
            self._hand_over(batch, store)
            self._spool.take()
            between()
        if not self._disk_fails:
            return
        with self._moving:
            if self._spool and self._spool.unread_bytes:
                return
            while batch := [self._records[index] for index in range(min(BATCH, len(self._records)))]:
                self._hand_over(batch, store)
                for _ in batch:
                    self._records.popleft()

    def _hand_over(self, batch: list[Record], store: Callable[[list[Record], bool], None]) -> None:
        in_doubt, self._in_doubt = self._in_doubt, True
        store(batch, in_doubt)
        self._in_doubt = False
