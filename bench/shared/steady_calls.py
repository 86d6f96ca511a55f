"""Well-behaved calls: frames in real time, echoes timed, prompts played out, marks returned, keys pressed."""

import asyncio
import json
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from uuid import uuid4

import msgspec
import pybase64
from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

FRAME_S = 0.02
FRAME_SAMPLES = 160
_LOUD = struct.pack("<159h", *([1500, -1500] * 80)[:159])


def start_frame() -> str:
    """Return a start frame with ids of its own: a second connection of a known call would resume it."""
    return json.dumps({"event": "start", "stream_sid": "MZ1", "start": {"call_sid": uuid4().hex}})


class _Body(msgspec.Struct):
    payload: str = ""
    name: str = ""


class _Frame(msgspec.Struct):
    event: str
    media: _Body = msgspec.field(default_factory=_Body)
    mark: _Body = msgspec.field(default_factory=_Body)


_decode = msgspec.json.Decoder(_Frame).decode


@dataclass(slots=True)
class Tally:
    """What the calls of a run have seen. Echo times in seconds from a frame's sending to its audio back."""

    echoes: list[float] = field(default_factory=list)
    opened: int = 0
    prompts: int = 0
    refused: int = 0
    lost: int = 0
    """Calls that were ended from the other side when they should not have been."""

    def p99_ms(self) -> float:
        """Return the 99th percentile of the echo times; 0 if there is no echo."""
        ordered = sorted(self.echoes)
        return 1000 * ordered[len(ordered) * 99 // 100] if ordered else 0.0


class Caller(WSListener):
    """One connection."""

    def __init__(self, tally: Tally, *, timed: bool) -> None:
        self.tally, self.timed = tally, timed
        self.sent: dict[int, float] = {}
        self.is_over = False
        self.hung_up = False
        self.transport: WSTransport | None = None
        self._number = 0
        self._plays_until = 0.0

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Send start at once."""
        self.transport = transport
        self.tally.opened += 1
        self._send(start_frame())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Note the end, whichever side ended it."""
        self.is_over = True

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Time and play audio; return a mark once its audio has been played."""
        if frame.msg_type != WSMsgType.TEXT:
            if frame.msg_type == WSMsgType.CLOSE:
                transport.disconnect()
            return
        message = _decode(frame.get_payload_as_bytes())
        now = time.monotonic()
        if message.event == "media":
            self._hear(pybase64.b64decode(message.media.payload), now)
        elif message.event == "mark":
            self.tally.prompts += not message.mark.name.endswith("~")  # else it only asks how far we are
            delay = max(0.0, self._plays_until - now)
            asyncio.get_running_loop().call_later(delay, self._return_mark, message.mark.name)
        else:
            self._plays_until = now

    def speak(self) -> None:
        """Send 20 ms of caller audio; its first sample is its number."""
        self._number = self._number % 1000 + 1
        pcm = struct.pack("<h", self._number) + _LOUD
        if self.timed:
            self.sent[self._number] = time.monotonic()
        self._send(f'{{"event":"media","media":{{"payload":"{pybase64.b64encode(pcm).decode()}"}}}}')

    def press(self, digit: str) -> None:
        """Send a key."""
        self._send(f'{{"event":"dtmf","dtmf":{{"digit":"{digit}"}}}}')

    def hang_up(self, *, politely: bool = True) -> None:
        """End the call with a stop, or by dropping the connection."""
        self.hung_up = True
        if politely:
            self._send('{"event":"stop","stop":{}}')
        elif self.transport:
            self.transport.disconnect()

    def _hear(self, pcm: bytes, now: float) -> None:
        self._plays_until = max(self._plays_until, now) + len(pcm) / 16000
        if self.timed and (sent := self.sent.pop(struct.unpack_from("<h", pcm)[0], None)):
            self.tally.echoes.append(now - sent)

    def _return_mark(self, name: str) -> None:
        self._send(f'{{"event":"mark","mark":{{"name":"{name}"}}}}')

    def _send(self, text: str) -> None:
        if self.transport and not self.is_over:
            self.transport.send(WSMsgType.TEXT, text.encode())


async def dial(url: str, tally: Tally, *, timed: bool) -> Caller | None:
    """Return a connected call, None if it was refused."""
    caller = Caller(tally, timed=timed)
    with suppress(WSError, OSError, TimeoutError):
        await ws_connect(lambda: caller, url)
    if caller.transport is None:  # refused, or the connection broke together with the handshake
        tally.refused += 1
        await asyncio.sleep(0.2)
        return None
    return caller


def _nothing(number: int) -> None:
    """Do nothing (default callback)."""


async def speak_until(caller: Caller, until: float, each_frame: Callable[[int], None] = _nothing) -> None:
    """Send frames in real time until then, or until the other side has ended the call."""
    begun, number = time.monotonic(), 0
    while time.monotonic() < until and not caller.is_over:
        caller.speak()
        each_frame(number)
        number += 1
        await asyncio.sleep(max(0.0, begun + number * FRAME_S - time.monotonic()))


async def echo_call(url: str, tally: Tally, *, until: float) -> None:
    """Hold one echo call for the whole time; it is dialled again if it is lost."""
    while time.monotonic() < until:
        if caller := await dial(url, tally, timed=True):
            await speak_until(caller, until)
            tally.lost += caller.is_over
            caller.hang_up()


async def ordinary_call(urls: Sequence[str], tally: Tally, random: Random, *, until: float) -> None:
    """Make call after call of a few seconds: keys, barge-in, good and bad ends."""
    while time.monotonic() < until:
        caller = await dial(random.choice(urls), tally, timed=False)
        if caller is None:
            continue
        keys = {random.randrange(50, 500): random.choice("1279#*") for _ in range(random.randrange(3))}
        end = min(until, time.monotonic() + random.uniform(2, 20))

        def press(number: int, caller: Caller = caller, keys: dict[int, str] = keys) -> None:
            if number in keys:
                caller.press(keys[number])

        await speak_until(caller, end, press)
        caller.hang_up(politely=random.random() < 0.7)


async def in_parallel(calls: int, make: Callable[[int], "asyncio.Future[None]"]) -> None:
    """Run so many at once, begun over two seconds so that their frames do not fall together."""
    tasks = []
    for index in range(calls):
        tasks.append(asyncio.ensure_future(make(index)))
        await asyncio.sleep(2.0 / calls)
    await asyncio.gather(*tasks)
