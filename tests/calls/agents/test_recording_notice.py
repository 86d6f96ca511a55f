"""The notice comes first, the agent afterwards; without the notice nothing is recorded."""

import pytest

from calls.agents.base import (
    AudioReceived,
    CallContext,
    CallEnded,
    CallStarted,
    HangUp,
    KeyPressed,
    Note,
    PressKeys,
    PromptEnded,
    PromptFailed,
    Say,
)
from calls.agents.recording_notice import NOTICE, NOTICES, RecordingNotice
from tests.calls.line import Script

HELLO = Say("hello", "Hello", "en")


def announced(language: str = "hi") -> tuple[RecordingNotice, Script, CallStarted]:
    inner = Script({CallStarted: [HELLO], KeyPressed: [HangUp("A key.")]}, wants_audio=True)
    return RecordingNotice(inner), inner, CallStarted(CallContext(language=language))


@pytest.mark.parametrize(("language", "spoken"), [("hi", "hi"), ("ta-IN", "ta"), ("xx", "en"), ("", "en")])
def test_the_notice_is_spoken_in_the_callers_language(language: str, spoken: str) -> None:
    agent, inner, start = announced(language)
    assert agent.handle(start) == [Say(NOTICE, NOTICES[spoken], spoken)]
    assert inner.told == []
    assert not agent.may_record


def test_once_it_is_heard_the_agent_talks_and_the_call_is_recorded() -> None:
    agent, inner, start = announced()
    agent.handle(start)
    before = (agent.may_record, agent.wants_audio)
    assert agent.handle(PromptEnded(NOTICE, True, 1500, 1500)) == [HELLO]
    assert (before, (agent.may_record, agent.wants_audio)) == ((False, False), (True, True))
    assert agent.handle(KeyPressed("1")) == [HangUp("A key.")]
    assert inner.told == [start, KeyPressed("1")]


def test_keys_during_the_notice_count_once_the_agent_has_begun() -> None:
    agent, inner, start = announced()
    agent.handle(start)
    assert [agent.handle(KeyPressed(digit)) for digit in "21"] == [[], []]
    assert agent.handle(AudioReceived(bytes(320))) == []
    assert agent.handle(PromptEnded(NOTICE, True, 1500, 1500)) == [HELLO, PressKeys("21")]
    assert inner.told == [start]


def test_who_hangs_up_during_the_notice_has_still_pressed_his_keys() -> None:
    agent, inner, start = announced()
    agent.handle(start)
    agent.handle(KeyPressed("9"))
    assert agent.handle(CallEnded()) == [HELLO, PressKeys("9")]
    assert not agent.may_record
    assert inner.told == [start]


def test_who_only_hangs_up_during_the_notice_leaves_nothing() -> None:
    agent, inner, start = announced()
    agent.handle(start)
    assert agent.handle(CallEnded()) == []
    assert inner.told == []


@pytest.mark.parametrize("end", [PromptFailed(NOTICE, "No voice."), PromptEnded(NOTICE, False, 200, 1500)])
def test_a_notice_that_was_not_heard_leaves_the_call_unrecorded(end: PromptFailed | PromptEnded) -> None:
    agent, _, start = announced()
    agent.handle(start)
    note, hello = agent.handle(end)
    assert isinstance(note, Note)
    assert hello == HELLO
    assert not agent.may_record
