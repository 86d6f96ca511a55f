"""PURE: caller audio on its way in. What nobody waits for is gathered, and taken in together.

Most frames of most calls are a quiet line: nobody is hurt if such a frame is placed, recorded and counted a
little later, and many at once cost less than each alone (docs/bench.md). What may be speech is never held.
"""

import math
from typing import Final, NamedTuple

from calls.audio.pcm import FRAME_BYTES, loudness
from calls.protocol.messages import Media

MOST_HELD: Final = 15
"""Frames: 300 ms of a line on which nobody speaks. While we speak, the next piece (200 ms) comes first."""
NOBODY_LISTENS: Final = math.inf
"""As `InputBuffer.urgent_level`: no level matters at once."""
EVERYTHING: Final = 0.0


class BufferedFrame(NamedTuple):
    """A frame, when it came (seconds), and its level (RMS in int16 units)."""

    media: Media
    at: float
    level: int


class InputBuffer:
    """One call's."""

    def __init__(self) -> None:
        self.urgent_level = EVERYTHING
        """A frame of 20 ms waits only below this level (RMS in int16 units); any other waits never."""
        self._held: list[BufferedFrame] = []

    def hold(self, media: Media, now: float) -> bool:
        """A frame came: True if it can wait, False if all that came is to be taken in now."""
        payload, held = media.payload, self._held
        level = loudness(payload)
        held.append(BufferedFrame(media, now, level))
        return level < self.urgent_level and len(held) < MOST_HELD and len(payload) == FRAME_BYTES

    def take(self) -> list[BufferedFrame]:
        """What came since the last taking, in order."""
        held, self._held = self._held, []
        return held
