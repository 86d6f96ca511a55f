"""uvloop for callers who come together; uvicorn takes it by its name (docs/settings.md).

libuv takes one connection from a listening socket in each turn of the loop (since 1.45). A turn takes 20 ms
while a slow core holds 150 calls: then 50 connections a second are accepted, and of 500 callers who arrive
in one second the last wait for 10 s in the kernel, without a word from us. Here each listening socket is
watched `COPIES` times, and as many connections are taken in a turn. asyncio's own loop needs none of this.
"""

import asyncio
import os
import socket
from collections.abc import Sequence
from typing import Any, Final

import uvloop

COPIES: Final = 16
"""An idle copy costs a failed `accept` for each connection, some 2 µs."""


class Listeners(asyncio.AbstractServer):
    """The copies of one server: opened and closed together."""

    def __init__(self, servers: Sequence[asyncio.Server]) -> None:
        self._servers = servers

    @property
    def sockets(self) -> tuple[Any, ...]:
        """The listening sockets, each once."""
        return self._servers[0].sockets

    def close(self) -> None:
        for server in self._servers:
            server.close()

    async def wait_closed(self) -> None:
        for server in self._servers:
            await server.wait_closed()

    async def start_serving(self) -> None:
        for server in self._servers:
            await server.start_serving()

    async def serve_forever(self) -> None:
        await self._servers[0].serve_forever()

    def is_serving(self) -> bool:
        return self._servers[0].is_serving()

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._servers[0].get_loop()


class AcceptingLoop(uvloop.Loop):
    """A loop that takes up to `COPIES` connections of a listening TCP socket in one turn."""

    async def create_server(self, protocol_factory: Any, *args: Any, **options: Any) -> Any:
        """Listen as uvloop does, and with copies of each listening socket beside it."""
        first: Any = await super().create_server(protocol_factory, *args, **options)
        same = {name: options[name] for name in ("ssl", "backlog", "start_serving") if name in options}
        servers = [first]
        for listening in first.sockets * (COPIES - 1):
            copy = socket.socket(fileno=os.dup(listening.fileno()))
            servers.append(await super().create_server(protocol_factory, sock=copy, **same))
        return Listeners(servers)


def new_event_loop() -> AcceptingLoop:
    """Return a new loop, as uvicorn asks for it by this name."""
    return AcceptingLoop()
