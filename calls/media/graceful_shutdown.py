"""SIGTERM: let the calls that run finish, let nobody new in, then go the server's own way to its end.

Daphne cancels all applications at SIGTERM and uvicorn closes all sockets, both at once. So once the server
runs we stand before its handler: at the first signal admission is closed (`held.draining`), and when the last
call is over, or the time is up, the server's handler is put back and the signal raised again. A second signal
does so at once. The portal is served until then. Ctrl-C (SIGINT) ends a server at once, as ever.
"""

import asyncio
import logging
import signal
import threading
from types import FrameType
from typing import Any

from django.conf import settings

from calls.events.journal import journal
from calls.media.call_registry import held
from calls.media.servers.asgi import SERVERS
from calls.media.servers.interface import Receive, Send
from calls.recordings.recorder import recording_writer

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
LAST_WORDS_SECONDS = 0.3
"""For the close frames of the last calls to leave."""


class GracefulShutdown:
    """The patience of one process with its calls."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._servers_own = signal.getsignal(signal.SIGTERM)
        self._waiting: asyncio.Task[None] | None = None

    def install(self) -> None:
        """To be called in the server's running loop, after the server has set its own handler."""
        if settings.DRAIN_SECONDS <= 0 or threading.current_thread() is not threading.main_thread():
            return
        self._loop = asyncio.get_running_loop()
        self._servers_own = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if held.draining or self._loop is None:
            self._go()
            return
        held.draining = True
        self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        self._waiting = asyncio.ensure_future(self._wait())

    async def _wait(self) -> None:
        if not held.is_idle:
            log.info("This server will stop: its calls have %.0f s to finish.", settings.DRAIN_SECONDS)
            await self._wait_for_calls()
        self._go()

    async def _wait_for_calls(self) -> None:
        try:
            async with asyncio.timeout(settings.DRAIN_SECONDS):
                while not held.is_idle:
                    await asyncio.sleep(LOOK_SECONDS)
                await asyncio.sleep(LAST_WORDS_SECONDS)
        except TimeoutError:
            log.warning("Calls were not finished in time; they are closed now.")

    def _go(self) -> None:
        """What the server would have done without us."""
        signal.signal(signal.SIGTERM, self._servers_own)
        signal.raise_signal(signal.SIGTERM)


drain = GracefulShutdown()
"""Of this process."""


def install_when_running() -> None:
    """Have the handler of SIGTERM set once the server runs that serves this process; see also `lifespan`."""
    for server in SERVERS:
        server.when_running(drain.install)


async def lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """At the start stand before the server's handler of SIGTERM; at the end store and file what is waiting.

    The end is bounded by the patience of those who store.
    """
    await receive()
    drain.install()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await asyncio.gather(asyncio.to_thread(journal.stop), asyncio.to_thread(recording_writer.stop))
    await send({"type": "lifespan.shutdown.complete"})
