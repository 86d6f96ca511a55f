"""Each caller chunk back, in pieces."""

from calls.agents.base import AudioReceived, KeyPressed, Play, PromptEnded
from calls.agents.echo import EchoAgent, EchoConfiguration


def frame(value: int) -> AudioReceived:
    return AudioReceived(value.to_bytes(2, "little") * 160)


def test_five_frames_come_back_as_one_piece() -> None:
    agent = EchoAgent(EchoConfiguration())
    assert [list(agent.handle(frame(n))) for n in range(4)] == [[], [], [], []]
    (play,) = agent.handle(frame(4))
    assert isinstance(play, Play)
    assert play.pcm == b"".join(frame(n).pcm for n in range(5))


def test_a_flood_does_not_pile_up() -> None:
    agent = EchoAgent(EchoConfiguration())
    played = [action for _ in range(1000) for action in agent.handle(frame(1))]
    assert len(played) == 30
    agent.handle(PromptEnded("", True, 100, 100))
    assert len([action for _ in range(5) for action in agent.handle(frame(1))]) == 1


def test_keys_mean_nothing() -> None:
    assert EchoAgent(EchoConfiguration()).handle(KeyPressed("1")) == []
