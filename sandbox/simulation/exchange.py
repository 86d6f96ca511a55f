"""PURE: the platform's scheduler on a virtual clock, which goes from one moment of interest to the next.

It holds what the scheduler in real time holds, too: each number's lines and calls a second, the platform's
hours, redials, the order in which messages fell due. What a call brings is foretold; a call is two moments.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple

from sandbox.line.predicted_call import NOT_ANSWERED, PredictedCall
from sandbox.pacing import Redials, Trunk, Window, pick

Foretell = Callable[[int, int, datetime], PredictedCall]
"""(message, attempt, when) → how that call goes."""


class Waiting(NamedTuple):
    """A message that is to be dialled at `due`, after so many `dials`. Sorted as it is dialled."""

    due: datetime
    message: int
    dials: int


@dataclass
class Dial:
    """One dial of one message. `record`: its row, if it has one already."""

    message: int
    number: str
    attempt: int
    began: datetime
    foretold: PredictedCall
    record: int | None = None
    over: bool = False
    redial: datetime | None = None
    """When its message is dialled again, once it is over."""

    @property
    def ends_at(self) -> datetime:
        return self.foretold.ends_at(self.began)


@dataclass
class Queue:
    """The messages of one template, of which only the first may have been loaded."""

    trunks: list[Trunk]
    redials: Redials
    waiting: list[Waiting]
    whole: bool
    """Whether every message that waits is here."""
    last: Waiting | None = field(init=False)

    def __post_init__(self) -> None:
        heapify(self.waiting)
        self.last = None if self.whole else max(self.waiting)

    @property
    def next(self) -> Waiting | None:
        return self.waiting[0] if self.waiting else None

    @property
    def is_used_up(self) -> bool:
        """Whether a message that was not loaded comes before every one that was."""
        return self.last is not None and (not self.waiting or self.waiting[0] > self.last)


class Exchange:
    """Runs queues from `now` on. `calls`: those under way at the beginning, then all that began, in order."""

    def __init__(
        self,
        now: datetime,
        queues: list[Queue],
        live: Iterable[tuple[Dial, Queue, Trunk | None]],
        *,
        window: Window | None,
        room: int,
        predict: Foretell,
    ) -> None:
        self.now, self._queues = now, queues
        self._window, self._foretell = window, predict
        self._order = count()
        self._live = [(call.ends_at, next(self._order), call, queue, trunk) for call, queue, trunk in live]
        heapify(self._live)
        self._room = room - len(self._live)
        self.calls = [entry[2] for entry in self._live]
        self.unroutable: list[int] = []

    def run(self, until: datetime | None) -> bool:
        """Go on until that moment (None: while there is something to do); False if more must be loaded."""
        while True:
            self._dial()
            if any(queue.is_used_up for queue in self._queues):
                return False
            moment = self._next_moment()
            if moment is None or (until is not None and moment > until):
                self.now = max(self.now, until or self.now)
                return True
            self.now = moment
            self._hang_up()

    def _dial(self) -> None:
        if self._window is not None and not self._window.holds(self.now):
            return
        for queue in self._queues:
            while self._is_due(queue) and self._dial_one(queue):
                pass

    def _is_due(self, queue: Queue) -> bool:
        first = queue.next
        return first is not None and first.due <= self.now and not queue.is_used_up

    def _dial_one(self, queue: Queue) -> bool:
        """Begin the first call of a queue, if a number and the platform have room for it."""
        if not queue.trunks:
            self.unroutable.append(heappop(queue.waiting).message)
            return True
        trunk = pick(queue.trunks, self.now, queue.waiting[0].message) if self._room > 0 else None
        if trunk is None:
            return False
        self._begin(queue, heappop(queue.waiting), trunk)
        return True

    def _begin(self, queue: Queue, waiting: Waiting, trunk: Trunk) -> None:
        trunk.take(self.now)
        self._room -= 1
        attempt = waiting.dials + 1
        foretold = self._foretell(waiting.message, attempt, self.now)
        call = Dial(waiting.message, trunk.number, attempt, self.now, foretold)
        heappush(self._live, (call.ends_at, next(self._order), call, queue, trunk))
        self.calls.append(call)

    def _hang_up(self) -> None:
        """End every call whose time has come."""
        while self._live and self._live[0][0] <= self.now:
            _, _, call, queue, trunk = heappop(self._live)
            self._room += 1
            if trunk is not None:
                trunk.release()
            self._settle(call, queue)

    def _settle(self, call: Dial, queue: Queue) -> None:
        call.over = True
        if call.foretold.how in NOT_ANSWERED:
            call.redial = queue.redials.next_after(call.attempt, call.ends_at)
        if call.redial is not None:
            heappush(queue.waiting, Waiting(call.redial, call.message, call.attempt))

    def _next_moment(self) -> datetime | None:
        """The first moment after `now` at which something can happen; None if nothing ever will."""
        moments = [self._live[0][0]] if self._live else []
        for queue in self._queues:
            moments += self._chances(queue)
        return min(moments, default=None)

    def _chances(self, queue: Queue) -> list[datetime]:
        """When the first message of a queue may be dialled, as far as that needs no call to end first."""
        first = queue.next
        if first is None:
            return []
        due = max(first.due, self.now)
        opening = self._window.next_opening(due) if self._window else due
        if opening > self.now:
            return [opening]
        free = (trunk.free_at(self.now) for trunk in queue.trunks)
        return [moment for moment in free if moment is not None and moment > self.now]
