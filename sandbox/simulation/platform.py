"""The platform at work on a virtual clock: round after round in one thread, no audio, no sockets."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, connections

from sandbox.simulation import rounds

R = TypeVar("R")
log = logging.getLogger("sandbox.simulation.platform")
TURN_OF_OTHERS_S = 0.12
"""Between two rounds without rest: an API call that waits to write asks SQLite again every 0.1 s."""


class VirtualPlatform:
    """Do rounds until `stop()`, as `scheduler.Platform` does in real time; there are no sockets to close."""

    def __init__(self) -> None:
        self._database = ThreadPoolExecutor(1, thread_name_prefix="sandbox-db")
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until stopped; a database that does not answer is asked again in the next round."""
        log.info("The clock is virtual: calls go by their persons' scripts, no stream is opened.")
        try:
            while not self._stopping.is_set():
                try:
                    done = await self._in_database(rounds.work)
                except DatabaseError as error:
                    log.warning("The database did not answer (%s); the next round tries again.", error)
                    done = True
                with suppress(TimeoutError):
                    async with asyncio.timeout(settings.SANDBOX_POLL_SECONDS if done else TURN_OF_OTHERS_S):
                        await self._stopping.wait()
        finally:
            await self._in_database(connections.close_all)
            self._database.shutdown(wait=True)

    async def stop(self) -> None:
        """Make `run` return after its round."""
        self._stopping.set()

    async def _in_database(self, function: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._database, function)
