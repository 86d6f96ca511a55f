"""All we know of uvicorn's insides: its connection is an asyncio protocol around `websockets`.

Its version is pinned (requirements.txt). `--ws websockets-sansio`, its default, has all of what follows; its
other implementations have no fast path and keep their own limit of a message's size.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, Self

from websockets.protocol import OPEN

from calls.media.servers.interface import Send, ServerReceive


class Uvicorn:
    """A `uvicorn.protocols.websockets.websockets_sansio_impl.WebSocketsSansIOProtocol`."""

    NEEDED: Final = (
        *("close_sent", "conn", "data_received", "disconnected", "handshake_complete"),
        *("queue", "transport", "writable"),
    )
    server_receive: ServerReceive

    def __init__(self, protocol: Any, send: Send) -> None:
        self._protocol, self._send = protocol, send

    @staticmethod
    def when_running(call: Callable[[], None]) -> None:
        """Do nothing: uvicorn speaks lifespan."""

    @classmethod
    def find(cls, send: Send) -> Self | None:
        """Return the connection if `send` is a method of a protocol with an asyncio transport, else None."""
        protocol: Any = getattr(send, "__self__", None)
        transport = getattr(protocol, "transport", None)
        is_asyncios = hasattr(transport, "get_write_buffer_size") and hasattr(transport, "abort")
        return cls(protocol, send) if is_asyncios else None

    async def send(self, message: Mapping[str, Any]) -> None:
        """uvicorn raises OSError if the peer is gone."""
        await self._send(message)

    def deny_busy(self) -> bool:
        """Return False: uvicorn speaks ASGI's `websocket.http.response`."""
        return False

    async def drain(self) -> None:
        """Return at once: uvicorn's `send` waits while the transport has too much."""

    def unsent_bytes(self) -> int:
        """Return the size of the transport's buffer (asyncio's or uvloop's), in bytes."""
        return int(self._protocol.transport.get_write_buffer_size())

    def abort(self) -> None:
        """By the name it has in asyncio."""
        self._protocol.transport.abort()

    def is_closed(self) -> bool:
        """By the transport: uvicorn closes it when the peer's close frame has come."""
        return bool(self._protocol.transport.is_closing())

    def limit_message_size(self, size: int) -> None:
        """uvicorn's limit is 16 MiB and cannot be set from an application; `websockets` keeps it."""
        connection: Any = getattr(self._protocol, "conn", None)
        present = getattr(connection, "max_message_size", None)
        if isinstance(present, int) and not 0 < present <= size:
            connection.max_message_size = size

    def is_own_close(self, message: Mapping[str, Any]) -> bool:
        """Return whether there is no reason: uvicorn passes on a peer's, even an empty one; it gives none."""
        return "reason" not in message

    def break_reference_cycles(self) -> None:
        """Do nothing: uvicorn leaves none."""

    def attach(self, receive: ServerReceive) -> bool:
        """Replace `data_received`. Returns False as the interface says."""
        protocol = self._protocol
        if not all(hasattr(protocol, name) for name in self.NEEDED) or protocol.conn.reader.buffer:
            return False
        self.server_receive = protocol.data_received
        protocol.data_received = receive
        protocol.transport.set_protocol(protocol)  # uvloop keeps the method it found there
        return True

    def detach(self) -> None:
        """Uncover the method that `attach` covered."""
        vars(self._protocol).pop("data_received", None)

    def is_free(self) -> bool:
        """Return whether the WebSocket is open and the queue of `receive` is empty."""
        return self._is_open() and self._protocol.queue.empty()

    def _is_open(self) -> bool:
        protocol = self._protocol
        ended = protocol.close_sent or protocol.disconnected or protocol.transport.is_closing()
        return protocol.handshake_complete and not ended and protocol.conn.state is OPEN

    def note_life(self) -> None:
        """Take what came for the pong that uvicorn waits for, as its own `handle_pong` does.

        uvicorn pings every peer and closes with 1011 where no pong comes, whatever else the peer sends.
        """
        protocol = self._protocol
        if (timer := getattr(protocol, "pong_timer", None)) is not None:
            timer.cancel()
            protocol.pong_timer = protocol.pending_ping_payload = None
            protocol.schedule_ping()

    def write(self, data: bytes) -> bool:
        """Return False if the WebSocket is not open, or uvicorn's own `send` would wait."""
        transport: asyncio.Transport = self._protocol.transport
        if not (self._is_open() and self._protocol.writable.is_set()):
            return False
        transport.write(data)
        return True
