"""The organisation's pronunciations as this process has them, put into texts just before they are spoken.

They are read from the database in the threads of synthesis, never in the media loop, and again when they are
`REFRESH_S` old: a new one is heard within that time.
"""

import logging
import threading
import time

from django.db import Error as DatabaseFailure
from django.db import connection

from calls.agents.lexicon import Entry, Lexicon
from campaigns.models import Pronunciation

log = logging.getLogger(__name__)

REFRESH_S = 10.0


class Pronunciations:
    """The entries that were read last; none until the first `refresh`."""

    def __init__(self, refresh_s: float = REFRESH_S) -> None:
        self._refresh_s = refresh_s
        self._lexicon: Lexicon | None = None
        self._due_at = 0.0
        self._reading = threading.Lock()

    @property
    def is_read(self) -> bool:
        """Return whether they were ever read, or tried to be."""
        return self._lexicon is not None

    @property
    def is_due(self) -> bool:
        """Return whether `refresh` would read them now."""
        return time.monotonic() >= self._due_at

    def spoken(self, text: str, language: str) -> str:
        """Return the text for the voice. No I/O: for the media loop as well."""
        return self._lexicon.spoken(text, language) if self._lexicon else text

    def refresh(self) -> None:
        """Read them if they are due and no other thread is reading them. For threads.

        If the database fails, those of before stay, and a line in the log says so.
        """
        if not self.is_due or not self._reading.acquire(blocking=not self.is_read):
            return
        try:
            if self.is_due:
                entries = read()
                if self._lexicon is None or self._lexicon.entries != entries:
                    self._lexicon = Lexicon(entries)
        except DatabaseFailure as error:
            self._lexicon = self._lexicon or Lexicon()
            log.warning(
                "Pronunciations could not be read (%s); those of before are used.", type(error).__name__
            )
        finally:
            self._due_at = time.monotonic() + self._refresh_s
            self._reading.release()


def read() -> tuple[Entry, ...]:
    """Return all entries by one query; its connection does not stay open. Raises Django's database errors."""
    try:
        rows = Pronunciation.objects.order_by("pk").values_list("written", "spoken", "language")
        return tuple(Entry(*row) for row in rows)
    finally:
        if not connection.in_atomic_block:
            connection.close()
