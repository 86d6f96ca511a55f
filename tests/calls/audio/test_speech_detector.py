"""Hearing by frames, with a gate that lets everything pass and a VAD model that says what the test says."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.audio import pcm
from calls.audio.dtmf import tone
from calls.audio.energy_vad import SpeechEnded, SpeechStarted
from calls.audio.framing import Framer
from calls.audio.speech_detector import BargeInReached, Change, HearingSettings, SpeechDetector


class Open:
    """Every frame passes."""

    def fires(self, frame: bytes) -> bool:
        assert len(frame) == pcm.FRAME_BYTES
        return True


def voice(ms: int) -> bytes:
    return pcm.to_bytes(np.random.default_rng(2).normal(0, 3000, 8 * ms))


def detector(*, has_model: bool = False, language: str = "", **changes: object) -> SpeechDetector:
    return SpeechDetector(Open(), settings=HearingSettings(**changes), has_model=has_model, language=language)  # type: ignore[arg-type]


def heard(made: SpeechDetector, track: bytes, *, from_ms: int = 0, frame_bytes: int = 320) -> list[Change]:
    found: list[Change] = []
    for number, frame in enumerate(Framer(frame_bytes).push(track)):
        found += made.push(frame, from_ms + number * frame_bytes // 16)
    return found


def test_speech_is_told_where_it_began_and_how_long_it_was() -> None:
    assert heard(detector(), pcm.silence(1000) + voice(600) + pcm.silence(1000)) == [
        SpeechStarted(1000),
        BargeInReached(1000),
        SpeechEnded(1600, 600),
    ]


@pytest.mark.parametrize("ms", [20, 60, 100])
def test_less_than_the_least_is_nothing(ms: int) -> None:
    assert heard(detector(), pcm.silence(1000) + voice(ms) + pcm.silence(1000)) == []


def test_pauses_shorter_than_the_hangover_do_not_end_it() -> None:
    track = pcm.silence(400) + voice(300) + pcm.silence(380) + voice(300) + pcm.silence(500)
    assert heard(detector(), track)[-1] == SpeechEnded(1380, 980)


@pytest.mark.parametrize(("language", "told_ms"), [("hi-IN", 500), ("ta", 300), ("en", 120)])
def test_what_insists_depends_on_the_language(language: str, told_ms: int) -> None:
    wanted = {"hi": 500, "ta": 300, "en": 20}
    made = detector(short_words_ms=wanted, language=language)
    told = [
        n
        for n, frame in enumerate(Framer().push(voice(800)))
        if BargeInReached(0) in made.push(frame, 20 * n)
    ]
    assert [20 * (n + 1) for n in told] == [told_ms]


def test_a_star_stands_for_all_other_languages() -> None:
    settings = HearingSettings(short_words_ms={"*": 400, "hi": 200})
    assert [settings.cut_after_ms(tag) for tag in ("gu", "hi", "hi_IN", "")] == [400, 200, 200, 400]


def answer(made: SpeechDetector, probabilities: Sequence[float] | None, utterance: int = 1) -> list[Change]:
    return list(made.on_vad_result(utterance, probabilities))


def test_the_model_must_agree() -> None:
    made = detector(has_model=True)
    assert heard(made, voice(140)) == []
    assert answer(made, [0.2, 0.4]) == []
    assert answer(made, [0.6]) == [SpeechStarted(0), BargeInReached(0)]


def test_a_probability_that_comes_first_is_enough() -> None:
    made = detector(has_model=True)
    assert heard(made, voice(100)) == []
    assert answer(made, [0.9]) == []
    assert heard(made, voice(20), from_ms=100) == [SpeechStarted(0), BargeInReached(0)]


def test_a_word_about_an_older_utterance_does_not_count() -> None:
    made = detector(has_model=True)
    heard(made, voice(140) + pcm.silence(400) + voice(140))
    assert answer(made, [0.9], utterance=1) == []
    assert answer(made, [0.9], utterance=2) == [SpeechStarted(540), BargeInReached(540)]


def test_noise_is_never_speech_to_a_model_that_says_so() -> None:
    made, found = detector(has_model=True), list[Change]()
    for number, frame in enumerate(Framer().push(voice(4000))):
        found += made.push(frame, 20 * number)
        if made.take_vad_audio():
            found += made.on_vad_result(1, [0.05])
    assert found == []


def test_the_model_ends_speech_in_noise() -> None:
    made = detector(has_model=True)
    heard(made, voice(140))
    assert len(answer(made, [0.9])) == 2
    assert answer(made, [0.4]) == []
    assert heard(made, voice(600), from_ms=140) == []
    answer(made, [0.1])
    assert heard(made, voice(400), from_ms=740) == [SpeechEnded(740, 740)]


def test_silence_of_the_model_is_borne_for_a_while_only() -> None:
    made = detector(has_model=True)
    assert heard(made, voice(180)) == []
    assert heard(made, voice(20), from_ms=180) == [SpeechStarted(0), BargeInReached(0)]


def test_when_the_model_is_gone_the_gate_decides_and_nothing_is_handed_out() -> None:
    made = detector(has_model=True)
    heard(made, voice(140))
    assert answer(made, None) == [SpeechStarted(0), BargeInReached(0)]
    heard(made, voice(5000), from_ms=140)
    assert made.take_vad_audio() is None


def test_the_model_hears_what_was_before_and_whole_chunks_only() -> None:
    made = detector(has_model=True)
    heard(made, pcm.silence(200))
    assert made.take_vad_audio() is None
    heard(made, voice(40), from_ms=200)
    handed = made.take_vad_audio()
    assert handed is not None
    assert (handed.utterance, len(handed.audio)) == (1, 3 * 512)
    assert handed.audio.startswith(pcm.silence(80))
    assert made.take_vad_audio() is None


@pytest.mark.parametrize("has_model", [True, False])
def test_a_key_tone_is_not_handed_out_for_long_and_is_no_speech(has_model: bool) -> None:
    made = detector(has_model=has_model)
    assert heard(made, pcm.silence(400) + tone("5", 1000) + pcm.silence(400)) == []
    assert not made.speaking


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["voice", "quiet", "model", "gone"]), st.integers(1, 700), st.floats(0, 1)),
        max_size=40,
    )
)
def test_starts_and_ends_alternate_whatever_comes(steps: list[tuple[str, int, float]]) -> None:
    made, at, found = detector(has_model=True), 0, list[Change]()
    for what, size, probability in steps:
        if what in ("voice", "quiet"):
            audio = voice(size) if what == "voice" else pcm.silence(size)
            found += made.push(audio, at)
            at += size
            if (handed := made.take_vad_audio()) is not None:
                assert len(handed.audio) % 512 == 0
        else:
            found += made.on_vad_result(size % 4, None if what == "gone" else [probability])
    turns = [change for change in found if not isinstance(change, BargeInReached)]
    assert all(isinstance(turn, (SpeechStarted, SpeechEnded)[n % 2]) for n, turn in enumerate(turns))
    assert made.speaking == (len(turns) % 2 == 1)
    for change in turns:
        assert 0 <= change.at_ms <= at
