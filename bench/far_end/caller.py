"""One call from outside: a way of some length, a far end that plays slot by slot, and a count of what was
heard.

The far ends are `sandbox.line.playout`; nothing else here is shared with the program. The way delays frames
in their order, half a round trip each; a frame never overtakes another.
"""

import asyncio
import base64
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from sandbox.line.playout import PLAYOUTS, SLOT_S, FarEnd, Slot

CLIP_MS = 3210
SILENCE = base64.b64encode(bytes(320)).decode()
LONGEST_S = 40.0
LAG_S, LAG_FROM_S = 5.0, 1.0
WAV_HEADER = 44
PING_EVERY_S = 0.1


def clip(ms: int) -> bytes:
    """Return noise with many samples of -1 and none of 0: silence is what was padded or missing."""
    samples = np.random.default_rng(1).integers(-4, 4, 8 * ms).astype("<i2")
    samples[samples == 0] = 9
    return bytes(samples.tobytes())


class Kind(Enum):
    """What the person does."""

    LISTENS = "listens"
    """Hears a clip to its end, after which the agent hangs up."""
    LAGS = "lags"
    """The same, over a way that takes 5 s a round trip from the first second on."""
    HANGS_UP = "hangs up"
    """Hangs up in the middle of the clip."""
    PRESSES = "presses"
    """Presses a key in the middle of a question, and hears the reply to its end."""

    @property
    def number(self) -> str:
        """Return the name of the number that is called."""
        return "menu" if self is Kind.PRESSES else "clip"


@dataclass(frozen=True, slots=True)
class Order:
    """One call to make. `acts_s`: seconds after the first sound at which the person acts."""

    far_end: FarEnd
    round_trip_ms: int
    kind: Kind
    acts_s: float
    call_sid: str


@dataclass(frozen=True, slots=True)
class Result:
    """What the person heard, in ms. `cut_at_ms`: up to the hang-up or the clear that a key brought."""

    order: Order
    holes: int
    heard_ms: int
    cut_at_ms: int | None
    unplayed_ms: int
    closed: int | None
    lag_ms: int = 0
    """By how much our own clock, or the server's answer to a ping, was late at the worst."""


class Way:
    """One direction: calls back after `delay_s`, in order."""

    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s
        self._free_at = 0.0

    def carry(self, arrive: Callable[[], object]) -> None:
        """Call `arrive` when what is sent now has come."""
        loop = asyncio.get_running_loop()
        self._free_at = max(self._free_at, loop.time() + self.delay_s)
        loop.call_at(self._free_at, arrive)


class Call:
    """A call under way."""

    def __init__(self, order: Order, line: ClientConnection) -> None:
        self.order, self.line = order, line
        self.there, self.back = Way(order.round_trip_ms / 2000), Way(order.round_trip_ms / 2000)
        self.far = PLAYOUTS[order.far_end]()
        self.slots: list[Slot] = []
        self.cut_at: int | None = None
        self.under_way = 0
        self._outbox: asyncio.Queue[str | None] = asyncio.Queue()
        self._acted = self._over = False
        self._cut_slot = 0
        self._first_at: float | None = None
        self._number = 0
        self._lag_s = 0.0

    async def run(self) -> Result:
        """Make the call from its start to its end."""
        self._send("start", {"stream_sid": "MZ1", "call_sid": self.order.call_sid, "custom_parameters": {}})
        tasks = [asyncio.create_task(task) for task in (self._write(), self._play(), self._ping())]
        try:
            async with asyncio.timeout(LONGEST_S):
                with suppress(ConnectionClosed):
                    async for text in self.line:
                        self.under_way += 1
                        self.back.carry(partial(self._take, json.loads(text)))
        finally:
            await asyncio.sleep(self.back.delay_s)  # what is on its way when the agent closes arrives
            unplayed = self.far.buffered_ms + 20 * self.under_way
            self._over = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        lag_ms = round(self._lag_s * 1000)
        heard_ms = 20 * self._heard()
        code = self.line.close_code
        return Result(self.order, self._holes(), heard_ms, self.cut_at, unplayed, code, lag_ms)

    # --- what comes --------------------------------------------------------------------------------------

    def _take(self, frame: dict[str, Any]) -> None:
        self.under_way -= 1
        if self._over:
            return
        if frame["event"] == "media":
            payload = base64.b64decode(frame["media"]["payload"])
            pcm = payload[WAV_HEADER:] if payload[:4] == b"RIFF" else payload
            self.far.add_audio(pcm, asyncio.get_running_loop().time())
        elif frame["event"] == "mark":
            self.far.add_mark(frame["mark"]["name"])
        else:
            self.cut_at, self._cut_slot = 20 * self._heard(), len(self.slots)
            for name in self.far.clear():
                self._send("mark", {"name": name})

    async def _play(self) -> None:
        """The far end: every 20 ms a slot is played, and a frame of the person's silence is sent."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += SLOT_S
            await asyncio.sleep(max(0.0, due - loop.time()))
            self._lag_s = max(self._lag_s, loop.time() - due)
            slot = self.far.play_slot(due)
            self.slots.append(slot)
            for name in slot.marks:
                self._send("mark", {"name": name})
            if slot.audio and self._first_at is None:
                self._first_at = due
            self._send("media", {"payload": SILENCE})
            if self._first_at is not None:
                self._act(due - self._first_at)

    def _act(self, since_s: float) -> None:
        kind = self.order.kind
        if kind is Kind.LAGS and since_s >= LAG_FROM_S:
            self.there.delay_s = self.back.delay_s = LAG_S / 2
        if self._acted or since_s < self.order.acts_s or kind in (Kind.LISTENS, Kind.LAGS):
            return
        self._acted = True
        if kind is Kind.PRESSES:
            self._send("dtmf", {"digit": "1"})
        else:
            self.cut_at, self._over = 20 * self._heard(), True
            self._send("stop", {})

    # --- what goes ---------------------------------------------------------------------------------------

    def _send(self, event: str, body: dict[str, Any]) -> None:
        self._number += 1
        frame = {"event": event, "sequence_number": self._number, "stream_sid": "MZ1", event: body}
        self.there.carry(lambda: self._outbox.put_nowait(json.dumps(frame)))

    async def _write(self) -> None:
        with suppress(ConnectionClosed):
            while (frame := await self._outbox.get()) is not None:
                await self.line.send(frame)

    async def _ping(self) -> None:
        """Measure how long the server takes to answer, on the socket itself and not over the way."""
        loop = asyncio.get_running_loop()
        with suppress(ConnectionClosed):
            while True:
                began = loop.time()
                await (await self.line.ping())
                self._lag_s = max(self._lag_s, loop.time() - began)
                await asyncio.sleep(PING_EVERY_S)

    # --- what was heard ----------------------------------------------------------------------------------

    def _heard(self) -> int:
        return sum(slot.audio is not None for slot in self.slots)

    def _holes(self) -> int:
        """How often the far end fell silent and went on, before a cut and after it.

        A way that becomes slow at once leaves a hole that no sender can fill.
        """
        if self.order.kind is Kind.LAGS:
            return 0
        heard = "".join("a" if slot.audio else " " for slot in self.slots)
        parts = heard[: self._cut_slot].split(), heard[self._cut_slot :].split()
        return sum(max(0, len(part) - 1) for part in parts)


async def make_call(url: str, order: Order) -> Result:
    """Make one call over a real socket."""
    async with connect(url, proxy=None, compression=None, max_size=None, ping_interval=None) as line:
        return await Call(order, line).run()
