"""Rows of the database as this process has them, read again when they are old; for threads beside calls.

They are read in the threads of synthesis, never in the media loop, and again when they are `REFRESH_S` old: a
change is heard within that time.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import Error as DatabaseFailure

log = logging.getLogger(__name__)

REFRESH_S = 10.0
Rows = TypeVar("Rows")


class Refreshed(Generic[Rows]):
    """What was read last; None until the first `refresh`.

    `name` is that of the rows, for the log. `empty` stands for them if the first reading fails.
    """

    def __init__(self, read: Callable[[], Rows], *, name: str, empty: Rows, refresh_s: float) -> None:
        self._read, self._name, self._empty, self._refresh_s = read, name, empty, refresh_s
        self.rows: Rows | None = None
        self._due_at = 0.0
        self._reading = threading.Lock()

    @property
    def is_read(self) -> bool:
        """Return whether they were ever read, or tried to be."""
        return self.rows is not None

    @property
    def is_due(self) -> bool:
        """Return whether `refresh` would read them now."""
        return time.monotonic() >= self._due_at

    def refresh(self) -> None:
        """Read them if they are due and no other thread is reading them. For threads.

        If the database fails, those of before stay, and a line in the log says so.
        """
        if not self.is_due or not self._reading.acquire(blocking=not self.is_read):
            return
        try:
            if self.is_due:
                self.rows = self._read()
        except DatabaseFailure as error:
            self.rows = self._empty if self.rows is None else self.rows
            log.warning(
                "%s could not be read (%s); those of before are used.", self._name, type(error).__name__
            )
        finally:
            self._due_at = time.monotonic() + self._refresh_s
            self._reading.release()
