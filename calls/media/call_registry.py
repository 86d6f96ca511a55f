"""The calls and connections of this process: found by a second connection, and waited for at its end."""

from typing import NamedTuple, Protocol


class Key(NamedTuple):
    """What a second connection must have in common with the first to go on with its call.

    A `call_sid` alone is not enough: a platform that gives two calls the same one would hand one person's
    conversation to another.
    """

    number_id: int | None
    call_sid: str
    reference: str
    caller: str
    """Their number, where the platform tells it."""


class RegisteredCall(Protocol):
    """What is asked of a call here."""

    @property
    def awaits_resume(self) -> bool:
        """Return whether the connection broke and the call waits for another."""

    @property
    def number_id(self) -> int | None:
        """Return the id of the number's row."""


class CallRegistry:
    """Calls and connections of one process. All methods return at once."""

    def __init__(self) -> None:
        self.draining = False
        """The process will end: no new call is admitted."""
        self._calls: dict[Key, RegisteredCall] = {}
        self._connections: set[object] = set()

    def add(self, key: Key, call: RegisteredCall) -> None:
        """Register a call for a second connection that names it; it replaces an earlier one with its key."""
        self._calls[key] = call

    def find(self, key: Key) -> RegisteredCall | None:
        """Return the call that a connection names with its start message; None if it is not here."""
        return self._calls.get(key)

    def has_other(self, key: Key) -> bool:
        """Return whether a call of the same number and `call_sid` is here that belongs to another person."""
        same_sid = (known for known in self._calls if known[:2] == key[:2])
        return any(known != key for known in same_sid)

    def discard(self, key: Key, call: RegisteredCall) -> None:
        """Forget a call that is over, if it is the one registered with its key."""
        if self._calls.get(key) is call:
            del self._calls[key]

    def count_awaiting_resume(self, number_id: int) -> int:
        """Return how many calls of a number wait for a second connection. May be asked from any thread."""
        return sum(call.awaits_resume and call.number_id == number_id for call in list(self._calls.values()))

    def add_connection(self, connection: object) -> None:
        """Have the process wait for this connection before it ends."""
        self._connections.add(connection)

    def discard_connection(self, connection: object) -> None:
        """Forget a connection that is closed."""
        self._connections.discard(connection)

    @property
    def is_idle(self) -> bool:
        """Return whether no connection is in use and no call waits for one."""
        return not self._connections and not any(call.awaits_resume for call in self._calls.values())


call_registry = CallRegistry()
"""Of this process."""
