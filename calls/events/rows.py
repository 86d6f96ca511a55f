"""Write entries of calls as rows of the database, and have campaigns act on what they bring."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from calls import models
from calls.agents.recording_notice import NOTICE
from calls.conversation import hold
from calls.conversation.agent_runner import CALL_BACK
from calls.conversation.outputs import RESULTS, Ending, Entry, EntryKind
from calls.events import unserved
from calls.events.records import Closed, Identified, Logged, Record, Started, Unserved
from calls.identification import Identity
from calls.models import Call, CallEvent
from calls.services import milliseconds
from campaigns import bulk, call_results
from campaigns.locks import locked
from campaigns.rules.results import (
    Answer,
    Booking,
    CallbackAsked,
    CallResult,
    LanguageChosen,
    OptOut,
    Outcome,
    PersonWanted,
    QuestionHeard,
    Tagged,
    Tell,
)
from campaigns.schedule.episodes import heard_percent

log = logging.getLogger(__name__)

#: Ends of a call by the person or the line, not by our agent.
HUNG_UP = (Ending.CALLER, Ending.CONNECTION)


class _EventRow(NamedTuple):
    """Columns of a `CallEvent`, for `bulk.insert`: an instance of the model costs as much as its INSERT."""

    call_id: UUID
    sequence: int
    at_ms: int
    kind: str
    text: str
    data: Mapping[str, object]


@dataclass(slots=True)
class _CallRow:
    """The columns of a call's row that a batch needs, under their names in the table."""

    pk: UUID
    state: str
    started_at: datetime
    message_id: int | None
    recipient_id: int | None
    campaign_id: int | None
    number_id: int | None
    version: int | None
    caller: str

    @property
    def whose(self) -> call_results.CallOf:
        """Return whose call it is, for what campaigns make of it."""
        return call_results.CallOf(
            call=self.pk,
            number_id=self.number_id,
            recipient_id=self.recipient_id,
            campaign_id=self.campaign_id,
            caller=self.caller,
        )

    @property
    def rang_back_at(self) -> datetime | None:
        """Return when the call began if a person rang back in it; None for all others."""
        return self.started_at if self.campaign_id and self.message_id is None else None

    @property
    def is_try(self) -> bool:
        """Return whether a draft is tried: what comes of it is in its log and nowhere else."""
        return self.number_id is None


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a call's log is stored: its own entries up to `known` are, later ones move by `shift`."""

    known: int = 0
    shift: int = 0


@dataclass(frozen=True, slots=True)
class _Ends:
    """The attempts whose calls ended in a batch, and what people answered in it."""

    served: set[int] = field(default_factory=set)
    unserved: set[int] = field(default_factory=set)
    hung_up: set[int] = field(default_factory=set)
    """Of the served: the other side ended the call, and it brought no outcome."""
    over_with: dict[UUID, int] = field(default_factory=dict)
    """The people of calls that are over, by the call."""
    answers: defaultdict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """What people answered, by question, by the person."""

    def add(self, message_id: int | None, *, unserved: bool) -> None:
        """Add the end of a call; one that is of no attempt is passed over."""
        if message_id is not None:
            (self.unserved if unserved else self.served).add(message_id)

    def over(self, row: _CallRow, record: Closed) -> None:
        """Add what the end of a call as its process reports it tells of the person."""
        summary, ended_by = record.summary, record.close.ended_by
        if row.message_id is not None and summary and not summary.outcome and ended_by in HUNG_UP:
            self.hung_up.add(row.message_id)
        if row.recipient_id is not None and row.campaign_id is not None:
            self.over_with[row.pk] = row.recipient_id

    def note(self, row: _CallRow, said: object) -> None:
        """Add what a person answered; all else, and what was answered in a try, is passed over."""
        if isinstance(said, Answer) and row.recipient_id is not None and not row.is_try:
            self.answers[row.recipient_id][said.question] = said.label or said.value


def _places(call_ids: Sequence[UUID]) -> tuple[dict[UUID, _Place], set[UUID]]:
    """Return how far the logs of calls are stored, and which of the calls were closed for their process."""
    if not call_ids:
        return {}, set()
    logged = CallEvent.objects.filter(call_id__in=call_ids).order_by()
    last = dict(logged.values_list("call_id").annotate(last=Max("sequence")))
    # What others write for a process (its end, what its keys brought) takes the next numbers of the log.
    by_others = logged.filter(Q(data__closed_for_it=True) | Q(data__drawn_for_it=True))
    shifts: Counter[UUID] = Counter()
    given_up: set[UUID] = set()
    for call_id, data in by_others.values_list("call_id", "data"):
        shifts[call_id] += 1 + data.get("brought", 0)
        given_up.update([call_id] if "closed_for_it" in data else [])
    places = {pk: _Place(known=last.get(pk, 0) - shifts[pk], shift=shifts[pk]) for pk in call_ids}
    return places, given_up


