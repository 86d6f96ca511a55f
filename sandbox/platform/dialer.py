"""One call: ring, connect to the agent's WebSocket, hold the line at 20 ms a frame, hang up, report.

Slots are absolute (`t0 + n × 20 ms`), so lateness never adds up, and those of different calls are spread over
the 20 ms, so that they do not wait for each other. Nothing but the socket's own send stands in the loop; what
happened goes to the database when the call is over. Times are `time.monotonic`, not the loop's, which some
loops read once a turn: that would hide lateness.
"""

import asyncio
import contextlib
import gc
import logging
import random
import socket
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, cycle
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from calls.audio import mix, wav
from calls.protocol.errors import ProtocolError
from calls.protocol.stream import PlatformStream
from sandbox import clock
from sandbox.conformance.checks import STUCK, UNREACHABLE, Inspector
from sandbox.line import faults
from sandbox.line.faults import BadLine, LineFault
from sandbox.line.handset import Handset
from sandbox.line.leg import Ended, Leg
from sandbox.line.observations import Answered, GivenUp
from sandbox.line.playout import SLOT_S
from sandbox.line.predicted_call import NOT_REACHED
from sandbox.line.quirks import Quirk, Shaper
from sandbox.people.people import ScriptRunner
from sandbox.platform import audio_levels
from sandbox.platform.clips import Library
from sandbox.platform.store import Order, Outcome

log = logging.getLogger("sandbox.platform.dialer")
LATE_S = 0.005
GIVE_UP_BEHIND_S = 1.0
"""A line this far behind (stopped machine, agent that does not read) skips ahead: speech is not stored."""
STUCK_S = 5.0
FRAMES_BETWEEN_CHECKS = 50
FRAMES_BEFORE_OTHERS = 16
"""An agent that floods lets the other calls have their turn after this many frames."""
CLOSE_S = 2.0
PING_EVERY_S = 0.5
COLLECT_SELDOM = (20_000, 50, 50)
GOLDEN = 0.6180339887498949
"""Multiples of it, modulo 1, lie evenly however many there are: the phases of the calls."""
MOST_FRAME_BYTES = 4 * 2**20
EAR_BYTES, EAR_SEGMENT = 4096, 536
CUT_WORDS = {
    LineFault.CUT: "The line was cut by a fault, without a stop.",
    LineFault.STOP_THEN_CUT: "The line was cut by a fault, right behind the stop.",
    LineFault.CLOSE_WITHOUT_STOP: "The connection was closed by a fault, without a stop.",
}


@dataclass(frozen=True)
class DialerSettings:
    longest_s: float
    handshake_s: float
    record_to: Path | None = None
    linger_s: float = 0.0
    """How long to listen to the agent after stop, to see what it does. 0: close at once."""
    quirks: frozenset[Quirk] = frozenset()
    stuck_s: float = STUCK_S


@dataclass
class Line:
    """What one answered call holds while it lasts."""

    socket: ClientConnection
    leg: Leg
    shaper: Shaper
    bad: BadLine
    inspector: Inspector | None = None
    late: int = 0
    skipped: int = 0
    answered_at: datetime = field(default_factory=clock.now)
    began: float = 0.0
    closed: bool = False


class Unreachable(Exception):
    """The agent's WebSocket could not be opened; the text says why, without the address's secret."""


