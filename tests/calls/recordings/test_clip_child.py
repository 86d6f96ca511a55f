"""Clips of every kind that people have are decoded to 8 kHz mono; what is none is told why."""

import io

import numpy as np
import pytest

from calls.recordings import clip_child
from calls.recordings.clip_lines import Decoded, Refused
from tests.calls.recordings.clips import encoded, samples_of, tone

KINDS = [("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("flac", "flac"), ("ipod", "aac")]


@pytest.mark.parametrize(("container", "codec"), KINDS)
def test_a_second_of_a_tone_stays_one(container: str, codec: str) -> None:
    line, sound = clip_child.decode(io.BytesIO(encoded(container, codec, tone())))
    assert isinstance(line, Decoded)
    assert abs(line.duration_ms - 1000) < 80
    assert line.peak_db == pytest.approx(-8.7, abs=1)
    assert line.loudness_db == pytest.approx(-11.7, abs=1)
    spectrum = np.abs(np.fft.rfft(samples_of(sound)[1000:7000]))
    assert abs(spectrum.argmax() * 8000 / 6000 - 440) < 5


def test_what_the_browser_records_is_read() -> None:
    line, _ = clip_child.decode(io.BytesIO(encoded("webm", "libopus", tone(rate=48000), rate=48000)))
    assert isinstance(line, Decoded)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", clip_child.NO_SOUND),
        (b"no sound at all" * 50, clip_child.NO_SOUND),
        (encoded("wav", "pcm_s16le", tone(level=0)), clip_child.EMPTY),
        (encoded("wav", "pcm_s16le", tone(302, rate=8000), rate=8000), clip_child.TOO_LONG),
        (encoded("matroska", "pcm_s16le", tone(), video=True), clip_child.IS_VIDEO),
    ],
    ids=["empty", "text", "silence", "long", "video"],
)
def test_what_is_no_clip_is_refused(content: bytes, why: str) -> None:
    assert clip_child.decode(io.BytesIO(content)) == (Refused(why), b"")
