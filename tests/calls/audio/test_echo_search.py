"""A sound in another one, beside chance."""

import numpy as np
import pytest

from bench.echo.rooms import decaying_noise, through_room
from calls.audio.echo_search import Floats, place_in


def noise(samples: int, seed: int) -> Floats:
    return np.random.default_rng(seed).normal(0, 1000, samples).astype(np.float32)


@pytest.mark.parametrize("at", [0, 1, 777, 4800])
def test_a_part_is_found_where_it_lies(at: int) -> None:
    longer = noise(6400, 1)
    found = place_in(-0.1 * longer[at : at + 1600], longer)
    assert found.at == at
    assert found.peak > 30


@pytest.mark.parametrize("seed", range(5))
def test_a_part_is_found_behind_reflections(seed: int) -> None:
    longer = noise(6400, seed)
    room = decaying_noise(np.random.default_rng(seed))
    heard = through_room(longer.astype(float), room, to=0.1).astype(np.float32)
    found = place_in(heard[2000:3600], longer)
    assert found.at == 2000
    assert found.peak > 7


@pytest.mark.parametrize("seed", range(20))
def test_another_sound_has_no_clear_place(seed: int) -> None:
    assert place_in(noise(1600, seed + 100), noise(6400, seed)).peak < 6


def test_a_low_tone_is_like_nothing() -> None:
    """What a telephone does not carry can not come back; its rounding is no sound."""
    tone = np.rint(4600 * np.sin(2 * np.pi * 180 * np.arange(6400) / 8000)).astype(np.float32)
    assert place_in(tone[400:2000], tone).peak == 0
    assert place_in(noise(1600, 1), tone).peak == 0


def test_silence_is_like_nothing() -> None:
    nothing = np.zeros(6400, np.float32)
    assert place_in(nothing[:1600], nothing).peak == 0
    assert place_in(noise(1600, 1), nothing).peak == 0
