"""PURE: how busy this process's loop is: whether its core has room for another call."""

from typing import Final

WINDOW_S: Final = 0.25


class LoopBusy:
    """Follows what share of a core the thread of the loop uses."""

    def __init__(self) -> None:
        self._at = self._used = self._share = 0.0

    def share(self, now: float, used: float) -> float:
        """Return the share of a core that was used between the last two looks; `now` and `used`, the CPU time
        of the loop's thread, in seconds.

        A look is taken when it is asked for, at most every `WINDOW_S`: the first caller after a pause sees
        how busy the loop was with the calls on the line, those of a crowd how busy it is with the crowd.
        """
        if now - self._at >= WINDOW_S:
            self._share = (used - self._used) / (now - self._at)
            self._at, self._used = now, used
        return self._share
