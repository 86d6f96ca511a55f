"""People speaking over our prompts, with real voices, the real gate and the real VAD model."""

import pytest

from calls.agents.base import BargeIn, Collect, KeyPressed, PromptEnded, Say, SpeechEnded, SpeechStarted
from calls.audio import dtmf, pcm
from calls.audio.mix import mix_at
from calls.audio.speech_detector import HearingSettings
from calls.conversation.outputs import EntryKind, Side
from tests.calls.telephone import (
    PROMPT,
    Telephone,
    louder,
    noise,
    onset_ms,
    prompt,
    spoken,
)

pytestmark = pytest.mark.usefixtures("far_end")
WORDS = {"hi": "हाँ जी बोलिए कौन बोल रहा है", "en": "hello who is this speaking", "ta": "ஆமாம் சொல்லுங்கள்"}
ECHOES = [(-6.0, 40), (-12.0, 20), (-12.0, 60), (-20.0, 120), (-20.0, 300), (-30.0, 450)]
"""Level in dB and ms after what was heard; a frame ends at the least 20 ms after what its beginning
echoes."""
MODELS = pytest.mark.parametrize("vad_ms", [20, None], ids=["silero", "gate-alone"])


def quiet(ms: int) -> bytes:
    return noise(ms, -62)


def over(ms: int, sound: bytes, at_ms: int) -> bytes:
    return mix_at(quiet(ms), sound, at_ms)


def latency_ms(line: Telephone, speech: bytes, at_ms: int) -> int:
    assert line.cleared_ms is not None, "the speech was not heard"
    return line.cleared_ms - at_ms - onset_ms(speech)


@MODELS
@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("at_ms", [1240, 1730])
def test_speech_cuts_the_prompt_within_200_ms(language: str, at_ms: int, vad_ms: int | None) -> None:
    speech = spoken(WORDS[language], language)
    line = Telephone(prompt(), vad_ms=vad_ms)
    line.listen(over(at_ms + 800, speech, at_ms))
    assert 60 <= latency_ms(line, speech, at_ms) <= 200
    (ended,) = line.agent.told_of(PromptEnded)
    assert isinstance(ended, PromptEnded)
    assert not ended.finished
    assert ended.heard_ms == pytest.approx(line.heard_ms, abs=40)
    assert line.log(EntryKind.CLEAR) == ["Our audio was cleared: the person spoke."]


def test_a_model_that_takes_60_ms_is_in_time() -> None:
    speech = spoken(WORDS["hi"], "hi")
    line = Telephone(prompt(), vad_ms=60)
    line.listen(over(2000, speech, 1000))
    assert latency_ms(line, speech, 1000) <= 200


@pytest.mark.parametrize("vad_ms", [500, 5000])
def test_a_model_that_is_too_late_is_not_waited_for(vad_ms: int) -> None:
    speech = spoken(WORDS["hi"], "hi")
    line = Telephone(prompt(), vad_ms=vad_ms)
    line.listen(over(2000, speech, 1000))
    assert latency_ms(line, speech, 1000) <= 280


@MODELS
@pytest.mark.parametrize(("echo_db", "delay_ms"), ECHOES)
def test_our_own_echo_is_not_speech(echo_db: float, delay_ms: int, vad_ms: int | None) -> None:
    line = Telephone(prompt(), vad_ms=vad_ms)
    line.listen(quiet(6000), echo_db=echo_db, delay_ms=delay_ms)
    assert line.cleared_ms is None
    assert line.agent.told_of(SpeechStarted) == []


@MODELS
@pytest.mark.parametrize(("echo_db", "delay_ms"), ECHOES)
def test_speech_over_the_echo_is_heard(echo_db: float, delay_ms: int, vad_ms: int | None) -> None:
    speech = spoken(WORDS["hi"], "hi")
    line = Telephone(prompt(), vad_ms=vad_ms)
    line.listen(over(3500, speech, 2480), echo_db=echo_db, delay_ms=delay_ms)
    assert latency_ms(line, speech, 2480) <= 240


