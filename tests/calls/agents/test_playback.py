"""The mission's sample agent: gather, play a file, wait for the mark, hang up."""

from calls.agents.base import (
    AudioReceived,
    CallContext,
    CallStarted,
    HangUp,
    KeyPressed,
    PlayClip,
    PromptEnded,
    PromptFailed,
    ReachOutcome,
)
from calls.agents.playback import PlaybackAgent, PlaybackConfiguration

STARTED = CallStarted(CallContext(language="hi"))
FRAME = AudioReceived(bytes(320))


def test_it_plays_after_so_many_frames_of_caller_audio_and_then_stops_listening() -> None:
    agent = PlaybackAgent(PlaybackConfiguration("welcome", gather=3))
    assert agent.handle(STARTED) == []
    assert [list(agent.handle(FRAME)) for _ in range(3)] == [[], [], [PlayClip("Recording", "welcome")]]
    assert not agent.wants_audio
    assert agent.handle(FRAME) == []


def test_it_listens_only_if_it_has_to_gather() -> None:
    assert PlaybackAgent(PlaybackConfiguration("welcome", gather=1)).wants_audio


def test_with_nothing_to_gather_it_plays_at_once() -> None:
    agent = PlaybackAgent(PlaybackConfiguration("welcome"))
    assert not agent.wants_audio
    assert agent.handle(STARTED) == [PlayClip("Recording", "welcome")]


def test_it_hangs_up_when_the_clip_was_heard() -> None:
    agent = PlaybackAgent(PlaybackConfiguration("welcome"))
    agent.handle(STARTED)
    assert agent.handle(KeyPressed("1")) == []
    assert agent.handle(PromptEnded("Recording", True, 900, 900)) == [
        HangUp("We hung up after the recording.")
    ]


def test_it_hangs_up_when_there_is_no_clip() -> None:
    agent = PlaybackAgent(PlaybackConfiguration("welcome"))
    failed, action = agent.handle(PromptFailed("Recording", "No such clip."))
    assert failed == ReachOutcome("not_spoken", "The recording could not be played")
    assert isinstance(action, HangUp)
