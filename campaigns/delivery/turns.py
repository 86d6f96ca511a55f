"""Let one worker at a time do one kind of work for one account: a claim in database time that ends by itself.

A turn is taken by a conditional UPDATE and renewed by a thread while the work goes on, so that a slow XFin
does not end it and a killed worker does, after `TURN_SECONDS`. A worker that was frozen past its end finds
out by `renew`, which is asked directly before anything is done at XFin.
"""

import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import QuerySet
from django.db.models.functions import Now

from campaigns.delivery.claims import from_now
from campaigns.models import Turn

log = logging.getLogger(__name__)

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class HeldTurn:
    """A turn that is ours until it is released, or taken over after we were silent too long."""

    def __init__(self, name: str, holder: str, places: Mapping[str, str]) -> None:
        self.name, self.places = name, dict(places)
        self._holder = holder

    def renew(self) -> bool:
        """Renew it for `TURN_SECONDS` from now. Return False if another worker has it: do nothing more."""
        return bool(self._mine().update(until=from_now(settings.TURN_SECONDS)))

    def release(self) -> None:
        """End it, and keep `places` for the next."""
        self._mine().update(until=Now(), holder="", places=self.places)

    def _mine(self) -> QuerySet[Turn]:
        return Turn.objects.filter(name=self.name, holder=self._holder)


@contextmanager
def turn(kind: str, account_id: int) -> Iterator[HeldTurn | None]:
    """Yield the account's turn at this kind of work; None if another worker has it."""
    held = take(f"{kind}:{account_id}")
    if held is None:
        yield None
        return
    done = Event()

    def renew() -> None:
        while not done.wait(settings.TURN_SECONDS / 3):
            try:
                held.renew()
            except DatabaseError:  # the database may be back in time for the next one
                log.warning("turn %s could not be renewed", held.name, exc_info=True)
        connections.close_all()  # those of this thread

    keeper = Thread(target=renew, name=f"keeps {held.name}", daemon=True)
    keeper.start()
    try:
        yield held
    finally:
        done.set()
        keeper.join()
        held.release()


def take(name: str, *, seconds: float | None = None) -> HeldTurn | None:
    """Take a turn for so many seconds, or `TURN_SECONDS`; return None if another worker has it."""
    row, _ = Turn.objects.get_or_create(name=name, defaults={"until": _LONG_AGO})
    holder = uuid.uuid4().hex
    until = from_now(settings.TURN_SECONDS if seconds is None else seconds)
    if not Turn.objects.filter(pk=row.pk, until__lte=Now()).update(holder=holder, until=until):
        return None
    places = Turn.objects.values_list("places", flat=True).get(pk=row.pk)
    return HeldTurn(name, holder, places)
