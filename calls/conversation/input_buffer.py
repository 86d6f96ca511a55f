"""PURE: caller audio on its way in. Quiet frames are collected, and taken in together.

Most frames of most calls are a quiet line: it does no harm to place, record and count such a frame a little
later, and many at once cost less than each alone (docs/bench.md). What may be speech never waits.
"""

import math
from typing import Final, NamedTuple

from calls.audio.pcm import FRAME_BYTES, loudness
from calls.protocol.messages import Media

MOST_BUFFERED: Final = 15
"""Frames: 300 ms of a quiet line. While our own audio plays, its next piece (200 ms) comes first."""
GATHERED_S: Final = 0.1
MOST_GATHERED: Final = 250
"""The first frames of a stream wait for each other so long, and are no more than this (5 s): where they were
kept back and come all at once, the last of them tells when the first was spoken."""
NEVER_URGENT: Final = math.inf
"""As `InputBuffer.urgent_level`: no level matters at once."""
ALWAYS_URGENT: Final = 0.0


class BufferedFrame(NamedTuple):
    """A frame, when it came (seconds), and its level (RMS in int16 units)."""

    media: Media
    at: float
    level: int


class InputBuffer:
    """Collect quiet caller frames and release them together, at most 15 (300 ms)."""

    def __init__(self) -> None:
        self.urgent_level = ALWAYS_URGENT
        """A frame of 20 ms waits only below this level (RMS in int16 units); any other waits never."""
        self._frames: list[BufferedFrame] = []
        self._gathers_until: float | None = None

    def gather(self) -> None:
        """Let the next frames wait for each other, whatever they are: a stream begins."""
        self._gathers_until = math.inf

    def gathers(self, now: float) -> bool:
        """Return whether the first frames still wait for further ones."""
        until = self._gathers_until
        return until is not None and now < until and len(self._frames) < MOST_GATHERED

    def push(self, media: Media, now: float) -> bool:
        """Add a frame. Return True if it can wait, False if all that came is to be taken in now."""
        payload, frames = media.payload, self._frames
        level = loudness(payload)
        frames.append(BufferedFrame(media, now, level))
        if self._gathers_until is not None:
            self._gathers_until = min(self._gathers_until, now + GATHERED_S)
            if self.gathers(now):
                return True
        return level < self.urgent_level and len(frames) < MOST_BUFFERED and len(payload) == FRAME_BYTES

    def take(self) -> list[BufferedFrame]:
        """Return the frames that came since the last call, in order."""
        frames, self._frames = self._frames, []
        if frames:
            self._gathers_until = None
        return frames