class Dialer:
    """Makes calls. Holds no state between them but the people's voices."""

    def __init__(self, library: Library, settings: DialerSettings) -> None:
        self._library, self._settings = library, settings
        self._turns = count()

    async def ring(self, order: Order) -> Outcome | None:
        """Let it ring. None when somebody picks up, else how it ended. Who rings us is connected at once."""
        if order.inbound:
            return None
        low, high = order.person.ring_s
        luck = _luck(order, "ring")
        await asyncio.sleep(luck.uniform(low, high))
        ended = NOT_REACHED.get(order.person.picks_up)
        return Outcome(*ended) if ended else None

    async def talk(
        self, order: Order, inspector: Inspector | None = None, handset: Handset | None = None
    ) -> Outcome:
        """The answered call, from the handshake to the hang-up; a cancelled one is told to the agent.

        An inspector sees all of it. With a handset its holder is the person, whoever the order names.
        """
        answered_at = clock.now()
        bad = BadLine(faults.read(order.faults), _luck(order, "line"))
        try:
            connected = await self._connect(order.stream_url, deaf=bad.will_stop_reading)
        except Unreachable as error:
            if inspector:
                inspector.note(GivenUp(0.0, UNREACHABLE, str(error)))
            return Outcome(Ended.AGENT_UNREACHABLE, str(error), answered_at)
        line = Line(
            connected,
            self._leg(order, inspector, handset),
            Shaper(self._settings.quirks),
            bad,
            inspector,
            answered_at=answered_at,
        )
        try:
            audio_levels.LEGS[order.record] = line.leg
            await self._hold(line, order)
        finally:
            audio_levels.LEGS.pop(order.record, None)
            await _hang_up(line)
        return self._outcome(line, order)

    def _leg(self, order: Order, inspector: Inspector | None, handset: Handset | None) -> Leg:
        noise = cycle(self._library.background(order.person.noise_dbfs))
        return Leg(
            PlatformStream(order.stream_sid, order.call_sid),
            handset or ScriptRunner(order.person, _luck(order, "mind")),
            self._library.speaker(order.person.language or order.language),
            longest_s=self._settings.longest_s,
            background=handset.voice() if handset else noise,
            hear=handset.hear if handset else None,
            record=self._settings.record_to is not None,
            watch=inspector.note if inspector else None,
        )

    async def _connect(self, url: str, *, deaf: bool) -> ClientConnection:
        wait = self._settings.handshake_s
        try:
            async with asyncio.timeout(wait):
                return await connect(
                    url,
                    sock=await _small_ear(url) if deaf else None,
                    compression=None,
                    proxy=None,
                    open_timeout=None,
                    close_timeout=CLOSE_S,
                    max_size=MOST_FRAME_BYTES,
                    max_queue=4,
                    user_agent_header="Awaaz sandbox",
                )
        except TimeoutError as error:
            raise Unreachable(
                f"The agent did not finish the WebSocket handshake in {wait:g} seconds."
            ) from error
        except InvalidStatus as error:
            status = error.response.status_code
            raise Unreachable(f"The agent answered HTTP {status} instead of opening a WebSocket.") from error
        except InvalidURI as error:
            raise Unreachable(
                "The stream address of the caller number is not a WebSocket address."
            ) from error
        except InvalidHandshake as error:
            raise Unreachable("The agent's answer is not a WebSocket handshake.") from error
        except OSError as error:
            # gaierror carries the host name only in our own URL, so strerror is safe to show.
            raise Unreachable(
                f"The agent cannot be reached: {error.strerror or 'connection failed'}."
            ) from error

    async def _hold(self, line: Line, order: Order) -> None:
        reader = asyncio.create_task(_read(line))
        tasks = {reader}
        try:
            await asyncio.sleep(line.shaper.delay_s)
            line.began = monotonic()
            opening = line.leg.opened(order.custom_parameters, line.began)
            if line.inspector and not line.bad.will_stop_reading:
                tasks.add(asyncio.create_task(_ping(line, line.inspector, self._settings.stuck_s)))
            await _pace(line, opening, phase=next(self._turns) * GOLDEN % 1)
            await self._linger(line, reader)
        except ProtocolError as error:
            text = f"The start message cannot be sent: {error}"
            line.leg.fail(Ended.PLATFORM_FAILED, text, monotonic())
        except asyncio.CancelledError:
            # Only the end of the process cancels: the agent hears of it, and the outcome is still reported.
            await _send_stop(line)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _linger(self, line: Line, reader: "asyncio.Task[None]") -> None:
        """After stop, see what the agent does until it closes."""
        if self._settings.linger_s and line.leg.stopped:
            await asyncio.wait([reader], timeout=self._settings.linger_s)

    def _outcome(self, line: Line, order: Order) -> Outcome:
        leg, figures = line.leg, line.leg.playout.figures
        ending = leg.ending
        if ending is None:
            return Outcome(Ended.PLATFORM_FAILED, "The call ended without a reason.", line.answered_at)
        duration_ms = round((monotonic() - line.began) * 1000)
        counted: dict[str, Any] = {
            "frames_sent": leg.frames_sent,
            "frames_late": line.late,
            "media_received": leg.media_received,
            "heard_ms": figures.heard_ms,
            "dropped_ms": figures.dropped_ms,
            "underruns": figures.underruns,
            "marks_received": leg.marks_received,
            "marks_returned": leg.marks_returned,
            "clears": leg.clears,
            "digits": leg.digits,
            "containers": ",".join(sorted(leg.containers)),
            "close_code": line.socket.close_code,
            "problems": dict(leg.problems) | ({"slots_skipped": line.skipped} if line.skipped else {}),
            "story": leg.story,
            "recording": self._record(leg, order),
        }
        return Outcome(ending.how, ending.reason, line.answered_at, duration_ms, counted)

    def _record(self, leg: Leg, order: Order) -> str:
        """A stereo WAV of what the person heard (left) and said (right), if the setting asks for it."""
        folder = self._settings.record_to
        if folder is None or not leg.recorded:
            return ""
        heard = b"".join(sound.heard for sound in leg.recorded)
        said = b"".join(sound.said for sound in leg.recorded)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"call-{order.record}.wav"
        path.write_bytes(wav.wrap(mix.stereo(heard, said), channels=2))
        return path.name


