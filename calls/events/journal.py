"""The journal of live calls: takes down what happens without ever making the media loop wait.

The loop appends to a bounded deque. One thread a process, the scribe, moves that to a file on disk (the
spool) every tenth of a second; another stores what is in the file, in batches, a transaction each, and gives
the process's signs of life. So nothing that was accepted depends on the database being there: it waits on
disk, in order, and is stored when the database is back, by this process or by whoever finds its file.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection

from calls.background import BackgroundWorker
from calls.conversation.outputs import Close, Ending, Entry, EntryKind, Summary
from calls.events import heartbeat, spool
from calls.events.batch_writer import AWAY, BATCH, folder, store, store_orphans
from calls.events.records import Closed, Identified, Identity, Logged, Record, Trouble
from calls.events.spool import Spool
from campaigns import clock

log = logging.getLogger(__name__)

INTERVAL = 0.1
HEARTBEAT = 2.0
DOING_INTERVAL = 1.0
ORPHAN_INTERVAL = 10.0
CAPACITY = 50_000
"""Events that may wait in memory while the disk takes none: some minutes of some hundred calls."""
MOST_EVENTS_A_CALL = 5_000
"""Beside those of every second: there are no more of them than the call has seconds."""
SLOW = 3.0
LONGEST_BACK_OFF = 2.0
"""Well under PROCESS_SILENT_SECONDS: after an outage nobody may take this process for dead."""
ALWAYS_KEPT = frozenset(
    {EntryKind.ANSWER, EntryKind.OUTCOME, EntryKind.CALLBACK, EntryKind.OPT_OUT, EntryKind.END}
)

_STOPPED = Close(code=None, ended_by=Ending.SERVER, reason="Our server was stopped during the call.")


class CallJournal:
    """One call's page in the journal. All methods return at once; none touches the database."""

    def __init__(self, journal: "Journal", call_id: UUID) -> None:
        self.call_id = call_id
        self.lost = 0
        self.on_closed_elsewhere: Callable[[], None] = nothing
        self._journal = journal
        self._opened = time.monotonic()
        self._sequence = self._statistics = 0
        self._doing = ""
        self._ended = self._closed = False

    def log(self, entries: Iterable[Entry]) -> None:
        """Take down lines of the log. What is too much is counted, and the call's row will say so.

        Statistics go first: they are left out, without a gap in the numbers, once the spool is at its limit.
        """
        for entry in entries:
            if entry.kind is EntryKind.STATS and self._journal.spares_statistics:
                self._journal.left_out += 1
                continue
            if entry.kind not in ALWAYS_KEPT and self._is_full(entry.kind):
                self.lost += 1
                self._journal.lost += 1
                continue
            self._sequence += 1
            self._statistics += entry.kind is EntryKind.STATS
            self._ended = entry.kind is EntryKind.END
            self._journal.put(
                Logged(call_id=self.call_id, at=clock.now(), sequence=self._sequence, entry=entry)
            )

    def identified(self, identity: Identity) -> None:
        """Take down whose call it is."""
        self._journal.put(Identified(call_id=self.call_id, at=clock.now(), identity=identity))

    def doing(self, text: str) -> None:
        """What happens just now; stored once a second at most."""
        if text != self._doing:
            self._doing = text
            self._journal.note_doing(self.call_id, text)

    def closed(self, close: Close, summary: Summary | None) -> None:
        """Take down the end; the first one counts. The log's last line tells of it in any case."""
        if self._closed:
            return
        if not self._ended:
            at_ms = round((time.monotonic() - self._opened) * 1000)
            payload = {"ended_by": close.ended_by.value}
            self.log([Entry(kind=EntryKind.END, at_ms=at_ms, text=close.reason, payload=payload)])
        self._closed = True
        self._journal.put(
            Closed(call_id=self.call_id, at=clock.now(), close=close, summary=summary, lost=self.lost)
        )

    def _is_full(self, kind: EntryKind) -> bool:
        too_many = self._sequence - self._statistics >= MOST_EVENTS_A_CALL
        return (too_many and kind is not EntryKind.STATS) or self._journal.is_full


