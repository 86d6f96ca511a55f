"""What we know of Daphne's connection object, and nowhere else."""

import time
from functools import partial
from typing import Any, Final

from calls.media.servers.interface import MOST_UNSENT_BYTES, Send, ServerReceive


class Daphne:
    """A `daphne.ws_protocol.WebSocketProtocol`, which is autobahn's on a Twisted transport."""

    NEEDED: Final = (
        *("STATE_OPEN", "application_queue", "data", "dataReceived"),
        *("failedByMe", "last_ping", "muted", "state", "transport"),
    )

    def __init__(self, protocol: Any) -> None:
        self._protocol, self._open = protocol, protocol.STATE_OPEN
        self.server_receive: ServerReceive = protocol.dataReceived

    @staticmethod
    def find(send: Send) -> "Daphne | None":
        """`send` is `partial(Server.handle_reply, protocol)`."""
        protocol: Any = send.args[0] if isinstance(send, partial) and send.args else None
        has_all = all(hasattr(protocol, name) for name in Daphne.NEEDED)
        return Daphne(protocol) if has_all and not protocol.data else None

    def attach(self, receive: ServerReceive) -> None:
        self._protocol.dataReceived = receive

    def detach(self) -> None:
        vars(self._protocol).pop("dataReceived", None)

    def is_free(self) -> bool:
        protocol = self._protocol
        is_open = protocol.state == self._open and not (protocol.failedByMe or protocol.muted)
        return is_open and protocol.application_queue.empty()

    def note_life(self) -> None:
        self._protocol.last_ping = time.time()  # Daphne pings who has sent nothing for a while

    def write(self, data: bytes) -> bool:
        protocol = self._protocol
        if protocol.state != self._open or unsent_by(protocol) > MOST_UNSENT_BYTES:
            return False
        protocol.transport.write(data)
        return True


def unsent_by(protocol: object) -> int:
    """The same of a Twisted protocol's transport; 0 of anything else."""
    transport = getattr(protocol, "transport", None)
    buffered = len(getattr(transport, "dataBuffer", b"")) - int(getattr(transport, "offset", 0))
    return buffered + int(getattr(transport, "_tempDataLen", 0))


def break_reference_cycles(send: Send) -> None:
    """To be called once for a connection, when it has begun. Other servers leave none.

    `send` is `partial(Server.handle_reply, protocol)` under Daphne.
    """
    protocol: Any = send.args[0] if isinstance(send, partial) and send.args else None
    forget_request(getattr(protocol, "transport", None))
    closed: Any = getattr(protocol, "is_closed", None)
    if hasattr(closed, "addCallback"):
        closed.addCallback(_nothing)


def forget_request(transport: object) -> None:
    """The request that became this WebSocket waits for no answer of HTTP any more."""
    requests = getattr(getattr(transport, "producer", None), "requests", None)
    if isinstance(requests, list):
        requests.clear()


def _nothing(_: object) -> None:
    """A Deferred's result from now on."""
