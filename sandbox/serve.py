"""The sandbox process: one event loop with the HTTP server, the scheduler and the calls."""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from functools import partial

import uvicorn
from django.conf import settings
from django.db import transaction

from sandbox import clock
from sandbox.asgi import Receive, Scope, Send, application
from sandbox.page.telephone import MOST_BYTES, serve_telephone
from sandbox.platform.dialer import settle_memory
from sandbox.platform.scheduler import Platform
from sandbox.simulation import rounds
from sandbox.simulation.platform import VirtualPlatform

log = logging.getLogger("sandbox.serve")


class HttpServer(uvicorn.Server):
    """uvicorn without its signal handling, which would end the process before the calls are closed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `serve`."""
        yield


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a bound socket; bound before anything starts, so that an occupied port is one clear line.

    Raises OSError.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named, asyncio switches Nagle off; without, each answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def choose_clock() -> None:
    """Start or take up the virtual clock, if that is wanted; call it before anything runs.

    Raises `ClockConflict`.
    """
    with transaction.atomic():
        if clock.wind_up():
            rounds.begin(clock.now())


async def everything(platform: Platform | None, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve Django, and the telephone of the page: the ASGI application of the process."""
    if scope["type"] == "websocket":
        await serve_telephone(platform, scope, receive, send)
    else:
        await application(scope, receive, send)


async def serve(listener: socket.socket) -> None:
    """Run until SIGTERM or SIGINT, then finish the calls and the requests under way, and return."""
    platform = VirtualPlatform() if settings.SANDBOX_VIRTUAL_CLOCK else Platform()
    config = uvicorn.Config(
        partial(everything, None if isinstance(platform, VirtualPlatform) else platform),
        interface="asgi3",
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=MOST_BYTES,
        ws_per_message_deflate=False,
        log_config=None,
        timeout_graceful_shutdown=3,
    )
    server = HttpServer(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, setattr, server, "should_exit", True)
    running = asyncio.create_task(platform.run(), name="platform")
    running.add_done_callback(lambda _: setattr(server, "should_exit", True))
    host, port = listener.getsockname()[:2]
    log.info("The sandbox answers at http://%s:%s/ (process ready).", host, port)
    try:
        await server.serve(sockets=[listener])
    finally:
        await platform.stop()
        await running
    log.info("The sandbox has stopped; every call is closed.")


def run(listener: socket.socket) -> None:
    """Run `serve`, blocking, with short turns for the API's threads: calls need to run every 20 ms."""
    sys.setswitchinterval(0.001)
    settle_memory()
    asyncio.run(serve(listener))
