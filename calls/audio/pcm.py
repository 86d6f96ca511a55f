"""Samples as bytes and arrays, their length and level, and G.711 mu-law.

Everywhere: 16-bit signed little-endian mono, 8000 samples a second unless a rate is given.
"""

import math
import warnings
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # gone from Python 3.13 on: audioop-lts brings it
    import audioop

SAMPLE_RATE: Final = 8000
SAMPLE_BYTES: Final = 2
FRAME_MS: Final = 20
FRAME_BYTES: Final = SAMPLE_RATE * FRAME_MS // 1000 * SAMPLE_BYTES
"""320: one frame of caller audio (awaaz-platform.md §2)."""
FULL_SCALE: Final = 32768
SILENT_DBFS: Final = -96.0
"""What `dbfs` gives for digital silence: below the last bit of 16."""

Samples: TypeAlias = npt.NDArray[np.int16]
_WIRE = np.dtype("<i2")


def to_array(pcm: bytes) -> Samples:
    """Return the samples of `pcm`, read-only and without copying. Raise ValueError on half a sample."""
    return np.frombuffer(pcm, dtype=_WIRE)


def to_bytes(samples: npt.NDArray[np.generic]) -> bytes:
    """Return `samples` (any real type, in int16 units) rounded and clipped, as s16le bytes."""
    if samples.dtype == np.int16:
        return samples.astype(_WIRE, copy=False).tobytes()
    rounded = np.rint(np.nan_to_num(samples.astype(np.float64)))
    return np.clip(rounded, -FULL_SCALE, FULL_SCALE - 1).astype(_WIRE).tobytes()


def without_marker(pcm: bytes) -> bytes:
    """Return the samples with -1 replaced by -2; `pcm` itself if there is none.

    While marks are outstanding mod_audio_fork takes every sample of -1 for one of them (awaaz-platform.md
    §2).
    """
    samples = to_array(pcm)
    found = samples == -1
    return to_bytes(np.where(found, np.int16(-2), samples)) if found.any() else pcm


def silence(ms: int, rate: int = SAMPLE_RATE) -> bytes:
    """Return so many milliseconds of digital silence as s16le bytes."""
    return bytes(rate * ms // 1000 * SAMPLE_BYTES)


def duration_ms(pcm: bytes, rate: int = SAMPLE_RATE) -> int:
    """Return the length of `pcm` in whole milliseconds."""
    return len(pcm) // SAMPLE_BYTES * 1000 // rate


def exact_ms(pcm: bytes) -> float:
    """Return the length of `pcm` in milliseconds, not rounded: for sums over many pieces."""
    return len(pcm) // SAMPLE_BYTES * 1000 / SAMPLE_RATE


def rms(pcm: bytes) -> float:
    """Return the root mean square in int16 units, 0 for no samples."""
    samples = to_array(pcm).astype(np.float64)
    return math.sqrt(float(samples @ samples) / samples.size) if samples.size else 0.0


def loudness(pcm: bytes) -> int:
    """Return `rms` in whole units: a tenth of what an array costs, for every frame. No half samples."""
    return audioop.rms(pcm, SAMPLE_BYTES)


def dbfs(pcm: bytes) -> float:
    """Return the level in dB against a full-scale square wave: a full-scale sine is about -3."""
    return decibels(rms(pcm))


def decibels(level: float) -> float:
    """Return a root mean square (int16 units) in dB as `dbfs` does, at least -96."""
    return max(SILENT_DBFS, 20 * math.log10(level / FULL_SCALE)) if level else SILENT_DBFS


def level_of(dbfs: float) -> float:
    """Return the root mean square (int16 units) of a level in dB, the inverse of `decibels`."""
    return FULL_SCALE * ratio_of(dbfs)


def ratio_of(db: float) -> float:
    """Return the factor between two levels that lie so many dB apart."""
    return math.pow(10, db / 20)


# --- G.711 mu-law -------------------------------------------------------------------------

_BIAS: Final = 33
_CLIP: Final = 8158
"""Largest 14-bit magnitude that, with the bias, still fits the top segment (G.711 table 2)."""


def _decode_table() -> Samples:
    """All 256 code words as 16-bit samples: G.711 table 2 values, 14 bits shifted to 16."""
    code = ~np.arange(256) & 0xFF
    segment, step = (code >> 4) & 7, code & 0x0F
    magnitude = ((2 * step + _BIAS) << segment) - _BIAS
    return np.where(code & 0x80, -4 * magnitude, 4 * magnitude).astype(np.int16)


def _encode_table() -> npt.NDArray[np.uint8]:
    """The code word of every 16-bit sample, indexed by its bits as an unsigned number."""
    sample = np.arange(1 << 16).astype(np.uint16).view(np.int16).astype(np.int32) >> 2
    magnitude = np.minimum(np.abs(sample), _CLIP) + _BIAS
    segment = np.floor(np.log2(magnitude)).astype(np.int32) - 5
    step = (magnitude >> (segment + 1)) & 0x0F
    code = np.where(sample < 0, 0x80, 0) | (segment << 4) | step
    table: npt.NDArray[np.uint8] = (~code & 0xFF).astype(np.uint8)
    return table


_ULAW_TO_PCM: Final = _decode_table()
_PCM_TO_ULAW: Final = _encode_table()


def decode_ulaw(data: bytes) -> bytes:
    """Return mu-law bytes, one a sample, as s16le."""
    return to_bytes(_ULAW_TO_PCM[np.frombuffer(data, dtype=np.uint8)])


def encode_ulaw(pcm: bytes) -> bytes:
    """Return s16le as mu-law bytes, one a sample."""
    return _PCM_TO_ULAW[to_array(pcm).astype(np.int16, copy=False).view(np.uint16)].tobytes()
