"""The media loop of one answered call: one frame every 20 ms to the agent, and what the agent sends.

Slots are absolute (`t0 + n × 20 ms`), so lateness never adds up, and those of different calls are spread over
the 20 ms, so that they do not wait for each other. Nothing but the socket's own send stands in the loop; what
happened goes to the database when the call is over. Times are `time.monotonic`, not the loop's, which some
loops read once a turn: that would hide lateness.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from calls.protocol.errors import ProtocolError
from sandbox.conformance.inspector import Inspector
from sandbox.line.faults import BadLine, LineFault
from sandbox.line.leg import Ended, Leg
from sandbox.line.observations import STUCK, Answered, GivenUp
from sandbox.line.playout import SLOT_S
from sandbox.line.quirks import Shaper
from sandbox.platform.agent_socket import CLOSE_S

LATE_S = 0.005
GIVE_UP_BEHIND_S = 1.0
"""A call this far behind (stopped machine, agent that does not read) skips ahead: speech is not stored."""
STUCK_S = 5.0
FRAMES_BETWEEN_CHECKS = 50
FRAMES_BEFORE_OTHERS = 16
"""An agent that floods lets the other calls have their turn after this many frames."""
PING_EVERY_S = 0.5
CUT_WORDS = {
    LineFault.CUT: "The line was cut by a fault, without a stop.",
    LineFault.STOP_THEN_CUT: "The line was cut by a fault, right behind the stop.",
    LineFault.CLOSE_WITHOUT_STOP: "The connection was closed by a fault, without a stop.",
}


@dataclass
class LiveCall:
    """Run one answered call on its open socket: `run`, then `hang_up` in every case."""

    socket: ClientConnection
    leg: Leg
    shaper: Shaper
    bad_line: BadLine
    inspector: Inspector | None = None
    late: int = 0
    """Slots sent more than 5 ms after their time."""
    skipped: int = 0
    """Slots that were not sent at all."""
    began: float = 0.0
    _closed: bool = field(default=False, init=False)

    async def run(
        self, custom_parameters: dict[str, str], *, phase: float, stuck_s: float, linger_s: float
    ) -> None:
        """Send and read until the call has ended; after stop wait at most `linger_s` for the agent's close.

        `phase` (0 to 1) is where in the 20 ms that all calls share this one has its slots. With an inspector
        the agent is pinged; one that answers no ping for `stuck_s` seconds is given up.
        """
        reader = asyncio.create_task(self._read())
        tasks = {reader}
        try:
            await asyncio.sleep(self.shaper.delay_s)
            self.began = monotonic()
            opening = self.leg.opened(custom_parameters, self.began)
            if self.inspector and not self.bad_line.will_stop_reading:
                tasks.add(asyncio.create_task(self._ping(self.inspector, stuck_s)))
            await self._pace(opening, phase)
            if linger_s and self.leg.stopped:
                await asyncio.wait([reader], timeout=linger_s)
        except ProtocolError as error:
            text = f"The start message cannot be sent: {error}"
            self.leg.fail(Ended.PLATFORM_FAILED, text, monotonic())
        except asyncio.CancelledError:
            # Only the end of the process cancels: the agent gets a stop, and the outcome is still reported.
            reason = "The platform is stopping."
            with contextlib.suppress(TimeoutError, ProtocolError):
                async with asyncio.timeout(1):
                    await self._send(self.leg.stop(Ended.PLATFORM_RESTARTED, reason, monotonic()))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def hang_up(self) -> None:
        """Close the socket in at most 3 s; an agent that does not answer the close loses its connection."""
        try:
            async with asyncio.timeout(CLOSE_S + 1):
                await self.socket.close()
        except TimeoutError:
            self.socket.transport.abort()

    def figures(self) -> dict[str, Any]:
        """Return what was counted, by the names of CallRecord's columns."""
        leg, playout = self.leg, self.leg.playout.figures
        return {
            "frames_sent": leg.frames_sent,
            "frames_late": self.late,
            "media_received": leg.media_received,
            "heard_ms": playout.heard_ms,
            "dropped_ms": playout.dropped_ms,
            "underruns": playout.underruns,
            "marks_received": leg.marks_received,
            "marks_returned": leg.marks_returned,
            "clears": leg.clears,
            "digits": leg.digits,
            "containers": ",".join(sorted(leg.containers)),
            "close_code": self.socket.close_code,
            "problems": dict(leg.problems) | ({"slots_skipped": self.skipped} if self.skipped else {}),
            "story": leg.story,
        }

    async def _pace(self, opening: list[str], phase: float) -> None:
        """Send the opening and then one slot every 20 ms until the call has ended, by a line's fault too."""
        loop, leg = asyncio.get_running_loop(), self.leg
        first = (self.began // SLOT_S + 1 + phase) * SLOT_S
        slot = 0
        try:
            async with asyncio.timeout(STUCK_S) as timeout:
                await self._send(opening)
                while leg.ending is None:
                    due = first + slot * SLOT_S
                    delay = due - monotonic()
                    if delay > 0:
                        await asyncio.sleep(delay)
                    missed = int(-delay / SLOT_S) if delay < -GIVE_UP_BEHIND_S else 0
                    self.skipped += missed
                    slot += missed
                    await self._send(leg.tick(monotonic()))
                    fault = self.bad_line.end_due(monotonic())
                    if fault is not None and leg.ending is None:
                        if fault is LineFault.STOP_THEN_CUT:
                            await self._send(leg.stop(Ended.LINE_CUT, CUT_WORDS[fault], monotonic()))
                        leg.fail(Ended.LINE_CUT, CUT_WORDS[fault], monotonic())
                        if fault is not LineFault.CLOSE_WITHOUT_STOP:
                            self._closed = True
                            self.socket.transport.abort()
                    self.late += monotonic() - due > LATE_S
                    slot += 1
                    if slot % FRAMES_BETWEEN_CHECKS == 0:
                        timeout.reschedule(loop.time() + STUCK_S)
        except TimeoutError:
            self._give_up(f"The agent read nothing for {STUCK_S:g} seconds.")

    async def _read(self) -> None:
        """Pass what the agent sends to the leg, letting other calls run in between."""
        # Only an inspector wants to tell text from binary frames: decoding costs.
        decode = None if self.inspector else False
        read = 0
        try:
            while self.bad_line.reads(monotonic()):
                frame = await self.socket.recv(decode=decode)
                await self._send(self.leg.received(frame, monotonic()))
                read += 1
                if read % FRAMES_BEFORE_OTHERS == 0:
                    await asyncio.sleep(0)
        except ConnectionClosed:
            self._note_close()
        except ProtocolError as error:
            self.leg.fail(Ended.PLATFORM_FAILED, f"A frame cannot be answered: {error}", monotonic())

    async def _ping(self, inspector: Inspector, stuck_s: float) -> None:
        """Measure whether the agent reads: a ping waits behind the frames it has not read."""
        try:
            while True:
                await asyncio.sleep(PING_EVERY_S)
                began = monotonic()
                async with asyncio.timeout(stuck_s):
                    await (await self.socket.ping())
                inspector.note(Answered(monotonic(), monotonic() - began))
        except TimeoutError:
            self._give_up(f"The agent answered no ping for {stuck_s:g} seconds: it does not read.")
        except ConnectionClosed:
            return

    async def _send(self, frames: list[str]) -> None:
        try:
            for frame in self.bad_line.pass_on(self.shaper.shape(frames), monotonic()):
                await self.socket.send(frame)
        except ConnectionClosed:
            self._note_close()

    def _note_close(self) -> None:
        if not self._closed:
            self._closed = True
            self.leg.agent_closed(self.socket.close_code, monotonic())

    def _give_up(self, reason: str) -> None:
        now = monotonic()
        if self.inspector and self.leg.ending is None:
            self.inspector.note(GivenUp(now, STUCK, reason))
        self.leg.fail(Ended.AGENT_STUCK, reason, now)
