"""Sending to a peer that is gone, slow or well."""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any

import pytest
import uvloop
from autobahn.exception import Disconnected

from calls.sending import let_go, send_within


async def test_a_peer_that_hung_up_a_moment_ago_is_gone_and_no_error_of_ours() -> None:
    async def closed(message: Mapping[str, Any]) -> None:
        raise Disconnected("Attempt to send on a closed protocol")

    with pytest.raises(OSError, match="gone"):
        await send_within(1, closed, {"type": "websocket.send", "text": "{}"})


async def test_a_message_goes_out_once() -> None:
    sent: list[Mapping[str, Any]] = []

    async def well(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await send_within(1, well, {"type": "websocket.send", "text": "{}"})
    assert sent == [{"type": "websocket.send", "text": "{}"}]


class Behind(asyncio.Protocol):
    """A uvicorn-like protocol that was closed with more unsent than the kernel takes."""

    def __init__(self) -> None:
        self.is_over = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.transport.write(bytes(8 << 20))
        self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_over.set()

    async def send(self, message: Mapping[str, Any]) -> None:
        """As ASGI has it."""


Main = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Main:
    chosen: Main = request.param
    return chosen


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    yield ours, theirs
    theirs.close()


def test_a_peer_that_takes_nothing_is_let_go(run: Main, pair: tuple[socket.socket, socket.socket]) -> None:
    async def close_and_leave() -> None:
        loop = asyncio.get_running_loop()
        _, behind = await loop.create_connection(Behind, sock=pair[0])
        await let_go(behind.send, seconds=0.2)
        await asyncio.wait_for(behind.is_over.wait(), 5)

    run(close_and_leave())


def test_a_peer_that_is_only_slow_gets_everything(
    run: Main, pair: tuple[socket.socket, socket.socket]
) -> None:
    async def read_slowly() -> int:
        loop = asyncio.get_running_loop()
        pair[1].setblocking(False)
        await asyncio.sleep(0.3)
        size = 0
        while piece := await loop.sock_recv(pair[1], 1 << 20):
            size += len(piece)
        return size

    async def close_and_wait() -> None:
        loop = asyncio.get_running_loop()
        _, behind = await loop.create_connection(Behind, sock=pair[0])
        reading = asyncio.ensure_future(read_slowly())
        await let_go(behind.send, seconds=20)
        assert await reading == 8 << 20

    run(close_and_wait())
