"""How slowly this process's loop turns: whether it has time for another call."""

import asyncio
from typing import Final

LOOK_SECONDS: Final = 0.05
TURNS: Final = 10
"""A call needs about so many turns of the loop from its connection to its first word. One turn tells nothing:
a loop that is full may be late by little in each, and yet let new connections wait for seconds."""
_NEWEST: Final = 0.5
"""What the newest look counts for: one slow moment is not a loop that is always slow."""


class LoopLag:
    """Measures how long ten turns of the running loop take. All methods are called in the loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._average = 0.0
        self._begun = 0.0
        self._is_measuring = False

    def seconds(self) -> float:
        """Return how long ten turns take lately, on average, in seconds. The first call begins to measure."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._average, self._is_measuring = loop, 0.0, False
            loop.call_later(LOOK_SECONDS, self._look, loop)
        if not self._is_measuring:
            return self._average
        return max(self._average, self._with(loop.time() - self._begun))

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._begun, self._is_measuring = loop.time(), True
        loop.call_soon(self._turn, loop, TURNS)

    def _turn(self, loop: asyncio.AbstractEventLoop, left: int) -> None:
        if left > 1:
            loop.call_soon(self._turn, loop, left - 1)
            return
        self._average, self._is_measuring = self._with(loop.time() - self._begun), False
        loop.call_later(LOOK_SECONDS, self._look, loop)

    def _with(self, seconds: float) -> float:
        return (1 - _NEWEST) * self._average + _NEWEST * seconds
