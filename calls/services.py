"""All writes to the tables of live calls. Every function is one transaction and may be repeated."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Max, Q

from calls.dialogue import CALL_BACK
from calls.models import Answer, Call, CallEvent, MediaProcess, Watch
from calls.records import Closed, Identified, Identity, Logged, Record, Trouble
from calls.steps import Entry, EntryKind, Summary
from campaigns.models import Message, PhoneNumber, Recipient
from campaigns.services import bulk, calling_back, outcomes

log = logging.getLogger(__name__)

MOST_ABANDONED_AT_ONCE = 500


class LineFullError(Exception):
    """The number has as many calls as it may have at once."""


class ProcessFullError(Exception):
    """This process holds as many calls as it may."""


# --- Opening --------------------------------------------------------------------------------------


@transaction.atomic
def open_call(number_id: int, *, process_id: UUID, now: datetime, spare: int = 0) -> UUID:
    """A new live call of this number. Counting and adding are one step, across all processes: both rows
    are locked, always in this order. Raises `LineFullError` or `ProcessFullError`.

    Calls of a process that is gone do not take up a line, see `_gone_before`. `spare`: so many more may
    be opened, for calls whose connection broke and may come back on a second one.
    """
    number = PhoneNumber.objects.select_for_update().get(pk=number_id)
    if live_calls(number, now).count() >= number.max_calls + spare:
        raise LineFullError
    _claim_place(process_id, spare=spare)
    return Call.objects.create(number=number, process_id=process_id, started_at=now).pk


def _claim_place(process_id: UUID, *, spare: int) -> None:
    if most := settings.MAX_PROCESS_CALLS:
        process = MediaProcess.objects.select_for_update().get(pk=process_id)
        if process.calls.filter(state=Call.State.LIVE).count() >= most + spare:
            raise ProcessFullError


def withdraw_call(call_id: UUID) -> None:
    """Take back the row of a connection that turned out to go on with another call. It has no events."""
    Call.objects.filter(pk=call_id, events__isnull=True).delete()


def live_calls(number: PhoneNumber, now: datetime) -> models.QuerySet[Call]:
    """The calls that take up a line of this number."""
    return Call.objects.filter(
        number=number,
        state=Call.State.LIVE,
        process__stopped_at__isnull=True,
        process__alive_at__gte=_gone_before(now),
    )


def _gone_before(now: datetime) -> datetime:
    """Whoever has given no sign of life since then holds no calls any more.

    Silence tells that only to somebody who looked for signs all through it, up to his last look: after an
    outage all processes have been silent, and whoever is back first must not give away the others' lines.
    `close_abandoned` judges by the same. Where nobody looks (no worker runs, or not yet again), the lines of
    a process that died are free after the time of the longest call: too late, but ringing more people at
    once than a number may is worse than that, and after that time it holds no call in any case.
    """
    patience = timedelta(seconds=settings.PROCESS_SILENT_SECONDS)
    looks = Watch.objects.filter(pk=1, seen_at__gte=now - patience).values_list("since", "seen_at")
    for since, seen_at in looks:
        if since <= seen_at - patience:
            return seen_at - patience
    return now - _longest_call()


def _longest_call() -> timedelta:
    """The age at which a call's row is closed from outside, if it is still open."""
    return timedelta(seconds=settings.MAX_CALL_SECONDS + settings.CALL_MARGIN_SECONDS)


# --- Processes ------------------------------------------------------------------------------------


def give_sign_of_life(process_id: UUID, now: datetime, trouble: Trouble | None = None) -> None:
    """This process holds calls and is alive; its first sign makes its row. `trouble`: of its journal."""
    values: dict[str, object] = {"alive_at": now, "stopped_at": None}
    if trouble is not None:
        values |= _trouble_columns(trouble, now)
    MediaProcess.objects.update_or_create(
        pk=process_id, defaults=values, create_defaults={**values, "started_at": now}
    )


def _trouble_columns(trouble: Trouble, now: datetime) -> dict[str, object]:
    columns: dict[str, object] = {
        "events_waiting": trouble.waiting,
        "statistics_left_out": trouble.left_out,
        "events_lost": trouble.lost,
    }
    return columns | ({"troubled_at": now} if trouble.is_new else {})


