"""Entries of a call's log as rows of the database, and what they mean for campaigns."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from calls.conversation.agent_runner import CALL_BACK
from calls.conversation.outputs import Entry, EntryKind, Summary
from calls.events.records import Closed, Identified, Identity, Logged, Record
from calls.models import Answer, Call, CallEvent
from calls.services import milliseconds
from campaigns import bulk, call_results
from campaigns.models import Message, Recipient
from campaigns.planning import callbacks

log = logging.getLogger(__name__)


# --- What happens in calls ------------------------------------------------------------------------


class _EventRow(NamedTuple):
    """What `bulk.insert` needs of a `CallEvent`. An instance of the model costs as much as its INSERT."""

    call_id: UUID
    sequence: int
    at_ms: int
    kind: str
    text: str
    data: Mapping[str, object]


@dataclass(slots=True)
class _CallRow:
    """What a batch needs of a call's row; its fields have the names of the columns."""

    pk: UUID
    state: str
    started_at: datetime
    message_id: int | None
    recipient_id: int | None


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a call's log is stored. Its own entries up to `known` are; later ones move by `shift`."""

    known: int = 0
    shift: int = 0


@transaction.atomic
def write(records: Sequence[Record], *, tried_before: bool = False) -> set[UUID]:
    """Store a batch, in its order, in one transaction; answers, outcomes, call-backs and opt-outs act
    with it, once.

    Returns the calls whose rows somebody else had closed: they keep that end, and get their events behind
    it. With `tried_before` some of the batch may be stored already, by a commit whose reply was lost or by
    a process that is gone; that is passed over.
    """
    rows = _locked_rows({record.call_id for record in records})
    places = _places(rows.values(), tried_before=tried_before)
    events: list[_EventRow] = []
    for call_id, group in by_call(records).items():
        row = rows.get(call_id)
        if row is None:
            log.error("Call %s has no row; what happened in it cannot be stored.", call_id)
        else:
            events += _write_call(row, group, places.get(call_id, _Place()))
    bulk.insert(CallEvent, events)
    return {call_id for call_id, place in places.items() if place.shift}


def _places(rows: Iterable[_CallRow], *, tried_before: bool) -> dict[UUID, _Place]:
    """Only for calls where that is in question: two queries, else none.

    The end that `close_abandoned` writes for a process takes the next number of the log.
    """
    asked = [row.pk for row in rows if tried_before or row.state == Call.State.ENDED]
    if not asked:
        return {}
    events = CallEvent.objects.filter(call_id__in=asked).order_by()
    last = dict(events.values_list("call_id").annotate(last=Max("sequence")))
    by_others = set(events.filter(data__closed_for_it=True).values_list("call_id", flat=True))
    return {pk: _Place(last.get(pk, 0) - (pk in by_others), int(pk in by_others)) for pk in asked}


def by_call(records: Iterable[Record]) -> dict[UUID, list[Record]]:
    """Records in order, a list a call."""
    groups: dict[UUID, list[Record]] = {}
    for record in records:
        groups.setdefault(record.call_id, []).append(record)
    return groups


def _locked_rows(call_ids: Iterable[UUID]) -> dict[UUID, _CallRow]:
    locked = Call.objects.select_for_update().filter(pk__in=list(call_ids)).order_by("pk")
    return {row[0]: _CallRow(*row) for row in locked.values_list(*_CallRow.__slots__)}


def _write_call(row: _CallRow, records: Iterable[Record], place: _Place) -> list[_EventRow]:
    """One call's part of a batch: its row is written at most once, its events are for all calls together."""
    events: list[_EventRow] = []
    changes: dict[str, object] = {}
    for record in records:
        match record:
            case Logged(sequence=sequence) if sequence <= place.known:
                continue
            case Logged():
                events.append(_event(record, place.shift))
                changes |= _act(row, record)
            case Identified(identity=identity):
                changes |= _identity_columns(identity)
                _belongs_to(row, identity)
            case Closed():
                changes |= _closing_columns(row, record)
    if changes:
        Call.objects.filter(pk=row.pk).update(**changes)
    return events


def _event(record: Logged, shift: int) -> _EventRow:
    entry = record.entry
    return _EventRow(
        call_id=record.call_id,
        sequence=record.sequence + shift,
        at_ms=entry.at_ms,
        kind=entry.kind.value,
        text=entry.text,
        data=entry.data,
    )


