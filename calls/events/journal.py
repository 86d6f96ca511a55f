"""The journal of live calls: accepts what happens without ever making the media loop wait.

The loop appends to a bounded deque. One thread a process, the `SpoolWriter`, moves that to a file on disk
(the spool) every tenth of a second; another, the `Journal`, stores what is in the file, in batches, a
transaction each, and gives the process's signs of life. So nothing that was accepted depends on the database
being there: it waits on disk, in order, and is stored when the database is back, by this process or by any
other of the machine that finds its file.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection

from calls import database_time
from calls.background import BackgroundWorker
from calls.conversation.outputs import Close, Ending, Entry, EntryKind, Identify, Summary
from calls.events import heartbeat, spool
from calls.events.batch_writer import AWAY, store, store_orphans
from calls.events.records import Closed, Identified, JournalStatus, Logged, Record, Started, Unserved
from calls.events.spool_writer import SpoolWriter
from calls.identification import Identity
from calls.models import Call
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
"""Well under PROCESS_SILENT_SECONDS: after an outage this process must not be taken for dead."""
ALWAYS_KEPT = frozenset(
    {
        EntryKind.ANSWER,
        EntryKind.QUESTION,
        EntryKind.OUTCOME,
        EntryKind.CALLBACK,
        EntryKind.BOOKING,
        EntryKind.OPT_OUT,
        EntryKind.PERSON,
        EntryKind.TAG,
        EntryKind.LANGUAGE,
        EntryKind.TELL,
        EntryKind.END,
    }
)

_OVERDUE = Close(
    code=None,
    ended_by=Ending.LIMIT,
    reason="The call was open longer than any call may be, and was closed.",
)
_UNHELD = Close(
    code=None, ended_by=Ending.SERVER, reason="The call was opened, and no connection of ours held it."
)
_STOPPED = Close(code=None, ended_by=Ending.SERVER, reason="Our server was stopped during the call.")


def nothing() -> None:
    """Do nothing (default callback)."""


class CallJournal:
    """One call's part of the journal. All methods return at once; none touches the database."""

    def __init__(self, journal: "Journal", call_id: UUID) -> None:
        self.call_id = call_id
        self.lost = 0
        """Entries of this call that were turned away."""
        self.on_closed_elsewhere: Callable[[], None] = nothing
        """Called in the journal's thread when another process has closed the call's row."""
        self._journal = journal
        self._opened = time.monotonic()
        self._sequence = self._statistics = 0
        self._doing = ""
        self._ended = self._closed = False

    def log(self, entries: Iterable[Entry]) -> None:
        """Accept entries of the call's log; those beyond the limits are counted, also in the call's row.

        Statistics go first: they are left out, without a gap in the numbers, once the spool is at its limit.
        """
        journal, writer = self._journal, self._journal.spool_writer
        for entry in entries:
            is_statistic = entry.kind is EntryKind.STATS
            if is_statistic and writer.spares_statistics:
                journal.left_out += 1
                continue
            too_many = not is_statistic and self._sequence - self._statistics >= MOST_EVENTS_A_CALL
            if (too_many or writer.is_full) and entry.kind not in ALWAYS_KEPT:
                self.lost += 1
                journal.lost += 1
                continue
            self._sequence += 1
            self._statistics += is_statistic
            self._ended = entry.kind is EntryKind.END
            journal.put(Logged(call_id=self.call_id, at=clock.now(), sequence=self._sequence, entry=entry))

    def started(self, asked: Identify) -> None:
        """Accept what the start message says of the call; `asked.reference` is the reference it gave."""
        started = Started(
            call_id=self.call_id,
            at=clock.now(),
            stream_sid=asked.stream_sid,
            call_sid=asked.call_sid,
            reference=asked.reference,
        )
        self._journal.put(started)

    def unserved(self, asked: Identify, keys: str) -> None:
        """Accept that the call is over before an agent was given it, and the keys that were pressed in it."""
        unserved = Unserved(
            call_id=self.call_id,
            at=clock.now(),
            stream_sid=asked.stream_sid,
            call_sid=asked.call_sid,
            reference=asked.reference,
            keys=keys,
            at_ms=round((time.monotonic() - self._opened) * 1000),
            parameters=asked.custom_parameters,
        )
        self._journal.put(unserved)

    def identified(self, identity: Identity) -> None:
        """Accept whose call it is."""
        self._journal.put(Identified(call_id=self.call_id, at=clock.now(), identity=identity))

    def doing(self, text: str) -> None:
        """Accept what the call does just now; only the latest text of a second is stored."""
        if text != self._doing:
            self._doing = text
            self._journal.doings.append((self.call_id, text))

    def closed(self, close: Close, summary: Summary | None) -> None:
        """Accept the end; the first one counts. An END entry is added unless the log's last is one."""
        if self._closed:
            return
        if not self._ended:
            at_ms = round((time.monotonic() - self._opened) * 1000)
            payload = {"ended_by": close.ended_by.value}
            self.log([Entry(kind=EntryKind.END, at_ms=at_ms, text=close.reason, payload=payload)])
        self._closed = True
        self._journal.note_end(self.call_id)
        closed = Closed(
            call_id=self.call_id,
            at=clock.now(),
            close=close,
            summary=summary,
            lost=self.lost,
            lasted_ms=round((time.monotonic() - self._opened) * 1000),
        )
        self._journal.put(closed)

    def is_overdue(self) -> bool:
        """Return whether the call is open for longer than any call may be, by a clock that does not jump."""
        longest = settings.MAX_CALL_SECONDS + settings.CALL_MARGIN_SECONDS
        return not self._closed and time.monotonic() - self._opened > longest


