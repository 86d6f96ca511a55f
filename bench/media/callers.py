"""The platform's side: many calls on one core, their audio in step with real time, and what they saw.

All calls share their frames: every 20 ms one frame of each sort is written, and sent to each call in the
call's own slot of those 20 ms, as calls that began at different moments would have it.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast
from uuid import uuid4

import msgspec
from picows import WSFrame, WSInvalidStatusError, WSListener, WSMsgType, WSTransport, ws_connect

from bench.media.line import PlayedLine, Schedule
from bench.shared import sound
from calls.audio import wav
from calls.protocol.stream import PlatformStream

TICK_S = 0.02
SLOTS = 20
REMEMBERED_TICKS = 1024
SID = "MZ00000000000000000000000000000000"
KEY = "5"
KEY_EVERY_TICKS = 90
"""A key every 1.8 s: while the prompt of the key before is still being said."""
SPEAK_EVERY_TICKS = 150
"""Three seconds: what was said is over, and the agent speaks again."""
CONNECTING_AT_ONCE = 16
BUSY, AGAIN_SECONDS = 503, 0.2
CHECK = "~"
"""Ends the name of a mark that ends no prompt (`calls.conversation.playout`)."""
CLOSING_SECONDS = 4.0


class Role(Enum):
    """What a caller does."""

    LISTEN = "play"
    ECHO = "echo"
    KEYS = "keys"
    SPEAK = "speak"


class _Body(msgspec.Struct, gc=False):
    payload: bytes = b""
    name: str = ""


class _Frame(msgspec.Struct, gc=False):
    event: str
    media: _Body | None = None
    mark: _Body | None = None


_decode = msgspec.json.Decoder(_Frame).decode


@dataclass(slots=True)
class Seen:
    """What the calls of a step saw while it was measured. Delays in milliseconds."""

    late: list[float] = field(default_factory=list)
    echo: list[float] = field(default_factory=list)
    key_to_clear: list[float] = field(default_factory=list)
    key_to_audio: list[float] = field(default_factory=list)
    speech_to_clear: list[float] = field(default_factory=list)
    tick_lag: list[float] = field(default_factory=list)
    frames_sent: int = 0
    frames_received: int = 0
    gaps: int = 0
    lost: int = 0
    closed: Counter[int] = field(default_factory=Counter)


class Caller(WSListener):
    """One call. Its methods are called by picows; nothing in them waits."""

    def __init__(self, crowd: "Crowd", role: Role, slot: int) -> None:
        self.role, self.slot = role, slot
        self.ready: asyncio.Future[None] = crowd.loop.create_future()
        self.gone: asyncio.Future[None] = crowd.loop.create_future()
        self.line, self.schedule = PlayedLine(), Schedule()
        self.pressed_at: float | None = None
        self.cleared = False
        self.spoke_at: float | None = None
        self.code = 0
        self._crowd = crowd
        self._marks: deque[tuple[asyncio.TimerHandle, str]] = deque()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        transport.send(WSMsgType.TEXT, self._crowd.start_frame())
        if self.role is not Role.LISTEN:
            self._be_ready()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._crowd.leave(self, self.code)
        for timer, _ in self._marks:
            timer.cancel()
        self._be_ready()
        self.gone.set_result(None)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        now = time.monotonic()
        if frame.msg_type is not WSMsgType.TEXT:
            if frame.msg_type is WSMsgType.CLOSE:
                self.code = int(frame.get_close_code().value)
                transport.send_close(frame.get_close_code())
                transport.disconnect()
            return
        self._crowd.seen.frames_received += 1
        message = _decode(frame.get_payload_as_bytes())
        if message.media:
            self._media(wav.unwrap(message.media.payload).pcm, now)
        elif message.mark:
            self._mark(message.mark.name, now)
        else:
            self._clear(now)

    def _media(self, audio: bytes, now: float) -> None:
        seen, seconds = self._crowd.seen, len(audio) / 16000
        self._be_ready()
        if self.role is Role.ECHO:
            if sent := self._crowd.sent_at(sound.stamp_of_last_frame(audio), self.slot):
                seen.echo.append((now - sent) * 1000)
        elif self.role is Role.LISTEN:
            seen.late.append(self.schedule.late_ms(seconds, now))
        elif self.pressed_at and self.cleared:
            seen.key_to_audio.append((now - self.pressed_at) * 1000)
            self.pressed_at = None
        self.line.media(seconds, now)

    def _mark(self, name: str, now: float) -> None:
        loop = self._crowd.loop
        due = self.line.mark(now, ends_prompt=not name.endswith(CHECK)) - now
        self._marks.append((loop.call_later(due, self._return_mark), name))

    def _return_mark(self) -> None:
        _, name = self._marks.popleft()
        if not self._crowd.leaving:
            self.transport.send(WSMsgType.TEXT, self._crowd.stream.mark(name).encode())

    def _clear(self, now: float) -> None:
        self.line.clear(now)
        seen = self._crowd.seen
        if self.pressed_at and not self.cleared:
            seen.key_to_clear.append((now - self.pressed_at) * 1000)
            self.cleared = True
        if self.spoke_at:
            seen.speech_to_clear.append((now - self.spoke_at) * 1000)
            self.spoke_at = None
        for timer, _ in list(self._marks):
            timer.cancel()
            self._return_mark()

    def press(self, now: float) -> None:
        """Press a key."""
        self.pressed_at, self.cleared = now, False
        self.transport.send(WSMsgType.TEXT, self._crowd.stream.dtmf(KEY).encode())

    def _be_ready(self) -> None:
        if not self.ready.done():
            self.ready.set_result(None)


class Crowd:
    """Many calls. Made in a running loop; `paths` say where each role's calls go."""

    def __init__(self, port: int, paths: dict[Role, str], speech: bytes = b"") -> None:
        self.loop = asyncio.get_running_loop()
        self.seen = Seen()
        self.stream = PlatformStream(SID, "CA0")
        self.stream.connected()
        self.stream.start({})
        self._urls = {role: f"ws://127.0.0.1:{port}{path}" for role, path in paths.items()}
        self._slots: list[list[Caller]] = [[] for _ in range(SLOTS)]
        self._sent = [[0.0] * SLOTS for _ in range(REMEMBERED_TICKS)]
        self._stamps = [-1] * REMEMBERED_TICKS
        self._quiet = sound.quiet_frames()
        self._speech = sound.frames_of_speech(speech)
        self._tick = self._slot = 0
        self._ticks_from = 0.0
        self._ticker: asyncio.TimerHandle | None = None
        self.leaving = self.measuring = False

    def start_frame(self) -> bytes:
        """Return a start message; each call has an identifier of its own."""
        stream = PlatformStream(SID, uuid4().hex)
        return stream.start({"language": "en"}).encode()

    @property
    def size(self) -> int:
        """Return how many calls are connected."""
        return sum(map(len, self._slots))

    async def dial(self, roles: list[Role]) -> None:
        """Connect a call for each of `roles`, a few at a time, and wait until each hears something."""
        self._start_ticking()
        gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
        await asyncio.gather(*(self._dial(role, index % SLOTS, gate) for index, role in enumerate(roles)))

    async def _dial(self, role: Role, slot: int, gate: asyncio.Semaphore) -> None:
        async with gate:
            make: Callable[[], Caller] = lambda: Caller(self, role, slot)  # noqa: E731 (picows wants one)
            async with asyncio.timeout(20):
                listener = await self._connected(make, self._urls[role])
            caller = cast("Caller | None", listener)
            if caller is None:  # the connection broke together with the handshake
                self.seen.lost += 1
                return
            self._slots[slot].append(caller)
            await asyncio.wait_for(caller.ready, 20)

    @staticmethod
    async def _connected(make: Callable[[], Caller], url: str) -> WSListener | None:
        """Connect. A server that is busy for a moment is asked again, as the platform rings again."""
        while True:
            try:
                return (await ws_connect(make, url, websocket_handshake_timeout=20))[1]
            except WSInvalidStatusError as refused:
                if refused.response is None or refused.response.status != BUSY:
                    raise
            await asyncio.sleep(AGAIN_SECONDS)

    def leave(self, caller: Caller, code: int) -> None:
        """Note that a call has ended."""
        if caller in self._slots[caller.slot]:
            self._slots[caller.slot].remove(caller)
            if not self.leaving:
                self.seen.lost += 1
                self.seen.closed[code] += 1

    def begin(self) -> None:
        """Begin to measure. Keys are pressed only from now on: a menu ends after ten wrong ones."""
        self.measuring = True
        self.seen = Seen(lost=self.seen.lost, closed=self.seen.closed)
        for caller in self._callers():
            caller.line.gaps = 0

    def end(self) -> Seen:
        """Return what was seen since `begin`."""
        seen, self.seen = self.seen, Seen()
        seen.gaps = sum(caller.line.gaps for caller in self._callers())
        return seen

    async def hang_up(self) -> None:
        """Stop every call as the platform does; connections that do not close in time are cut."""
        self.leaving = True
        if self._ticker:
            self._ticker.cancel()
        stop, callers = self.stream.stop().encode(), self._callers()
        for caller in callers:
            caller.transport.send(WSMsgType.TEXT, stop)
        if callers:
            await asyncio.wait([caller.gone for caller in callers], timeout=CLOSING_SECONDS)
        for caller in self._callers():
            caller.transport.disconnect(graceful=False)

    def _callers(self) -> list[Caller]:
        return [caller for slot in self._slots for caller in slot]

    # --- time ----------------------------------------------------------------------------------------

    def sent_at(self, tick: int, slot: int) -> float | None:
        """Return when that frame was sent in that slot; None if it is too long ago."""
        at = tick % REMEMBERED_TICKS
        return self._sent[at][slot] if self._stamps[at] == tick else None

    def _start_ticking(self) -> None:
        self._ticks_from = self.loop.time()
        self._write_frames()
        self._run_slots()

    def _run_slots(self) -> None:
        """Send every slot that is due, then sleep until the next one is."""
        while (late := self.loop.time() - self._due()) >= 0:
            self.seen.tick_lag.append(late * 1000)
            self._send_slot()
            self._slot += 1
            if self._slot == SLOTS:
                self._tick, self._slot = self._tick + 1, 0
                self._write_frames()
        self._ticker = self.loop.call_at(self._due(), self._run_slots)

    def _due(self) -> float:
        return self._ticks_from + self._tick * TICK_S + self._slot * TICK_S / SLOTS

    def _write_frames(self) -> None:
        at = self._tick % REMEMBERED_TICKS
        self._stamps[at] = self._tick
        quiet = self.stream.media(self._quiet[self._tick % len(self._quiet)]).encode()
        stamped = self.stream.media(sound.stamped(self._tick)).encode()
        self._frames: dict[Role, bytes] = dict.fromkeys(Role, quiet) | {Role.ECHO: stamped}

    def _send_slot(self) -> None:
        now = time.monotonic()
        self._sent[self._tick % REMEMBERED_TICKS][self._slot] = now
        callers, frames, text = self._slots[self._slot], self._frames, WSMsgType.TEXT
        at = self._tick + self._slot * 7
        for caller in callers:
            if caller.role is Role.SPEAK:
                self._speak(caller, at % SPEAK_EVERY_TICKS, now)
                continue
            caller.transport.send(text, frames[caller.role])
            if caller.role is Role.KEYS and self.measuring and at % KEY_EVERY_TICKS == 0:
                caller.press(now)
        self.seen.frames_sent += len(callers)

    def _speak(self, caller: Caller, at: int, now: float) -> None:
        """Send one frame of a person who talks into the prompt now and then."""
        if at >= len(self._speech):
            caller.transport.send(WSMsgType.TEXT, self._frames[Role.LISTEN])
            return
        if at == 0:
            caller.spoke_at = now
        caller.transport.send(WSMsgType.TEXT, self.stream.media(self._speech[at]).encode())


def roles(calls: int, *, echo: float, keys: float = 0.0, speak: float = 0.0) -> list[Role]:
    """Return that many roles in these shares, evenly mixed; at least six of each that is wanted."""
    wanted = {Role.ECHO: echo, Role.KEYS: keys, Role.SPEAK: speak}
    counts = {role: max(6, round(calls * share)) for role, share in wanted.items() if share}
    listening = max(1, calls - sum(counts.values()))
    mixed: list[tuple[float, Any]] = []
    for role, count in {**counts, Role.LISTEN: listening}.items():
        mixed += [((index + 0.5) / count, role) for index in range(count)]
    return [role for _, role in sorted(mixed, key=lambda place: place[0])]
