"""Change of sample rate, band-limited, by libsoxr."""

from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from calls.audio.pcm import Samples

_LEAST_RATE: Final = 1000
_MOST_RATE: Final = 384_000


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """Return `samples` at `to_rate` Hz: ceil(n * to_rate / from_rate) of them, level and timing kept.

    For whole clips, not for piecewise streams: each call sees silence at both ends.
    Raises `ValueError` for a rate outside 1 kHz to 384 kHz.
    """
    if not all(_LEAST_RATE <= rate <= _MOST_RATE for rate in (from_rate, to_rate)):
        raise ValueError(f"cannot resample {from_rate} Hz to {to_rate} Hz")
    if from_rate == to_rate or not samples.size:
        return samples.copy()
    # Silence behind the end, because soxr alone rounds the length to the nearest; cut off again below.
    # In floats, because it dithers 16-bit output: the same clip would not give the same bytes twice.
    padded = np.pad(samples.astype(np.float32), (0, from_rate // to_rate + 1))
    made: npt.NDArray[np.float32] = soxr.resample(padded, from_rate, to_rate, quality="HQ")
    wanted = made[: -(-samples.size * to_rate // from_rate)]
    return np.clip(np.rint(wanted), -32768, 32767).astype(np.int16)
