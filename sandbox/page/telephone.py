"""The telephone of the page: a WebSocket between a browser on this machine and a call to one of our numbers.

Up: binary frames of s16le mono at 8 kHz, and `{"key": "5"}` or `{"hang_up": true}`. Down: binary frames of
the same sound, and at last `{"ended": "why"}`.
"""

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Mapping
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
"""Frames a browser may be behind; what comes then is lost, as on a line."""
REFUSED = "No line is free, or the number is not assigned to anybody."


async def serve_telephone(platform: Platform | None, scope: Scope, receive: Receive, send: Send) -> None:
    """One connection, from the handshake to the end of its call."""
    await receive()
    if platform is None or scope["path"] != PATH or not _is_our_page(scope):
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "websocket.accept"})
    unheard: asyncio.Queue[bytes] = asyncio.Queue(MOST_UNHEARD)
    handset = Handset(lambda frame: _put(unheard, frame))
    call = await platform.connect(_wanted(scope), handset)
    with contextlib.suppress(OSError):
        reason = REFUSED if call is None else await _talk(call, handset, unheard, receive, send)
        await send({"type": "websocket.send", "text": msgspec.json.encode({"ended": reason}).decode()})
        await send({"type": "websocket.close", "code": 1000})


def _is_our_page(scope: Scope) -> bool:
    """A page of a foreign origin may open a WebSocket to this machine; it is told by its Origin."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    own = urlsplit(headers.get("origin", "")).netloc == headers.get("host", "")
    return own and ipaddress.ip_address(scope["client"][0]).is_loopback


def _wanted(scope: Scope) -> str:
    [to] = parse_qs(scope["query_string"].decode("latin-1")).get("to", [""])[:1]
    return phones.canonical(to) or ""


def _put(unheard: "asyncio.Queue[bytes]", frame: bytes) -> None:
    with contextlib.suppress(asyncio.QueueFull):
        unheard.put_nowait(frame)


async def _talk(
    call: "asyncio.Task[str]",
    handset: Handset,
    unheard: "asyncio.Queue[bytes]",
    receive: Receive,
    send: Send,
) -> str:
    """Until the call is over; a browser that goes away has hung up. Returns why it ended."""
    sides = {asyncio.create_task(_take(handset, receive)), asyncio.create_task(_play(unheard, send))}
    try:
        return await asyncio.shield(call)
    finally:
        handset.hang_up()
        for side in sides:
            side.cancel()
        await asyncio.wait(sides)


async def _take(handset: Handset, receive: Receive) -> None:
    while (event := await receive())["type"] == "websocket.receive":
        _obey(handset, event)
    handset.hang_up()


def _obey(handset: Handset, event: Mapping[str, Any]) -> None:
    if sound := event.get("bytes"):
        handset.speak(sound[:MOST_BYTES])
        return
    try:
        order = msgspec.json.decode(event.get("text") or "{}", type=dict[str, Any])
    except msgspec.MsgspecError:
        return
    handset.press(str(order.get("key", "")))
    if order.get("hang_up"):
        handset.hang_up()


async def _play(unheard: "asyncio.Queue[bytes]", send: Send) -> None:
    while True:
        await send({"type": "websocket.send", "bytes": await unheard.get()})
