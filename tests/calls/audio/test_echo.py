"""Our own voice, delayed, softened and through a room, and voices that are not ours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.echo.rooms import decaying_noise, reflecting_room, through_room
from calls.audio import pcm
from calls.audio.echo import EchoGuard, Origin
from calls.audio.framing import Framer

ROOMS = {"walls": reflecting_room, "noise": decaying_noise}


def voice(ms: int, seed: int) -> bytes:
    """Sound with a slowly changing low spectrum: each seed another one."""
    rng = np.random.default_rng(seed)
    raw = np.convolve(rng.normal(0, 1, 8 * ms + 40), np.hanning(12), "valid")[: 8 * ms]
    swell = 1 + 0.8 * np.sin(np.arange(8 * ms) / 800)
    return pcm.to_bytes(raw * swell / np.std(raw) * 4000)


class Line:
    """A prompt that is heard from `start_ms` on, in pieces of 200 ms, and what comes back of it."""

    def __init__(self, prompt: bytes, *, start_ms: int = 1000) -> None:
        self.guard, self._prompt, self._start_ms = EchoGuard(), Framer(3200).push(prompt), start_ms
        self.end = self._sent = 0

    def listen(self, heard: bytes, *, searched: bool = True) -> bytes:
        """Return a caller's audio as the guard hands it on; each third frame of a sound is searched."""
        made, loud = b"", 0
        for frame in Framer().push(heard):
            while self._sent < len(self._prompt) and self._start_ms + 200 * (self._sent - 2) <= self.end // 8:
                self.guard.played((self._start_ms + 200 * self._sent) * 8, self._prompt[self._sent])
                self._sent += 1
            self.end += 160
            made += self.guard.push(self.end, frame)
            loud = loud + 1 if pcm.dbfs(frame) > -45 else 0
            if searched and loud and loud % 3 == 0 and self.guard.may_return(self.end):
                self.guard.origin(self.end)
        return made


def echo_of(prompt: bytes, *, delay_ms: int, gain: float) -> bytes:
    late = bytes(16 * (1000 + delay_ms)) + pcm.to_bytes(pcm.to_array(prompt) * gain)
    return pcm.to_bytes(pcm.to_array(late) + np.random.default_rng(9).normal(0, 10, len(late) // 2))


def softer_by(before: bytes, after: bytes, from_ms: int, to_ms: int) -> float:
    part = slice(16 * from_ms, 16 * to_ms)
    return pcm.dbfs(before[part]) - pcm.dbfs(after[part])


@settings(max_examples=15, deadline=None)
@given(st.integers(-90, 480), st.sampled_from([-0.5, 0.06, 0.1, 0.7]), st.integers(0, 50))
def test_an_echo_of_any_delay_and_level_is_found_and_cancelled(delay_ms: int, gain: float, seed: int) -> None:
    prompt = voice(3000, seed)
    line, echo = Line(prompt), echo_of(prompt, delay_ms=delay_ms, gain=gain)
    heard = line.listen(echo)
    assert line.guard.delay_ms == pytest.approx(delay_ms, abs=2)
    assert softer_by(echo, heard, 2000 + delay_ms, 3800 + delay_ms) > 12


@pytest.mark.parametrize("kind", ROOMS)
@pytest.mark.parametrize("seed", range(6))
def test_an_echo_from_a_room_is_cancelled(kind: str, seed: int) -> None:
    prompt = voice(4000, seed)
    room = ROOMS[kind](np.random.default_rng(seed))
    echo = bytes(16 * 1100) + pcm.to_bytes(through_room(pcm.to_array(prompt).astype(float), room, to=0.15))
    assert softer_by(echo, Line(prompt).listen(echo), 2500, 5000) > 10


@pytest.mark.parametrize("seed", range(1, 12))
def test_another_voice_is_not_ours(seed: int) -> None:
    line, other = Line(voice(3000, 0)), bytes(16 * 1500) + voice(2500, seed)
    assert line.listen(other) == other
    assert line.guard.delay_ms is None


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_voice_over_the_echo_is_left(seed: int) -> None:
    prompt = voice(4000, 0)
    line, echo = Line(prompt), pcm.to_array(echo_of(prompt, delay_ms=100, gain=0.1)).astype(float)
    echo[8 * 3000 : 8 * 4000] += pcm.to_array(voice(1000, seed)) * 0.7
    both = pcm.to_bytes(echo)
    heard = line.listen(both)
    assert softer_by(both, heard, 2300, 2900) > 12
    assert softer_by(both, heard, 3080, 3900) < 4


def test_a_line_that_has_its_echo_no_longer_is_left_alone_again() -> None:
    """The telephone is taken to the ear in the middle of a prompt."""
    prompt = voice(8000, 0)
    line = Line(prompt)
    line.listen(echo_of(prompt, delay_ms=100, gain=0.1)[: 16 * 4000])
    found = line.guard.delay_ms
    line.listen(pcm.silence(2500), searched=False)
    other = voice(1000, 3)
    assert found == pytest.approx(100, abs=2)
    assert line.guard.delay_ms is None
    assert line.listen(other) == other


def test_a_delay_that_changes_is_followed() -> None:
    prompt = voice(8000, 0)
    line = Line(prompt)
    line.listen(echo_of(prompt, delay_ms=200, gain=0.1)[: 16 * 4000])
    line.listen(echo_of(prompt, delay_ms=20, gain=0.1)[16 * 4000 : 16 * 7000])
    assert line.guard.delay_ms == pytest.approx(20, abs=2)


def test_a_chance_likeness_is_given_up_at_the_first_check() -> None:
    prompt = voice(4000, 0)
    line = Line(prompt)
    line.listen(bytes(16 * 2000) + pcm.to_bytes(pcm.to_array(prompt)[8 * 700 : 8 * 860] * 0.8))
    found = line.guard.delay_ms
    line.listen(voice(600, 5))
    assert found == pytest.approx(300, abs=2)
    assert line.guard.delay_ms is None


def test_without_agent_audio_nothing_is_looked_for() -> None:
    guard = EchoGuard()
    assert not guard.may_return(0)
    guard.played(8000, voice(200, 1))
    assert guard.may_return(8000 + 1600 + 3999)
    assert not guard.may_return(8000 + 1600 + 4000)
    assert guard.delay_ms is None


def test_silent_prompts_explain_nothing() -> None:
    line, other = Line(pcm.silence(3000)), voice(4000, 2)
    assert line.listen(other) == other


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 200_000), st.integers(1, 40_000)), max_size=12), st.integers(0, 300_000)
)
def test_pieces_anywhere_do_not_break_it(pieces: list[tuple[int, int]], end: int) -> None:
    guard = EchoGuard()
    for at, samples in pieces:
        guard.played(at, bytes(2 * samples))
    guard.push(end, voice(20, 3))
    assert guard.origin(end) is Origin.PERSON
