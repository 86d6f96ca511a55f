"""Callers who arrive together: plain asyncio sockets, so that a thousand of them cost little.

Each connects, starts, sends 50 frames a second, and notes when it was answered: by an HTTP status that
refuses it, or by the first audio of our agent.
"""

import asyncio
import base64
import json
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
TURN_SECONDS = 0.1
"""Callers write five frames of 20 ms at once, as a network may deliver them: our own work must stay small."""
FRAMES_A_TURN = 5
_AUDIO = b'"event":"media"'
_CLOSE = bytes([0x88, 0x82]) + bytes(4) + struct.pack("!H", 1000)


def framed(event: str, body: Mapping[str, object], sid: str) -> bytes:
    """Return a message as a whole text frame with a mask of zeros."""
    text = json.dumps({"event": event, "stream_sid": sid, event: body}).encode()
    size = struct.pack("!H", len(text)) if len(text) > 125 else b""
    return bytes([0x81, 0x80 | min(len(text), 126)]) + size + bytes(4) + text


@dataclass(slots=True)
class Fate:
    """What became of one arrival; times in seconds from when it was due to connect."""

    reference: str
    refused: int = 0
    """The HTTP status that refused it; 0 for none."""
    answered_s: float | None = None
    """Until it was refused or heard the first audio; None: neither happened."""
    accepted: bool = False
    started_s: float | None = None
    """Until it sent its start; None: it did not."""


class Caller(asyncio.Protocol):
    """One connection. `breath`: it presses 9 and hangs up with its start, and expects no audio."""

    def __init__(self, path: str, fate: Fate, *, due: float, breath: bool) -> None:
        self.fate, self._path, self._due, self._breath = fate, path, due, breath
        self.over = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._head: bytes | None = b""
        sid = fate.reference
        media = framed("media", {"payload": base64.b64encode(bytes(320)).decode()}, sid)
        self._media = media * FRAMES_A_TURN

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(UPGRADE.format(path=self._path).encode())

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head += data
            if b"\r\n\r\n" not in self._head:
                return
            status = int(self._head.split(b" ", 2)[1])
            rest, self._head = self._head.partition(b"\r\n\r\n")[2], None
            if status != 101:
                self.fate.refused = status
                self._answered()
                self.over.set()
                return
            self._start()
            data = rest
        if self.fate.answered_s is None and _AUDIO in data:
            self._answered()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self.over.set()

    def speak(self) -> None:
        """Send 100 ms of silence, if the call goes on."""
        if self._transport and self._head is None and not self._breath and not self.over.is_set():
            self._transport.write(self._media)

    def hang_up(self) -> None:
        """Send stop and close."""
        if self._transport and self._head is None:
            self._transport.write(framed("stop", {}, self.fate.reference) + _CLOSE)
        if self._transport:
            self._transport.close()

    def _start(self) -> None:
        self.fate.accepted, self.fate.started_s = True, time.monotonic() - self._due
        reference = self.fate.reference
        start = {
            "stream_sid": reference,
            "call_sid": f"CA-{reference}",
            "custom_parameters": {"reference": reference},
        }
        assert self._transport
        frames = framed("start", start, reference)
        if self._breath:
            frames += framed("dtmf", {"digit": "9"}, reference) + framed("stop", {}, reference)
        self._transport.write(frames)

    def _answered(self) -> None:
        self.fate.answered_s = time.monotonic() - self._due


async def arrive(
    port: int,
    path: str,
    references: list[str],
    *,
    within_s: float,
    hold_s: float,
    breaths: frozenset[str] = frozenset(),
) -> list[Fate]:
    """Have callers arrive evenly `within_s`, hold their lines for `hold_s` and hang up. Return their fates.

    Those whose reference is in `breaths` press 9 and hang up in one breath.
    """
    begun = time.monotonic()
    fates = [Fate(reference) for reference in references]
    callers: list[Caller] = []

    async def connect(index: int) -> None:
        due = begun + within_s * index / len(references)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        fate = fates[index]
        caller = Caller(path, fate, due=due, breath=fate.reference in breaths)
        callers.append(caller)
        try:
            await asyncio.get_running_loop().create_connection(lambda: caller, "127.0.0.1", port)
        except OSError:
            caller.over.set()

    speaking = asyncio.create_task(speak(callers))
    await asyncio.gather(*(connect(index) for index in range(len(references))))
    await asyncio.sleep(max(0.0, begun + within_s + hold_s - time.monotonic()))
    for caller in callers:
        caller.hang_up()
    speaking.cancel()
    await asyncio.wait([asyncio.create_task(caller.over.wait()) for caller in callers], timeout=10)
    return fates


async def speak(callers: Sequence[Caller]) -> None:
    """Send every caller's audio, 50 frames a second, and a fifth of the callers at a time."""
    at = time.monotonic()
    while True:
        for turn in range(FRAMES_A_TURN):
            for caller in callers[turn::FRAMES_A_TURN]:
                caller.speak()
            at = max(at + TURN_SECONDS / FRAMES_A_TURN, time.monotonic() - 1)
            await asyncio.sleep(max(0.001, at - time.monotonic()))
