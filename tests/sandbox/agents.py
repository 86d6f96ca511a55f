"""Agents of outsiders, written from awaaz-platform.md §2 with nothing but `json` and `websockets`."""

import asyncio
import base64
import json
import math
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

Behaviour = Callable[["Caller"], Awaitable[None]]
HEADER = b"RIFF" + struct.pack(
    "<I4s4sIHHIIHH4sI", 36, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", 0
)


def tone(ms: int) -> bytes:
    """A 440 Hz tone as s16le at 8 kHz."""
    samples = (int(8000 * math.sin(2 * math.pi * 440 * n / 8000)) for n in range(8 * ms))
    return b"".join(struct.pack("<h", sample) for sample in samples)


def mu_law(pcm: bytes) -> bytes:
    """The audio as G.711 mu-law, one byte a sample, by the formula of the standard."""
    coded = bytearray()
    for (sample,) in struct.iter_unpack("<h", pcm):
        size = min(abs(sample), 32635) + 132
        exponent = size.bit_length() - 8
        coded.append(~((sample < 0) << 7 | exponent << 4 | size >> exponent + 3 & 15) & 255)
    return bytes(coded)


def wav(pcm: bytes) -> bytes:
    """The 44-byte header the reference connector sends, then the audio."""
    return HEADER[:4] + struct.pack("<I", 36 + len(pcm)) + HEADER[8:40] + struct.pack("<I", len(pcm)) + pcm


class Caller:
    """One connection of the platform, seen by an agent: every frame it sent, and a way to answer."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.path = socket.request.path if socket.request else ""
        self.frames: list[dict[str, Any]] = []
        self.arrived: list[float] = []
        self.closed = False

    async def next(self, *events: str) -> dict[str, Any]:
        """Read on until a frame of one of these events has come."""
        async for text in self.socket:
            self.frames.append(json.loads(text))
            self.arrived.append(asyncio.get_running_loop().time())
            if self.frames[-1]["event"] in events:
                return self.frames[-1]
        self.closed = True
        raise AssertionError(f"the platform closed before a {' or '.join(events)}")

    async def read_to_the_end(self) -> None:
        async for text in self.socket:
            self.frames.append(json.loads(text))
            self.arrived.append(asyncio.get_running_loop().time())
        self.closed = True

    @property
    def sid(self) -> str:
        return str(next(frame["stream_sid"] for frame in self.frames if "stream_sid" in frame))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["event"] == event]

    async def say(self, payload: bytes) -> None:
        body = {"chunk": 1, "timestamp": "0", "payload": base64.b64encode(payload).decode()}
        await self.send({"event": "media", "sequence_number": 1, "media": body})

    async def mark(self, name: str) -> None:
        await self.send({"event": "mark", "sequence_number": 2, "mark": {"name": name}})

    async def send(self, frame: dict[str, Any]) -> None:
        await self.socket.send(json.dumps({"stream_sid": self.sid, **frame}))


@asynccontextmanager
async def agent(behave: Behaviour) -> AsyncIterator[tuple[str, list[Caller]]]:
    """An agent on a free port: its URL, and the connections it had."""
    callers: list[Caller] = []

    async def handle(socket: ServerConnection) -> None:
        callers.append(Caller(socket))
        await behave(callers[-1])

    async with serve(handle, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/stream/s3cret/", callers


@asynccontextmanager
async def raw_server(reply: bytes | None) -> AsyncIterator[str]:
    """A TCP server that answers every connection with these bytes, or hangs in the handshake (None)."""

    finished = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if reply is None:
            await reader.read()
        else:
            writer.write(reply)
            await writer.drain()
        writer.close()
        await writer.wait_closed()
        finished.set()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/stream/s3cret/"
        await asyncio.wait_for(finished.wait(), 2)
