"""The drawing of a recording."""

import re

import numpy as np
import pytest

from calls.audio import pcm, wav
from calls.audio.wav import WavError
from calls.recordings.waveform import COLUMNS, HEIGHT, Happened, draw


def recording(left: bytes, right: bytes) -> bytes:
    both = np.stack([pcm.to_array(left), pcm.to_array(right)], axis=1)
    return wav.wrap(both.astype("<i2").tobytes(), channels=2)


def loud(ms: int) -> bytes:
    return pcm.to_bytes(np.full(ms * 8, 20_000))


def heights(path: str) -> list[float]:
    return [float(height) for height in re.findall(r"M\d+,[\d.]+v([\d.]+)h", path)]


def test_speech_is_seen_where_it_is_and_on_its_own_side() -> None:
    silence = pcm.silence(1000)
    waveform = draw(recording(loud(1000) + silence, silence + loud(1000)), [])
    left, right = heights(waveform.left), heights(waveform.right)
    assert len(left) == len(right) == COLUMNS
    half = COLUMNS // 2
    assert min(left[:half]) > HEIGHT / 2 > max(left[half:])
    assert min(right[half:]) > HEIGHT / 2 > max(right[:half])


def test_silence_is_a_thin_line_and_the_loudest_sample_fills_the_lane() -> None:
    full = pcm.to_bytes(np.full(8000, -32768))
    waveform = draw(recording(full, pcm.silence(1000)), [])
    assert max(heights(waveform.left)) == HEIGHT
    assert 0 < max(heights(waveform.right)) < 2


def test_a_mono_recording_has_one_lane() -> None:
    waveform = draw(wav.wrap(loud(500)), [])
    assert waveform.right == ""
    assert waveform.duration_ms == 500


def test_an_empty_recording_is_drawn_as_silence() -> None:
    assert len(heights(draw(wav.wrap(b""), []).left)) == COLUMNS


def test_what_is_no_recording_is_refused() -> None:
    with pytest.raises(WavError):
        draw(b"not a wav at all", [])


def test_prompts_last_until_they_were_heard_and_marks_stand_where_it_happened() -> None:
    entries = [
        Happened("prompt", 0, "begins", "greeting"),
        Happened("heard", 500, "heard in full", "greeting"),
        Happened("key", 750, "1 pressed"),
        Happened("prompt", 800, "begins", "never heard"),
        Happened("outcome", 5000, "after the end"),
    ]
    waveform = draw(wav.wrap(loud(1000)), entries)
    assert [(prompt.start, prompt.width) for prompt in waveform.prompts] == [("0.00%", "50.00%")]
    assert [(mark.start, mark.tone) for mark in waveform.marks] == [("75.00%", "live"), ("100.00%", "ok")]
