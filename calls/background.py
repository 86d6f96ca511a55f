"""Threads that do the slow work of live calls: storing and filing, away from the media loop.

The media loop only appends to a deque, which needs no lock; the thread empties it a few times a second.
"""

import atexit
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from django.db import connection

log = logging.getLogger(__name__)


class BackgroundWorker(ABC):
    """A daemon thread that works every `interval` seconds and finishes its work when the process ends.

    The interpreter runs `atexit` functions before it gives up daemon threads, so what was accepted is
    finished after SIGTERM, within `stop_seconds`.
    """

    def __init__(self, *, interval: float, stop_seconds: float = 8.0) -> None:
        self._interval, self._stop_seconds = interval, stop_seconds
        self._stopping = threading.Event()
        self._start_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._deadline = float("inf")

    def start(self) -> None:
        """Start the thread if it does not run. Takes a lock: not for the media loop."""
        with self._start_lock:
            if self._thread is None:
                self._stopping.clear()
                self._deadline = float("inf")
                self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
                self._thread.start()
                atexit.register(self.stop)

    def stop(self) -> bool:
        """Finish what was accepted, then end the thread; returns whether it ended within `stop_seconds`."""
        with self._start_lock:
            thread, self._thread = self._thread, None
        if thread is None:
            return True
        self._deadline = time.monotonic() + self._stop_seconds
        self._stopping.set()
        thread.join(self._stop_seconds + 1)
        atexit.unregister(self.stop)
        if left := self.left():
            log.error("%s stopped with %d pieces of work undone.", type(self).__name__, left)
        return not thread.is_alive()

    def pause(self, seconds: float) -> bool:
        """Wait between two attempts. Returns False if there is no time left for another."""
        self._stopping.wait(seconds)
        if self._stopping.is_set():
            time.sleep(min(seconds, 0.2))
        return time.monotonic() < self._deadline

    @abstractmethod
    def work(self) -> None:
        """Do what is waiting. What it raises is logged, and it is called again after the interval."""

    @abstractmethod
    def finish(self) -> None:
        """Do what is waiting for the last time."""

    @abstractmethod
    def left(self) -> int:
        """Return how many pieces of work are waiting."""

    def _run(self) -> None:
        try:
            while not self._stopping.wait(self._interval):
                self._work_once(self.work)
            self._work_once(self.finish)
        finally:
            connection.close()

    def _work_once(self, work: Callable[[], None]) -> None:
        """Do one round; no error in it ends the thread."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the edge of the thread; texts may hold personal data
            log.error("%s could not do its work: %s", type(self).__name__, type(error).__name__)
            connection.close()
