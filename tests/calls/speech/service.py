"""A text-to-speech service as it may be outside, over real sockets; it understands two kinds of requests."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from calls.audio import wav
from tests.campaigns.outside.shop import MANNERS, Shop, reply, running

KEY = "key-of-the-test"


def hum(rate: int, *, channels: int = 1, seconds: float = 0.5) -> bytes:
    """A WAV file."""
    ticks = np.arange(int(rate * seconds) * channels)
    return wav.wrap((4000 * np.sin(ticks / 5)).astype("<i2").tobytes(), rate, channels=channels)


@dataclass(slots=True)
class Service:
    """Speaks a hum, or answers as `manner` says; `manners` are of the next requests, one each."""

    manner: str = "good"
    manners: list[str] = field(default_factory=list)
    retry_after: str = "1"
    received: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    port: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Take one request; ASGI."""
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        asked = json.loads(body)
        self.received.append(asked)
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        manner = self.manners.pop(0) if self.manners else self.manner
        rate = asked.get("speech_sample_rate") or asked.get("audioConfig", {}).get("sampleRateHertz")
        file = {
            "half a file": lambda: hum(rate)[:2000],
            "another rate": lambda: hum(rate * 2),
            "stereo": lambda: hum(rate, channels=2),
            "mp3": lambda: b"ID3" + bytes(500),
            "silence": lambda: wav.wrap(bytes(4000), rate),
        }.get(manner, lambda: hum(rate))()
        coded = base64.b64encode(file).decode()
        whole = {"audioContent": coded} if "input" in asked else {"request_id": "r", "audios": [coded]}
        if manner in MANNERS and manner not in ("good", "busy"):
            await MANNERS[manner](send, json.dumps(whole).encode())
        elif manner == "busy":
            await reply(send, b"{}", status=429, headers={"retry-after": self.retry_after})
        elif manner.isdecimal():
            await reply(send, b'{"error": {"code": "invalid_request_error"}}', status=int(manner))
        else:
            await reply(send, json.dumps({} if manner == "no audio" else whole).encode())


@contextmanager
def service() -> Iterator[Service]:
    """Run the service on a free port of 127.0.0.1 while the block runs."""
    made: Any = Service()
    shop: Shop = made  # it has what `running` needs: ASGI and a port
    with running(shop):
        yield made


def description(port: int, **fields: object) -> dict[str, object]:
    """A voice of this service, as `calls.media.voices` describes it."""
    return {
        "kind": "hosted",
        "name": "Sarvam",
        "provider": "sarvam",
        "url": f"http://127.0.0.1:{port}/text-to-speech",
        "key": KEY,
        "model": "bulbul:v2",
        "speaker": "anushka",
        "code": "hi-IN",
        "rate": 8000,
        "seconds": 5.0,
        "own_network": True,
        "plain_allowed": True,
        "ca_file": "",
        "refused": "",
    } | fields
