"""PURE: how fast the platform may send. Most frames cost one subtraction here."""

from enum import Enum, auto


class RateDecision(Enum):
    """What to do with a frame."""

    ACCEPT = auto()
    REPORT = auto()
    """Leave it unread, and write that down: the first such frame of a second."""
    DROP = auto()
    """Leave it unread."""
    CLOSE = auto()
    """Close the call."""


class RateLimiter:
    """A token bucket: so many frames a second, and a burst on top for what a network kept back.

    Frames are left unread while the bucket is empty; after as many of those as a burst the call is closed.
    """

    def __init__(self, *, per_second: float, burst: int, now: float) -> None:
        """`burst` in frames, `now` in seconds."""
        self._per_second, self._burst = per_second, burst
        self._left = float(burst)
        self._counted_at = now
        self._reported_at = float("-inf")
        self.unread = 0

    def take(self, now: float) -> RateDecision:
        """Return what to do with a frame that came."""
        self._left -= 1
        if self._left >= 0:
            return RateDecision.ACCEPT
        # The bucket looks empty: add what time has brought since the last look.
        earned = max(0.0, now - self._counted_at) * self._per_second
        self._counted_at = max(now, self._counted_at)
        self._left = min(float(self._burst), self._left + earned)
        if self._left >= 0:
            return RateDecision.ACCEPT
        self._left += 1  # an unread frame takes nothing
        self.unread += 1
        if self.unread > self._burst:
            return RateDecision.CLOSE
        if now - self._reported_at < 1.0:
            return RateDecision.DROP
        self._reported_at = now
        return RateDecision.REPORT
