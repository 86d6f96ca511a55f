"""Caller audio that waits a little: what waits, what never does, and that nobody can tell afterwards."""

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.agents.base import Play
from calls.audio import pcm
from calls.audio.dtmf import tone
from calls.conversation import input_buffer
from calls.conversation.input_buffer import ALWAYS_URGENT, MOST_BUFFERED, NEVER_URGENT, InputBuffer
from calls.conversation.outputs import EntryKind, Side, Step
from calls.protocol.messages import Media
from tests.calls.line import Line, Script
from tests.calls.telephone import SPEECH_CUTS, Telephone, noise, spoken

QUIET, LOUD = noise(20, -60.0), noise(20, -30.0)


def buffer(urgent_level: float) -> InputBuffer:
    waiting = InputBuffer()
    waiting.urgent_level = urgent_level
    return waiting


def test_a_quiet_frame_waits_and_comes_with_the_next_that_does_not() -> None:
    waiting = buffer(pcm.level_of(-45.0))
    assert waiting.push(Media(QUIET), 1.0)
    assert not waiting.push(Media(LOUD), 1.02)
    assert [(frame.media.payload, frame.at) for frame in waiting.take()] == [(QUIET, 1.0), (LOUD, 1.02)]
    assert waiting.take() == []


def test_where_everything_counts_nothing_waits() -> None:
    assert not buffer(ALWAYS_URGENT).push(Media(bytes(pcm.FRAME_BYTES)), 1.0)


def test_where_nobody_listens_the_loudest_waits_but_not_for_ever() -> None:
    waiting = buffer(NEVER_URGENT)
    held = [waiting.push(Media(LOUD), 0.02 * n) for n in range(MOST_BUFFERED)]
    assert held == [True] * (MOST_BUFFERED - 1) + [False]


@pytest.mark.parametrize("size", [2, pcm.FRAME_BYTES - 2, pcm.FRAME_BYTES + 2, 10 * pcm.FRAME_BYTES])
def test_a_frame_of_another_size_never_waits(size: int) -> None:
    """Its level says nothing about the 20 ms in it that may be speech."""
    assert not buffer(NEVER_URGENT).push(Media(bytes(size)), 1.0)


def test_the_first_frames_of_a_stream_wait_for_each_other() -> None:
    waiting = buffer(ALWAYS_URGENT)
    waiting.gather()
    lump = [waiting.push(Media(bytes(size)), 5.0) for size in (320, 2, 3200, 320)]
    assert lump == [True] * 4
    assert waiting.push(Media(LOUD), 5.099)
    assert not waiting.push(Media(LOUD), 5.1)
    assert len(waiting.take()) == 6
    assert not waiting.push(Media(LOUD), 5.12)


def test_no_more_than_five_seconds_are_gathered() -> None:
    waiting = buffer(ALWAYS_URGENT)
    waiting.gather()
    held = [waiting.push(Media(LOUD), 5.0) for _ in range(input_buffer.MOST_GATHERED)]
    assert held == [True] * (input_buffer.MOST_GATHERED - 1) + [False]


def test_before_an_agent_listens_all_waits_and_the_end_brings_it() -> None:
    line = Line()
    line.begin(Script())
    for _ in range(7):
        line.now += 0.02
        assert line.receive(line.platform.media(LOUD)) is line.talk.still
    assert not line.recorded
    line.receive(line.platform.stop())
    assert b"".join(piece.pcm for piece in line.recorded) == LOUD * 7
    assert line.talk.summary(line.now).frames_in == 7


def test_an_agent_that_wants_audio_has_each_frame_at_once() -> None:
    line = Line()
    agent = Script(wants_audio=True)
    line.begin(agent)
    line.receive(line.platform.media(QUIET))
    assert len(agent.told) == 2


# --- nobody can tell ------------------------------------------------------------------------------------

WORDS = spoken("हाँ जी, बोलिए।", "hi")
SOUNDS = {
    "silence": bytes(pcm.FRAME_BYTES) * 13,
    "a quiet line": noise(400, -60.0),
    "a noisy line": noise(400, -40.0, seed=2),
    "speech": WORDS[: 40 * pcm.FRAME_BYTES],
    "soft speech": pcm.to_bytes(pcm.to_array(WORDS[: 30 * pcm.FRAME_BYTES]) / 30),
    "odd sizes": noise(50, -60.0)[:-14],
    "a tone": tone("5", 100),
}
DOING = st.lists(st.sampled_from([*SOUNDS, "5 is pressed", "nothing", "nonsense"]), min_size=1, max_size=8)


def a_call(doing: list[str], most_held: int) -> tuple[object, ...]:
    """What a person hears, what is written down, recorded and counted, with so many frames held at most."""
    with patch.object(input_buffer, "MOST_BUFFERED", most_held):
        prompt = Play("Prompt", noise(2600, -20.0, seed=3), SPEECH_CUTS)
        line = Telephone(prompt, vad_ms=20)
        for what in doing:
            if what == "5 is pressed":
                line.key("5")
            elif what == "nonsense":
                line.receive("{")
            elif what == "nothing":
                line.wait(0.37, hearing=False)
            else:
                line.listen(SOUNDS[what])
        line.receive(line.platform.stop())
    caller = [piece for piece in line.recorded if piece.side is Side.CALLER]
    placed = [
        (piece.at_ms * 16 + at, piece.pcm[at : at + 2])
        for piece in caller
        for at in range(0, len(piece.pcm), 2)
    ]
    entries = [
        (entry.kind, entry.at_ms, entry.text) for entry in line.entries if entry.kind is not EntryKind.STATS
    ]
    return line.frames, entries, placed, line.cleared_ms, line.talk.summary(line.now)


@settings(max_examples=60, deadline=None)
@given(DOING)
def test_a_call_is_the_same_whether_frames_wait_or_not(doing: list[str]) -> None:
    assert a_call(doing, MOST_BUFFERED) == a_call(doing, 1)


class Watched(Telephone):
    waited = 0

    def receive(self, text: str | bytes) -> Step:
        step = super().receive(text)
        self.waited += step is self.talk.still
        return step


def test_frames_do_wait_in_such_a_call() -> None:
    """Else the test before says nothing."""
    line = Watched(Play("Prompt", noise(1000, -20.0), SPEECH_CUTS))
    line.listen(noise(1000, -60.0))
    assert line.waited >= 40
