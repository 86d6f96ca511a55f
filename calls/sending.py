"""Sending on a WebSocket with an end to one's patience, whichever server carries it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from autobahn.exception import Disconnected

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

MOST_UNSENT_BYTES = 64 * 1024
"""Above this the peer is behind: three seconds of audio, beyond what the kernel holds already."""
_LOOK_AGAIN = 0.05


async def deliver(send: Send, message: Mapping[str, Any]) -> None:
    """Send, and say as OSError that the peer is gone, as ASGI wants it and uvicorn does.

    Daphne lets autobahn's `Disconnected`, a RuntimeError, through: raised when the peer broke the rules of
    WebSockets (such as text that is no UTF-8) or began to close while audio for it was waiting.
    """
    try:
        await send(message)
    except Disconnected:
        raise ConnectionResetError("the peer is gone") from None


async def send_within(seconds: float, send: Send, message: Mapping[str, Any]) -> None:
    """Send, and wait until the peer has taken most of what was sent before. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        await deliver(send, message)
        while unsent_bytes(send) > MOST_UNSENT_BYTES:
            await asyncio.sleep(_LOOK_AGAIN)


def unsent_bytes(send: Send) -> int:
    """What the server has accepted from us and could not yet give to the network.

    uvicorn's `send` waits by itself. Daphne's never does: it is `partial(Server.handle_reply, protocol)` and
    appends to the buffer of the protocol's Twisted transport, so that a peer which reads nothing would fill
    our memory. Daphne pings only peers that send nothing, so it does not find such a peer either.
    """
    protocol = send.args[0] if isinstance(send, partial) and send.args else None
    transport = getattr(protocol, "transport", None)
    buffered = len(getattr(transport, "dataBuffer", b"")) - int(getattr(transport, "offset", 0))
    return buffered + int(getattr(transport, "_tempDataLen", 0))
