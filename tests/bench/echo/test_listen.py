"""People who talk into a prompt of the same synthesiser, in another voice: they are heard at once."""

import numpy as np
import pytest

from bench.echo import sounds
from bench.echo.listen import PROMPT_AT_MS, listen
from bench.echo.rooms import Floats
from bench.shared import rows, sound
from calls.audio import pcm
from calls.audio.resample import resample

PROMPT = sounds.espeak(0, [("en", " ".join([rows.WORDS] * 2))])


def line(spoken: bytes, at_ms: int) -> Floats:
    """A quiet line on which something is said from `at_ms` on."""
    quiet = pcm.to_array(b"".join(sound.quiet_frames())).astype(float)
    made = np.resize(quiet, 8 * (at_ms + 1500))
    said = pcm.to_array(b"".join(sound.frames_of_speech(spoken))).astype(float)
    made[8 * at_ms : 8 * at_ms + said.size] = said
    return made


def speech() -> bytes:
    return pcm.to_bytes(sounds.espeak(0, [("en", rows.SPEECH)]))


@pytest.mark.parametrize("at_ms", range(PROMPT_AT_MS + 200, 14_000, 800))
def test_the_callers_of_the_media_bench_cut_at_once(at_ms: int) -> None:
    heard = listen(line(sound.lower_voice(speech()), at_ms), PROMPT, None)
    assert heard.cuts[0] - at_ms <= 200


def test_a_higher_voice_is_not_taken_for_the_prompts_echo() -> None:
    higher = pcm.to_bytes(resample(pcm.to_array(speech()), pcm.SAMPLE_RATE, round(pcm.SAMPLE_RATE / 1.22)))
    heard = listen(line(higher, 3800), PROMPT, None)
    assert heard.cuts[0] - 3800 <= 200
