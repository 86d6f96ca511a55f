"""One WebSocket of a call, without a server."""

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import pytest

from calls.media import connection as module
from calls.media.connection import Connection, Holder
from calls.media.servers.asgi import find_server
from calls.media.servers.fast_path import FastPath


class Wire:
    """As uvicorn's protocol: `send` waits while too much is unsent, the fast path refuses meanwhile."""

    def __init__(self) -> None:
        self.writable = asyncio.Event()
        self.writable.set()
        self.sent: list[str] = []

    async def server_receive(self, message: Mapping[str, Any]) -> None:
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
    connection = Connection(cast("Holder", None), receive, find_server(wire.server_receive))
    await connection.open()
    connection._fast_path = cast("FastPath", wire)
    connection.put("one")
    wire.writable.clear()
    connection.put("two")
    await asyncio.sleep(0.01)
    wire.writable.set()
    connection.put("three")
    await asyncio.sleep(0.01)
    connection.put("four")
    assert wire.sent == ["accepted", "one", "two", "three", "four"]
    connection._fast_path = None
    await connection.finish()


class Transport:
    """As asyncio's: what is unsent goes when the peer takes it, or never."""

    def __init__(self, unsent: int, *, taken_in: float = float("inf")) -> None:
        self.aborted = False
        self._unsent, self._taken_at = unsent, time.monotonic() + taken_in

    def get_write_buffer_size(self) -> int:
        return 0 if self.aborted or time.monotonic() >= self._taken_at else self._unsent

    def abort(self) -> None:
        self.aborted = True


class TwistedTransport:
    """As Twisted's, which keeps what it could not send when it is disconnected."""

    def __init__(self, unsent: bytes, *, disconnected: bool = False) -> None:
        self.dataBuffer, self.offset, self.disconnected = unsent, 0, disconnected
        self.aborted = False

    def abortConnection(self) -> None:
        self.aborted = True


class Carrier(Wire):
    """A server's protocol, as far as it leads to the transport."""

    def __init__(self, transport: Transport | TwistedTransport) -> None:
        super().__init__()
        self.transport = transport


async def finished(carrier: Carrier, *, deaf: bool = False, daphne: bool = False) -> bool:
    """Whether a connection that ends is cut off. `deaf`: `send` waits, as uvicorn's does."""
    send = partial(Carrier.server_receive, carrier) if daphne else carrier.server_receive
    connection = Connection(cast("Holder", None), receive, find_server(send))
    await connection.open()
    if deaf:
        carrier.writable.clear()
    connection.end(1000)
    await connection.finish()
    return carrier.transport.aborted


async def test_a_peer_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSING_SECONDS", 0.1)
    assert await finished(Carrier(Transport(70_000)), deaf=True)
    assert await finished(Carrier(Transport(20_000))), "the close frame waits behind the rest"
    assert await finished(Carrier(TwistedTransport(b"x")), daphne=True)


async def test_a_peer_that_takes_what_is_left_is_not_cut_off() -> None:
    assert not await finished(Carrier(Transport(0)))
    assert not await finished(Carrier(Transport(20_000, taken_in=0.2)))
    assert not await finished(Carrier(TwistedTransport(b"")), daphne=True)
    assert not await finished(Carrier(TwistedTransport(b"x", disconnected=True)), daphne=True)