def test_an_echo_bent_by_a_codec_is_not_speech() -> None:
    line = Telephone(prompt(), vad_ms=20)
    line._played = pcm.decode_ulaw(pcm.encode_ulaw(louder(line._played, -25)))
    line.listen(noise(6000, -50), echo_db=8, delay_ms=140)
    assert line.cleared_ms is None


@pytest.mark.parametrize(
    "sound",
    [
        noise(1500, -28, seed=3),
        dtmf.tone("5", 400),
        dtmf.tone("9", 120) + dtmf.tone("1", 120),
        dtmf.beep(900),
    ],
    ids=["white-noise", "key", "keys", "beep"],
)
def test_what_is_no_speech_cuts_nothing(sound: bytes) -> None:
    line = Telephone(prompt(), vad_ms=20)
    line.listen(over(3500, sound, 1000))
    assert line.cleared_ms is None


@MODELS
def test_a_click_and_a_cough_cut_nothing(vad_ms: int | None) -> None:
    line = Telephone(prompt(), vad_ms=vad_ms)
    track = mix_at(over(4000, noise(20, -10), 900), noise(80, -20), 2000)
    line.listen(track)
    assert line.cleared_ms is None


def test_a_key_tone_is_no_speech_even_without_the_model() -> None:
    line = Telephone(prompt(), vad_ms=None)
    line.listen(over(3000, dtmf.tone("5", 600), 1000))
    assert line.cleared_ms is None


def test_a_short_word_passes_where_the_language_says_so() -> None:
    word, sentence = spoken("हाँ", "hi"), spoken(WORDS["hi"], "hi")
    settings = HearingSettings(short_words_ms={"hi": 600})
    for speech, cut in ((word, False), (sentence, True)):
        line = Telephone(prompt(), settings=settings, language="hi-IN")
        line.listen(over(3500, speech, 1000))
        assert (line.cleared_ms is not None) is cut
        assert len(line.agent.told_of(SpeechStarted)) == 1
    other = Telephone(prompt(), settings=settings, language="gu")
    other.listen(over(3500, word, 1000))
    assert other.cleared_ms is not None


def test_a_prompt_that_speech_may_not_cut_is_heard_to_its_end_and_the_agent_is_told() -> None:
    speech = spoken(WORDS["hi"], "hi")
    line = Telephone(prompt(barge_in=BargeIn(key=True)))
    line.listen(over(10_000, speech, 1000))
    assert line.cleared_ms is None
    started, ended = (line.agent.told_of(kind) for kind in (SpeechStarted, SpeechEnded))
    assert len(started) == len(ended) == 1
    assert isinstance(ended[0], SpeechEnded)
    assert ended[0].duration_ms == pytest.approx(pcm.duration_ms(speech), abs=160)
    assert line.log(EntryKind.SPEECH)[0] == "The person speaks during “Prompt”."


def test_speech_that_began_before_the_prompt_does_not_cut_it() -> None:
    speech = spoken(WORDS["en"], "en")
    line = Telephone(settings=HearingSettings(short_words_ms={"*": 600}))
    line.agent.wants_speech = True
    line.agent.actions[SpeechStarted] = [prompt()]
    line.listen(over(3000, speech, 400))
    assert line.log(EntryKind.PROMPT) == ["“Prompt” begins."]
    assert line.cleared_ms is None


def test_speech_on_the_edge_of_two_prompts_cuts_the_second() -> None:
    first, second = prompt("नमस्ते जी", name="First"), prompt(name="Second")
    line = Telephone(first, second)
    at = pcm.duration_ms(first.pcm) + 40
    line.listen(over(at + 800, spoken(WORDS["ta"], "ta"), at))
    assert line.log(EntryKind.HEARD)[-1].startswith("“Second” heard 0.")


