"""Two signals side by side, and one on top of the other."""

import numpy as np
import pytest

from calls.audio import pcm
from calls.audio.mix import mix_at, stereo


def sound(*samples: int) -> bytes:
    return pcm.to_bytes(np.array(samples, dtype=np.int16))


def test_stereo_alternates_left_and_right() -> None:
    assert stereo(sound(1, 2), sound(-1, -2)) == sound(1, -1, 2, -2)


def test_stereo_fills_the_shorter_side_with_silence() -> None:
    assert stereo(sound(1, 2, 3), sound(9)) == sound(1, 9, 2, 0, 3, 0)
    assert stereo(b"", sound(9)) == sound(0, 9)


def test_mixing_adds_at_the_moment_asked_for() -> None:
    mixed = pcm.to_array(mix_at(pcm.silence(20), sound(5, 6), 10))
    assert np.flatnonzero(mixed).tolist() == [80, 81]


def test_mixing_lengthens_the_track() -> None:
    assert mix_at(sound(1), sound(2), 1) == sound(1, 0, 0, 0, 0, 0, 0, 0, 2)


def test_mixing_clips_instead_of_wrapping() -> None:
    assert mix_at(sound(30_000, -30_000), sound(30_000, -30_000), 0) == sound(32767, -32768)


def test_nothing_begins_before_its_track() -> None:
    with pytest.raises(ValueError, match="before its track"):
        mix_at(b"", b"", -1)