def settle_memory() -> None:
    """Once everything is loaded: a full collection of the frameworks' objects stops all calls for 50 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_SELDOM)


def _luck(order: Order, part: str) -> random.Random:
    """The same dice for the same call and part of it, so that a run repeats."""
    return random.Random(f"{order.seed}:{order.to}:{order.attempt}:{part}")


async def _pace(line: Line, opening: list[str], *, phase: float) -> None:
    """Send the opening and then one slot every 20 ms until the call has ended.

    `phase` (0 to 1): where in the 20 ms that all calls share this one has its slots.
    """
    loop, leg = asyncio.get_running_loop(), line.leg
    first = (line.began // SLOT_S + 1 + phase) * SLOT_S
    slot = 0
    try:
        async with asyncio.timeout(STUCK_S) as patience:
            await _send(line, opening)
            while leg.ending is None:
                due = first + slot * SLOT_S
                delay = due - monotonic()
                if delay > 0:
                    await asyncio.sleep(delay)
                elif delay < -GIVE_UP_BEHIND_S:
                    line.skipped += int(-delay / SLOT_S)
                    slot += int(-delay / SLOT_S)
                await _send(line, leg.tick(monotonic()))
                await _break_off(line)
                line.late += monotonic() - due > LATE_S
                slot += 1
                if slot % FRAMES_BETWEEN_CHECKS == 0:
                    patience.reschedule(loop.time() + STUCK_S)
    except TimeoutError:
        _give_up(line, f"The agent read nothing for {STUCK_S:g} seconds.")


async def _break_off(line: Line) -> None:
    """End the call as a fault of the line wants it, if its time has come."""
    fault = line.bad.end_due(monotonic())
    if fault is None or line.leg.ending:
        return
    reason = CUT_WORDS[fault]
    if fault is LineFault.STOP_THEN_CUT:
        await _send(line, line.leg.stop(Ended.LINE_CUT, reason, monotonic()))
    line.leg.fail(Ended.LINE_CUT, reason, monotonic())
    if fault is not LineFault.CLOSE_WITHOUT_STOP:
        line.closed = True
        line.socket.transport.abort()


async def _small_ear(url: str) -> socket.socket:
    """A connection that holds next to nothing: else the kernel would read in place of who does not."""
    loop, at = asyncio.get_running_loop(), urlsplit(url)
    port = at.port or (443 if at.scheme == "wss" else 80)
    [(family, kind, protocol, _, address), *_] = await loop.getaddrinfo(
        at.hostname, port, type=socket.SOCK_STREAM
    )
    ear = socket.socket(family, kind, protocol)
    try:
        ear.setblocking(False)
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, EAR_BYTES)
        ear.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, EAR_SEGMENT)
        await loop.sock_connect(ear, address)
    except BaseException:
        ear.close()
        raise
    return ear


def _give_up(line: Line, reason: str) -> None:
    now = monotonic()
    if line.inspector and line.leg.ending is None:
        line.inspector.note(GivenUp(now, STUCK, reason))
    line.leg.fail(Ended.AGENT_STUCK, reason, now)


async def _ping(line: Line, inspector: Inspector, stuck_s: float) -> None:
    """Whether the agent reads: a ping waits behind the frames it has not read."""
    try:
        while True:
            await asyncio.sleep(PING_EVERY_S)
            began = monotonic()
            async with asyncio.timeout(stuck_s):
                await (await line.socket.ping())
            inspector.note(Answered(monotonic(), monotonic() - began))
    except TimeoutError:
        _give_up(line, f"The agent answered no ping for {stuck_s:g} seconds: it does not read.")
    except ConnectionClosed:
        return


async def _send(line: Line, frames: list[str]) -> None:
    try:
        for frame in line.bad.pass_on(line.shaper.shape(frames), monotonic()):
            await line.socket.send(frame)
    except ConnectionClosed:
        _note_close(line)


async def _read(line: Line) -> None:
    """Feed the leg with what the agent sends, letting other calls run in between."""
    # Text is only told from binary frames where somebody wants to know: decoding costs.
    decode = None if line.inspector else False
    read = 0
    try:
        while line.bad.reads(monotonic()):
            frame = await line.socket.recv(decode=decode)
            await _send(line, line.leg.received(frame, monotonic()))
            read += 1
            if read % FRAMES_BEFORE_OTHERS == 0:
                await asyncio.sleep(0)
    except ConnectionClosed:
        _note_close(line)
    except ProtocolError as error:
        line.leg.fail(Ended.PLATFORM_FAILED, f"A frame cannot be answered: {error}", monotonic())


def _note_close(line: Line) -> None:
    if not line.closed:
        line.closed = True
        line.leg.agent_closed(line.socket.close_code, monotonic())


async def _send_stop(line: Line) -> None:
    """The process is stopping: tell the agent so, if it listens."""
    reason = "The platform is stopping."
    with contextlib.suppress(TimeoutError, ProtocolError):
        async with asyncio.timeout(1):
            await _send(line, line.leg.stop(Ended.PLATFORM_RESTARTED, reason, monotonic()))


async def _hang_up(line: Line) -> None:
    """Close the socket, bounded; an agent that does not answer the close loses its connection."""
    try:
        async with asyncio.timeout(CLOSE_S + 1):
            await line.socket.close()
    except TimeoutError:
        line.socket.transport.abort()
