"""The telephone of the page: a WebSocket between a browser on this machine and a call to one of our numbers.

Up: binary frames of s16le mono at 8 kHz, and `{"key": "5"}` or `{"hang_up": true}`. Down: binary frames of
the same sound, and at last `{"ended": "why"}`.
"""

import asyncio
import contextlib
import ipaddress
import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from sandbox import phones
from sandbox.asgi import Receive, Scope, Send
from sandbox.line.handset import Handset
from sandbox.platform.scheduler import Platform

log = logging.getLogger("sandbox.page.telephone")
PATH = "/sandbox/telephone"
MOST_BYTES = 1 << 14
MOST_UNHEARD = 50
"""Frames a browser may be behind; further ones are dropped."""
REFUSED = "No line is free, or the number is not assigned to anybody."


async def serve_telephone(platform: Platform | None, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection, from the handshake to the end of its call; a foreign page is closed with 1008."""
    await receive()
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    # A foreign page may open a WebSocket too, with another Origin.
    is_own_page = urlsplit(headers.get("origin", "")).netloc == headers.get("host", "")
    is_ours = is_own_page and ipaddress.ip_address(scope["client"][0]).is_loopback
    if platform is None or scope["path"] != PATH or not is_ours:
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "websocket.accept"})
    unheard: asyncio.Queue[bytes] = asyncio.Queue(MOST_UNHEARD)

    def hear(frame: bytes) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            unheard.put_nowait(frame)

    handset = Handset(hear)
    [to] = parse_qs(scope["query_string"].decode("latin-1")).get("to", [""])[:1]
    call = await platform.connect(phones.canonical(to) or "", handset)
    with contextlib.suppress(OSError):
        reason = REFUSED
        if call is not None:
            sides = {
                asyncio.create_task(_receive_all(handset, receive)),
                asyncio.create_task(_play(unheard, send)),
            }
            try:
                reason = await asyncio.shield(call)
            finally:
                handset.hang_up()
                for side in sides:
                    side.cancel()
                await asyncio.wait(sides)
        await send({"type": "websocket.send", "text": msgspec.json.encode({"ended": reason}).decode()})
        await send({"type": "websocket.close", "code": 1000})


async def _receive_all(handset: Handset, receive: Receive) -> None:
    """Pass sound and keys to the handset; a browser that leaves hangs up."""
    while (event := await receive())["type"] == "websocket.receive":
        if sound := event.get("bytes"):
            handset.speak(sound[:MOST_BYTES])
            continue
        try:
            order = msgspec.json.decode(event.get("text") or "{}", type=dict[str, Any])
        except msgspec.MsgspecError:
            continue
        handset.press(str(order.get("key", "")))
        if order.get("hang_up"):
            handset.hang_up()
    handset.hang_up()


async def _play(unheard: "asyncio.Queue[bytes]", send: Send) -> None:
    while True:
        await send({"type": "websocket.send", "bytes": await unheard.get()})