class Journal(BackgroundWorker):
    """The journal of one process."""

    def __init__(self, *, capacity: int = CAPACITY) -> None:
        super().__init__(interval=INTERVAL)
        self.process_id = uuid4()
        self.accepted = self.stored = 0
        """Events: taken down, and in the database."""
        self.lost = self.left_out = 0
        """Events turned away, and per-second statistics left out, since the process began."""
        self.spares_statistics = False
        self._capacity = capacity
        self._records: deque[Record] = deque()
        self._doings: deque[tuple[UUID, str]] = deque()
        self._calls: dict[UUID, CallJournal] = {}
        self._spool: Spool | None = None
        self._moving = threading.Lock()
        self._scribe = _SpoolWriter(self)
        self._disk_fails = False
        self._in_doubt = False
        """Whether what comes next may be stored already: a commit's reply was lost."""
        self._away_since: float | None = None
        self._back_off = self._try_at = 0.0
        self._alive_until = self._doing_due = self._orphans_due = 0.0
        self._said = self._told = (0, 0)

    # --- the side of the calls: nothing here waits, except `register` and `open` ---

    def register(self) -> None:
        """Make this process known and start the threads. Writes to the database: not in the media loop."""
        self.start()
        self._give_sign_of_life()

    def open(self, call_id: UUID) -> CallJournal:
        """A page for a call whose row has just been made."""
        page = self._calls[call_id] = CallJournal(self, call_id)
        return page

    def page(self, call_id: UUID) -> CallJournal:
        """The page of a call that was opened; a new one if it has left the journal already."""
        return self._calls.get(call_id) or CallJournal(self, call_id)

    def forget(self, call_id: UUID) -> None:
        """A call that was opened and whose row is gone again, without a word written on its page."""
        self._calls.pop(call_id, None)

    def put(self, record: Record) -> None:
        """Accept a record."""
        self.accepted += isinstance(record, Logged)
        self._records.append(record)

    def note_doing(self, call_id: UUID, text: str) -> None:
        """Accept what a call is doing; only the latest word of a second is stored."""
        self._doings.append((call_id, text))

    @property
    def is_full(self) -> bool:
        """Whether ordinary events are turned away for now."""
        return len(self._records) >= self._capacity

    # --- the threads: begin and end ---

    def start(self) -> None:
        """Start both threads if they do not run."""
        super().start()
        self._scribe.start()

    def stop(self) -> bool:
        """Store what was accepted, or leave it on disk for the next start; then end the threads."""
        ended = super().stop()
        ended &= self._scribe.stop()
        if ended and self._spool:  # else a thread is stuck with it, and the file's lock ends with the process
            self._spool.close()
            self._spool = None
        return ended

    def look_for_orphans(self) -> None:
        """At the start of a server: store what the last one may have left, without waiting for a call."""
        if spool.has_files(folder()):
            self.start()

    def finish(self) -> None:
        """The process ends: no call of it stays open."""
        for page in list(self._calls.values()):
            page.closed(_STOPPED, None)
        while not self._all_stored() and self.pause(0.2):
            pass
        log.info("The journal ends: events accepted=%d stored=%d.", self.accepted, self.stored)
        if waiting := self._waiting():
            log.warning("%d records wait on disk; the next start stores them.", waiting)
        else:
            heartbeat.process_stopped(self.process_id, clock.now())
        self._alive_until = 0.0

    def left(self) -> int:
        """Records that are neither stored nor on disk."""
        return len(self._records)

    # --- the scribe: from memory to disk ---

    def move_to_disk(self) -> None:
        """Everything accepted goes to the spool. While the disk takes nothing it stays in memory."""
        with self._moving:
            try:
                self._put_down()
                if self._spool:
                    self._spool.sync()
            except OSError as error:
                self._disk_refused(error)
                return
            self._disk_fails = False
        self._mind_the_limit()

    def _put_down(self) -> None:
        """Called under `_moving`. What is in the file is in memory no longer, whatever becomes of the rest:
        put twice it would be refused by the database, with all that came with it. Raises OSError."""
        records = [self._records[index] for index in range(len(self._records))]
        if records:
            self._my_spool().put(records)
        for _ in records:
            self._records.popleft()

    def _my_spool(self) -> Spool:
        """Called under `_moving`."""
        if self._spool is None:
            self._spool = Spool.create(spool.path_of(folder(), str(self.process_id)))
            self._in_doubt |= self._spool.unread_bytes > 0
        return self._spool

    def _disk_refused(self, error: OSError) -> None:
        if not self._disk_fails:
            log.error("The disk fails (%s); events it does not take wait in memory.", error.strerror)
        self._disk_fails = self.spares_statistics = True

    def _mind_the_limit(self) -> None:
        """Past the limit only per-second statistics are left out; they come back below nine tenths of it."""
        waiting = self._spool.unread_bytes if self._spool else 0
        limit = settings.JOURNAL_SPOOL_MB * 1024 * 1024
        if waiting > limit and not self.spares_statistics:
            log.error("%.0f MB of events wait on disk; per-second statistics are left out.", waiting / 2**20)
            self.spares_statistics = True
        elif self.spares_statistics and waiting < 0.9 * limit:
            log.warning("Per-second statistics of calls are kept again.")
            self.spares_statistics = False

    # --- the other thread: from disk to the database ---

    def work(self) -> None:
        """Store what is waiting, show what goes on, and live; not too often while the database is away."""
        self.move_to_disk()
        began = time.monotonic()
        if began < self._try_at:
            return
        try:
            self._give_sign_of_life()
            self._store_everything()
            self._store_orphans()
            self._store_doing()
        except AWAY as error:
            self._database_away(error)
        else:
            self._database_back()
        if (took := time.monotonic() - began) > SLOW:
            log.warning("The database was slow: %.0f s; meanwhile events waited on disk.", took)
        self._say_losses()

    def _all_stored(self) -> bool:
        self.move_to_disk()
        try:
            self._store_everything()
        except AWAY as error:
            self._database_away(error)
            return False
        return True

    def _store_everything(self) -> None:
        while self._spool and (batch := self._spool.peek(BATCH)):
            self._store(batch)
            self._spool.take()
            self._give_sign_of_life()
        if self._disk_fails:
            self._store_from_memory()

    def _store_from_memory(self) -> None:
        """The disk takes nothing, but the database may. What is on disk goes first: it is older."""
        with self._moving:
            if self._spool and self._spool.unread_bytes:
                return
            while batch := [self._records[index] for index in range(min(BATCH, len(self._records)))]:
                self._store(batch)
                for _ in batch:
                    self._records.popleft()

    def _store(self, batch: list[Record]) -> None:
        """Raises `AWAY`; then the batch is in doubt, and tried again from where it still is."""
        in_doubt, self._in_doubt = self._in_doubt, True
        closed_elsewhere = store(batch, tried_before=in_doubt)
        self._in_doubt = False
        self.stored += sum(isinstance(record, Logged) for record in batch)
        for record in batch:
            if isinstance(record, Closed):
                self._calls.pop(record.call_id, None)
        for call_id in closed_elsewhere:
            if page := self._calls.pop(call_id, None):
                log.warning("Call %s was closed by somebody else; it ends here too.", call_id)
                page.on_closed_elsewhere()

    def _store_orphans(self) -> None:
        """A long file takes longer than anybody waits for a sign of life of ours."""
        now = time.monotonic()
        if now >= self._orphans_due:
            self._orphans_due = now + ORPHAN_INTERVAL
            store_orphans(self._give_sign_of_life)

    def _store_doing(self) -> None:
        now = time.monotonic()
        if self._doings and now >= self._doing_due:
            latest = dict(self._doings.popleft() for _ in range(len(self._doings)))
            self._doing_due = now + DOING_INTERVAL
            heartbeat.set_doing(latest)

    def _give_sign_of_life(self) -> None:
        now = time.monotonic()
        if now >= self._alive_until:
            trouble = self._trouble()
            heartbeat.give_sign_of_life(self.process_id, clock.now(), trouble)
            self._told = (trouble.left_out, trouble.lost)
            self._alive_until = now + HEARTBEAT

    def _trouble(self) -> Trouble:
        left_out, lost = self.left_out, self.lost
        is_new = self._told != (left_out, lost)
        return Trouble(waiting=self._waiting(), left_out=left_out, lost=lost, is_new=is_new)

    def _waiting(self) -> int:
        return len(self._records) + (self._spool.waiting if self._spool else 0)

    def _database_away(self, error: Exception) -> None:
        connection.close()
        now = time.monotonic()
        if self._away_since is None:
            self._away_since, self._back_off = now, 0.1
            log.warning("The database does not take events (%s); they wait on disk.", type(error).__name__)
        self._try_at = now + self._back_off
        self._back_off = min(self._back_off * 2, LONGEST_BACK_OFF)
        self._keep_latest_doing()

    def _keep_latest_doing(self) -> None:
        """What goes on is of no use later; it must not pile up."""
        while len(self._doings) > self._capacity:
            self._doings.popleft()

    def _database_back(self) -> None:
        if self._away_since is not None:
            away = time.monotonic() - self._away_since
            log.warning("The database takes events again, after %.0f s; all of them are stored.", away)
            self._away_since, self._try_at = None, 0.0

    def _say_losses(self) -> None:
        left_out, lost = self._said
        if self.lost > lost:
            log.error("%d events were turned away: too many at once.", self.lost - lost)
        if self.left_out > left_out:
            log.error("%d per-second statistics were left out.", self.left_out - left_out)
        self._said = (self.left_out, self.lost)


class _SpoolWriter(BackgroundWorker):
    """Writes down what was accepted while the other thread may be waiting for the database."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(interval=INTERVAL)
        self._journal = journal

    def work(self) -> None:
        """From memory to disk."""
        self._journal.move_to_disk()

    def finish(self) -> None:
        """The last time."""
        self._journal.move_to_disk()

    def left(self) -> int:
        """Told by the journal itself."""
        return 0


def nothing() -> None:
    """Nobody wants to know."""


journal = Journal()
"""The journal of this process."""
