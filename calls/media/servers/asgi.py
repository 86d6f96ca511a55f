"""Sending on a WebSocket with an end to one's patience, whichever server carries it."""

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from autobahn.exception import Disconnected

from calls.media.servers.daphne import unsent_by
from calls.media.servers.interface import MOST_UNSENT_BYTES, Send

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
    """Send, and wait until the peer has taken most of what was sent before.

    Raises TimeoutError, and OSError as `deliver` does.
    """
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
    return unsent_by(send.args[0] if isinstance(send, partial) and send.args else None)


async def cut_off(send: Send, seconds: float) -> bool:
    """End the connection if the peer does not take within so many seconds what it is still to get; whether.

    Closed like any other it would stay: both servers wait until everything unsent is gone, for hours with a
    peer whose kernel answers, and uvicorn that is told to stop waits for that. Does nothing where there is
    no way to the transport.
    """
    until = time.monotonic() + seconds
    while (is_behind := _is_behind(send)) and time.monotonic() < until:
        await asyncio.sleep(_LOOK_AGAIN)
    if is_behind:
        _abort(_transport_of(send))
    return is_behind


def _is_behind(send: Send) -> bool:
    """Whether the connection stands, and the server has something for the peer that it could not yet send."""
    transport = _transport_of(send)
    if getattr(transport, "disconnected", False):  # Twisted keeps what it could not send
        return False
    size = getattr(transport, "get_write_buffer_size", None)
    return bool(size() if callable(size) else unsent_bytes(send))


def _transport_of(send: Send) -> object:
    """Twisted's under Daphne (see `unsent_bytes`), asyncio's or uvloop's under uvicorn, whose `send` is a
    method of the protocol; else None."""
    if isinstance(send, partial):
        return getattr(send.args[0], "transport", None) if send.args else None
    return getattr(getattr(send, "__self__", None), "transport", None)


def _abort(transport: object) -> None:
    """By the name it has in Twisted, or in asyncio."""
    abort = getattr(transport, "abortConnection", None) or getattr(transport, "abort", None)
    if callable(abort):
        abort()


def bound_messages(send: Send, size: int) -> None:
    """Let the server refuse larger messages by their header, before they are in memory.

    Daphne's own limit is 1 MiB and uvicorn's 16 MiB, and neither can be set from an application; so it is
    set on the connection's protocol: autobahn's under Daphne (see `unsent_bytes` for the way there),
    `websockets`' under uvicorn (`--ws websockets-sansio`, its default). Other servers keep their own.
    """
    if isinstance(send, partial) and send.args:
        _lower(send.args[0], size, "maxMessagePayloadSize", "maxFramePayloadSize")
    _lower(getattr(getattr(send, "__self__", None), "conn", None), size, "max_message_size")


def _lower(owner: object, size: int, *names: str) -> None:
    for name in names:
        if isinstance(present := getattr(owner, name, None), int) and (present <= 0 or present > size):
            setattr(owner, name, size)


async def refuse(scope: Mapping[str, Any], send: Send, *, busy: bool) -> None:
    """No WebSocket: HTTP 403, or 503 with a time to come back where server and case allow it."""
    if not busy or "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close"})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"5")]
    await send({"type": "websocket.http.response.start", "status": 503, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b"Busy. Try again in a few seconds.\n"})
