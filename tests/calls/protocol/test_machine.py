"""Both ends of a stream against a model of the legal order, with hostile lines in between."""

import json
from collections import deque
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bench.hostile.frames import Mutator, seeds
from calls.protocol import codec
from calls.protocol.errors import OrderError
from calls.protocol.fields import clean
from calls.protocol.messages import (
    DEFAULT_LIMITS,
    Clear,
    Connected,
    Dtmf,
    FromAgent,
    FromPlatform,
    Malformed,
    Mark,
    Media,
    Problem,
    Start,
    Stop,
)
from calls.protocol.state import State
from calls.protocol.stream import AgentStream, PlatformStream

SID = "MZ1"
HOSTILE = st.one_of(
    st.sampled_from(seeds()),
    st.integers(0, 2**32).map(lambda seed: Mutator(seed).frame()),
    st.binary(max_size=60),
    st.text(max_size=60).map(lambda text: text.encode(errors="surrogatepass")),
)
PCM = st.binary(min_size=1, max_size=40).map(lambda half: half * 2)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
BEFORE_START = {Media: Problem.MEDIA_BEFORE_START, Dtmf: Problem.BEFORE_START, Mark: Problem.BEFORE_START}


def judge(state: State, message: FromPlatform) -> tuple[State, Problem | None]:
    """The legal order in words: start once, stop once, nothing after it, `connected` at any time."""
    kind = type(message)
    if state is State.STOPPED:
        return state, Problem.AFTER_STOP
    if kind is Stop:
        return State.STOPPED, None
    if kind is Start:
        return State.STARTED, Problem.SECOND_START if state is State.STARTED else None
    return state, BEFORE_START.get(kind) if state is State.WAITING else None


class StreamMachine(RuleBasedStateMachine):
    """Two wires, each in order; either end may speak at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.agent = AgentStream(container="raw")
        self.platform = PlatformStream(SID, "CA1")
        self.to_agent: deque[str] = deque()
        self.to_platform: deque[tuple[str, FromAgent]] = deque()
        self.sent_state = self.heard_state = State.WAITING
        self.sid = ""
        self.numbers: list[int] = []
        self.audio_ms = 0.0

    # --- speaking ---

    def platform_says(self, message: FromPlatform, send: Callable[[], str]) -> None:
        state, problem = judge(self.sent_state, message)
        if problem:
            with pytest.raises(OrderError):
                send()
        else:
            self.to_agent.append(send())
            self.sent_state = state

    @rule(parameters=st.dictionaries(NAMES, NAMES, max_size=3))
    def platform_starts(self, parameters: dict[str, str]) -> None:
        self.platform_says(Start(SID, "CA1"), lambda: self.platform.start(parameters))

    @rule()
    def platform_connects(self) -> None:
        self.platform_says(Connected(), self.platform.connected)

    @rule(pcm=PCM)
    def caller_speaks(self, pcm: bytes) -> None:
        self.platform_says(Media(pcm), lambda: self.platform.media(pcm))

    @rule(digit=st.sampled_from("0123456789*#ABCD"))
    def caller_presses(self, digit: str) -> None:
        self.platform_says(Dtmf(digit), lambda: self.platform.dtmf(digit))

    @rule(name=NAMES)
    def platform_returns_a_mark(self, name: str) -> None:
        self.platform_says(Mark(name), lambda: self.platform.mark(name))

    @precondition(lambda self: len(self.numbers) > 4 or self.heard_state is not State.STARTED)
    @rule(reason=st.text(max_size=5))
    def platform_stops(self, reason: str) -> None:
        self.platform_says(Stop(), lambda: self.platform.stop(clean(reason)))

    def agent_says(self, message: FromAgent, send: Callable[[], str]) -> None:
        if self.heard_state is not State.STARTED:
            with pytest.raises(OrderError):
                send()
            return
        frame = send()
        content: dict[str, Any] = json.loads(frame)
        assert content["stream_sid"] == self.sid
        if "sequence_number" in content:
            self.numbers.append(content["sequence_number"])
        if isinstance(message, Media):
            assert float(content["media"]["timestamp"]) == self.audio_ms // 1
            self.audio_ms += len(message.payload) / 16
        self.to_platform.append((frame, message))

    @rule(pcm=PCM)
    def agent_speaks(self, pcm: bytes) -> None:
        self.agent_says(Media(pcm), lambda: self.agent.send_media(pcm))

    @rule(name=NAMES)
    def agent_marks(self, name: str) -> None:
        self.agent_says(Mark(name), lambda: self.agent.send_mark(name))

    @rule()
    def agent_clears(self) -> None:
        self.agent_says(Clear(), self.agent.send_clear)

    # --- hearing ---

    @precondition(lambda self: self.to_agent)
    @rule(times=st.sampled_from([1, 1, 1, 2]))
    def arrives_at_agent(self, times: int) -> None:
        """Sometimes twice."""
        frame = self.to_agent.popleft()
        for _ in range(times):
            assert not isinstance(codec.decode_platform_message(frame), Malformed)
            self.agent_hears(frame)

    @precondition(lambda self: self.to_platform)
    @rule()
    def arrives_at_platform(self) -> None:
        frame, message = self.to_platform.popleft()
        found = self.platform.receive(frame)
        if self.sent_state is not State.STARTED:
            assert isinstance(found, Malformed)
        elif self.sid != SID:
            assert isinstance(found, Malformed)
            assert found.problem is Problem.WRONG_STREAM
        elif isinstance(message, Media):
            assert isinstance(found, Media)
            assert found.payload == message.payload
        else:
            assert found == message

    @rule(frame=HOSTILE)
    def somebody_lies_to_the_agent(self, frame: bytes) -> None:
        self.agent_hears(frame)

    @rule(frame=HOSTILE)
    def somebody_lies_to_the_platform(self, frame: bytes) -> None:
        before = self.platform.state
        self.platform.receive(frame)
        assert self.platform.state is before

    @precondition(lambda self: self.to_platform)
    @rule()
    def a_frame_is_reflected(self) -> None:
        self.agent_hears(self.to_platform[0][0])

    def agent_hears(self, frame: str | bytes) -> None:
        """What comes out is what the codec reads, or the model's reason why it does not belong here."""
        found = self.agent.receive(frame)
        message, sid = codec.read_platform_frame(frame, DEFAULT_LIMITS)
        if isinstance(message, Malformed):
            assert found == message
            return
        state, problem = judge(self.heard_state, message)
        if problem is None and self.sid and sid and sid != self.sid:
            problem = Problem.WRONG_STREAM
        if problem:
            assert isinstance(found, Malformed)
            assert (found.problem, found.event) == (problem, type(message).__name__.lower())
            return
        assert found == message
        self.heard_state = state
        if isinstance(message, Start):
            self.sid = message.stream_sid

    # --- always ---

    @invariant()
    def states_agree_with_the_model(self) -> None:
        assert self.agent.state is self.heard_state
        assert self.platform.state is self.sent_state
        assert (self.agent.start is None) == (not self.sid)

    @invariant()
    def numbers_have_no_gap(self) -> None:
        assert self.numbers == list(range(1, len(self.numbers) + 1))


TestStream = StreamMachine.TestCase
TestStream.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
