"""The calls this process holds: found again by a second connection, waited for before the process ends."""

from typing import Protocol

Key = tuple[int, str]
"""The number's row and the platform's `call_sid`."""


class HeldCall(Protocol):
    """What is asked of a call here."""

    @property
    def is_away(self) -> bool:
        """Its connection broke, and it waits for another."""

    @property
    def number_id(self) -> int:
        """The row of its number."""


class HeldCalls:
    """Calls and connections of one process. All methods return at once."""

    def __init__(self) -> None:
        self.draining = False
        """The process will end: nobody new is let in."""
        self._calls: dict[Key, HeldCall] = {}
        self._busy: set[object] = set()

    def add(self, key: Key, call: HeldCall) -> None:
        """From now on a second connection that names this call finds it."""
        self._calls[key] = call

    def find(self, key: Key) -> HeldCall | None:
        """The call a connection names with its start message."""
        return self._calls.get(key)

    def discard(self, key: Key, call: HeldCall) -> None:
        """The call is over."""
        if self._calls.get(key) is call:
            del self._calls[key]

    def count_away(self, number_id: int) -> int:
        """How many calls of a number wait for a second connection. May be asked from any thread."""
        return sum(call.is_away and call.number_id == number_id for call in list(self._calls.values()))

    def enter(self, connection: object) -> None:
        """A connection is in use; the process waits for it."""
        self._busy.add(connection)

    def leave(self, connection: object) -> None:
        """It is not any more."""
        self._busy.discard(connection)

    @property
    def is_idle(self) -> bool:
        """No connection in use, no call that waits for one."""
        return not self._busy and not any(call.is_away for call in self._calls.values())


held = HeldCalls()
"""Of this process."""
