"""Prompts an agent asked for: what is asked of the world, for how long it is waited for, what cuts them."""

from calls.agents.base import NO_BARGE_IN, BargeIn, Play, PlayClip, Say
from calls.audio.pcm import silence
from calls.conversation.outputs import LoadClip, Synthesise
from calls.conversation.playout import MarkRequest, Playout, PromptResult
from calls.conversation.prompts import Prompts

BY_KEY, BY_SPEECH = BargeIn(key=True), BargeIn(speech=True)


def test_only_prompts_without_audio_are_asked_of_the_world() -> None:
    prompts = Prompts(Playout(), wait_s=10)
    prompts.add(Play("Jingle", silence(100)), 1.0)
    prompts.add(Say("Greeting", "Namaste", "hi"), 1.0)
    prompts.add(PlayClip("Notice", "notice"), 2.0)
    said, clip = prompts.take_effects()
    assert isinstance(said, Synthesise)
    assert (said.text, said.language) == ("Namaste", "hi")
    assert isinstance(clip, LoadClip)
    assert clip.clip == "notice"
    assert prompts.take_effects() == []
    assert prompts.deadlines() == [11.0, 12.0]


def test_audio_is_waited_for_until_its_time() -> None:
    prompts = Prompts(Playout(), wait_s=10)
    prompts.add(Say("One", "1", "hi"), 0.0)
    prompts.add(Say("Two", "2", "hi"), 5.0)
    one, two = [effect.prompt for effect in prompts.take_effects() if isinstance(effect, Synthesise)]
    assert prompts.late(9.9) == []
    assert prompts.late(10.0) == [one]
    assert prompts.fail(one) == "One"
    assert prompts.fail(one) is None
    prompts.fill(two, silence(100))
    assert prompts.deadlines() == []
    assert prompts.late(99.0) == []


def test_audio_that_comes_too_late_is_ignored() -> None:
    playout = Playout()
    prompts = Prompts(playout, wait_s=10)
    prompts.add(Say("One", "1", "hi"), 0.0)
    [effect] = prompts.take_effects()
    assert isinstance(effect, Synthesise)
    prompts.fail(effect.prompt)
    prompts.fill(effect.prompt, silence(100))
    assert playout.idle


def test_the_first_prompt_not_heard_says_what_cuts() -> None:
    playout = Playout()
    prompts = Prompts(playout, wait_s=10)
    assert prompts.barge_in(0.0) == NO_BARGE_IN
    prompts.add(Play("Law", silence(160)), 0.0)
    prompts.add(Play("Question", silence(100), BY_KEY), 0.0)
    measure, *_ = playout.pump(0.0)
    assert isinstance(measure, MarkRequest)
    playout.mark_back(measure.key, 0.0)
    assert prompts.barge_in(0.1) == NO_BARGE_IN
    assert prompts.barge_in(0.2) == BY_KEY
    assert prompts.barge_in(0.4) == NO_BARGE_IN
    assert not prompts.cut_by_speech


def test_a_prompt_that_speech_may_cut_is_remembered_for_the_call() -> None:
    playout = Playout()
    prompts = Prompts(playout, wait_s=10)
    prompts.add(Play("Question", silence(100), BY_SPEECH), 0.0)
    playout.clear(0.0)
    assert [prompt.result for prompt in prompts.take_finished()] == [PromptResult.CLEARED]
    assert prompts.take_finished() == []
    assert prompts.barge_in(0.0) == NO_BARGE_IN
    assert prompts.cut_by_speech


def test_at_the_end_nothing_is_waited_for() -> None:
    prompts = Prompts(Playout(), wait_s=10)
    prompts.add(Say("One", "1", "hi"), 0.0)
    prompts.drop_deadlines()
    assert prompts.deadlines() == []