def test_without_prompts_to_cut_and_without_wish_no_audio_goes_to_the_model() -> None:
    line = Telephone(prompt(barge_in=BargeIn()))
    line.agent.wants_speech = False
    line.listen(over(2000, spoken(WORDS["hi"], "hi"), 500))
    assert line.log(EntryKind.SPEECH) == []
    assert line.vad._utterance == 0


def test_a_model_that_goes_leaves_the_gate() -> None:
    speech = spoken(WORDS["hi"], "hi")
    line = Telephone(prompt())
    line.listen(quiet(300))
    line.keep(line.talk.speech(0, None, line.now))
    line.listen(over(2000, speech, 1000))
    assert latency_ms(line, speech, 1300) <= 200
    assert line.vad._utterance == 0


def test_the_clear_comes_before_any_new_audio() -> None:
    line = Telephone(prompt())
    line.agent.actions[PromptEnded] = [prompt("जी", name="Reply", barge_in=BargeIn())]
    line.listen(over(2000, spoken(WORDS["hi"], "hi"), 1000))
    events = line.events()
    at = events.index("clear")
    assert events.count("clear") == 1
    assert "media" in events[at:]
    assert "“Reply” begins." in line.log(EntryKind.PROMPT)


@pytest.mark.parametrize("stall_ms", [300, 700, 1000, 3000])
def test_after_a_stall_our_echo_is_still_an_echo(stall_ms: int) -> None:
    line = Telephone(vad_ms=None)
    line.listen(quiet(2000))
    line.stall(stall_ms)
    line.listen(quiet(500))
    line.agent.actions[KeyPressed] = [prompt()]
    line.key("1")
    line.listen(mix_at(quiet(4000), louder(spoken(PROMPT, "hi"), -12), line.first_wait_ms + 40)[: 4000 * 16])
    assert line.cleared_ms is None


@pytest.mark.parametrize("lump_ms", [300, 1000, 2000])
def test_after_a_lump_at_the_start_our_echo_is_still_an_echo(lump_ms: int) -> None:
    line = Telephone(vad_ms=None)
    line.stall(lump_ms)
    line.listen(quiet(500))
    line.agent.actions[KeyPressed] = [prompt()]
    line.key("1")
    line.listen(mix_at(quiet(4000), louder(spoken(PROMPT, "hi"), -12), line.first_wait_ms + 40)[: 4000 * 16])
    assert line.cleared_ms is None
    line.receive(line.platform.stop())
    caller = [part for part in line.recorded if part.side is Side.CALLER]
    assert caller[-1].at_ms + pcm.duration_ms(caller[-1].pcm) == pytest.approx(line.ms, abs=20)


def test_a_stall_leaves_no_hole_in_the_recording_and_none_of_it_comes_late() -> None:
    line = Telephone(vad_ms=None)
    line.listen(quiet(2000))
    line.stall(1000)
    line.listen(quiet(1000))
    line.receive(line.platform.stop())
    caller = [part for part in line.recorded if part.side is Side.CALLER]
    ends = [part.at_ms + pcm.duration_ms(part.pcm) for part in caller]
    assert ends[:-1] == [part.at_ms for part in caller[1:]]
    assert ends[-1] == line.ms


def test_speech_into_the_silence_after_a_clear_drops_nothing_that_is_still_being_made() -> None:
    both = BargeIn(speech=True, key=True)
    line = Telephone(prompt(barge_in=both), vad_ms=None)
    line.agent.actions[KeyPressed] = [Say("Enter digits", "…", "hi", both), Collect(name="pin", most=4)]
    line.listen(quiet(1500))
    line.key("2")
    line.listen(over(900, spoken(WORDS["hi"], "hi"), 60))
    line.ready(1500)
    line.listen(quiet(3000))
    line.marks_back()
    assert line.log(EntryKind.CLEAR) == ["Our audio was cleared: 2 was pressed."]
    assert "“Enter digits” heard in full, 1.5 s." in line.log(EntryKind.HEARD)
