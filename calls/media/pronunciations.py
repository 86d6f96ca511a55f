"""The organisation's pronunciations as this process has them, put into texts just before they are spoken."""

from functools import lru_cache

from django.db import connection

from calls.agents.lexicon import Entry, Lexicon
from calls.media.refreshed import REFRESH_S, Refreshed
from campaigns.models import Pronunciation


class Pronunciations(Refreshed[Lexicon]):
    """The entries that were read last; none until the first `refresh`."""

    def __init__(self, refresh_s: float = REFRESH_S) -> None:
        super().__init__(
            lambda: _lexicon(read()), name="Pronunciations", empty=Lexicon(), refresh_s=refresh_s
        )

    def spoken(self, text: str, language: str) -> str:
        """Return the text for the voice. No I/O: for the media loop as well."""
        return self.rows.spoken(text, language) if self.rows else text


@lru_cache(maxsize=2)
def _lexicon(entries: tuple[Entry, ...]) -> Lexicon:
    """Return the lexicon, the same one while the entries are the same: a thousand take milliseconds."""
    return Lexicon(entries)


def read() -> tuple[Entry, ...]:
    """Return all entries by one query; its connection does not stay open. Raises Django's database errors."""
    try:
        rows = Pronunciation.objects.order_by("pk").values_list("written", "spoken", "language")
        return tuple(Entry(*row) for row in rows)
    finally:
        if not connection.in_atomic_block:
            connection.close()
