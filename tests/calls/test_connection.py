"""One WebSocket of a call, without a server."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from calls.connection import Connection, Holder
from calls.shortway import ShortWay


class Wire:
    """As uvicorn's protocol: `send` waits while too much is unsent, the short way refuses meanwhile."""

    def __init__(self) -> None:
        self.writable = asyncio.Event()
        self.writable.set()
        self.sent: list[str] = []

    async def long_way(self, message: Mapping[str, Any]) -> None:
        await self.writable.wait()
        self.sent.append(message.get("text", "accepted"))

    def send(self, text: str) -> bool:
        if self.writable.is_set():
            self.sent.append(text)
        return self.writable.is_set()


async def receive() -> Mapping[str, Any]:
    return {"type": "websocket.connect"}


async def test_a_frame_that_waits_in_the_server_is_not_overtaken() -> None:
    wire = Wire()
    connection = Connection(cast("Holder", None), receive, wire.long_way)
    await connection.open()
    connection._short = cast("ShortWay", wire)
    connection.put("one")
    wire.writable.clear()
    connection.put("two")
    await asyncio.sleep(0.01)
    wire.writable.set()
    connection.put("three")
    await asyncio.sleep(0.01)
    connection.put("four")
    assert wire.sent == ["accepted", "one", "two", "three", "four"]
    connection._short = None
    await connection.finish()
