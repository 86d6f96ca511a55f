"""Write batches of records to the database.

A batch that is refused is retried call by call. Spools of processes that are gone are stored too.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError

from calls.events import heartbeat, rows, spool
from calls.events.codec import UnknownLineError
from calls.events.records import Closed, Logged, Record, Unserved
from campaigns.call_results import acts_on_others

log = logging.getLogger(__name__)

BATCH = 200
"""Records stored in one transaction, at most."""
_REFUSALS = (DataError, IntegrityError, ObjectDoesNotExist, ValueError, TypeError, LookupError)
"""The data's own fault: the same records would be refused again, however often they were tried."""
of_newer_versions: set[Path] = set()
"""Spools that this process could not read to their end. They stay; a process of that version stores them."""
AWAY = (DatabaseError, InterfaceError)
"""Where it is no refusal: the database is not there, or does not take anything for now: to be tried again.

Every kind of error, because the state of the server comes as any of them: a primary that became a standby
and a full disk say "read-only transaction" as an InternalError, a missing right is a ProgrammingError.
"""


def store(batch: list[Record], *, tried_before: bool) -> set[UUID]:
    """Store a batch. Return the calls whose rows another process had closed. Raises `AWAY`, and nothing else.

    What acts on other people's rows (an opt-out, a call-back) has a transaction of its own, behind what came
    before it. `tried_before`: some of it may be stored already, see `rows.write`.
    """
    closed_elsewhere: set[UUID] = set()
    for piece in _pieces(batch):
        try:
            closed_elsewhere |= rows.write(piece, tried_before=tried_before)
        except _REFUSALS as error:
            log.error("A batch of events was refused (%s); call by call now.", type(error).__name__)
            closed_elsewhere |= _store_call_by_call(piece, tried_before=tried_before)
    return closed_elsewhere


def _pieces(batch: Sequence[Record]) -> Iterator[list[Record]]:
    """Yield the records in their order, each that acts on other people's rows alone."""
    piece: list[Record] = []
    for record in batch:
        acts = isinstance(record, Logged) and acts_on_others(record.entry.payload)
        if not (acts or isinstance(record, Unserved)):
            piece.append(record)
            continue
        if piece:
            yield piece
        yield [record]
        piece = []
    if piece:
        yield piece


def _store_call_by_call(batch: list[Record], *, tried_before: bool) -> set[UUID]:
    """Store what can be: a call that is refused loses its events, but not its end, and no other loses any."""
    closed_elsewhere: set[UUID] = set()
    for call_id, group in rows.by_call(batch).items():
        try:
            closed_elsewhere |= rows.write(group, tried_before=tried_before)
        except _REFUSALS as error:  # and `AWAY` ends it: what is stored already is known as stored then
            log.error("%d records of call %s are lost: %s", len(group), call_id, type(error).__name__)
            ends: list[Record] = [record for record in group if isinstance(record, Closed)]
            if ends and len(group) > len(ends):
                _store_call_by_call(ends, tried_before=True)
    return closed_elsewhere


def store_orphans(between: Callable[[], None] | None = None) -> int:
    """Store what processes that are gone left in their spools. Return how many records. Raises `AWAY`.

    A spool with a line that this version does not know stays where it is from that line on, and is looked at
    once by each process: after an update, or by a process of the other version beside this one, it is stored.

    Repeatable: an event has one place in its call's log, and what is there already is passed over. `between`
    is called after every batch, for work that can't wait until a long file is stored.
    """
    stored = 0
    for orphan in spool.orphans(spool.folder()):
        with closing(orphan):
            if orphan.path in of_newer_versions:
                continue
            count = 0
            try:
                while batch := orphan.peek(BATCH):
                    store(batch, tried_before=True)
                    orphan.take()
                    count += len(batch)
                    if between:
                        between()
                heartbeat.nothing_waits(UUID(orphan.path.stem))
            except UnknownLineError as unknown:
                of_newer_versions.add(orphan.path)
                log.error(
                    "%s was written by a newer version and stays from a line on that is not known here (%s).",
                    orphan.path.name,
                    unknown,
                )
                stored += count
                continue
            except OSError as error:
                log.error("What a stopped process left on disk can't be read: %s", error.strerror)
                continue
            orphan.remove()
        if count:
            log.warning("%d events and ends of calls that a stopped process had left are stored.", count)
        stored += count
    return stored