@transaction.atomic
def write(records: Sequence[Record], *, tried_before: bool = False) -> set[UUID]:
    """Store a batch in its order, in one transaction; what its entries brought is acted on with it, once.

    Returns the calls whose rows `abandoned.close_abandoned` had closed: they keep that end, and get their
    events behind it. With `tried_before` some of the batch may be stored already, by a commit whose reply
    was lost or by a process that is gone; that is passed over. Raises `DatabaseError` and
    `ObjectDoesNotExist`; then nothing of the batch is stored.
    """
    groups = by_call(records)
    theirs = locked(Call.objects.filter(pk__in=list(groups)))
    rows = {row[0]: _CallRow(*row) for row in theirs.values_list(*_CallRow.__slots__)}
    in_question = [pk for pk, row in rows.items() if tried_before or row.state == Call.State.ENDED]
    places, given_up = _places(in_question)
    _lock_ahead(groups, rows)
    events: list[_EventRow] = []
    ends = _Ends()
    for call_id, group in groups.items():
        row = rows.get(call_id)
        if row is None:
            log.error("Call %s has no row; what happened in it cannot be stored.", call_id)
        else:
            events += _write_call(row, group, places.get(call_id, _Place()), ends)
    bulk.insert(CallEvent, events)
    for call_id in given_up:
        ends.add(draw_from_log(call_id), unserved=True)
    call_results.answers_given(ends.answers)
    call_results.heard(_shares_heard(ends.over_with))
    with_answers = models.Answer.objects.filter(call__message__in=ends.hung_up)
    call_results.calls_ended(
        unserved=ends.unserved,
        served=ends.served,
        broke_off=set(with_answers.values_list("call__message_id", flat=True)) if ends.hung_up else (),
    )
    if over := [record.call_id for record in records if isinstance(record, Closed)]:
        call_results.give_back_held_slots(over)
    return given_up


def _lock_ahead(groups: Mapping[UUID, Sequence[Record]], rows: Mapping[UUID, _CallRow]) -> None:
    """Lock what the results and ends of these calls will change, in the house's order."""
    attempts: set[int] = set()
    callers: set[int] = set()
    for call_id, group in groups.items():
        ends_or_brings = any(
            isinstance(record, Closed)
            or (isinstance(record, Logged) and isinstance(record.entry.payload, Answer | Outcome))
            for record in group
        )
        if call_id in rows and ends_or_brings:
            said = [record.identity for record in group if isinstance(record, Identified)]
            both: list[_CallRow | Identity] = [rows[call_id], *said]
            for whose in both:
                attempts.update(filter(None, [whose.message_id]))
                if whose.campaign_id and whose.message_id is None:
                    callers.update(filter(None, [whose.recipient_id]))
    if attempts or callers:
        call_results.lock_ahead(attempts, callers)


def _shares_heard(over_with: Mapping[UUID, int]) -> Mapping[int, int]:
    """Return how many percent of what their calls said people heard who are told a message in parts."""
    told = call_results.in_episodes(set(over_with.values()))
    shares: dict[int, int] = {}
    for call_id, person in over_with.items():
        if person in told:
            of_call = CallEvent.objects.filter(call_id=call_id, kind=EntryKind.HEARD.value)
            said = of_call.exclude(data__name__in=(NOTICE, hold.NAME)).values_list("data", flat=True)
            prompts = [(str(each["name"]), each["heard_ms"], each["total_ms"]) for each in said]
            if (percent := heard_percent(prompts)) is not None:
                shares[person] = max(percent, shares.get(person, 0))
    return shares


def by_call(records: Iterable[Record]) -> dict[UUID, list[Record]]:
    """Return the records of each call, in their order, by the call's id."""
    groups: dict[UUID, list[Record]] = {}
    for record in records:
        groups.setdefault(record.call_id, []).append(record)
    return groups


