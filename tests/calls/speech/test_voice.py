"""The common level and sound of every voice."""

import numpy as np
import pytest

from calls.audio import pcm
from calls.speech.voice import normalised, telephone_audio


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