def _act(row: _CallRow, record: Logged) -> dict[str, object]:
    """What an entry means outside the log; columns of the call that change with it."""
    entry = record.entry
    if entry.kind is EntryKind.ANSWER:
        _answer(row, record)
    elif entry.kind is EntryKind.OPT_OUT:
        _opt_out(row, how=_text(entry, "how", 20), what=_text(entry, "what", 200))
    elif entry.kind is EntryKind.CALLBACK:
        _ask_callback(row, record)
        return {"outcome": CALL_BACK}
    elif entry.kind is EntryKind.OUTCOME:
        outcome, label = _text(entry, "outcome", 60), _text(entry, "label", 200)
        if row.message_id is not None:
            call_results.record_outcome(row.message_id, outcome, label)
        elif outcome in call_results.OPT_OUTS:
            _opt_out(row, how="chosen", what=label)
        return {"outcome": outcome}
    return {}


def _answer(row: _CallRow, record: Logged) -> None:
    Answer.objects.create(
        call_id=row.pk,
        recipient_id=row.recipient_id,
        question=_text(record.entry, "question", 60),
        value=_text(record.entry, "value", 200),
        label=_text(record.entry, "label", 200),
        at=record.at,
    )


def _ask_callback(row: _CallRow, record: Logged) -> None:
    """At the moment of the wish, so that one stored late means the same."""
    if row.message_id is None:
        log.warning("Call %s: somebody whose campaign we do not know asked to be called back.", row.pk)
        return
    when, how = _text(record.entry, "when", 60), _text(record.entry, "how", 20)
    callbacks.asked_in_call(row.message_id, when=when, how=how, asked_at=record.at)


def _opt_out(row: _CallRow, *, how: str, what: str) -> None:
    if row.recipient_id is None:
        log.warning("Call %s: somebody whose number we do not know asked not to be called.", row.pk)
        return
    phone = Recipient.objects.values_list("phone", flat=True).get(pk=row.recipient_id)
    messages = Message.objects.filter(pk=row.message_id or 0).values_list("reference", flat=True)
    call_results.opt_out(
        phone=phone,
        how=how,
        what=what,
        message_reference=messages.first() or "",
        inbound=row.message_id is None,
    )


def _belongs_to(row: _CallRow, identity: Identity) -> None:
    """For what follows in the same batch; the columns are written at its end."""
    row.message_id, row.recipient_id = identity.message_id, identity.recipient_id


def _text(entry: Entry, name: str, longest: int) -> str:
    return str(entry.data.get(name, ""))[:longest]


def _identity_columns(identity: Identity) -> dict[str, object]:
    return {
        "stream_sid": identity.stream_sid[:128],
        "call_sid": identity.call_sid[:128],
        "language": identity.language[:10],
        "direction": Call.Direction.INBOUND if identity.inbound else Call.Direction.OUTBOUND,
        "agent_id": identity.agent_id,
        "campaign_id": identity.campaign_id,
        "recipient_id": identity.recipient_id,
        "message_id": identity.message_id,
    }


def _closing_columns(row: _CallRow, record: Closed) -> dict[str, object]:
    """The end and its figures. A row that is closed keeps its end: the first one counts."""
    figures = {} if record.summary is None else _figures(record.summary)
    if row.state == Call.State.ENDED:
        return figures
    reason = record.close.reason
    if record.lost:
        reason += f" {record.lost} events of this call came too fast to be kept."
    columns: dict[str, object] = {
        "state": Call.State.ENDED,
        "ended_at": max(record.at, row.started_at),
        "ended_by": record.close.ended_by.value,
        "reason": reason,
        "doing": "",
        "duration_ms": milliseconds(row.started_at, record.at),
    }
    if record.summary is not None:
        columns |= {"duration_ms": record.summary.duration_ms}
        columns |= {"disposition": record.summary.disposition[:20]}
    return columns | figures


def _figures(summary: Summary) -> dict[str, object]:
    columns: dict[str, object] = {
        "frames_in": summary.frames_in,
        "frames_out": summary.frames_out,
        "heard_ms": summary.heard_ms,
        "first_audio_ms": summary.first_audio_ms,
        "statistics": dict(summary.statistics),
    }
    return columns | ({"outcome": summary.outcome[:60]} if summary.outcome else {})
