"""A record as one line of JSON, as it stands in spool files.

`{"logged": {...}}`, or `started`, `identified`, `closed`, `unserved`; below it the fields of the record under
their own names, but for an entry's payload, which is called `data`. Files of the version before are read
too: none of these names may change.
"""

import logging
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec

from calls.conversation.outputs import Entry, EntryKind
from calls.events.records import Closed, Identified, Logged, Record, Started, Unserved

log = logging.getLogger(__name__)

_NAMES = {
    Logged: "logged",
    Started: "started",
    Identified: "identified",
    Closed: "closed",
    Unserved: "unserved",
}
_KINDS = frozenset(EntryKind)


class UnknownLineError(Exception):
    """A line is whole, but this version does not know what it says: a newer one wrote it."""


class _StoredEntry(msgspec.Struct):
    """An entry before its `data` is typed."""

    kind: str
    at_ms: int
    text: str
    data: dict[str, object] = {}


class _StoredLogged(msgspec.Struct):
    call_id: UUID
    at: datetime
    sequence: int
    entry: _StoredEntry


class _Line(msgspec.Struct):
    logged: _StoredLogged | None = None
    started: Started | None = None
    identified: Identified | None = None
    closed: Closed | None = None
    unserved: Unserved | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Line)


def encode(record: Record) -> bytes:
    """Return a record as one line of UTF-8 with its newline. Never raises.

    An entry that is no JSON is a mistake of our own: it loses its content and keeps its place in the log.
    """
    try:
        return _encoder.encode({_NAMES[type(record)]: record}) + b"\n"
    except (TypeError, ValueError, OverflowError) as error:
        log.error("Call %s: something could not be written down: %s", record.call_id, type(error).__name__)
    if isinstance(record, Logged):
        text = "What happened could not be written down."
        record = replace(record, entry=Entry(kind=record.entry.kind, at_ms=record.entry.at_ms, text=text))
    elif isinstance(record, Closed):
        record = replace(record, summary=None)
    return _encoder.encode({_NAMES[type(record)]: record}) + b"\n"


def decode(line: bytes) -> Record | None:
    """Return the record of a line, with or without its newline; None, and a log entry, if it is damaged.

    Raises `UnknownLineError` for a record, or a kind of entry, that this version does not know.
    """
    try:
        found = _decoder.decode(line)
    except msgspec.DecodeError as error:
        log.error("A line of the spool can't be read and is left out: %s", type(error).__name__)
        return None
    if stored := found.logged:
        kind, at_ms, text, data = msgspec.structs.astuple(stored.entry)
        if kind not in _KINDS:
            raise UnknownLineError(f"kind “{kind[:30]}”")
        entry = Entry.from_json(EntryKind(kind), at_ms, text, data)
        return Logged(call_id=stored.call_id, at=stored.at, sequence=stored.sequence, entry=entry)
    record = found.started or found.identified or found.closed or found.unserved
    if record is None and (unknown := msgspec.json.decode(line).keys() - set(_NAMES.values())):
        raise UnknownLineError(f"record “{min(unknown)[:30]}”")
    return record
