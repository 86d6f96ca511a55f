"""Where connections of this process ask to be admitted: all that wait are answered together, and in time.

Opening a call locks its number, so calls of one number can only be opened one after the other. Here they are
opened in one transaction, as many as have come meanwhile. Whatever the database does, a connection gets its
answer within `ADMISSION_SECONDS`: a platform that hears "busy" tries again, one that hears nothing waits.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.db import Error as DatabaseFailure

from calls.conversation.outputs import Close, Ending
from calls.events.journal import Journal
from calls.media.admission import Admitted, ConnectionRequest, Refused, admit_all
from calls.media.database_threads import admissions
from calls.media.intake import Intake
from calls.media.loop_busy import LoopBusy
from calls.media.loop_lag import LoopLag

ADMISSION_SECONDS = 1.5
"""Daphne gives a handshake 5 s (`--websocket_connect_timeout`), and drops it then without an HTTP answer."""
MOST_LAG_SECONDS = 0.3
"""For ten turns of the loop, on average: a loop that is slower has more calls than it can hold, and another
would make all of them stutter."""
MOST_BUSY = 0.9
"""Of its core: the calls on the line leave no room for another. The lag shows this only once those who were
let in meanwhile are too many: in `make crowd` on a slow core Daphne's answers took 3 s."""
MOST_TOGETHER = 100

_GIVEN_UP = Close(
    code=None, ended_by=Ending.CONNECTION, reason="The connection was given up before the call began."
)
_TOO_MANY = Refused("A connection was refused: more callers come than can be served at once.", busy=True)


@dataclass(slots=True)
class _Waiting:
    """A connection that asks. Its answer is set in the loop."""

    request: ConnectionRequest
    journal: Journal
    answer: "asyncio.Future[Admitted | Refused]"


class AdmissionDesk:
    """The desk of one process. All methods are called in its loop, and none waits for the database."""

    def __init__(self) -> None:
        self._intake, self._lag, self._busy = Intake(), LoopLag(), LoopBusy()
        self._waiting: list[_Waiting] = []
        self._working: asyncio.Task[None] | None = None

    async def admit(
        self, request: ConnectionRequest, *, journal: Journal, seconds: float = ADMISSION_SECONDS
    ) -> Admitted | Refused:
        """Return the answer to a connection; `Refused` after `seconds`, or if the database fails.

        Who is admitted is under way until `release` is called. A call opened too late is closed again.
        """
        loop = asyncio.get_running_loop()
        busy = self._busy.share(loop.time(), time.thread_time())
        if busy > MOST_BUSY or self._lag.seconds() > MOST_LAG_SECONDS or not self._intake.enter(loop.time()):
            return _TOO_MANY
        waiting = _Waiting(request, journal, loop.create_future())
        self._waiting.append(waiting)
        working = self._working
        if working is None or working.done() or working.get_loop() is not loop:
            self._working = loop.create_task(self._answer_all())
        answer: Admitted | Refused | None = None
        try:
            async with asyncio.timeout(seconds):
                answer = await waiting.answer
        except TimeoutError:
            answer = Refused(
                f"A connection was refused: the database did not answer within {seconds:g} s.", busy=True
            )
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            if not isinstance(answer, Admitted):
                self.release()
        return answer

    def release(self) -> None:
        """Note that the caller of an admitted call has heard the agent, or is gone."""
        self._intake.leave(asyncio.get_running_loop().time())

    async def _answer_all(self) -> None:
        """Answer those who wait, in order; busy to all of a batch if the database fails."""
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            requests = [waiting.request for waiting in batch]
            answers: Sequence[Admitted | Refused]
            try:
                answers = await admissions.run(partial(admit_all, requests, journal=batch[0].journal))
            except DatabaseFailure as error:
                failed = f"A connection was refused: the database failed ({type(error).__name__})."
                answers = [Refused(failed, busy=True)] * len(batch)
            for waiting, answer in zip(batch, answers, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(answer)
                elif isinstance(answer, Admitted):
                    waiting.journal.of(answer.call_id).closed(_GIVEN_UP, None)


admission_desk = AdmissionDesk()
"""Of this process."""
