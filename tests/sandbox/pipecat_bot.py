"""A third party's agent on `pipecat-ai`, with a serializer written from the platform's reference (§2) alone.

Needs the extra `pipecat`. Plays a prompt, is interrupted by a key, answers it, and closes when its last mark
came back or the call has stopped. Run as a program it prints its address; it takes one call at a time, as
pipecat's own server transport does.
"""

import asyncio
import base64
import json
import math
import socket
import struct
import sys
from typing import Any

from pipecat.audio.dtmf.types import KeypadEntry
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InputTransportMessageFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.serializers.base_serializer import FrameSerializer
from pipecat.transports.websocket.server import (
    SingleClientWebsocketServerParams,
    SingleClientWebsocketServerTransport,
)
from pipecat.workers.runner import WorkerRunner

RATE = 8000


def melody(seconds: float) -> bytes:
    """Something audible."""
    samples = range(int(RATE * seconds))
    return b"".join(struct.pack("<h", int(9000 * math.sin(n * 0.35))) for n in samples)


class AwaazSerializer(FrameSerializer):
    """Between the stream's JSON and pipecat's frames: bare 16-bit PCM at 8 kHz, so nothing is resampled."""

    def __init__(self) -> None:
        super().__init__()
        self._stream_sid = ""
        self._counts = {"sequence_number": 0, "chunk": 0, "sent_ms": 0}

    async def deserialize(self, data: str | bytes) -> Frame | None:
        message = json.loads(data)
        match message["event"]:
            case "media":
                audio = base64.b64decode(message["media"]["payload"])
                return InputAudioRawFrame(audio=audio, sample_rate=RATE, num_channels=1)
            case "dtmf":
                return InputDTMFFrame(button=KeypadEntry(message["dtmf"]["digit"]))
            case "start":
                self._stream_sid = message["start"]["stream_sid"]
                self._counts = dict.fromkeys(self._counts, 0)
        return InputTransportMessageFrame(message=message)

    async def serialize(self, frame: Frame) -> str | None:
        if not self._stream_sid:
            return None
        if isinstance(frame, InterruptionFrame):
            return json.dumps({"event": "clear", "stream_sid": self._stream_sid})
        if isinstance(frame, OutputAudioRawFrame):
            return self._media(frame.audio)
        if isinstance(frame, OutputTransportMessageFrame) and "mark" in frame.message:
            return self._numbered("mark", {"name": frame.message["mark"]})
        return None

    def _media(self, pcm: bytes) -> str:
        self._counts["chunk"] += 1
        body = {
            "chunk": self._counts["chunk"],
            "timestamp": str(self._counts["sent_ms"]),
            "payload": base64.b64encode(pcm).decode(),
        }
        self._counts["sent_ms"] += len(pcm) // 16
        return self._numbered("media", body)

    def _numbered(self, event: str, body: dict[str, Any]) -> str:
        self._counts["sequence_number"] += 1
        number = self._counts["sequence_number"]
        head = {"event": event, "sequence_number": number, "stream_sid": self._stream_sid}
        return json.dumps({**head, event: body})


class Bot(FrameProcessor):
    """What it says and when it goes."""

    def __init__(self) -> None:
        super().__init__()
        self.socket: Any = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InputDTMFFrame):
            await self.broadcast_interruption()
            await self._say(melody(0.8), "goodbye")
        elif isinstance(frame, InputTransportMessageFrame):
            await self._told(frame.message)
        elif not isinstance(frame, InputAudioRawFrame):
            await self.push_frame(frame, direction)

    async def _told(self, message: dict[str, Any]) -> None:
        event = message["event"]
        if event == "start":
            await self._say(melody(2.0), "greeting")
        elif event == "stop" or (event == "mark" and message["mark"]["name"] == "goodbye"):
            await self.socket.close()

    async def _say(self, pcm: bytes, mark: str) -> None:
        await self.push_frame(OutputAudioRawFrame(audio=pcm, sample_rate=RATE, num_channels=1))
        await self.push_frame(OutputTransportMessageFrame(message={"mark": mark}))


async def main() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    params = SingleClientWebsocketServerParams(
        serializer=AwaazSerializer(), audio_in_enabled=True, audio_out_enabled=True
    )
    transport, bot = SingleClientWebsocketServerTransport(params, host="127.0.0.1", port=port), Bot()

    @transport.event_handler("on_client_connected")
    async def connected(_transport: Any, websocket: Any) -> None:
        bot.socket = websocket

    @transport.event_handler("on_websocket_ready")
    async def ready(_transport: Any) -> None:
        sys.stdout.write(f"ws://127.0.0.1:{port}/bot\n")
        sys.stdout.flush()

    pipeline = Pipeline([transport.input(), bot, transport.output()])
    rates = PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE)
    runner = WorkerRunner()
    await runner.add_workers(PipelineWorker(pipeline, params=rates))
    await runner.run()


if __name__ == "__main__":
    asyncio.run(main())
