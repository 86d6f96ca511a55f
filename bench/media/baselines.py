"""What our consumer is compared with: the same work in a stock Channels consumer and a plain ASGI callable.

Both read frames and write audio with our codec, and pace and mark prompts as we do; so what differs is the
way frames take. They keep no journal, no record of what was heard, no limits and no row. The last part of the
address says what a call does: `/play`, `/echo` or `/keys`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from bench.media.line import AHEAD_S, FIRST_BUFFER_S, PIECE_S
from bench.shared.sound import prompt
from calls.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from calls.protocol.messages import Dtmf, Media, Start, Stop
from calls.protocol.stream import AgentStream

Put = Callable[[str], Awaitable[None]]
PIECE = int(PIECE_S * SAMPLE_RATE) * SAMPLE_BYTES
GATHERED = 10
PROMPT = prompt()


class PlainCall:
    """One call without frameworks: `receive` every frame; audio and marks go out by `put`."""

    def __init__(self, path: str, put: Put) -> None:
        self._kind = path.rpartition("/")[2]
        self._put = put
        self._stream = AgentStream()
        self._gathered: list[bytes] = []
        self._playing: asyncio.Task[None] | None = None
        self._marks = 0
        self.over = False

    async def receive(self, text: str) -> None:
        """Take one frame of the platform."""
        message = self._stream.receive(text)
        if isinstance(message, Media):
            if self._kind == "echo":
                await self._echo(message.payload)
        elif isinstance(message, Start) and self._kind != "echo":
            self._play()
        elif isinstance(message, Dtmf):
            self.close()
            await self._put(self._stream.send_clear())
            self._play()
        elif isinstance(message, Stop):
            self.over = True

    def close(self) -> None:
        """Stop playing."""
        if self._playing:
            self._playing.cancel()

    async def _echo(self, payload: bytes) -> None:
        self._gathered.append(payload)
        if len(self._gathered) == GATHERED:
            piece, self._gathered = b"".join(self._gathered), []
            await self._put(self._stream.send_media(piece))
            await self._mark()

    def _play(self) -> None:
        self._playing = asyncio.get_running_loop().create_task(self._pace())

    async def _pace(self) -> None:
        """Send the prompt in pieces, never further ahead than our consumer does, and then its mark."""
        heard_from = time.monotonic() + FIRST_BUFFER_S
        for at in range(0, len(PROMPT), PIECE):
            ahead_until = heard_from + (at + PIECE) / SAMPLE_BYTES / SAMPLE_RATE - AHEAD_S
            if at + PIECE > AHEAD_S * SAMPLE_RATE * SAMPLE_BYTES:
                await asyncio.sleep(ahead_until - time.monotonic())
            await self._put(self._stream.send_media(PROMPT[at : at + PIECE]))
        await self._mark()

    async def _mark(self) -> None:
        self._marks += 1
        await self._put(self._stream.send_mark(f"{self._marks}:"))


class StockConsumer(AsyncWebsocketConsumer):
    """A consumer as the documentation of Channels shows it."""

    async def connect(self) -> None:
        self.call = PlainCall(self.scope["path"], self.put)
        await self.accept()  # type: ignore[no-untyped-call]  # channels has no types

    async def put(self, frame: str) -> None:
        await self.send(text_data=frame)  # type: ignore[no-untyped-call]

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.call.receive(text_data or "")
        if self.call.over:
            await self.close()  # type: ignore[no-untyped-call]

    async def disconnect(self, code: int) -> None:
        self.call.close()


async def plain(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
    """Serve a call with neither Channels nor Django."""
    if scope["type"] != "websocket":
        return

    async def put(frame: str) -> None:
        await send({"type": "websocket.send", "text": frame})

    await receive()
    await send({"type": "websocket.accept"})
    call = PlainCall(scope["path"], put)
    while not call.over and (message := await receive())["type"] == "websocket.receive":
        await call.receive(message["text"])
    call.close()
    if call.over:
        await send({"type": "websocket.close", "code": 1000})


_application = StockConsumer.as_asgi()  # type: ignore[no-untyped-call]
stock = ProtocolTypeRouter({"websocket": URLRouter([re_path(r"", _application)])})
