"""Both ends of a call, wired back to back and each on its own."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.audio import wav
from calls.protocol.errors import AudioError, FieldError, OrderError
from calls.protocol.messages import (
    Clear,
    Connected,
    Container,
    Dtmf,
    Limits,
    Malformed,
    Mark,
    Media,
    Problem,
    Start,
    Stop,
)
from calls.protocol.state import State
from calls.protocol.stream import AgentStream, PlatformStream

FRAME = bytes(range(160)) * 2
PARAMETERS = {"reference": "m-abcdefghijklmnopqrstuvwxyz", "नाम": "आशा"}


def joined(container: Container = "wav") -> tuple[AgentStream, PlatformStream]:
    """Both ends of a call that has started."""
    agent, platform = AgentStream(container=container), PlatformStream("MZ1", "CA1")
    agent.receive(platform.start(PARAMETERS))
    return agent, platform


def states(*ends: AgentStream | PlatformStream) -> list[State]:
    return [end.state for end in ends]


@pytest.mark.parametrize("container", ["wav", "raw"])
def test_a_whole_call_back_to_back(container: Container) -> None:
    agent, platform = AgentStream(container=container), PlatformStream("MZ1", "CA1")
    assert agent.receive(platform.connected()) == Connected()
    began = agent.receive(platform.start(PARAMETERS))
    assert began == Start("MZ1", "CA1", custom_parameters=PARAMETERS, sequence_number=1)
    assert agent.start == began
    assert states(agent, platform) == [State.STARTED, State.STARTED]

    assert agent.receive(platform.media(FRAME)) == Media(FRAME, 1, 0)
    assert agent.receive(platform.media(FRAME)) == Media(FRAME, 2, 20)
    assert platform.receive(agent.send_media(FRAME * 10)) == Media(FRAME * 10, 1, 0, container)
    assert platform.receive(agent.send_media(FRAME)) == Media(FRAME, 2, 200, container)
    assert platform.receive(agent.send_mark("prompt")) == Mark("prompt")
    assert agent.receive(platform.dtmf("5", duration_ms=90)) == Dtmf("5", 90)
    assert platform.receive(agent.send_clear()) == Clear()
    assert agent.receive(platform.mark("prompt")) == Mark("prompt")

    assert agent.receive(platform.stop("hangup")) == Stop("hangup")
    assert states(agent, platform) == [State.STOPPED, State.STOPPED]


def test_there_is_no_start_before_it_has_come() -> None:
    assert AgentStream().start is None


def test_each_end_numbers_all_its_frames_and_chunks_only_audio() -> None:
    agent, platform = joined()
    texts = [platform.media(FRAME), platform.dtmf("1"), platform.mark("m"), platform.media(FRAME)]
    sent = [json.loads(text) for text in [*texts, platform.stop()]]
    assert [frame["sequence_number"] for frame in sent] == [2, 3, 4, 5, 6]
    assert [frame["media"]["chunk"] for frame in sent if "media" in frame] == [1, 2]
    mine = [json.loads(text) for text in (agent.send_mark("m"), agent.send_media(FRAME))]
    assert [frame["sequence_number"] for frame in mine] == [1, 2]


def test_media_frame_as_documented() -> None:
    agent, _ = joined("raw")
    assert agent.send_media(b"\x01\x00\x02\x00") == (
        '{"event":"media","sequence_number":1,"stream_sid":"MZ1",'
        '"media":{"chunk":1,"timestamp":"0","payload":"AQACAA=="}}'
    )


def test_the_wav_container_is_a_header_of_44_bytes_then_the_audio() -> None:
    agent, _ = joined("wav")
    payload = json.loads(agent.send_media(FRAME))["media"]["payload"]
    raw = base64.b64decode(payload)
    assert (raw[:4], raw[44:]) == (b"RIFF", FRAME)
    assert wav.unwrap(raw) == (FRAME, 8000, 1)


def test_an_identifier_that_needs_escaping() -> None:
    platform = PlatformStream('M"Z\\é', "CA1")
    agent = AgentStream()
    agent.receive(platform.start({}))
    assert agent.receive(platform.media(FRAME)) == Media(FRAME, 1, 0)
    assert json.loads(agent.send_media(FRAME))["stream_sid"] == 'M"Z\\é'


def test_audio_before_start_is_refused_and_the_call_can_still_start() -> None:
    agent, platform = AgentStream(), PlatformStream("MZ1", "CA1")
    early = '{"event":"media","media":{"payload":"AAA="}}'
    found = [agent.receive(early), platform.receive(early)]
    assert [m.problem for m in found if isinstance(m, Malformed)] == [Problem.MEDIA_BEFORE_START] * 2
    assert isinstance(agent.receive(platform.start({})), Start)


def test_a_second_start_changes_nothing() -> None:
    agent, _ = joined()
    again = agent.receive(PlatformStream("MZ2", "CA2").start({"a": "b"}))
    assert isinstance(again, Malformed)
    assert again.problem is Problem.SECOND_START
    assert agent.start is not None
    assert agent.start.stream_sid == "MZ1"
    assert json.loads(agent.send_clear())["stream_sid"] == "MZ1"


def test_another_calls_frames_are_refused_in_both_directions() -> None:
    agent, platform = joined()
    other_agent, other = AgentStream(), PlatformStream("MZ2", "CA2")
    other_agent.receive(other.start({}))
    found = [agent.receive(other.media(FRAME)), platform.receive(other_agent.send_clear())]
    assert [m.problem for m in found if isinstance(m, Malformed)] == [Problem.WRONG_STREAM] * 2
    assert isinstance(agent.receive(other.stop()), Malformed)
    assert agent.state is State.STARTED


def test_everything_after_stop_is_refused() -> None:
    agent, platform = joined()
    late = [platform.media(FRAME), platform.dtmf("1"), platform.mark("m")]
    mine = [agent.send_media(FRAME), agent.send_mark("m"), agent.send_clear()]
    agent.receive(platform.stop())
    found = [agent.receive(text) for text in late] + [platform.receive(text) for text in mine]
    assert [m.problem for m in found if isinstance(m, Malformed)] == [Problem.AFTER_STOP] * 6


def test_the_agent_holds_back_what_has_no_place() -> None:
    agent, platform = AgentStream(), PlatformStream("MZ1", "CA1")
    with pytest.raises(OrderError):
        agent.send_media(FRAME)
    with pytest.raises(OrderError):
        agent.send_mark("m")
    with pytest.raises(OrderError):
        agent.send_clear()
    agent.receive(platform.start({}))
    agent.receive(platform.stop())
    with pytest.raises(OrderError):
        agent.send_media(FRAME)


def test_the_platform_holds_back_what_has_no_place() -> None:
    platform = PlatformStream("MZ1", "CA1")
    with pytest.raises(OrderError):
        platform.media(FRAME)
    with pytest.raises(OrderError):
        platform.dtmf("1")
    with pytest.raises(OrderError):
        platform.mark("m")
    platform.start({})
    with pytest.raises(OrderError):
        platform.start({})
    platform.stop()
    with pytest.raises(OrderError):
        platform.stop()


def test_a_refused_frame_uses_up_no_number() -> None:
    agent, _ = joined("raw")
    with pytest.raises(AudioError):
        agent.send_media(b"\x00")
    with pytest.raises(FieldError):
        agent.send_mark("")
    assert json.loads(agent.send_media(FRAME))["sequence_number"] == 1


def test_a_call_that_ends_before_it_starts() -> None:
    agent = AgentStream()
    assert agent.receive(PlatformStream("MZ1", "CA1").stop("busy")) == Stop("busy")
    assert agent.state is State.STOPPED


@pytest.mark.parametrize("stream_sid", ["", "\ud800", "x" * 300])
def test_a_platform_needs_an_identifier_it_can_send(stream_sid: str) -> None:
    with pytest.raises(FieldError):
        PlatformStream(stream_sid, "CA1")


def test_limits_hold_for_what_is_sent_and_what_is_received() -> None:
    agent, platform = AgentStream(container="raw", limits=Limits(payload_bytes=320)), PlatformStream("M", "C")
    agent.receive(platform.start({}))
    assert agent.send_media(FRAME)
    with pytest.raises(AudioError):
        agent.send_media(FRAME * 2)
    found = agent.receive(platform.media(FRAME * 2))
    assert isinstance(found, Malformed)
    assert found.problem is Problem.PAYLOAD_TOO_LARGE


@given(
    st.lists(st.sampled_from(["connected", "start", "media", "dtmf", "mark", "stop", "junk"]), max_size=12)
)
def test_any_order_of_frames_leaves_a_state_that_follows_from_what_was_accepted(events: list[str]) -> None:
    agent = AgentStream()
    bodies = {
        "start": '"start":{"stream_sid":"S"}',
        "media": '"media":{"payload":"AAA="}',
        "dtmf": '"dtmf":{"digit":"1"}',
        "mark": '"mark":{"name":"m"}',
    }
    accepted = [
        agent.receive(f'{{"event":"{event}",{bodies.get(event, chr(34) + "x" + chr(34) + ":1")}}}')
        for event in events
    ]
    kinds = [type(message) for message in accepted if not isinstance(message, Malformed)]
    assert kinds.count(Start) <= 1
    assert kinds.count(Stop) <= 1
    assert (agent.state is State.STOPPED) == (Stop in kinds) == ("stop" in events)
    if Media in kinds:
        assert kinds.index(Media) > kinds.index(Start)
    if Stop in kinds:
        assert kinds[-1] is Stop
