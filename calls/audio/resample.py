"""Change of sample rate, band-limited: a Kaiser-windowed sinc applied in polyphase form."""

import math
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from calls.audio.pcm import Samples

_ZERO_CROSSINGS: Final = 32
"""Of the sinc, each side: at 8 kHz the pass band then ends at about 3.45 kHz."""
_CUTOFF: Final = 0.93
"""Of the lower Nyquist frequency, so that the stop band begins where aliasing would."""
_KAISER_BETA: Final = 7.0
"""About 70 dB of suppression."""
_LEAST_RATE, _MOST_RATE = 1000, 384_000

Floats = npt.NDArray[np.float64]


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """`samples` at `to_rate` Hz: ceil(n * to_rate / from_rate) of them, level and timing kept.

    For whole clips, not for piecewise streams: each call sees silence at both ends.
    ValueError for a rate outside 1 kHz to 384 kHz.
    """
    if not all(_LEAST_RATE <= rate <= _MOST_RATE for rate in (from_rate, to_rate)):
        raise ValueError(f"cannot resample {from_rate} Hz to {to_rate} Hz")
    if from_rate == to_rate or not samples.size:
        return samples.copy()
    shared = math.gcd(from_rate, to_rate)
    up, down = to_rate // shared, from_rate // shared
    made = _polyphase(samples.astype(np.float64), up, down)
    return np.clip(np.rint(made), -32768, 32767).astype(np.int16)


def _polyphase(samples: Floats, up: int, down: int) -> Floats:
    """Output sample n stands at input position n * down / up; equal fractions share taps."""
    taps = _taps(up, down)
    reach = taps.shape[1] // 2
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(samples, reach), 2 * reach)
    made = np.empty(-(-samples.size * up // down))
    for first in range(min(up, made.size)):
        position, phase = divmod(first * down, up)
        made[first::up] = windows[position + 1 :: down][: made[first::up].size] @ taps[phase]
    return made


@lru_cache(maxsize=16)
def _taps(up: int, down: int) -> Floats:
    """Row p: the weights for an output p / up of a sample after an input, each row summing to 1."""
    ratio = max(1.0, down / up)
    reach = math.ceil(_ZERO_CROSSINGS * ratio)
    distance = np.arange(1 - reach, reach + 1) - np.arange(up)[:, None] / up
    inside = np.clip(1 - (distance / reach) ** 2, 0, None)
    weights = np.sinc(distance * _CUTOFF / ratio) * np.i0(_KAISER_BETA * np.sqrt(inside))
    taps: Floats = weights / weights.sum(axis=1, keepdims=True)
    return taps
