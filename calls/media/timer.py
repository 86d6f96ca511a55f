"""The timer of a call."""

import asyncio
from collections.abc import Callable


class Timer:
    """At most one timer, which is moved less often than it is asked for.

    A conversation names its next wake-up with every step, mostly a later one than before. A timer that is set
    already is left then: it goes off too early, and the conversation says anew when to wake.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.at: float | None = None
        """When it goes off, in the loop's seconds. Kept here: uvloop's handle of a past time has no time."""
        self._loop = loop
        self._handle: asyncio.Handle | None = None

    def set(self, when: float | None, on_timer: Callable[[], None]) -> None:
        """Have `on_timer` called at `when` (the loop's seconds) or earlier; None: not at all."""
        if self._handle and (when is None or self.at is None or when < self.at):
            self._handle.cancel()
            self._handle = self.at = None

        def go_off() -> None:
            self._handle = self.at = None
            on_timer()

        if when is not None and self._handle is None:
            self._handle, self.at = self._loop.call_at(when, go_off), when
