"""The requirements checked on observations alone: no socket, no clock."""

from typing import get_args

import pytest

from calls.protocol.messages import Clear, Malformed, Mark, Media, Problem
from sandbox.conformance.inspector import Inspector
from sandbox.conformance.requirements import Bounds, Finding, Status
from sandbox.line.observations import (
    LONGEST_EXCERPT,
    STUCK,
    Answered,
    Closed,
    GivenUp,
    Observation,
    Received,
    Sent,
    excerpt,
    frame_of,
)

LOUD, QUIET = b"\1\0" * 8, bytes(16)
"""One millisecond each."""
START = Sent(100.0, "start", '{"event":"start","sequence_number":1}')


class Agent:
    """Numbers the frames of an imagined agent; times are seconds after start."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.inspector, self.count = Inspector(bounds or Bounds()), 0
        self.inspector.note(START)

    def sends(self, at: float, message: Media | Mark | Clear | Malformed, text: str | bytes = "") -> "Agent":
        self.count += 1
        shown = text or '{"event":"x","stream_sid":"MZ1"}'
        self.inspector.note(Received(100 + at, self.count, shown, message))
        return self

    def speaks(self, at: float, ms: int, *, sound: bytes = LOUD) -> "Agent":
        return self.sends(at, Media(sound * ms, container="wav"))

    def then(self, *seen: Observation) -> "Agent":
        for observation in seen:
            self.inspector.note(observation._replace(at=100 + observation.at))
        return self

    def found(self, check: str) -> Finding:
        return next(found for found in self.inspector.findings() if found.check == check)


KEY = Sent(1.0, "dtmf", '{"event":"dtmf","sequence_number":51}', "1")
STOP = Sent(9.0, "stop", '{"event":"stop","sequence_number":452}')


@pytest.mark.parametrize(
    ("at", "status"),
    [(1.9, Status.PASS), (2.1, Status.WARN), (6.1, Status.FAIL)],
    ids=["soon", "late", "too late"],
)
def test_the_first_audio_is_rated_by_its_time(at: float, status: Status) -> None:
    found = Agent().speaks(0.1, 20, sound=QUIET).speaks(at, 20).found("first_audio")
    assert (found.status, found.frame and found.frame.number) == (status, 2)


def test_a_person_who_hangs_up_at_once_says_nothing_of_the_first_audio() -> None:
    assert Agent().then(STOP._replace(at=1.0)).found("first_audio").status is Status.NOT_TRIED
    assert Agent().then(STOP).found("first_audio").status is Status.FAIL


def test_pacing_follows_the_play_clock_and_clear_empties_it() -> None:
    agent = Agent().speaks(0.0, 6000).speaks(1.0, 4900)
    assert agent.found("pacing") == (
        "pacing", agent.found("pacing").requirement, Status.PASS, "At most 9.9 s ahead.", None
    )  # fmt: skip
    cleared = Agent().speaks(0.0, 6000).sends(0.1, Clear()).speaks(0.2, 6000)
    assert cleared.found("pacing").status is Status.PASS
    flooded = Agent().speaks(0.0, 6000).speaks(1.0, 5100).speaks(1.1, 1000)
    assert flooded.found("pacing").status is Status.FAIL
    assert flooded.found("pacing").frame == ("agent", 2, 1000, '{"event":"x","stream_sid":"MZ1"}')
    assert Agent(Bounds(ahead_s=20)).speaks(0.0, 19_000).found("pacing").status is Status.PASS


def test_the_container_must_be_one_and_the_right_one() -> None:
    raw = Media(LOUD, container="raw")
    assert Agent().speaks(0, 20).speaks(1, 20).found("container").status is Status.PASS
    assert Agent().speaks(0, 20).sends(1, raw).found("container").status is Status.FAIL
    assert Agent(Bounds(container="wav")).sends(0, raw).found("container").status is Status.FAIL


@pytest.mark.parametrize("problem", Problem)
def test_every_problem_of_a_frame_fails_exactly_one_requirement(problem: Problem) -> None:
    agent = Agent().sends(0.5, Malformed(problem, "said why")).speaks(0.6, 20)
    failing = {found.check for found in agent.inspector.findings() if found.status is Status.FAIL}
    assert len(failing) == 1
    assert failing <= {"start", "sizes", "frames"}


def test_a_binary_frame_fails_and_one_without_its_stream_warns() -> None:
    assert Agent().sends(0, Clear(), b'{"stream_sid":"MZ1"}').found("frames").status is Status.FAIL
    assert Agent().sends(0, Clear(), '{"event":"clear"}').found("frames").status is Status.WARN


def test_marks() -> None:
    asked = Agent().speaks(0, 20).sends(0, Mark("a")).then(Sent(0.1, "mark", "", "a")).sends(0.2, Mark("a"))
    assert asked.found("marks").status is Status.PASS
    assert asked.found("marks").detail.startswith("2 asked, 1 came back")
    twice = Agent().sends(0, Mark("a")).sends(0, Mark("a"))
    assert twice.found("marks").status is Status.WARN
    many = Agent()
    for number in range(31):
        many.sends(0, Mark(f"m{number}"))
    assert many.found("marks").status is Status.FAIL
    assert many.found("marks").frame is not None
    assert Agent().speaks(0, 200).then(STOP).found("marks").status is Status.WARN
    cut_short = Agent().speaks(8.9, 2000).then(STOP)
    assert cut_short.found("marks").status is Status.NOT_TRIED


def test_a_key_over_speech_wants_a_clear_within_a_second() -> None:
    speaking = 3000
    assert Agent().speaks(0, speaking).then(KEY).sends(1.9, Clear()).found("clear").status is Status.PASS
    assert Agent().speaks(0, speaking).then(KEY).sends(2.1, Clear()).found("clear").status is Status.FAIL
    never = Agent().speaks(0, speaking).then(KEY, STOP).found("clear")
    assert (never.status, never.detail) == (Status.FAIL, "No clear after the key: 2.0 s played on.")
    assert never.frame is not None
    assert (never.frame.sender, never.frame.number) == ("platform", 51)
    assert Agent().speaks(0, 900).then(KEY, STOP).found("clear").status is Status.NOT_TRIED
    soon_over = Agent().speaks(0, speaking).then(KEY, STOP._replace(at=1.5))
    assert soon_over.found("clear").status is Status.NOT_TRIED


def test_speech_over_a_long_queue_only_warns() -> None:
    spoken = Sent(1.0, "speech", name="hello")
    assert Agent().speaks(0, 3000).then(spoken, STOP).found("clear").status is Status.WARN


def test_with_little_queued_falling_silent_is_as_good_as_a_clear() -> None:
    silent = Agent().speaks(0, 1200).then(KEY).speaks(1.8, 500)
    assert silent.found("clear").status is Status.PASS
    talks_on = Agent().speaks(0, 1200).then(KEY)
    for tenth in range(11, 40):
        talks_on.speaks(tenth / 10, 100)
    assert talks_on.then(STOP).found("clear").status is Status.WARN


@pytest.mark.parametrize(
    ("event", "after", "status"),
    [
        ("dtmf", 1.9, Status.PASS),
        ("dtmf", 3.0, Status.WARN),
        ("dtmf", 5.5, Status.FAIL),
        ("speech_over", 5.5, Status.WARN),
    ],
)
def test_a_reaction_is_rated_by_its_time(event: str, after: float, status: Status) -> None:
    agent = Agent().speaks(0, 500).then(KEY._replace(event=event)).speaks(1 + after, 20)
    assert agent.found("reaction").status is status
    assert agent.inspector.reactions_s == [pytest.approx(after)]


def test_the_prompt_going_on_is_no_reaction() -> None:
    agent = Agent().speaks(0, 1200).then(KEY).speaks(1.1, 100).sends(1.5, Clear()).speaks(1.7, 20)
    assert agent.found("reaction").detail.endswith("0.70 s.")


def test_a_clear_is_no_answer() -> None:
    agent = Agent().speaks(0, 3000).then(KEY).sends(1.1, Clear()).then(STOP)
    assert agent.found("clear").status is Status.PASS
    assert agent.found("reaction").status is Status.FAIL
    assert agent.inspector.reactions_s == []


def test_a_key_that_is_never_answered_fails_unless_the_call_ended_first() -> None:
    assert Agent().speaks(0, 500).then(KEY, STOP).found("reaction").status is Status.FAIL
    soon = STOP._replace(at=2.0)
    assert Agent().speaks(0, 500).then(KEY, soon).found("reaction").status is Status.NOT_TRIED
    assert Agent().speaks(0, 500).then(KEY, Closed(2.0, 1000)).found("reaction").status is Status.PASS


def test_closing_early_is_rated_by_what_was_audible() -> None:
    assert Agent().speaks(0, 2000).then(Closed(1.0, 1000)).found("farewell").status is Status.FAIL
    assert Agent().speaks(0, 900).then(Closed(1.0, 1000)).found("farewell").status is Status.PASS
    trailing_silence = Agent().speaks(0, 900).speaks(0, 5000, sound=QUIET).then(Closed(1.0, 1000))
    assert trailing_silence.found("farewell").status is Status.PASS
    after_stop = Agent().speaks(8, 5000).then(STOP, Closed(9.1, 1000))
    assert after_stop.found("farewell").status is Status.NOT_TRIED


def test_reading() -> None:
    assert Agent().then(Answered(1.0, 0.02)).found("reading").status is Status.PASS
    assert Agent().then(Answered(1.0, 1.5)).found("reading").status is Status.WARN
    assert Agent().then(GivenUp(1.0, STUCK, "It does not read.")).found("reading").status is Status.FAIL


def test_what_comes_after_stop() -> None:
    late = Malformed(Problem.AFTER_STOP)
    under_way = Agent().then(STOP).sends(9.4, late).then(Closed(9.5, 1000))
    failing = {found.check for found in under_way.inspector.findings() if found.status is Status.FAIL}
    assert failing == {"first_audio"}
    assert Agent().then(STOP).sends(9.6, late).found("after_stop").status is Status.WARN


@pytest.mark.parametrize(
    ("after", "status"), [(1.9, Status.PASS), (4.9, Status.WARN), (5.1, Status.WARN), (None, Status.WARN)]
)
def test_closing_late_after_stop_only_warns(after: float | None, status: Status) -> None:
    agent = Agent().then(STOP)
    if after is not None:
        agent.then(Closed(9 + after, 1000))
    assert agent.found("closes").status is status


@pytest.mark.parametrize(
    ("code", "status"),
    [(1000, Status.PASS), (1001, Status.WARN), (1005, Status.WARN), (1011, Status.FAIL), (None, Status.FAIL)],
)
def test_the_close_code(code: int | None, status: Status) -> None:
    assert Agent().speaks(0, 20).then(Closed(1.0, code)).found("close_code").status is status


def test_an_excerpt_shows_no_audio_and_is_one_printable_line() -> None:
    frame = '{"event":"media","media":{"chunk":1,"payload":"' + "QUJD" * 10_000 + '"}}'
    assert "QUJDQUJD" not in excerpt(frame)
    assert "40050 characters" in excerpt(frame)
    assert "QUJDQUJD" not in excerpt(frame.encode())
    for hostile in (b"\xff\xfe\0\n" * 500, "\x1b[31m\r\n" * 500):
        shown = excerpt(hostile)
        assert shown.isprintable()
        assert len(shown) <= LONGEST_EXCERPT


@pytest.mark.parametrize(
    "frame",
    [
        '{"event":"media","media":{"audio":"' + "QUJD" * 20 + '"}}',
        '{"event":"media","media":{"samples":[' + "0, -1, " * 50 + "7]}}",
        '{"x":"' + 'said \\" words ' * 20 + '"}',
    ],
    ids=["text", "numbers", "escaped"],
)
def test_an_excerpt_shows_no_long_value_of_any_member(frame: str) -> None:
    shown = excerpt(frame)
    assert f"… ({len(frame)} characters in all)" in shown
    assert len(shown) < 90


def test_an_excerpt_of_bytes_that_are_no_text_counts_them() -> None:
    assert excerpt(b"\xff\xfe\x00\x01" * 80) == "(320 bytes that are no text)"
    assert excerpt(("é" * 1000).encode()).startswith("é")


def test_every_kind_of_observation_can_be_shown() -> None:
    seen: list[Observation] = [
        START, KEY, Received(1, 1, "x", Clear()), Answered(1, 0.1), Closed(1, None), GivenUp(1, STUCK, "r"),
    ]  # fmt: skip
    assert {type(observation) for observation in seen} == set(get_args(Observation))
    assert all(frame_of(observation, 0.0).excerpt for observation in seen)
