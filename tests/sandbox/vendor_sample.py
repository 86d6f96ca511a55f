"""A third party's agent in the shape of the platform's sample client: one file, nothing but `websockets`.

It gathers what the person says, and when a key is pressed plays a file in chunks, with a mark behind it; the
mark coming back ends the call. Run as a program it prints its address.
"""

import asyncio
import base64
import json
import math
import struct
import sys

from websockets.asyncio.server import ServerConnection, serve

CHUNK_MS = 200


def melody(seconds: float) -> bytes:
    """What it plays: 16-bit PCM at 8 kHz, with pauses like speech."""
    samples = range(int(8000 * seconds))
    return b"".join(
        struct.pack("<h", int(9000 * math.sin(n * 0.35) * (0.2 + abs(math.sin(n / 1500))))) for n in samples
    )


def wav_file(pcm: bytes) -> bytes:
    """A WAV file of its own, as the sample sends."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", 36 + len(pcm), b"WAVE")
        + form
        + struct.pack("<4sI", b"data", len(pcm))
        + pcm
    )


GREETING, GOODBYE = melody(2.0), melody(0.8)


class Call:
    """The state of one connection."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket, self.stream_sid = socket, ""
        self.sequence_number = self.chunk = 0
        self.heard: list[bytes] = []
        self.sent_ms = 0

    async def send(self, event: str, **body: object) -> None:
        self.sequence_number += 1
        frame: dict[str, object] = {"event": event, "stream_sid": self.stream_sid}
        if event != "clear":
            frame |= {"sequence_number": self.sequence_number, event: body}
        await self.socket.send(json.dumps(frame))

    async def play(self, pcm: bytes, mark: str) -> None:
        """The whole clip in chunks, then a mark."""
        size = CHUNK_MS * 16
        for start in range(0, len(pcm), size):
            piece = pcm[start : start + size]
            self.chunk += 1
            payload = base64.b64encode(wav_file(piece)).decode()
            await self.send("media", chunk=self.chunk, timestamp=str(self.sent_ms), payload=payload)
            self.sent_ms += len(piece) // 16
        await self.send("mark", name=mark)


async def handle(socket: ServerConnection) -> None:
    call = Call(socket)
    async for text in socket:
        message = json.loads(text)
        match message["event"]:
            case "start":
                call.stream_sid = message["start"]["stream_sid"]
                await call.play(GREETING, "greeting")
            case "media":
                call.heard.append(base64.b64decode(message["media"]["payload"]))
            case "dtmf":
                await call.send("clear")
                await call.play(GOODBYE, "goodbye")
            case "mark" if message["mark"]["name"] == "goodbye":
                return
            case "stop":
                return


async def main() -> None:
    async with serve(handle, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        sys.stdout.write(f"ws://127.0.0.1:{port}/agent\n")
        sys.stdout.flush()
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
