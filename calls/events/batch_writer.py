"""From records to rows, come what may: refused batches go call by call, orphaned spools are stored."""

import logging
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError

from calls.events import heartbeat, rows, spool
from calls.events.records import Closed, Record
from calls.events.spool import Spool

log = logging.getLogger(__name__)

BATCH = 200
_REFUSALS = (DataError, IntegrityError, ObjectDoesNotExist, ValueError, TypeError, LookupError)
"""The data's own fault: the same records would be refused again, however often they were tried."""
AWAY = (DatabaseError, InterfaceError)
"""Where it is no refusal: the database is not there, or does not take anything for now: to be tried again.

Every kind of error, because the state of the server comes as any of them: a primary that became a standby
and a full disk say "read-only transaction" as an InternalError, a missing right is a ProgrammingError.
"""


def store(batch: list[Record], *, tried_before: bool) -> set[UUID]:
    """Store a batch; the calls whose rows somebody else had closed. Raises `AWAY`, and nothing else."""
    try:
        return rows.write(batch, tried_before=tried_before)
    except _REFUSALS as error:
        log.error("A batch of events was refused (%s); call by call now.", type(error).__name__)
        return _store_call_by_call(batch, tried_before=tried_before)


def _store_call_by_call(batch: list[Record], *, tried_before: bool) -> set[UUID]:
    """What cannot be stored at all costs its own call its events, and no other."""
    closed_elsewhere: set[UUID] = set()
    for call_id, group in rows.by_call(batch).items():
        try:
            closed_elsewhere |= rows.write(group, tried_before=tried_before)
        except _REFUSALS as error:  # and `AWAY` ends it: what is stored already is known as stored then
            log.error("%d records of call %s are lost: %s", len(group), call_id, type(error).__name__)
            _close_bare(group)
    return closed_elsewhere


def _close_bare(group: list[Record]) -> None:
    """The end of a call is stored even if the events beside it could not be."""
    ends: list[Record] = [record for record in group if isinstance(record, Closed)]
    if ends and len(group) > len(ends):
        _store_call_by_call(ends, tried_before=True)


def folder() -> Path:
    """Where the spools of this machine are."""
    return Path(settings.SPOOL_DIR)


def _nothing() -> None:
    """Nobody has anything to do between two batches."""


def store_orphans(between: Callable[[], None] = _nothing) -> int:
    """Store what processes that are gone left in their spools; how many records. Raises `AWAY`.

    Repeatable: an event has one place in its call's log, and what is there already is passed over.
    `between`: called after every batch, by who has something to do that can't wait for all of them.
    """
    stored = 0
    for orphan in spool.orphans(folder()):
        try:
            count = _store_all(orphan, between)
            heartbeat.nothing_waits(UUID(orphan.path.stem))
        except OSError as error:
            log.error("What a stopped process left on disk can't be read: %s", error.strerror)
            orphan.close()
            continue
        except BaseException:
            orphan.close()
            raise
        orphan.remove()
        if count:
            log.warning("%d events and ends of calls that a stopped process had left are stored.", count)
        stored += count
    return stored


def _store_all(orphan: Spool, between: Callable[[], None]) -> int:
    count = 0
    while batch := orphan.peek(BATCH):
        store(batch, tried_before=True)
        orphan.take()
        between()
        count += len(batch)
    return count
