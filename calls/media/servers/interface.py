"""What a server's connection has to offer so that audio may take the fast path (`fast_path`)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

OnText = Callable[[str], None]
ServerReceive = Callable[[bytes], None]


class Server(Protocol):
    """What differs between servers: one connection of one of them."""

    server_receive: ServerReceive

    def attach(self, receive: ServerReceive) -> None:
        """Bytes of the transport come to `receive` from now on."""

    def detach(self) -> None:
        """Bytes of the transport may go to the server again; until it asks anew they come as before."""

    def is_free(self) -> bool:
        """Whether the connection is open and nothing that came before waits for the application."""

    def note_life(self) -> None:
        """The peer has sent something that the server did not see."""

    def write(self, data: bytes) -> bool:
        """Give bytes to the transport; False if it is closing, or has too many already."""


Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

MOST_UNSENT_BYTES = 64 * 1024
"""Above this the peer is behind: three seconds of audio, beyond what the kernel holds already."""
