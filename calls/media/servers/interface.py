"""What a call needs of its WebSocket's server beyond ASGI: one protocol, one module for each server.

`daphne`, `uvicorn`, and `plain` for any other server; `asgi.find_server` chooses. All knowledge of a server's
insides stands in its own module.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, Self

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
OnText = Callable[[str], None]
ServerReceive = Callable[[bytes], None]

MOST_UNSENT_BYTES = 64 * 1024
"""Above this the peer is behind: three seconds of audio, beyond what the kernel holds already."""


class Server(Protocol):
    """One WebSocket connection of one server."""

    @staticmethod
    def when_running(call: Callable[[], None]) -> None:
        """Have `call` called in the server's loop once the server handles signals. Nothing is done where the
        server says so by ASGI's lifespan, and in a process that another server runs."""

    @classmethod
    def find(cls, send: Send) -> Self | None:
        """Return the connection of an ASGI `send`; None if another server made it."""

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send an ASGI message. Raises OSError if the peer is gone."""

    def deny_busy(self) -> bool:
        """Refuse a connection that is not accepted yet with HTTP 503, past ASGI. Returns False, and does
        nothing, where ASGI has its own way for it or the server has none."""

    async def drain(self) -> None:
        """Wait until at most `MOST_UNSENT_BYTES` are unsent. Returns at once where `send` waits by itself."""

    def unsent_bytes(self) -> int:
        """Return how many bytes the server holds for the peer; 0 if the connection is gone or not known."""

    def abort(self) -> None:
        """Drop the connection and what is unsent; nothing happens where the transport is not known."""

    def is_closed(self) -> bool:
        """Return whether the peer has acknowledged a close or is gone; True, too, where that is not known."""

    def limit_message_size(self, size: int) -> None:
        """Have the server refuse messages of more than `size` bytes by their header, before they are in
        memory. A lower limit of the server stays."""

    def is_own_close(self, message: Mapping[str, Any]) -> bool:
        """Return whether a `websocket.disconnect` with code 1012 comes from the server, which shuts down;
        False if the peer sent that code."""

    def break_reference_cycles(self) -> None:
        """Cut what would keep a closed connection in memory until the garbage collector comes. To be called
        once, when the connection has begun."""

    # --- The fast path, see `fast_path` ---------------------------------------------------------------

    server_receive: ServerReceive
    """The server's own way for bytes from the transport; set by `attach`."""

    def attach(self, receive: ServerReceive) -> bool:
        """Give the transport's bytes to `receive` from now on. Returns False, and changes nothing, if the
        server has no place for that or has bytes already that it could not use yet."""

    def detach(self) -> None:
        """Let the transport's bytes go to the server again, from when the transport looks it up anew."""

    def is_free(self) -> bool:
        """Return whether the connection is open and no earlier message waits for the application."""

    def note_life(self) -> None:
        """Record that the peer has sent something, where the server pings peers that send nothing."""

    def write(self, data: bytes) -> bool:
        """Give bytes to the transport; False if it is closing, or the peer is behind."""
