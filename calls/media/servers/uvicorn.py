"""What we know of uvicorn's connection object, and nowhere else."""

import asyncio
from typing import Any, Final

from websockets.protocol import OPEN

from calls.media.servers.interface import Send, ServerReceive


class Uvicorn:
    """A `uvicorn.protocols.websockets.websockets_sansio_impl.WebSocketsSansIOProtocol`."""

    NEEDED: Final = (
        *("close_sent", "conn", "data_received", "disconnected", "handshake_complete"),
        *("queue", "transport", "writable"),
    )

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self.server_receive: ServerReceive = protocol.data_received

    @staticmethod
    def find(send: Send) -> "Uvicorn | None":
        """`send` is a method of the protocol."""
        protocol: Any = getattr(send, "__self__", None)
        has_all = all(hasattr(protocol, name) for name in Uvicorn.NEEDED)
        return Uvicorn(protocol) if has_all and not protocol.conn.reader.buffer else None

    def attach(self, receive: ServerReceive) -> None:
        self._protocol.data_received = receive
        self._protocol.transport.set_protocol(self._protocol)  # uvloop keeps the method it found there

    def detach(self) -> None:
        vars(self._protocol).pop("data_received", None)

    def is_free(self) -> bool:
        protocol = self._protocol
        return self._is_open() and protocol.queue.empty()

    def _is_open(self) -> bool:
        protocol = self._protocol
        ended = protocol.close_sent or protocol.disconnected or protocol.transport.is_closing()
        return protocol.handshake_complete and not ended and protocol.conn.state is OPEN

    def note_life(self) -> None:
        """uvicorn pings whoever it is, and waits for the pong."""

    def write(self, data: bytes) -> bool:
        transport: asyncio.Transport = self._protocol.transport
        if not (self._is_open() and self._protocol.writable.is_set()):
            return False
        transport.write(data)
        return True