def process_stopped(process_id: UUID, now: datetime) -> None:
    """This process has closed its calls and ends."""
    MediaProcess.objects.filter(pk=process_id).update(alive_at=now, stopped_at=now, events_waiting=0)


def nothing_waits(process_id: UUID) -> None:
    """What this process had left on its disk is stored."""
    MediaProcess.objects.filter(pk=process_id).update(events_waiting=0)


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


def set_doing(doing: Mapping[UUID, str]) -> None:
    """What happens just now in live calls."""
    with transaction.atomic():
        for call_id, text in doing.items():
            Call.objects.filter(pk=call_id, state=Call.State.LIVE).update(doing=text[:80])


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
            outcomes.record_outcome(row.message_id, outcome, label)
        elif outcome in outcomes.OPT_OUTS:
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
    calling_back.asked_in_call(row.message_id, when=when, how=how, asked_at=record.at)


def _opt_out(row: _CallRow, *, how: str, what: str) -> None:
    if row.recipient_id is None:
        log.warning("Call %s: somebody whose number we do not know asked not to be called.", row.pk)
        return
    phone = Recipient.objects.values_list("phone", flat=True).get(pk=row.recipient_id)
    messages = Message.objects.filter(pk=row.message_id or 0).values_list("reference", flat=True)
    outcomes.opt_out(
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
        "duration_ms": _milliseconds(row.started_at, record.at),
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


def _milliseconds(start: datetime, end: datetime) -> int:
    return max(0, round((end - start).total_seconds() * 1000))


# --- Closing what nobody holds any more -----------------------------------------------------------


def close_abandoned(now: datetime) -> list[UUID]:
    """Close live calls whose process is gone, and calls longer than any call may be; which those were.

    A process that gives no sign of life counts as gone only if we, who look for its signs, could reach the
    database all the while: after an outage every process has been silent, and holds its calls still.
    """
    patience = timedelta(seconds=settings.PROCESS_SILENT_SECONDS)
    silent = now - patience
    oldest = now - _longest_call()
    gone = Q(process__stopped_at__isnull=False)
    if watching_since(now) <= silent:
        gone |= Q(process__alive_at__lt=silent)
    abandoned = Call.objects.filter(gone | Q(started_at__lt=oldest), state=Call.State.LIVE)
    calls = abandoned.select_related("process").order_by("started_at")[:MOST_ABANDONED_AT_ONCE]
    return [call.pk for call in calls if _close_abandoned_call(call, silent=silent, now=now)]


@transaction.atomic
def watching_since(now: datetime) -> datetime:
    """Note that somebody looks after the processes now, and since when without a longer break."""
    longest = timedelta(seconds=max(settings.PROCESS_SILENT_SECONDS, 3 * settings.TICK_SECONDS))
    watch, _ = Watch.objects.select_for_update().get_or_create(pk=1, defaults={"since": now, "seen_at": now})
    if now - watch.seen_at > longest:
        watch.since = now
    watch.seen_at = now
    watch.save()
    return watch.since


@transaction.atomic
def _close_abandoned_call(call: Call, *, silent: datetime, now: datetime) -> bool:
    """Whether it was us who closed it."""
    lives = call.process.stopped_at is None and call.process.alive_at >= silent
    ended_at = now if lives else max(call.process.alive_at, call.started_at)
    reason = _OVERDUE if lives else _GONE
    columns: dict[str, object] = {
        "state": Call.State.ENDED,
        "ended_at": ended_at,
        "ended_by": Call.EndedBy.LIMIT if lives else Call.EndedBy.SERVER,
        "reason": reason,
        "doing": "",
        "disposition": "dropped",
        "duration_ms": _milliseconds(call.started_at, ended_at),
    }
    if not Call.objects.filter(pk=call.pk, state=Call.State.LIVE).update(**columns):
        return False
    last = CallEvent.objects.filter(call=call).aggregate(last=Max("sequence"))["last"] or 0
    CallEvent.objects.create(
        call=call,
        sequence=last + 1,
        at_ms=_milliseconds(call.started_at, ended_at),
        kind=EntryKind.END.value,
        text=reason,
        data={"ended_by": str(columns["ended_by"]), "closed_for_it": True},
    )
    return True


_GONE = "The server that held this call stopped without notice. The call was closed afterwards."
_OVERDUE = "The call was open longer than any call may be, and was closed."
