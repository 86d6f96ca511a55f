"""The journal of live calls: takes down what happens without ever making the media loop wait.

The loop appends to a bounded deque; one thread a process stores it in batches, a transaction each, and
gives the process's signs of life. While the database is away the batches wait, in order, and are tried
again; nothing that was accepted is lost as long as the process lives.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from uuid import UUID, uuid4

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from calls import services
from calls.backroom import Backroom
from calls.records import Closed, Identified, Identity, Logged, Record
from calls.steps import Close, Ending, Entry, EntryKind, Summary
from campaigns import clock

log = logging.getLogger(__name__)

BATCH = 200
INTERVAL = 0.1
HEARTBEAT = 2.0
DOING_INTERVAL = 1.0
CAPACITY = 50_000
"""Events that may wait while the database is away: some minutes of some hundred calls."""
MOST_EVENTS_A_CALL = 5_000
LONGEST_BACK_OFF = 5.0
ALWAYS_KEPT = frozenset({EntryKind.ANSWER, EntryKind.OUTCOME, EntryKind.OPT_OUT, EntryKind.END})

_REFUSALS = (DatabaseError, ObjectDoesNotExist, ValueError, TypeError, LookupError)
_STOPPED = Close(code=None, ended_by=Ending.SERVER, reason="Our server was stopped during the call.")


class CallLog:
    """One call's page in the journal. All methods return at once; none touches the database."""

    def __init__(self, journal: "Journal", call_id: UUID) -> None:
        self.call_id = call_id
        self.lost = 0
        self.on_closed_elsewhere: Callable[[], None] = _nothing
        self._journal = journal
        self._opened = time.monotonic()
        self._sequence = 0
        self._doing = ""
        self._ended = self._closed = False

    def log(self, entries: Iterable[Entry]) -> None:
        """Take down lines of the log. What is too much is counted, and the call's row will say so."""
        for entry in entries:
            if entry.kind not in ALWAYS_KEPT and self._is_full():
                self.lost += 1
                self._journal.lost += 1
                continue
            self._sequence += 1
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
            data = {"ended_by": close.ended_by.value}
            self.log([Entry(kind=EntryKind.END, at_ms=at_ms, text=close.reason, data=data)])
        self._closed = True
        self._journal.put(
            Closed(call_id=self.call_id, at=clock.now(), close=close, summary=summary, lost=self.lost)
        )

    def _is_full(self) -> bool:
        return self._sequence >= MOST_EVENTS_A_CALL or self._journal.is_full


class Journal(Backroom):
    """The journal of one process."""

    def __init__(self, *, capacity: int = CAPACITY) -> None:
        super().__init__(interval=INTERVAL)
        self.process_id = uuid4()
        self.lost = 0
        self._capacity = capacity
        self._records: deque[Record] = deque()
        self._doings: deque[tuple[UUID, str]] = deque()
        self._calls: dict[UUID, CallLog] = {}
        self._alive_until = self._doing_due = 0.0
        self._lost_said = 0

    # --- the side of the calls: nothing here waits, except `register` and `open` ---

    def register(self) -> None:
        """Make this process known and start the thread. Writes to the database: not in the media loop."""
        self.start()
        self._give_sign_of_life()

    def open(self, call_id: UUID) -> CallLog:
        """A page for a call whose row has just been made."""
        page = self._calls[call_id] = CallLog(self, call_id)
        return page

    def page(self, call_id: UUID) -> CallLog:
        """The page of a call that was opened; a new one if it has left the journal already."""
        return self._calls.get(call_id) or CallLog(self, call_id)

    def forget(self, call_id: UUID) -> None:
        """A call that was opened and whose row is gone again, without a word written on its page."""
        self._calls.pop(call_id, None)

    def put(self, record: Record) -> None:
        """Accept a record."""
        self._records.append(record)

    def note_doing(self, call_id: UUID, text: str) -> None:
        """Accept what a call is doing; only the latest word of a second is stored."""
        self._doings.append((call_id, text))

    @property
    def is_full(self) -> bool:
        """Whether ordinary events are turned away for now."""
        return len(self._records) >= self._capacity

    # --- the side of the thread ---

    def work(self) -> None:
        """Store what is waiting, show what goes on, and live."""
        self._give_sign_of_life()
        while self._records and self._store(self._next_batch()):
            self._give_sign_of_life()
        self._store_doing()
        self._say_losses()

    def finish(self) -> None:
        """The process ends: no call of it stays open."""
        for page in list(self._calls.values()):
            page.closed(_STOPPED, None)
        while self._records and self._store(self._next_batch()):
            pass
        services.process_stopped(self.process_id, clock.now())
        self._alive_until = 0.0

    def left(self) -> int:
        """Records that are not stored."""
        return len(self._records)

    def _next_batch(self) -> list[Record]:
        return [self._records[index] for index in range(min(BATCH, len(self._records)))]

    def _store(self, batch: list[Record]) -> bool:
        """Store a batch, however often it takes; False if the process ends before that."""
        back_off, tried = 0.1, False
        while True:
            try:
                closed_elsewhere = services.write(batch, tried_before=tried)
            except (OperationalError, InterfaceError) as error:
                log.warning("The database does not take events (%s); trying again.", type(error).__name__)
                connection.close()
            except _REFUSALS as error:
                log.error("A batch of events was refused (%s); call by call now.", type(error).__name__)
                closed_elsewhere = self._store_call_by_call(batch)
                break
            else:
                break
            if not self.pause(back_off):
                return False
            back_off, tried = min(back_off * 2, LONGEST_BACK_OFF), True
        self._stored(batch, closed_elsewhere)
        return True

    def _store_call_by_call(self, batch: list[Record]) -> set[UUID]:
        """What cannot be stored at all costs its own call its events, and no other."""
        closed_elsewhere: set[UUID] = set()
        for call_id, group in services.by_call(batch).items():
            try:
                closed_elsewhere |= services.write(group)
            except OperationalError:
                raise  # the rest stays in the queue; what is stored already is refused as a duplicate then
            except _REFUSALS as error:
                log.error("%d records of call %s are lost: %s", len(group), call_id, type(error).__name__)
                self._close_bare(group)
        return closed_elsewhere

    def _close_bare(self, group: list[Record]) -> None:
        """The end of a call is stored even if the events beside it could not be."""
        ends = [record for record in group if isinstance(record, Closed)]
        if ends and len(group) > len(ends):
            self._store_call_by_call(list(ends))

    def _stored(self, batch: list[Record], closed_elsewhere: set[UUID]) -> None:
        for _ in batch:
            self._records.popleft()
        for record in batch:
            if isinstance(record, Closed):
                self._calls.pop(record.call_id, None)
        for call_id in closed_elsewhere:
            if page := self._calls.pop(call_id, None):
                log.warning("Call %s was closed by somebody else; it ends here too.", call_id)
                page.on_closed_elsewhere()

    def _store_doing(self) -> None:
        now = time.monotonic()
        if self._doings and now >= self._doing_due:
            latest = dict(self._doings.popleft() for _ in range(len(self._doings)))
            self._doing_due = now + DOING_INTERVAL
            services.set_doing(latest)

    def _give_sign_of_life(self) -> None:
        now = time.monotonic()
        if now >= self._alive_until:
            services.give_sign_of_life(self.process_id, clock.now())
            self._alive_until = now + HEARTBEAT

    def _say_losses(self) -> None:
        if self.lost > self._lost_said:
            log.error("%d events were turned away: too many at once.", self.lost - self._lost_said)
            self._lost_said = self.lost


def _nothing() -> None:
    """Nobody wants to know."""


journal = Journal()
"""The journal of this process."""
