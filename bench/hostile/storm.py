"""`python -m bench.hostile.storm URL`: hostile connections, from their own process. The last line is JSON.

Each attacker sends batches and waits for the pong that follows: only frames the server has certainly taken
are counted. Half of them send a good frame now and then, so that not the limit of malformed frames in a row
but the decoder is exercised; the others run into the limit and connect again.
"""

import argparse
import asyncio
import json
import time
from contextlib import suppress
from random import Random

from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.hostile.frames import Mutator
from bench.shared.steady_calls import start_frame

BATCH = 20
PONG_S = 20.0
GOOD = (
    b'{"event":"connected"}',
    b'{"event":"media","media":{"payload":"' + b"AAEB" * 106 + b'AAE="}}',
    b'{"event":"dtmf","dtmf":{"digit":"5"}}',
    b'{"event":"mark","mark":{"name":"1:"}}',
)
STOPS_KEPT = 0.02
"""Of bent frames that speak of a stop: each good one ends a call, and dialling is not what is tested here."""
TEXT_ANYWAY = 0.002
"""Of frames that are no UTF-8: as text they end the connection at once (RFC 6455 §8.1)."""


class Attacker(WSListener):
    """One hostile connection."""

    def __init__(self) -> None:
        self.ponged, self.is_over = asyncio.Event(), False

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Begin with a good start frame."""
        self.transport = transport
        transport.send(WSMsgType.TEXT, start_frame().encode())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take what the server sends as a sign that it has read."""
        if frame.msg_type == WSMsgType.PONG:
            self.ponged.set()
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Note that the server closed the connection."""
        self.is_over = True
        self.ponged.set()

    async def send(self, batch: list[bytes], random: Random) -> int:
        """Return how many of the frames the server has taken."""
        self.ponged.clear()
        for frame in batch:
            self.transport.send(kind_of(frame, random), frame)
        self.transport.send(WSMsgType.PING, b"")
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ponged.wait(), PONG_S)
            return 0 if self.is_over else len(batch)
        return 0


async def attacker_at(url: str) -> Attacker:
    """Return a connection that has begun."""
    attacker = Attacker()
    await ws_connect(lambda: attacker, url)
    return attacker


class Storm:
    """Run all attackers together, until so many frames have been taken."""

    def __init__(self, url: str, *, frames: int, rate: float, attackers: int) -> None:
        self.url, self.wanted, self.pause = url, frames, BATCH * attackers / rate if rate else 0.0
        self.taken = self.dialled = self.thrown_out = self.refused = 0

    async def attack(self, seed: int) -> None:
        """Run one attacker after the other in the same place."""
        mutator, random = Mutator(seed), Random(seed)
        while self.taken < self.wanted:
            try:
                attacker = await attacker_at(self.url)
            except (WSError, OSError, TimeoutError):  # refused; try again
                self.refused += 1
                await asyncio.sleep(0.2)
                continue
            self.dialled += 1
            await self.hold(attacker, mutator, random, is_cunning=seed % 2 == 0)

    async def hold(self, attacker: Attacker, mutator: Mutator, random: Random, *, is_cunning: bool) -> None:
        """Send batch after batch on one connection."""
        due = time.monotonic()
        while self.taken < self.wanted and not attacker.is_over:
            batch = [bent(mutator, random) for _ in range(BATCH)]
            if is_cunning:
                batch[random.randrange(BATCH)] = random.choice(GOOD)
            self.taken += await attacker.send(batch, random)
            due = max(due + self.pause, time.monotonic() - self.pause)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        self.thrown_out += attacker.is_over
        attacker.transport.disconnect()


def bent(mutator: Mutator, random: Random) -> bytes:
    """Return a hostile frame that most probably does not end the call."""
    while b"stop" in (frame := mutator.frame()) and random.random() > STOPS_KEPT:
        pass
    return frame


def kind_of(frame: bytes, random: Random) -> WSMsgType:
    """Return how to send a frame: as text if it is UTF-8, else now and then as text, mostly as binary."""
    try:
        frame.decode()
    except UnicodeDecodeError:
        is_text = random.random() < TEXT_ANYWAY
    else:
        is_text = True
    return WSMsgType.TEXT if is_text else WSMsgType.BINARY


async def main() -> None:
    """Attack, then print what was done."""
    words = argparse.ArgumentParser()
    words.add_argument("url")
    words.add_argument("--frames", type=int, required=True)
    words.add_argument("--rate", type=float, default=0.0)
    words.add_argument("--attackers", type=int, default=8)
    words.add_argument("--seed", type=int, default=0)
    given = words.parse_args()
    storm = Storm(given.url, frames=given.frames, rate=given.rate, attackers=given.attackers)
    began = time.monotonic()
    await asyncio.gather(*(storm.attack(given.seed + seat) for seat in range(given.attackers)))
    counts = {"taken": storm.taken, "dialled": storm.dialled, "refused": storm.refused}
    print(json.dumps(counts | {"thrown_out": storm.thrown_out, "seconds": time.monotonic() - began}))


if __name__ == "__main__":
    asyncio.run(main())
