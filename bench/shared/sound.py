"""Audio for the bench: a prompt, a line's quiet noise, and frames that can be told apart."""

import struct
from typing import Final

import numpy as np

from calls.audio import pcm
from calls.audio.resample import resample

PROMPT_SECONDS: Final = 30
_LOWER: Final = 0.82
_STAMP = struct.Struct("<I")


def prompt(seconds: float = PROMPT_SECONDS) -> bytes:
    """Return something like a voice: a tone of 180 Hz that swells four times a second, at -20 dBFS."""
    at = np.arange(int(seconds * pcm.SAMPLE_RATE)) / pcm.SAMPLE_RATE
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * at)
    return pcm.to_bytes(4600 * swell * np.sin(2 * np.pi * 180 * at))


def quiet_frames(count: int = 50) -> list[bytes]:
    """Return frames of a quiet line: noise at about -60 dBFS."""
    noise = np.random.default_rng(7).normal(0, 32, count * pcm.FRAME_BYTES // pcm.SAMPLE_BYTES)
    audio = pcm.to_bytes(noise)
    return [audio[at : at + pcm.FRAME_BYTES] for at in range(0, len(audio), pcm.FRAME_BYTES)]


def frames_of_speech(audio: bytes, seconds: float = 1.0) -> list[bytes]:
    """Return the beginning of `audio` in frames, from its first loud sample on (over -30 dBFS)."""
    loud = np.flatnonzero(np.abs(pcm.to_array(audio).astype(np.int32)) > 1000)
    first = int(loud[0]) if len(loud) else 0
    spoken = audio[first * pcm.SAMPLE_BYTES :][: int(seconds * pcm.SAMPLE_RATE) * pcm.SAMPLE_BYTES]
    whole = len(spoken) - len(spoken) % pcm.FRAME_BYTES
    return [spoken[at : at + pcm.FRAME_BYTES] for at in range(0, whole, pcm.FRAME_BYTES)]


def lower_voice(audio: bytes) -> bytes:
    """Return speech as another, lower speaker would say it: a fifth slower and deeper.

    In the prompt's own voice a caller is at times taken for the prompt's echo (docs/bench.md, Echo), as no
    person is: the same sounds of a synthetic voice are the same samples.
    """
    slower = round(pcm.SAMPLE_RATE / _LOWER)
    return pcm.to_bytes(resample(pcm.to_array(audio), pcm.SAMPLE_RATE, slower))


def stamped(tick: int) -> bytes:
    """Return a frame that carries its own number."""
    return _STAMP.pack(tick).ljust(pcm.FRAME_BYTES, b"\0")


def stamp_of_last_frame(audio: bytes) -> int:
    """Return the number that the last of these frames carries."""
    tick: int = _STAMP.unpack_from(audio, len(audio) - pcm.FRAME_BYTES)[0]
    return tick
