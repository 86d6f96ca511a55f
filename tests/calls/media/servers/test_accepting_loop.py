"""Callers who come together are accepted together, though every turn of the loop takes long."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvloop

from calls.media.servers.accepting_loop import COPIES, Listeners, new_event_loop

CALLERS = 60
TURN_S = 0.002


class Taken(asyncio.Protocol):
    """Counts the connections."""

    count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        type(self).count += 1


@contextmanager
def callers(address: tuple[str, int]) -> Iterator[list[socket.socket]]:
    """Yield connections that the kernel has taken and the server has not seen."""
    sockets = [socket.create_connection(address, timeout=10) for _ in range(CALLERS)]
    yield sockets
    for each in sockets:
        each.close()


async def turns_to_accept() -> int:
    """Return how many slow turns of the running loop accept all callers."""
    Taken.count = 0
    server = await asyncio.get_running_loop().create_server(Taken, "127.0.0.1", 0, backlog=CALLERS)
    turns = 0
    with callers(server.sockets[0].getsockname()):
        while Taken.count < CALLERS:
            time.sleep(TURN_S)
            await asyncio.sleep(0)
            turns += 1
    server.close()
    return turns


def test_a_turn_accepts_many_where_uvloop_accepts_one() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as plain:
        assert plain.run(turns_to_accept()) >= CALLERS  # if this fails, libuv has mended it, and we can go
    with asyncio.Runner(loop_factory=new_event_loop) as ours:
        assert ours.run(turns_to_accept()) < CALLERS / COPIES * 4


async def life_of_a_server() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Taken, "127.0.0.1", 0, start_serving=False)
    assert isinstance(server, Listeners)
    assert server.get_loop() is loop
    assert not server.is_serving()
    await server.start_serving()
    assert server.is_serving()
    address = server.sockets[0].getsockname()
    serving = asyncio.create_task(server.serve_forever())
    reader, writer = await asyncio.open_connection(*address)
    writer.close()
    await writer.wait_closed()
    await reader.read()
    serving.cancel()
    server.close()
    await server.wait_closed()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*address)


def test_all_copies_serve_and_close_together() -> None:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(life_of_a_server())
