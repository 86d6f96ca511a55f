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
    """Counts the callers under way and follows how long they wait. Times in seconds, monotonic.

    As many are let in as are served within `WAIT_S`. While none has waited longer that number only grows:
    callers may take their time side by side.
    """

    def __init__(self) -> None:
        self._entered: deque[float] = deque()
        self._most = FIRST_RATE * WAIT_S
        self._busy_since = 0.0
        self._served: deque[float] = deque()

    @property
    def under_way(self) -> int:
        """Return how many were let in and have not left."""
        return len(self._entered)

    def enter(self, now: float) -> bool:
        """Let a caller in and return True, or return False if too many are under way."""
        if self.under_way >= max(_LEAST, round(self._most)):
            return False
        if not self._entered:
            if not self._served or self._served[-1] < now - _WINDOW_S:  # nothing waits from before
                self._most = max(self._most, FIRST_RATE * WAIT_S)
            self._busy_since = now
            self._served.clear()
        self._entered.append(now)
        return True

    def leave(self, now: float) -> None:
        """Note that a caller who was let in has heard the agent, was refused, or is gone."""
        waited = now - self._entered.popleft()  # they are served in their order, or nearly so
        self._served.append(now)
        while self._served[0] < now - _WINDOW_S:
            self._served.popleft()
        if (busy := min(now - self._busy_since, _WINDOW_S)) < _LEAST_S:
            return
        most = len(self._served) / busy * WAIT_S
        # A few who were served first tell no rate of the others, unless one has waited too long.
        self._most = most if waited > WAIT_S else max(self._most, most)
