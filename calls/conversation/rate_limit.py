"""PURE: how fast the platform may send. Most frames cost one subtraction here."""

from enum import Enum, auto


class RateDecision(Enum):
    """What to do with a frame."""

    FINE = auto()
    TOO_FAST = auto()
    """Leave it unread, and say so: the first such frame of a second."""
    STILL_TOO_FAST = auto()
    """Leave it unread."""
    UNBEARABLE = auto()
    """Close."""


class RateLimiter:
    """A bucket: so many frames a second, and a burst on top for what a network held back.

    Frames are left unread while the bucket is empty; after as many of those as a burst holds it is enough.
    """

    def __init__(self, *, per_second: float, burst: int, now: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._left = float(burst)
        self._counted_at = now
        self._said_at = float("-inf")
        self.unread = 0

    def take(self, now: float) -> RateDecision:
        """One frame came."""
        self._left -= 1
        if self._left >= 0:
            return RateDecision.FINE
        return self._count(now)

    def _count(self, now: float) -> RateDecision:
        """The bucket looks empty: add what time has brought since the last look."""
        earned = max(0.0, now - self._counted_at) * self._per_second
        self._counted_at = max(now, self._counted_at)
        self._left = min(float(self._burst), self._left + earned)
        if self._left >= 0:
            return RateDecision.FINE
        self._left += 1  # an unread frame takes nothing
        self.unread += 1
        if self.unread > self._burst:
            return RateDecision.UNBEARABLE
        if now - self._said_at < 1.0:
            return RateDecision.STILL_TOO_FAST
        self._said_at = now
        return RateDecision.TOO_FAST
