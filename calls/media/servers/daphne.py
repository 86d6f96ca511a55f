"""All we know of Daphne's insides: its connection is autobahn's, on a Twisted transport.

Its version is pinned (requirements.txt). Where an attribute is missing, calls go without what needs it.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Self

from autobahn.exception import Disconnected
from autobahn.websocket.types import ConnectionDeny

from calls.media.servers.interface import MOST_UNSENT_BYTES, Send, ServerReceive

_LOOK_SECONDS = 0.05
BACKLOG: Final = 2048
"""Connections that may wait for `accept`, as uvicorn has it. Twisted's 50 overflow when callers come
together: the kernel then drops handshakes, which the other side repeats after 1, 3 and 7 s."""


class Daphne:
    """A `daphne.ws_protocol.WebSocketProtocol`, the argument of Daphne's `send`."""

    NEEDED: Final = (
        *("STATE_OPEN", "application_queue", "data", "dataReceived"),
        *("failedByMe", "last_ping", "muted", "state", "transport"),
    )
    server_receive: ServerReceive

    def __init__(self, protocol: Any, send: Send) -> None:
        self._protocol, self._send = protocol, send
        self._open = getattr(protocol, "STATE_OPEN", None)

    @staticmethod
    def when_running(call: Callable[[], None]) -> None:
        """Daphne has no lifespan. Its reactor is there in every process, but runs only in Daphne's."""
        reactor: Any = sys.modules.get("twisted.internet.reactor")
        if reactor is None:
            return

        def lengthen_backlogs() -> None:
            """Let more connections wait at each port that Daphne listens on: `listen` may be called again."""
            for reader in reactor.getReaders():
                listener: Any = getattr(reader, "socket", None)
                if hasattr(reader, "backlog") and hasattr(listener, "listen"):
                    listener.listen(BACKLOG)

        reactor.callWhenRunning(reactor.callLater, 0, lengthen_backlogs)
        reactor.callWhenRunning(reactor.callLater, 0, call)

    @classmethod
    def find(cls, send: Send) -> Self | None:
        """Return the connection if `send` is `partial(Server.handle_reply, protocol)`, else None."""
        return cls(send.args[0], send) if isinstance(send, partial) and send.args else None

    async def send(self, message: Mapping[str, Any]) -> None:
        """Raises OSError if the peer is gone, as ASGI wants it and uvicorn does.

        Daphne lets autobahn's `Disconnected`, a RuntimeError, through: raised when the peer broke the rules
        of WebSockets (such as text that is no UTF-8) or began to close while audio for it was waiting.
        """
        try:
            await self._send(message)
        except Disconnected:
            raise ConnectionResetError("the peer is gone") from None

    def deny_busy(self) -> bool:
        """Answer the handshake as Daphne's `serverReject` does, with 503 instead of its 403."""
        protocol = self._protocol
        handshake: Any = getattr(protocol, "handshake_deferred", None)
        if not hasattr(handshake, "errback"):
            return False
        denial: Any = ConnectionDeny
        handshake.errback(denial(code=503, reason="Busy. Try again in a few seconds."))
        del protocol.handshake_deferred
        protocol.server.protocol_disconnected(protocol)
        return True

    async def drain(self) -> None:
        """Return when the transport's buffer is short enough. Daphne's `send` never waits: it appends to that
        buffer, so that a peer which reads nothing would fill our memory; and Daphne pings only peers that
        send nothing, so it does not find such a peer either."""
        while self.unsent_bytes() > MOST_UNSENT_BYTES:
            await asyncio.sleep(_LOOK_SECONDS)

    def unsent_bytes(self) -> int:
        """Return what Twisted's transport holds; 0 if it is disconnected, when it keeps what is unsent."""
        transport = getattr(self._protocol, "transport", None)
        return 0 if getattr(transport, "disconnected", False) else _buffered_by(transport)

    def abort(self) -> None:
        """By the name it has in Twisted."""
        abort = getattr(getattr(self._protocol, "transport", None), "abortConnection", None)
        if callable(abort):
            abort()

    def is_closed(self) -> bool:
        """By autobahn's state: it drops the connection when the peer's close frame has come."""
        closed = getattr(self._protocol, "STATE_CLOSED", None)
        return bool(getattr(self._protocol, "state", closed) == closed)

    def limit_message_size(self, size: int) -> None:
        """Daphne's limit is 1 MiB and cannot be set by an application; autobahn keeps it on the protocol."""
        for name in ("maxMessagePayloadSize", "maxFramePayloadSize"):
            present = getattr(self._protocol, name, None)
            if isinstance(present, int) and not 0 < present <= size:
                setattr(self._protocol, name, size)

    def is_own_close(self, message: Mapping[str, Any]) -> bool:
        """Return False: Daphne that shuts down cancels the application."""
        return False

    def break_reference_cycles(self) -> None:
        """Forget the request that became this WebSocket, which waits for no HTTP answer any more, and the
        result of the Deferred that fires when the connection is closed."""
        transport = getattr(self._protocol, "transport", None)
        requests = getattr(getattr(transport, "producer", None), "requests", None)
        if isinstance(requests, list):
            requests.clear()
        closed: Any = getattr(self._protocol, "is_closed", None)
        if hasattr(closed, "addCallback"):
            closed.addCallback(lambda _: None)

    def attach(self, receive: ServerReceive) -> bool:
        """Replace `dataReceived`: Twisted looks it up for each read. Returns False as the interface says."""
        protocol = self._protocol
        if not all(hasattr(protocol, name) for name in self.NEEDED) or protocol.data:
            return False
        self.server_receive = protocol.dataReceived
        protocol.dataReceived = receive
        return True

    def detach(self) -> None:
        """Uncover the method that `attach` covered."""
        vars(self._protocol).pop("dataReceived", None)

    def is_free(self) -> bool:
        """Return False, too, while autobahn fails the connection or reads no more of it."""
        protocol = self._protocol
        is_open = protocol.state == self._open and not (protocol.failedByMe or protocol.muted)
        return is_open and protocol.application_queue.empty()

    def note_life(self) -> None:
        """Daphne pings peers that have sent nothing for a while."""
        self._protocol.last_ping = time.time()

    def write(self, data: bytes) -> bool:
        """Return False if the WebSocket is not open or the peer is behind."""
        protocol = self._protocol
        if protocol.state != self._open or _buffered_by(protocol.transport) > MOST_UNSENT_BYTES:
            return False
        protocol.transport.write(data)
        return True


def _buffered_by(transport: object) -> int:
    """Return how many bytes a Twisted transport has not given to the kernel; 0 for anything else."""
    buffered = len(getattr(transport, "dataBuffer", b"")) - int(getattr(transport, "offset", 0))
    return buffered + int(getattr(transport, "_tempDataLen", 0))
