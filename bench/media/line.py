"""PURE: the far end's play-out buffer, and how late agent audio came.

Written from awaaz-platform.md §2: the far end gathers 80 ms before it first plays and 40 ms after it ran dry.
Times are seconds on one monotonic clock.
"""

from typing import Final

FIRST_BUFFER_S: Final = 0.08
LATER_BUFFER_S: Final = 0.04
PIECE_S: Final = 0.2
AHEAD_S: Final = 0.4


class PlayedLine:
    """Play what the agent sends. A gap: the buffer ran dry in the middle of a prompt."""

    def __init__(self) -> None:
        self.gaps = 0
        self.plays_until = 0.0
        self._threshold = FIRST_BUFFER_S
        self._waiting = 0.0
        self._in_prompt = False

    def media(self, seconds: float, now: float) -> None:
        """Take audio of so many seconds."""
        if now < self.plays_until:
            self.plays_until += seconds
        else:
            self._into_dry(seconds, now)
        self._in_prompt = True

    def _into_dry(self, seconds: float, now: float) -> None:
        if self._in_prompt and not self._waiting:
            self.gaps += 1
        self._waiting += seconds
        if self._waiting >= self._threshold:
            self.plays_until = now + self._waiting
            self._waiting, self._threshold = 0.0, LATER_BUFFER_S

    def mark(self, now: float, *, ends_prompt: bool = True) -> float:
        """Return when a mark that came now goes back. If it ends a prompt, its waiting tail is played."""
        if not ends_prompt:
            return max(self.plays_until, now)
        self._in_prompt = False
        self.plays_until = max(self.plays_until, now) + self._waiting
        self._waiting = 0.0
        return self.plays_until

    def clear(self, now: float) -> None:
        """Drop what is not played."""
        self.plays_until, self._waiting, self._in_prompt = min(self.plays_until, now), 0.0, False


class Schedule:
    """Measure how late pieces of a prompt are, against the earliest of them.

    A prompt goes out in pieces of 200 ms, never more than 400 ms ahead of a listener who hears the first of
    them 80 ms after it was sent. The clock that this is measured from is the server's; it is known here by
    the piece that came earliest.
    """

    def __init__(self) -> None:
        self._sent = 0.0
        self._anchor: float | None = None

    def late_ms(self, seconds: float, now: float) -> float:
        """Return how late this piece is, in milliseconds."""
        self._sent += seconds
        wait = self._sent - AHEAD_S
        due = wait + FIRST_BUFFER_S if wait > 0 else 0.0
        start = now - due
        self._anchor = start if self._anchor is None else min(self._anchor, start)
        return (start - self._anchor) * 1000
