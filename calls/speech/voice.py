"""The interface of a voice, and the common level of every voice's audio."""

from collections.abc import Mapping
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from calls.audio import pcm
from calls.audio.pcm import Samples
from calls.audio.resample import resample

TARGET_DBFS: Final = -16.0
"""Level of spoken audio (RMS), so that recorded clips and every voice are equally loud."""
MOST_TEXT: Final = 2000
"""Characters a voice is asked to speak at once."""
LEVEL: Final = f"{TARGET_DBFS:g} dBFS active"
"""How prompts are levelled; part of the cache's key."""
Description: TypeAlias = Mapping[str, Any]
"""`{"kind": "espeak"}`; what else there is depends on the kind. May hold a secret: never logged."""
Wave: TypeAlias = npt.NDArray[np.float64]
_FRAME: Final = pcm.FRAME_BYTES // pcm.SAMPLE_BYTES
_ACTIVE: Final = 1e-3
"""Of the loudest frame's power: 30 dB below it."""
_MOST_GAIN: Final = 10.0
"""20 dB: beyond that a clip is noise."""
_KNEE: Final = 0.6
_CEILING: Final = 0.97
"""Of full scale: peaks above the knee are compressed and stay below the ceiling."""
_QUIET: Final = 60
"""Samples up to this count as silence at the ends (about -55 dBFS)."""
_EDGE_MS: Final = 30
"""Kept before the first and after the last louder sample."""


class SpeechError(Exception):
    """A text could not be spoken. The text is a sentence for the log; it never holds the spoken text."""


class VoiceUnavailable(SpeechError):
    """The voice does not speak at present; the same text may be spoken later."""


def refusal(text: str, *, passing: bool) -> SpeechError:
    """Return the error of a sentence: `VoiceUnavailable` if it is passing."""
    return VoiceUnavailable(text) if passing else SpeechError(text)


class Voice(Protocol):
    """Turns text into audio. Blocking and safe for several threads; never called in an event loop."""

    @property
    def identity(self) -> str:
        """Return what the audio depends on beside text and language; part of the cache key."""
        ...

    def synthesise(self, text: str, language: str) -> bytes:
        """Return `text` as int16 mono PCM at 8 kHz, about -16 dBFS. Raises `SpeechError` if it cannot."""
        ...


def telephone_audio(samples: Samples, rate: int) -> bytes:
    """Return a voice's samples as s16le at 8 kHz, without silence at the ends, at the common level.

    Empty if all is silence. Raises `ValueError` for a rate that `resample` refuses.
    """
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _QUIET)
    if not loud.size:
        return b""
    edge = rate * _EDGE_MS // 1000
    trimmed = samples[max(0, int(loud[0]) - edge) : int(loud[-1]) + edge]
    return pcm.to_bytes(normalised(resample(trimmed, rate, pcm.SAMPLE_RATE)))


def normalised(samples: Samples) -> Samples:
    """Return `samples` at `TARGET_DBFS`; peaks are compressed below full scale, never clipped."""
    made = samples.astype(np.float64) / pcm.FULL_SCALE
    for _ in range(3):
        level = float(np.sqrt(np.mean(made**2))) if made.size else 0.0
        if not level:
            break
        made = _bent(made * 10 ** (TARGET_DBFS / 20) / level)
    return np.rint(made * (pcm.FULL_SCALE - 1)).astype(np.int16)


def levelled(audio: bytes) -> bytes:
    """Return a prompt (s16le at 8 kHz), speech or a clip, at `TARGET_DBFS` where something is heard in it.

    Pauses do not count, so a slow voice is as loud as a quick one. Peaks are compressed, never clipped; a
    clip that is almost silent is raised by `_MOST_GAIN` at most.
    """
    made = pcm.to_array(audio).astype(np.float64) / pcm.FULL_SCALE
    left = _MOST_GAIN
    for _ in range(3):
        if not (level := active_level(made)):
            break
        gain = min(10 ** (TARGET_DBFS / 20) / level, left)
        made, left = _bent(made * gain), left / gain
    return pcm.to_bytes(np.rint(made * (pcm.FULL_SCALE - 1)).astype(np.int16))


def active_level(made: Wave) -> float:
    """Return the root mean square of the frames of 20 ms that are at most 30 dB below the loudest.

    In the unit of the samples; 0 for silence and for less than a frame.
    """
    frames = made[: made.size // _FRAME * _FRAME].reshape(-1, _FRAME)
    powers = np.mean(frames**2, axis=1)
    active = powers[powers >= powers.max(initial=0.0) * _ACTIVE]
    return float(np.sqrt(np.mean(active))) if active.size else 0.0


def _bent(made: Wave) -> Wave:
    """Return samples (full scale 1) as they are up to the knee, then smoothly towards the ceiling."""
    room = _CEILING - _KNEE
    over = np.maximum(np.abs(made) - _KNEE, 0)
    bent: Wave = np.sign(made) * (np.minimum(np.abs(made), _KNEE) + room * np.tanh(over / room))
    return bent
