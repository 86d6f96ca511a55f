"""Our own voice, delayed and softened, and voices that are not ours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.audio import pcm
from calls.audio.echo import EchoGuard
from calls.audio.framing import Framer

Noise = np.random.Generator


def voice(ms: int, seed: int) -> bytes:
    """Sound with a slowly changing low spectrum: each seed another one."""
    rng = np.random.default_rng(seed)
    raw = np.convolve(rng.normal(0, 1, 8 * ms + 40), np.hanning(12), "valid")[: 8 * ms]
    swell = 1 + 0.8 * np.sin(np.arange(8 * ms) / 800)
    return pcm.to_bytes(raw * swell / np.std(raw) * 4000)


def explained(prompt: bytes, heard: bytes, *, start_ms: int = 1000) -> list[bool]:
    """Frame by frame: is it the echo? The prompt is heard from `start_ms` on, in pieces of 200 ms."""
    guard, found = EchoGuard(), []
    history: list[bytes] = []
    pieces = Framer(3200).push(prompt)
    for number, frame in enumerate(Framer().push(heard)):
        while pieces and len(prompt) // 3200 - len(pieces) <= (number * 20 - start_ms) // 200 + 1:
            guard.played((start_ms + 200 * (len(prompt) // 3200 - len(pieces))) * 8, pieces.pop(0))
        history = [*history[-4:], frame]
        end = (number + 1) * 160
        found.append(guard.may_return(end) and guard.explains(end, history))
    return found


def echo_of(prompt: bytes, *, delay_ms: int, gain: float) -> bytes:
    late = bytes(16 * (1000 + delay_ms)) + pcm.to_bytes(pcm.to_array(prompt) * gain)
    rng = np.random.default_rng(9)
    return pcm.to_bytes(pcm.to_array(late) + rng.normal(0, 10, len(late) // 2))


@settings(max_examples=25, deadline=None)
@given(st.integers(-90, 480), st.sampled_from([-0.5, 0.03, 0.1, 0.7]), st.integers(0, 50))
def test_an_echo_of_any_delay_and_level_is_found_and_followed(delay_ms: int, gain: float, seed: int) -> None:
    prompt = voice(3000, seed)
    found = explained(prompt, echo_of(prompt, delay_ms=delay_ms, gain=gain))
    first = (1000 + delay_ms) // 20
    assert all(found[first + 8 : first + 145])


@pytest.mark.parametrize("seed", range(1, 12))
def test_another_voice_is_not_ours(seed: int) -> None:
    found = explained(voice(3000, 0), bytes(16 * 1000) + voice(3000, seed))
    assert sum(found[50:]) == 0


def test_a_voice_over_the_echo_is_not_ours() -> None:
    prompt = voice(3000, 0)
    echo = pcm.to_array(echo_of(prompt, delay_ms=100, gain=0.1)).astype(float)
    echo[8 * 2500 : 8 * 3500] += pcm.to_array(voice(1000, 5))
    found = explained(prompt, pcm.to_bytes(echo))
    assert all(found[64:124])
    assert sum(found[127:174]) <= 2


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_chance_likeness_is_not_taken_for_an_echo_from_then_on(seed: int) -> None:
    """Heard in the bench: a caller whose vowel was like the prompt's could not interrupt for a second."""
    prompt = voice(3000, 0)
    chance = pcm.to_array(prompt)[8 * 700 : 8 * 820] * 0.8
    other = pcm.to_array(voice(1500, seed)) * 0.5
    heard = bytes(16 * 2000) + pcm.to_bytes(np.concatenate((chance, other)))
    assert sum(explained(prompt, heard)[106:]) <= 4


def test_without_agent_audio_nothing_is_looked_for() -> None:
    guard = EchoGuard()
    assert not guard.may_return(0)
    guard.played(8000, voice(200, 1))
    assert guard.may_return(8000 + 1600 + 3999)
    assert not guard.may_return(8000 + 1600 + 4000)
    assert guard.delay_ms is None


def test_silent_prompts_explain_nothing() -> None:
    assert sum(explained(pcm.silence(3000), voice(4000, 2))) == 0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 200_000), st.integers(1, 40_000)), max_size=12), st.integers(0, 300_000)
)
def test_pieces_anywhere_do_not_break_it(pieces: list[tuple[int, int]], end: int) -> None:
    guard = EchoGuard()
    for at, samples in pieces:
        guard.played(at, bytes(2 * samples))
    assert not guard.explains(end, [voice(20, 3)] * 5)
