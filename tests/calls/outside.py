"""A platform written only from the description of the stream (awaaz-platform.md §2): sockets and json.

It shares no code with this project, so that a call between the two proves more than that we agree with
ourselves.
"""

import asyncio
import base64
import json
import math
import struct
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

FRAME_SECONDS = 0.02


def hum(milliseconds: int, hertz: float = 440.0) -> bytes:
    """16-bit little-endian mono PCM at 8 kHz."""
    count = 8 * milliseconds
    return struct.pack(
        f"<{count}h", *(int(6000 * math.sin(hertz * n * math.tau / 8000)) for n in range(count))
    )


class OutsideCaller:
    """One call: sends 20 ms frames in real time, plays what it gets on its own clock, returns marks."""

    def __init__(self, url: str, *, sid: str = "MZ1", **parameters: str) -> None:
        self.url, self.sid, self.parameters = url, sid, parameters
        self.headers: dict[str, str] = {}
        self.got: list[dict[str, Any]] = []
        self.raw: list[str] = []
        self.audio = bytearray()
        self.marks: list[str] = []
        self.clears = 0
        self.is_over = False
        self.arrived = asyncio.Event()
        self._number = self._chunk = 0
        self._plays_until = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "OutsideCaller":
        self.line: ClientConnection = await connect(
            self.url,
            proxy=None,
            compression=None,
            max_size=None,
            ping_interval=None,
            additional_headers=self.headers,
        )
        self._tasks.append(asyncio.create_task(self._listen()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.line.close()

    # --- what a platform sends ---

    async def start(self) -> None:
        """The start message, with whatever data the agent needs."""
        body = {
            "stream_sid": self.sid,
            "call_sid": f"CA-{self.sid}",
            "media_format": {"encoding": "base64", "sample_rate": 8000, "bit_rate": ""},
            "custom_parameters": self.parameters,
        }
        await self._event("start", body)

    async def speak(self, seconds: float, sound: bytes | None = None) -> None:
        """Caller audio, 320 bytes a frame, 50 frames a second."""
        sound = sound or hum(20)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(round(seconds / FRAME_SECONDS)):
            await self.frame(sound[:320])
            await asyncio.sleep(max(0.0, began + (number + 1) * FRAME_SECONDS - loop.time()))

    def keep_speaking(self) -> None:
        """Caller audio in the background until the end."""
        self._tasks.append(asyncio.create_task(self.speak(60)))

    async def frame(self, pcm: bytes) -> None:
        payload = base64.b64encode(pcm).decode()
        timestamp = str(20 * self._chunk)
        self._chunk += 1
        await self._event("media", {"chunk": self._chunk, "timestamp": timestamp, "payload": payload})

    async def press(self, digit: str) -> None:
        await self._event("dtmf", {"digit": digit})

    async def stop(self) -> None:
        await self._event("stop", {})

    async def say(self, text: str | bytes) -> None:
        """Anything at all."""
        await self.line.send(text)

    async def _event(self, name: str, body: dict[str, Any]) -> None:
        self._number += 1
        message = {"event": name, "sequence_number": self._number, "stream_sid": self.sid, name: body}
        await self.line.send(json.dumps(message))

    # --- what it hears ---

    async def closed(self, seconds: float = 10) -> int | None:
        """Wait for the end of the connection; the close code."""
        await asyncio.wait_for(self.line.wait_closed(), seconds)
        return self.line.close_code

    async def hears(self, milliseconds: int, *, within: float = 10) -> bytes:
        """Wait for so much agent audio. ConnectionError if the call ends before."""
        async with asyncio.timeout(within):
            while len(self.audio) < 16 * milliseconds:
                if self.is_over:
                    raise ConnectionError("the call ended")
                self.arrived.clear()
                await self.arrived.wait()
        return bytes(self.audio)

    async def _listen(self) -> None:
        try:
            async for text in self.line:
                assert isinstance(text, str)
                self.raw.append(text)
                self._take(json.loads(text))
                self.arrived.set()
        except ConnectionClosed:
            pass
        finally:
            self.is_over = True
            self.arrived.set()

    def _take(self, message: dict[str, Any]) -> None:
        self.got.append(message)
        if message["event"] == "media":
            self._play(base64.b64decode(message["media"]["payload"], validate=True))
        elif message["event"] == "mark":
            self._tasks.append(asyncio.create_task(self._return_mark(message["mark"]["name"])))
        elif message["event"] == "clear":
            self.clears += 1
            self._plays_until = 0.0

    def _play(self, payload: bytes) -> None:
        """Queued and played in order; a WAV file's header is skipped."""
        pcm = payload[44:] if payload[:4] == b"RIFF" else payload
        self.audio += pcm
        now = asyncio.get_running_loop().time()
        if self._plays_until < now:
            self._plays_until = now + (0.08 if len(self.audio) == len(pcm) else 0.04)
        self._plays_until += len(pcm) / 16_000

    async def _return_mark(self, name: str) -> None:
        """Back with the same name once the audio before it has been played."""
        await asyncio.sleep(max(0.0, self._plays_until - asyncio.get_running_loop().time()))
        self.marks.append(name)
        try:
            await self._event("mark", {"name": name})
        except ConnectionClosed:
            return


async def is_refused(url: str, *, status: int = 403) -> bool:
    """Whether a connection is refused before it is accepted, with this HTTP status."""
    try:
        async with OutsideCaller(url):
            return False
    except InvalidStatus as refused:
        return refused.response.status_code == status
