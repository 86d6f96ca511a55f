"""PURE: how many callers may be on their way from handshake to agent, so that none waits in silence.

A caller who is accepted and then waits hears nothing; one who is refused at once is rung again by the
platform. So only as many are let in as were served lately in the time that a caller may wait.
"""

from collections import deque
from typing import Final

WAIT_S: Final = 0.8
"""A caller may expect to wait so long. A second more is left for what this does not see: the handshake in the
server and the first audio."""
FIRST_RATE: Final = 60.0
"""Callers a second that are trusted to be served before any was measured."""
_WINDOW_S: Final = 1.0
_LEAST_S: Final = 0.25
"""A busy time shorter than this tells no rate."""
_LEAST: Final = 8
"""So many may always be on their way: a few that took long must not close the door."""


class Intake:
    """Counts the callers under way and measures how fast they are served. Times in seconds, monotonic."""

    def __init__(self) -> None:
        self.under_way = 0
        self._rate = FIRST_RATE
        self._busy_since = 0.0
        self._served: deque[float] = deque()

    def enter(self, now: float) -> bool:
        """Let a caller in and return True, or return False if too many are under way."""
        if self.under_way >= max(_LEAST, self._rate * WAIT_S):
            return False
        if self.under_way == 0:
            self._busy_since = now
            self._served.clear()
        self.under_way += 1
        return True

    def leave(self, now: float) -> None:
        """Note that a caller who was let in has heard the agent, was refused, or is gone."""
        self.under_way -= 1
        self._served.append(now)
        while self._served[0] < now - _WINDOW_S:
            self._served.popleft()
        if (busy := min(now - self._busy_since, _WINDOW_S)) >= _LEAST_S:
            self._rate = len(self._served) / busy