def _write_call(row: _CallRow, records: Iterable[Record], place: _Place, ends: _Ends) -> list[_EventRow]:
    """Write one call's row, at most once. Return its events, which are inserted with those of other calls;
    add its end to `ends`."""
    events: list[_EventRow] = []
    changes: dict[str, object] = {}
    for record in records:
        match record:
            case Started():
                changes["stream_sid"] = record.stream_sid[:128]
                changes["call_sid"] = record.call_sid[:128]
                changes["reference"] = record.reference[:64]
            case Identified():
                changes |= _identify(row, record.identity)
            case Unserved():
                late, columns = _write_late(row, record, events)
                events += late
                changes |= columns
                _note_end(row, ends, record.at, unserved=True)
            case Closed():
                changes |= _closing_columns(row, record)
                is_unserved = unserved.is_unserved(record.summary, record.close.ended_by)
                _note_end(row, ends, record.at, unserved=is_unserved)
                ends.over(row, record)
            case Logged() if record.sequence > place.known:
                entry, number = record.entry, record.sequence + place.shift
                kind = entry.kind.value
                events.append(_EventRow(row.pk, number, entry.at_ms, kind, entry.text, entry.data))
                changes |= {} if row.is_try else _act(row, record)
                ends.note(row, entry.payload)
    if changes:
        Call.objects.filter(pk=row.pk).update(**changes)
    return events


def _note_end(row: _CallRow, ends: _Ends, at: datetime, *, unserved: bool) -> None:
    """Add the end of a call to `ends`; have staff call back who called us and was not served."""
    ends.add(row.message_id, unserved=unserved)
    if unserved and row.message_id is None and not row.is_try:
        call_results.caller_not_served(row.whose, at=at)


def _identify(row: _CallRow, identity: Identity) -> dict[str, object]:
    """Return the columns of who it is. The records that follow need three of them."""
    row.message_id, row.recipient_id = identity.message_id, identity.recipient_id
    row.campaign_id, row.caller = identity.campaign_id, identity.caller
    row.version = identity.version
    return {
        "stream_sid": identity.stream_sid[:128],
        "call_sid": identity.call_sid[:128],
        "language": identity.language[:10],
        "direction": _direction(row, identity),
        "agent_id": identity.agent_id,
        "version": identity.version,
        "campaign_id": identity.campaign_id,
        "recipient_id": identity.recipient_id,
        "caller": identity.caller[:16],
        "message_id": identity.message_id,
    }


def _direction(row: _CallRow, identity: Identity) -> str:
    if row.is_try:
        return Call.Direction.TRY
    return Call.Direction.INBOUND if identity.inbound else Call.Direction.OUTBOUND


def draw_from_log(call_id: UUID) -> int | None:
    """Act on a call that was closed for its process: find out whose it was, and what its first keys meant.

    Its log is all that is left of it. Return the attempt it belongs to, None if unknown. The caller's
    transaction; may be repeated.
    """
    call = Call.objects.get(pk=call_id)
    if call.direction == Call.Direction.TRY:
        return None
    stored = CallEvent.objects.filter(call=call).order_by("sequence")
    keys = _first_keys(stored)
    is_drawn = stored.filter(data__drawn_for_it=True).exists()
    has_results = stored.filter(kind__in=[kind.value for kind in RESULTS]).exists() and not is_drawn
    has_started, is_known = bool(call.stream_sid or call.reference), call.agent_id is not None
    row = _CallRow(*(getattr(call, name) for name in _CallRow.__slots__))
    if not has_started or has_results or (is_known and not keys):
        _note_end(row, _Ends(), call.ended_at or call.started_at, unserved=True)
        return call.message_id
    late = Unserved(
        call_id=call.pk,
        at=call.ended_at or call.started_at,
        stream_sid=call.stream_sid,
        call_sid=call.call_sid,
        reference=call.reference,
        keys=keys,
        at_ms=call.duration_ms or 0,
    )
    events, columns = _write_late(row, late, [], drawn_for_it=True)
    _note_end(row, _Ends(), late.at, unserved=True)
    bulk.insert(CallEvent, events)
    if columns:
        Call.objects.filter(pk=call.pk).update(**columns)
    return row.message_id


def _first_keys(stored: QuerySet[CallEvent]) -> str:
    """Return the keys that were pressed before the agent's first prompt: all others it had at once, and what
    they brought is in the log."""
    prompts = stored.filter(kind=EntryKind.PROMPT.value).exclude(data__name__in=(NOTICE, hold.NAME))
    pressed = stored.filter(kind=EntryKind.KEY.value)
    if (first := prompts.values_list("sequence", flat=True).first()) is not None:
        pressed = pressed.filter(sequence__lt=first)
    return "".join(str(data["digit"]) for data in pressed.values_list("data", flat=True))


