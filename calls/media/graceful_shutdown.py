"""SIGTERM: let the calls that run finish, admit no new ones, then let the server end as it would have.

Daphne cancels all applications at SIGTERM and uvicorn closes all sockets, both at once. So once the server
runs its handler is replaced: at the first signal admission is closed (`call_registry.draining`), and when the
last call is over, or the time is up, the server's handler is put back and the signal raised again. A second
signal does so at once. The portal is served until then. Ctrl-C (SIGINT) ends a server at once, as ever.
"""

import asyncio
import logging
import signal
import threading
from types import FrameType
from typing import Any

from django.conf import settings

from calls.events.journal import journal
from calls.media.call_registry import call_registry
from calls.media.servers.asgi import SERVERS
from calls.media.servers.interface import Receive, Send
from calls.recordings.recorder import recording_writer

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
LAST_WORDS_SECONDS = 0.3
"""For the close frames of the last calls to leave."""


class GracefulShutdown:
    """The wait of one process for its calls, at most `DRAIN_SECONDS`."""

    def __init__(self) -> None:
        self._servers_handler = signal.getsignal(signal.SIGTERM)
        self._waiting: object = None
        """The task that waits, held because the loop holds it weakly."""

    def install(self) -> None:
        """Replace the server's handler. To be called in its running loop, after it has set its own.

        Does nothing where `DRAIN_SECONDS` is 0, and outside the main thread, where no handler can be set.
        """
        if settings.DRAIN_SECONDS <= 0 or threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()

        def on_signal(number: int, frame: FrameType | None) -> None:
            if call_registry.draining:
                self._end_server()
                return
            call_registry.draining = True
            self._waiting = asyncio.run_coroutine_threadsafe(self._wait_for_calls(), loop)

        self._servers_handler = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, on_signal)

    async def _wait_for_calls(self) -> None:
        has_calls = not call_registry.is_idle
        if has_calls:
            log.info("This server will stop: its calls have %.0f s to finish.", settings.DRAIN_SECONDS)
            try:
                async with asyncio.timeout(settings.DRAIN_SECONDS):
                    while not call_registry.is_idle:
                        await asyncio.sleep(LOOK_SECONDS)
                    await asyncio.sleep(LAST_WORDS_SECONDS)
            except TimeoutError:
                log.warning("Calls were not finished in time; they are closed now.")
        self._end_server()

    def _end_server(self) -> None:
        """Have the server's own handler called."""
        signal.signal(signal.SIGTERM, self._servers_handler)
        signal.raise_signal(signal.SIGTERM)


graceful_shutdown = GracefulShutdown()
"""Of this process."""


def install_when_running() -> None:
    """Have the handler of SIGTERM set once the server runs that serves this process; see also `lifespan`."""
    for server in SERVERS:
        server.when_running(graceful_shutdown.install)


async def lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """ASGI's lifespan: at the start replace the handler of SIGTERM; at the end store and file what waits.

    The end is bounded by the `stop_seconds` of the two background workers.
    """
    await receive()
    graceful_shutdown.install()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await asyncio.gather(asyncio.to_thread(journal.stop), asyncio.to_thread(recording_writer.stop))
    await send({"type": "lifespan.shutdown.complete"})
