"""Any other ASGI server: calls work by ASGI alone, without the fast path and with the server's own limits."""

from collections.abc import Callable, Mapping
from typing import Any, Self

from calls.media.servers.interface import Send, ServerReceive


class Plain:
    """A connection of which only `send` is known."""

    server_receive: ServerReceive

    def __init__(self, send: Send) -> None:
        self._send = send

    @staticmethod
    def when_running(call: Callable[[], None]) -> None:
        """Do nothing: a server that drains speaks lifespan."""

    @classmethod
    def find(cls, send: Send) -> Self:
        """Return a connection for every `send`."""
        return cls(send)

    async def send(self, message: Mapping[str, Any]) -> None:
        """Raises OSError if the peer is gone, as ASGI asks of a server."""
        await self._send(message)

    def deny_busy(self) -> bool:
        """Return False: not known."""
        return False

    async def drain(self) -> None:
        """Return at once: `send` is trusted to wait."""

    def unsent_bytes(self) -> int:
        """Return 0: not known."""
        return 0

    def abort(self) -> None:
        """Do nothing: the transport is not known."""

    def is_closed(self) -> bool:
        """Return True: not known."""
        return True

    def limit_message_size(self, size: int) -> None:
        """Do nothing: the server keeps its own limit."""

    def is_own_close(self, message: Mapping[str, Any]) -> bool:
        """Return whether there is no reason, as with uvicorn: ASGI has servers pass on the one of a peer."""
        return "reason" not in message

    def break_reference_cycles(self) -> None:
        """Do nothing: none is known."""

    def attach(self, receive: ServerReceive) -> bool:
        """Return False: the transport is not known."""
        return False

    def detach(self) -> None:
        """Do nothing: nothing was attached."""

    def is_free(self) -> bool:
        """Return False: nothing was attached."""
        return False

    def note_life(self) -> None:
        """Do nothing: nothing was attached."""

    def write(self, data: bytes) -> bool:
        """Return False: every frame goes by `send`."""
        return False
