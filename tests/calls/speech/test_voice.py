"""The common level and sound of every voice."""

import numpy as np
import pytest

from calls.audio import pcm
from calls.speech.voice import active_level, levelled, normalised, telephone_audio


@pytest.mark.parametrize("amplitude", [50, 3000, 32_000])
def test_every_level_becomes_the_common_level(amplitude: int) -> None:
    tone = (amplitude * np.sin(np.arange(8000) * 0.3)).astype(np.int16)
    assert pcm.dbfs(pcm.to_bytes(normalised(tone))) == pytest.approx(-16, abs=0.3)


def test_peaks_are_bent_and_never_clipped() -> None:
    clicks = np.zeros(8000, dtype=np.int16)
    clicks[::200] = 20_000
    made = normalised(clicks)
    assert 19_000 < int(np.abs(made.astype(int)).max()) <= 0.97 * 32_768


def test_silence_stays_silence() -> None:
    assert not normalised(np.zeros(100, dtype=np.int16)).any()
    assert telephone_audio(np.zeros(22_050, dtype=np.int16), 22_050) == b""


def test_silence_at_the_ends_is_cut() -> None:
    tone = (8000 * np.sin(np.arange(22_050) * 0.1)).astype(np.int16)
    padded = np.concatenate([np.zeros(22_050, np.int16), tone, np.zeros(44_100, np.int16)])
    assert pcm.duration_ms(telephone_audio(padded, 22_050)) == pytest.approx(1060, abs=5)


def heard_dbfs(audio: bytes) -> float:
    return pcm.decibels(active_level(pcm.to_array(audio).astype(np.float64)))


def voice(amplitude: int, *, pause_ms: int) -> bytes:
    """Syllables of 200 ms with pauses."""
    tone = (amplitude * np.sin(np.arange(1600) * 0.3)).astype(np.int16)
    return b"".join(pcm.to_bytes(tone) + pcm.silence(pause_ms) for _ in range(10))


@pytest.mark.parametrize("pause_ms", [0, 200, 2000])
@pytest.mark.parametrize("amplitude", [1000, 5000, 32_000])
def test_pauses_make_no_voice_quieter_or_louder(amplitude: int, pause_ms: int) -> None:
    made = levelled(voice(amplitude, pause_ms=pause_ms))
    assert heard_dbfs(made) == pytest.approx(-16, abs=0.2)
    assert pcm.duration_ms(made) == 10 * (200 + pause_ms)


def test_a_clip_whose_peaks_are_at_full_scale_is_not_clipped() -> None:
    loud = np.random.default_rng(1).normal(0, 3000, 8000)
    loud[::400] = 32_767
    made = pcm.to_array(levelled(pcm.to_bytes(loud)))
    assert int(np.abs(made.astype(int)).max()) <= 0.97 * 32_768
    assert heard_dbfs(pcm.to_bytes(made)) == pytest.approx(-16, abs=0.2)


def test_a_clip_that_is_almost_silent_stays_quiet() -> None:
    hiss = pcm.to_bytes(np.random.default_rng(1).normal(0, 10, 8000))
    assert heard_dbfs(levelled(hiss)) == pytest.approx(heard_dbfs(hiss) + 20, abs=0.3)


@pytest.mark.parametrize("audio", [b"", bytes(100), bytes(16_000)])
def test_silence_and_less_than_a_frame_stay_as_they_are(audio: bytes) -> None:
    assert levelled(audio) == audio
