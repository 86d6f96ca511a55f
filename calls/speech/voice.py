"""What a voice is, and what every voice's audio has in common."""

from typing import Final, Protocol

import numpy as np

from calls.audio import pcm
from calls.audio.pcm import Samples
from calls.audio.resample import resample

TARGET_DBFS: Final = -16.0
"""Level of spoken audio (RMS), so that recorded clips and every voice are equally loud."""
MOST_TEXT: Final = 2000
"""Characters a voice is asked to speak at once."""
_KNEE: Final = 0.6
_CEILING: Final = 0.97
_QUIET: Final = 60
_EDGE_MS: Final = 30


class SpeechError(Exception):
    """A text could not be spoken. The text is a sentence for the log; it never holds the spoken text."""


class Voice(Protocol):
    """Speaks. Blocking, safe to use from several threads; a shell calls it off its event loop."""

    @property
    def identity(self) -> str:
        """What the audio depends on beside text and language; part of the cache key."""
        ...

    def synthesise(self, text: str, language: str) -> bytes:
        """`text` as int16 mono PCM at 8 kHz, level about -16 dBFS. SpeechError if it cannot be."""
        ...


def telephone_audio(samples: Samples, rate: int) -> bytes:
    """A voice's own samples as prompt audio: 8 kHz, without silence at the ends, at the common level."""
    narrow = resample(_trimmed(samples, rate), rate, pcm.SAMPLE_RATE)
    return pcm.to_bytes(normalised(narrow))


def normalised(samples: Samples) -> Samples:
    """`samples` at `TARGET_DBFS`; peaks are bent below full scale, never clipped."""
    made = samples.astype(np.float64) / pcm.FULL_SCALE
    for _ in range(3):
        level = float(np.sqrt(np.mean(made**2))) if made.size else 0.0
        if not level:
            break
        made = _bent(made * 10 ** (TARGET_DBFS / 20) / level)
    return np.rint(made * (pcm.FULL_SCALE - 1)).astype(np.int16)


def _bent(samples: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
    """Linear up to the knee, then smoothly towards the ceiling."""
    room = _CEILING - _KNEE
    over = np.maximum(np.abs(samples) - _KNEE, 0)
    return np.sign(samples) * (np.minimum(np.abs(samples), _KNEE) + room * np.tanh(over / room))


def _trimmed(samples: Samples, rate: int) -> Samples:
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _QUIET)
    if not loud.size:
        return samples[:0]
    edge = rate * _EDGE_MS // 1000
    return samples[max(0, int(loud[0]) - edge) : int(loud[-1]) + edge]
