"""Length and level of a clip in a sentence."""

import pytest

from calls.recordings.clip_lines import Decoded


@pytest.mark.parametrize(
    ("peak", "loudness", "sentence"),
    [
        (-6.0, -18.0, "2.5 s, level -18 dB."),
        (0.0, -9.0, "2.5 s, level -9 dB: it is overdriven; record it with less level."),
        (-30.0, -44.0, "2.5 s, level -44 dB: it is quiet; record it nearer to the microphone."),
    ],
)
def test_advice_stands_beside_the_level(peak: float, loudness: float, sentence: str) -> None:
    assert Decoded(2500, peak, loudness).sentence() == sentence
