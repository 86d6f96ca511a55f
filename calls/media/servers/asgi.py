"""The server of a connection, and bounded sending by it, whichever server it is."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from calls.media.servers.daphne import Daphne
from calls.media.servers.interface import Send, Server
from calls.media.servers.plain import Plain
from calls.media.servers.uvicorn import Uvicorn

SERVERS: tuple[type[Server], ...] = (Daphne, Uvicorn, Plain)
"""The first that finds its connection is taken."""
_LOOK_SECONDS = 0.05


def find_server(send: Send) -> Server:
    """Return the connection that this ASGI `send` belongs to."""
    return next(found for server in SERVERS if (found := server.find(send)))


async def send_within(seconds: float, server: Server, message: Mapping[str, Any]) -> None:
    """Send, and wait until the peer has taken most of what was sent before.

    Raises TimeoutError if that takes longer than `seconds`, and OSError if the peer is gone.
    """
    async with asyncio.timeout(seconds):
        await server.send(message)
        await server.drain()


async def abort_if_behind(server: Server, seconds: float) -> bool:
    """Abort the connection if the peer does not take what is unsent within `seconds`. Returns whether it was
    aborted.

    Closed like any other it would stay: Daphne and uvicorn wait until everything unsent is gone, for hours
    with a peer whose kernel answers, and a uvicorn that shuts down waits for that.
    """
    until = time.monotonic() + seconds
    while (is_behind := server.unsent_bytes() > 0) and time.monotonic() < until:
        await asyncio.sleep(_LOOK_SECONDS)
    if is_behind:
        server.abort()
    return is_behind


async def refuse(scope: Mapping[str, Any], server: Server, *, busy: bool) -> None:
    """Refuse the WebSocket with HTTP 403; with 503 if `busy` and the server has a way to say so."""
    if busy and server.deny_busy():
        return
    if not busy or "websocket.http.response" not in (scope.get("extensions") or {}):
        await server.send({"type": "websocket.close"})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"5")]
    await server.send({"type": "websocket.http.response.start", "status": 503, "headers": headers})
    body = b"Busy. Try again in a few seconds.\n"
    await server.send({"type": "websocket.http.response.body", "body": body})
