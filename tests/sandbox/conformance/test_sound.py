"""What is said of the sound of an agent: read as it is meant, and as other agents have sent it."""

import math
import random
import struct
from collections.abc import Callable

import pytest

from calls.audio.pcm import encode_ulaw
from calls.protocol.messages import Media
from sandbox.conformance.inspector import Inspector
from sandbox.conformance.requirements import Bounds, Finding, Status
from sandbox.line.observations import Received, Sent


def sound(ms: int, *hertz: float, peak: int = 6000) -> bytes:
    waves = [[math.sin(math.tau * f * n / 8000) for n in range(8 * ms)] for f in hertz]
    return b"".join(struct.pack("<h", int(peak * sum(at) / len(at))) for at in zip(*waves, strict=True))


def noise(ms: int) -> bytes:
    luck = random.Random(1)
    return b"".join(struct.pack("<h", int(luck.gauss(0, 3000))) for _ in range(8 * ms))


def swapped(pcm: bytes) -> bytes:
    return b"".join(struct.pack(">h", sample) for (sample,) in struct.iter_unpack("<h", pcm))


def found(check: str, *pieces: tuple[float, bytes]) -> Finding:
    inspector = Inspector(Bounds())
    inspector.note(Sent(100.0, "start"))
    for number, (at, pcm) in enumerate(pieces, 1):
        inspector.note(Received(100.0 + at, number, '{"stream_sid":"MZ1"}', Media(pcm)))
    return next(finding for finding in inspector.findings() if finding.check == check)


VOWEL = (140.0, 280.0, 700.0, 1220.0)
SOUNDS = [sound(800, 440.0), sound(800, *VOWEL), sound(800, *VOWEL, peak=300), noise(800), sound(800, 2500.0)]


@pytest.mark.parametrize("pcm", SOUNDS, ids=["tone", "vowel", "soft vowel", "noise", "high tone"])
def test_linear_pcm_passes_whatever_it_sounds_like(pcm: bytes) -> None:
    assert found("sound", (0.1, pcm)).status is Status.PASS


@pytest.mark.parametrize(
    ("spoil", "word"), [(encode_ulaw, "mu-law"), (swapped, "swapped")], ids=["mu-law", "swapped"]
)
@pytest.mark.parametrize("pcm", SOUNDS[:3], ids=["tone", "vowel", "soft vowel"])
def test_what_would_be_heard_as_noise_fails(pcm: bytes, spoil: Callable[[bytes], bytes], word: str) -> None:
    seen = found("sound", (0.1, spoil(pcm)))
    assert (seen.status, word in seen.detail) == (Status.FAIL, True)
    assert seen.frame is not None


def test_silence_and_a_click_say_nothing() -> None:
    assert found("sound", (0.1, bytes(16_000))).status is Status.NOT_TRIED
    assert found("sound", (0.1, swapped(sound(50, 440.0)))).status is Status.NOT_TRIED


def streamed(speed: float, *, every_s: float = 0.02, seconds: float = 2.0) -> Finding:
    piece = sound(round(every_s * speed * 1000), 440.0)
    return found("rate", *((0.1 + n * every_s, piece) for n in range(round(seconds / every_s))))


@pytest.mark.parametrize(("speed", "rate"), [(2, "16000"), (3, "24000"), (5.5, "44100"), (6, "48000")])
def test_a_stream_of_another_rate_fails(speed: float, rate: str) -> None:
    seen = streamed(speed)
    assert (seen.status, rate in seen.detail) == (Status.FAIL, True)


@pytest.mark.parametrize("speed", [1, 1.5, 4])
def test_a_stream_in_time_or_at_no_known_rate_passes(speed: float) -> None:
    assert streamed(speed).status is Status.PASS


def test_audio_that_is_handed_over_ahead_is_no_stream() -> None:
    assert found("rate", *((0.1, sound(200, 440.0)) for _ in range(40))).status is Status.NOT_TRIED
    ahead = [(0.1, sound(200, 440.0))] * 15 + [(0.1 + n / 5, sound(200, 440.0)) for n in range(1, 10)]
    assert found("rate", *ahead).status is Status.PASS
