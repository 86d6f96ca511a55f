"""PURE: the platform's scheduler on a virtual clock, which jumps from one moment of interest to the next.

It keeps to what the scheduler in real time keeps to: each number's lines and calls a second, the platform's
hours, redials, the order in which messages fell due. A call is predicted; it takes two moments.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple

from sandbox.line.predicted_call import NOT_ANSWERED, PredictedCall
from sandbox.pacing import Redials, Trunk, Window, pick

Predict = Callable[[int, int, datetime], PredictedCall]
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
    predicted: PredictedCall
    record: int | None = None
    over: bool = False
    redial: datetime | None = None
    """When its message is dialled again, once it is over."""

    @property
    def ends_at(self) -> datetime:
        """Return when the call is over."""
        return self.predicted.ends_at(self.began)


@dataclass
class Queue:
    """Keep the messages of one template that wait, soonest first; later ones may not have been loaded."""

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
        """Return the message dialled next, None if none waits."""
        return self.waiting[0] if self.waiting else None

    @property
    def is_used_up(self) -> bool:
        """Return whether a message that was not loaded comes before every one that was."""
        return self.last is not None and (not self.waiting or self.waiting[0] > self.last)


class Exchange:
    """Run queues from `now` on. `calls`: those under way at the beginning, then all that began, in order."""

    def __init__(
        self,
        now: datetime,
        queues: list[Queue],
        live: Iterable[tuple[Dial, Queue, Trunk | None]],
        *,
        window: Window | None,
        room: int,
        predict: Predict,
    ) -> None:
        self.now, self._queues = now, queues
        self._window, self._predict = window, predict
        self._order = count()
        self._live = [(call.ends_at, next(self._order), call, queue, trunk) for call, queue, trunk in live]
        heapify(self._live)
        self._room = room - len(self._live)
        self.calls = [entry[2] for entry in self._live]
        self.unroutable: list[int] = []

    def run(self, until: datetime | None) -> bool:
        """Run until that moment (None: as long as there is work). Returns False if more must be loaded."""
        while True:
            if self._window is None or self._window.holds(self.now):
                for queue in self._queues:
                    self._dial_due(queue)
            if any(queue.is_used_up for queue in self._queues):
                return False
            moment = self._next_moment()
            if moment is None or (until is not None and moment > until):
                self.now = max(self.now, until or self.now)
                return True
            self.now = moment
            self._end_due_calls()

    def _dial_due(self, queue: Queue) -> None:
        """Begin the calls of a queue that are due, as far as its numbers and the platform have room."""
        while queue.waiting and queue.waiting[0].due <= self.now and not queue.is_used_up:
            if not queue.trunks:
                self.unroutable.append(heappop(queue.waiting).message)
                continue
            trunk = pick(queue.trunks, self.now, queue.waiting[0].message) if self._room > 0 else None
            if trunk is None:
                return
            trunk.take(self.now)
            self._room -= 1
            _, message, dials = heappop(queue.waiting)
            predicted = self._predict(message, dials + 1, self.now)
            call = Dial(message, trunk.number, dials + 1, self.now, predicted)
            heappush(self._live, (call.ends_at, next(self._order), call, queue, trunk))
            self.calls.append(call)

    def _end_due_calls(self) -> None:
        while self._live and self._live[0][0] <= self.now:
            _, _, call, queue, trunk = heappop(self._live)
            self._room += 1
            if trunk is not None:
                trunk.release()
            call.over = True
            if call.predicted.how in NOT_ANSWERED:
                call.redial = queue.redials.next_after(call.attempt, call.ends_at)
            if call.redial is not None:
                heappush(queue.waiting, Waiting(call.redial, call.message, call.attempt))

    def _next_moment(self) -> datetime | None:
        """Return the first moment after `now` at which something can happen; None if nothing ever will."""
        moments = [self._live[0][0]] if self._live else []
        for queue in self._queues:
            first = queue.next
            if first is None:
                continue
            due = max(first.due, self.now)
            opening = self._window.next_opening(due) if self._window else due
            if opening > self.now:
                moments.append(opening)
            else:
                # Calls that end give further moments, which are in `moments` already.
                free = (trunk.free_at(self.now) for trunk in queue.trunks)
                moments += [moment for moment in free if moment is not None and moment > self.now]
        return min(moments, default=None)
