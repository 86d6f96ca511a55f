"""Frames that can be told apart, and speech from its onset."""

import pytest

from bench.shared import sound
from calls.audio import pcm


@pytest.mark.parametrize("tick", [0, 1, 70_000])
def test_the_last_frame_of_a_piece_says_which_it_is(tick: int) -> None:
    piece = sound.stamped(5) * 9 + sound.stamped(tick)
    assert sound.stamp_of_last_frame(piece) == tick


def test_speech_begins_with_its_first_loud_sample() -> None:
    loud = pcm.to_bytes(pcm.to_array(pcm.silence(200)) + 5000)
    frames = sound.frames_of_speech(pcm.silence(330) + loud)
    assert len(frames) == 10
    assert pcm.to_array(frames[0])[0] == 5000


def test_nobody_who_speaks_is_nobody() -> None:
    assert sound.frames_of_speech(b"") == []


def test_a_prompt_lasts_as_long_as_it_should() -> None:
    assert len(sound.prompt(2.5)) == 2.5 * pcm.SAMPLE_RATE * pcm.SAMPLE_BYTES


def test_a_lower_voice_is_slower_and_as_loud() -> None:
    spoken = sound.prompt(1.0)
    lower = sound.lower_voice(spoken)
    assert len(lower) / len(spoken) == pytest.approx(1 / 0.82, rel=0.01)
    assert pcm.dbfs(lower) == pytest.approx(pcm.dbfs(spoken), abs=0.5)