class _Backoff:
    """When the database is tried again after it failed: after 0.1 s, then after twice as long each time."""

    def __init__(self) -> None:
        self.try_at = 0.0
        """On the monotonic clock."""
        self._away_since: float | None = None
        self._seconds = 0.0

    def record_failure(self, error: Exception) -> None:
        """Put the next try off, by `LONGEST_BACK_OFF` at most, and drop the connection: it may be broken."""
        connection.close()
        now = time.monotonic()
        if self._away_since is None:
            self._away_since, self._seconds = now, 0.1
            log.warning("The database does not take events (%s); they wait on disk.", type(error).__name__)
        self.try_at = now + self._seconds
        self._seconds = min(self._seconds * 2, LONGEST_BACK_OFF)

    def record_success(self) -> None:
        """End the outage, if there was one."""
        if self._away_since is not None:
            away = time.monotonic() - self._away_since
            log.warning("The database takes events again, after %.0f s; all of them are stored.", away)
            self._away_since, self.try_at = None, 0.0


class Journal(BackgroundWorker):
    """The journal of one process: its calls, and the thread that stores what they logged."""

    def __init__(self, *, capacity: int = CAPACITY) -> None:
        super().__init__(interval=INTERVAL)
        self.process_id = uuid4()
        self.accepted = self.stored = 0
        """Events: accepted, and in the database."""
        self.lost = self.left_out = 0
        """Events turned away, and per-second statistics left out, since the process began."""
        self.spool_writer = SpoolWriter(self.process_id, capacity=capacity, interval=INTERVAL)
        self.doings: deque[tuple[UUID, str]] = deque(maxlen=capacity)
        """What calls do, in order; the oldest go first, which are of no use later."""
        self._calls: dict[UUID, CallJournal] = {}
        self._unheld: set[UUID] = set()
        """Rows that no call held at the last look."""
        self._ended: set[UUID] = set()
        """Calls that are over; their rows still say that they are not."""
        self._backoff = _Backoff()
        self._sign_due = self._doing_due = self._orphans_due = 0.0
        self._logged_losses = self._written_losses = (0, 0)
        """Of `left_out` and `lost`: what our log says by now, and what the process's row says."""

    # --- the side of the calls: nothing here waits, except `register` ---

    def register(self) -> None:
        """Make this process known and start the threads. Writes to the database: not in the media loop.

        Raises `AWAY`; then the threads run, and the next sign of life makes it known.
        """
        self.start()
        self._give_sign_of_life()

    def open(self, call_id: UUID) -> CallJournal:
        """Return the journal of a call whose row has just been made."""
        opened = self._calls[call_id] = CallJournal(self, call_id)
        return opened

    def of(self, call_id: UUID) -> CallJournal:
        """Return the journal of a call that was opened; a new one if its end is stored already."""
        return self._calls.get(call_id) or CallJournal(self, call_id)

    def forget(self, call_id: UUID) -> None:
        """Drop a call that was opened and whose row is gone again, before anything of it was logged."""
        self._calls.pop(call_id, None)

    @property
    def ended(self) -> set[UUID]:
        """Return the calls that are over while their rows still say that they are on the line."""
        return self._ended.copy()

    def note_end(self, call_id: UUID) -> None:
        """Note that a call is over: its line is free, whether that is stored or not."""
        self._ended.add(call_id)

    def put(self, record: Record) -> None:
        """Accept a record."""
        self.accepted += isinstance(record, Logged)
        self.spool_writer.put(record)

    # --- the threads: begin and end ---

    def start(self) -> None:
        """Start both threads if they do not run."""
        super().start()
        self.spool_writer.start()

    def stop(self) -> bool:
        """Store what was accepted, or leave it on disk; end the threads. Return whether they have ended."""
        ended = super().stop()
        ended &= self.spool_writer.stop()
        if ended:  # else a thread is stuck with the spool, and the file's lock ends with the process
            self.spool_writer.close()
        return ended

    def look_for_orphans(self) -> None:
        """Start the threads if a process that is gone left a spool, so that it need not wait for a call."""
        if spool.has_files(spool.folder()):
            self.start()

    def finish(self) -> None:
        """Close every call that is open and store all records, as long as there is time (`pause`)."""
        for call in list(self._calls.values()):
            call.closed(_STOPPED, None)
        stored = False
        while not stored:
            self.spool_writer.work()
            try:
                self.spool_writer.drain(self._store, between=self._give_sign_of_life)
                stored = True
            except AWAY as error:
                self._backoff.record_failure(error)
                if not self.pause(0.2):
                    break
        log.info("The journal ends: events accepted=%d stored=%d.", self.accepted, self.stored)
        if waiting := self.spool_writer.waiting:
            log.warning("%d records wait on disk; the next start stores them.", waiting)
        else:
            heartbeat.process_stopped(self.process_id, database_time.now())
        self._sign_due = 0.0

    def left(self) -> int:
        """Return how many records are neither stored nor on disk."""
        return self.spool_writer.in_memory

    # --- the thread: from disk to the database ---

    def work(self) -> None:
        """Store what waits, write what calls do, give a sign of life; less often while the database fails."""
        self._close_overdue()
        self.spool_writer.work()
        began = time.monotonic()
        if began < self._backoff.try_at:
            return
        try:
            self._give_sign_of_life()
            self.spool_writer.drain(self._store, between=self._give_sign_of_life)
            if time.monotonic() >= self._orphans_due:
                self._orphans_due = time.monotonic() + ORPHAN_INTERVAL
                self._close_unheld()
                store_orphans(self._give_sign_of_life)  # a long file takes longer than a sign may be late
            if self.doings and time.monotonic() >= self._doing_due:
                self._doing_due = time.monotonic() + DOING_INTERVAL
                heartbeat.set_doing(dict(self.doings.popleft() for _ in range(len(self.doings))))
        except AWAY as error:
            self._backoff.record_failure(error)
        else:
            self._backoff.record_success()
        if (took := time.monotonic() - began) > SLOW:
            log.warning("The database was slow: %.0f s; meanwhile events waited on disk.", took)
        self._log_losses()

    def _close_overdue(self) -> None:
        """Close calls that have not ended by themselves: their loop hangs, or is gone."""
        for call in [call for call in list(self._calls.values()) if call.is_overdue()]:
            log.error("Call %s was open longer than any call may be; it ends here.", call.call_id)
            call.closed(_OVERDUE, None)
            call.on_closed_elsewhere()

    def _close_unheld(self) -> None:
        """Close rows of this process that no call of it holds at two looks: an error of our own left them.

        Raises `AWAY`.
        """
        live = Call.objects.filter(process=self.process_id, state=Call.State.LIVE)
        unheld = set(live.values_list("pk", flat=True)) - set(self._calls)
        for call_id in unheld & self._unheld:
            log.error("Call %s was opened and is held by no connection; it ends here.", call_id)
            CallJournal(self, call_id).closed(_UNHELD, None)
        self._unheld = unheld

    def _store(self, batch: list[Record], in_doubt: bool) -> None:
        """Store a batch, and end the calls that another process had closed. Raises `AWAY`."""
        closed_elsewhere = store(batch, tried_before=in_doubt)
        self.stored += sum(isinstance(record, Logged) for record in batch)
        for record in batch:
            if isinstance(record, Closed):
                self._calls.pop(record.call_id, None)
                self._ended.discard(record.call_id)
        for call_id in closed_elsewhere:
            if call := self._calls.pop(call_id, None):
                log.warning("Call %s was closed by somebody else; it ends here too.", call_id)
                call.on_closed_elsewhere()

    def _give_sign_of_life(self) -> None:
        now = time.monotonic()
        if now < self._sign_due:
            return
        losses = left_out, lost = self.left_out, self.lost
        waiting, is_new = self.spool_writer.waiting, losses != self._written_losses
        status = JournalStatus(waiting=waiting, left_out=left_out, lost=lost, is_new=is_new)
        heartbeat.give_sign_of_life(self.process_id, database_time.now(), status)
        self._written_losses = losses
        self._sign_due = now + HEARTBEAT

    def _log_losses(self) -> None:
        left_out, lost = self._logged_losses
        if self.lost > lost:
            log.error("%d events were turned away: too many at once.", self.lost - lost)
        if self.left_out > left_out:
            log.error("%d per-second statistics were left out.", self.left_out - left_out)
        self._logged_losses = (self.left_out, self.lost)


journal = Journal()
"""The journal of this process."""
