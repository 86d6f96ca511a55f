"""Threads that ask the database for live calls and keep their connection: a connection of PostgreSQL for each
handshake would cost more than all that is asked in it."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

T = TypeVar("T")


class DatabaseThreads:
    """A few threads, started when they are first needed, each with a connection of its own."""

    def __init__(self, name: str, *, count: int) -> None:
        self._name, self._count = name, count
        self._changing = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._connections: set[BaseDatabaseWrapper] = set()

    async def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns in one of the threads, and raise what it raises.

        Work whose connection turns out to be broken is done once more on a new one: a server that was started
        again meanwhile costs no call.
        """
        with self._changing:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._count, thread_name_prefix=self._name)
            pool = self._pool

        def do() -> T:
            self._connections.add(connections["default"])
            try:
                return work()
            except (OperationalError, InterfaceError):
                if connection.connection is not None and connection.is_usable():
                    raise
                connection.close()
                return work()

        return await asyncio.get_running_loop().run_in_executor(pool, do)

    def close(self) -> None:
        """Wait for work that was begun, and end the threads and their connections."""
        with self._changing:
            pool, self._pool = self._pool, None
        if pool:
            pool.shutdown()
        while self._connections:
            left = self._connections.pop()
            left.inc_thread_sharing()
            left.close()
            left.dec_thread_sharing()


admissions = DatabaseThreads("admission", count=1)
"""Opens the rows of calls. One thread, for all that wait are opened in one transaction."""
lookups = DatabaseThreads("lookup", count=2)
"""Finds out who is on the line, beside admissions and not behind them."""
bookings = DatabaseThreads("booking", count=2)
"""Holds places of slots and looks callers up in lists: what waits for a slot's lock, or reads a long list,
keeps no call from being identified."""
