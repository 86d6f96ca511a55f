"""Putting two signals together: side by side for a recording, or on top of each other."""

import numpy as np

from calls.audio import pcm


def stereo(left: bytes, right: bytes) -> bytes:
    """Return two mono tracks (s16le) interleaved; the shorter one is filled up with silence."""
    size = max(len(left), len(right)) // pcm.SAMPLE_BYTES
    both = np.zeros((size, 2), dtype=np.int16)
    for channel, track in enumerate((left, right)):
        samples = pcm.to_array(track)
        both[: samples.size, channel] = samples
    return pcm.to_bytes(both)


def mix_at(track: bytes, sound: bytes, at_ms: int, *, rate: int = pcm.SAMPLE_RATE) -> bytes:
    """Return `track` with `sound` added from `at_ms` on, lengthened as needed, clipped at full scale.

    Raise ValueError for a negative `at_ms`.
    """
    if at_ms < 0:
        raise ValueError("a sound cannot begin before its track")
    base, added = pcm.to_array(track), pcm.to_array(sound)
    start = at_ms * rate // 1000
    mixed = np.zeros(max(base.size, start + added.size), dtype=np.int32)
    mixed[: base.size] = base
    mixed[start : start + added.size] += added
    return pcm.to_bytes(mixed)
