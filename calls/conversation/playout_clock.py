"""PURE: when handed-over audio is heard, in samples and seconds, as far as it can be known from here.

The far end waits for 80 ms before it first plays and for 40 ms after its buffer ran dry (awaaz-platform.md
§2, AF). Whether it waits for that much audio or for that much time is not said; the later of the two is
assumed, so `heard` is what must have been heard. Marks correct it in both directions.
"""

from typing import Final

from calls.audio.pcm import SAMPLE_RATE

FIRST_WAIT_MS: Final = 80
LATER_WAIT_MS: Final = 40
_ROUNDING = 1e-3
"""Of a sample: so that the moment computed for a position reaches that position."""


def samples_of(ms: int) -> int:
    """Return how many samples there are in so many milliseconds, rounded down."""
    return ms * SAMPLE_RATE // 1000


class PlayClock:
    """Positions count samples handed over since the call began; they never run backwards."""

    def __init__(self) -> None:
        self.sent = 0
        self._wait_ms = FIRST_WAIT_MS
        self._anchor_time = 0.0
        self._anchor_position = 0
        self._floor = 0

    def heard(self, now: float) -> int:
        """Return the position that must have been heard by `now`."""
        played = int((now - self._anchor_time) * SAMPLE_RATE + _ROUNDING)
        position = self._anchor_position + max(0, played)
        self._floor = max(self._floor, min(self.sent, position))
        return self._floor

    def time_of(self, position: int) -> float:
        """Return when a position is heard, or was (seconds), by the present anchor."""
        return self._anchor_time + (position - self._anchor_position) / SAMPLE_RATE

    def least_start(self, now: float) -> int:
        """Return the samples the next piece needs for the far end to start playing; 0 while it plays."""
        return samples_of(self._wait_ms) if self.heard(now) >= self.sent else 0

    def hand_over(self, samples: int, now: float) -> None:
        """Count audio that is sent; into a dry buffer it is heard after the far end's wait."""
        if self.heard(now) >= self.sent:
            self._anchor_time, self._anchor_position = now + self._wait_ms / 1000, self.sent
            self._wait_ms = LATER_WAIT_MS
        self.sent += samples

    def reached(self, position: int, now: float) -> None:
        """Believe a mark at `position` that came back, uncleared, earlier or later than reckoned.

        What was reckoned as heard stays so: a late mark stops the clock, it does not turn it back.
        """
        if self.heard(now) < position or now > self.time_of(position):
            self._anchor_time, self._anchor_position = now, position
            self._floor = max(self._floor, position)

    def cut(self, now: float) -> int:
        """Drop everything not heard by `now`. Return the position where it was cut."""
        self.sent = self.heard(now)
        return self.sent

    def restart(self) -> None:
        """Reckon with a new far end, whose buffer is empty."""
        self._wait_ms = FIRST_WAIT_MS