def _write_late(
    row: _CallRow, record: Unserved, events: Sequence[_EventRow], *, drawn_for_it: bool = False
) -> tuple[list[_EventRow], dict[str, object]]:
    """Find out who it was and act on the keys. Return the events, behind all others of the call, and the
    columns of its row; nothing if that was done before with as many keys.

    `drawn_for_it`: by another process than the call's own.
    """
    if row.number_id is None:  # a try
        return [], {}
    stored = CallEvent.objects.filter(call_id=row.pk)
    notes = stored.filter(data__after_end=True).values_list("data", flat=True)
    drawn = max((note.get("keys", len(record.keys)) for note in notes), default=None)
    if drawn is not None and drawn >= len(record.keys):
        return [], {}
    identity, text, entries = unserved.find_out(record, row.number_id, drawn=drawn or 0)
    marks: dict[str, object] = {"after_end": True, "keys": len(record.keys)}
    if drawn_for_it:
        marks |= {"drawn_for_it": True, "brought": len(entries)}
    note = Entry(kind=EntryKind.NOTE, at_ms=record.at_ms, text=text, payload=marks)
    changes = _identify(row, identity)
    last = stored.aggregate(last=Max("sequence"))["last"] or 0
    number = max(last, *(event.sequence for event in events), 0)
    late: list[_EventRow] = []
    for entry in (note, *entries):
        number += 1
        late.append(_EventRow(row.pk, number, entry.at_ms, entry.kind.value, entry.text, entry.data))
        changes |= _act(row, Logged(call_id=row.pk, at=record.at, sequence=number, entry=entry))
    return late, changes


def _act(row: _CallRow, record: Logged) -> dict[str, object]:
    """Act on what an entry brought, if it did. Return the columns of the call that change with it."""
    result = record.entry.payload
    if isinstance(result, Answer):
        models.Answer.objects.create(
            call_id=row.pk,
            recipient_id=row.recipient_id,
            question=result.question[:60],
            value=result.value[:200],
            label=result.label[:200],
            kind=result.kind[:20],
            step=result.step[:120],
            version=row.version,
            at=record.at,
        )
    elif isinstance(result, QuestionHeard):
        _note_heard(row, result)
    elif isinstance(result, CallResult) and (undone := _hand_over(row, record, result)):
        log.warning("Call %s: %s", row.pk, undone)
    if isinstance(result, Outcome | CallbackAsked):
        return {"outcome": result.outcome[:60] if isinstance(result, Outcome) else CALL_BACK}
    return {}


def _hand_over(row: _CallRow, record: Logged, result: CallResult) -> str:
    """Have campaigns act on a result. Return why that is impossible, as a sentence; empty if it is done."""
    match result:
        case PersonWanted():
            return call_results.want_person(result, row.whose, at=record.at)
        case Tagged():
            models.CallTag.objects.get_or_create(call_id=row.pk, tag=result.tag[:40])
            return ""
        case LanguageChosen():
            return call_results.keep_language(result, row.whose, at=record.at)
        case Booking():
            people = {"message_id": row.message_id, "recipient_id": row.recipient_id}
            return call_results.book(result, row.pk, **people, at=record.at)
        case Outcome() | CallbackAsked() | OptOut() | Tell():
            return call_results.apply(
                result,
                message_id=row.message_id,
                recipient_id=row.recipient_id,
                at=record.at,
                key=uuid5(row.pk, str(record.sequence)),
                rang_back_at=row.rang_back_at,
            )
        case _:
            return ""


def _note_heard(row: _CallRow, heard: QuestionHeard) -> None:
    """Write beside the latest answer to a question what was heard of it."""
    answers = models.Answer.objects.filter(call_id=row.pk, question=heard.question[:60])
    latest = answers.filter(question_ms=None).order_by("-pk").values("pk")[:1]
    models.Answer.objects.filter(pk__in=latest).update(
        heard_ms=heard.heard_ms, question_ms=heard.total_ms, heard_whole=heard.finished
    )


def _closing_columns(row: _CallRow, record: Closed) -> dict[str, object]:
    """Return the columns of the end and of its figures. A row that is closed keeps the end it has."""
    columns: dict[str, object] = {}
    summary = record.summary
    if row.state != Call.State.ENDED:
        if record.lasted_ms is None:
            lasted = milliseconds(row.started_at, record.at)
            ended_at = max(record.at, row.started_at)
        else:
            lasted = record.lasted_ms
            ended_at = row.started_at + timedelta(milliseconds=lasted)
        lost = f" {record.lost} events of this call came too fast to be kept." if record.lost else ""
        columns = {
            "state": Call.State.ENDED,
            "ended_at": ended_at,
            "ended_by": record.close.ended_by.value,
            "reason": record.close.reason + lost,
            "doing": "",
            "duration_ms": summary.duration_ms if summary else lasted,
        }
        if summary:
            columns["disposition"] = summary.disposition[:20]
    if summary:
        columns |= {
            "frames_in": summary.frames_in,
            "frames_out": summary.frames_out,
            "heard_ms": summary.heard_ms,
            "first_audio_ms": summary.first_audio_ms,
            "statistics": dict(summary.statistics),
        }
        if summary.outcome:
            columns["outcome"] = summary.outcome[:60]
    return columns
