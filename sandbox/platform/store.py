"""What the scheduler and the dialer read from and write to the database. Synchronous, one thread.

A message is claimed by a conditional UPDATE on its `due_at`, so that deleting or changing it
and dialling it cannot both succeed. A call that was under way when the process ended is never dialled again;
a message that waits for its redial is.
"""

import secrets
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from sandbox import models
from sandbox.api import fault_switches
from sandbox.line.leg import Ended
from sandbox.line.predicted_call import NOT_ANSWERED
from sandbox.models import CallerNumber, CallRecord, Message, Template
from sandbox.pacing import SECOND, Redials, Trunk, pick
from sandbox.people import people
from sandbox.people.casting import Casting, mixes

RESTARTED = "The platform restarted during the call; it is not dialled again."
NO_CALLER = "The template names no caller number that is assigned to this organisation."
ALL_LINES_TAKEN = "All lines of the number were taken."
PAGE_NUMBER = "+910000000000"
"""Of whoever rings from the page; no telephone has it."""
FAILED_AT_ONCE = 500


@dataclass(frozen=True)
class Order:
    """One call to make now."""

    record: int
    message: int | None
    caller: str
    """Our number, whichever way the call goes; its line is taken."""
    to: str
    """The person's number."""
    attempt: int
    language: str
    stream_url: str
    person: people.Person
    seed: str
    call_sid: str
    stream_sid: str
    custom_parameters: dict[str, str]
    inbound: bool = False
    """The person rang our number."""
    faults: str = ""
    """What is wrong with the line, as `line.faults.read` takes it."""


@dataclass
class Outcome:
    """How a call went; `counted` are further columns of CallRecord."""

    how: Ended
    reason: str
    answered_at: datetime | None = None
    duration_ms: int = 0
    counted: dict[str, Any] = field(default_factory=dict)


# Reason codes of the message (`execution_state_reason_code`) for each way a call can end, and its state.
CODES: dict[Ended, tuple[Message.State, str]] = {
    Ended.AGENT_ENDED: (Message.State.DONE, "ANSWERED"),
    Ended.PERSON_HUNG_UP: (Message.State.DONE, "ANSWERED"),
    Ended.TOO_LONG: (Message.State.DONE, "ANSWERED"),
    Ended.BUSY: (Message.State.FAILED, "BUSY"),
    Ended.NO_ANSWER: (Message.State.FAILED, "NO_ANSWER"),
    Ended.SWITCHED_OFF: (Message.State.FAILED, "SWITCHED_OFF"),
    Ended.LINE_CUT: (Message.State.FAILED, "DROPPED"),
    Ended.AGENT_UNREACHABLE: (Message.State.FAILED, "AGENT_CONNECTION_FAILED"),
    Ended.AGENT_LOST: (Message.State.FAILED, "AGENT_ERROR"),
    Ended.AGENT_NONSENSE: (Message.State.FAILED, "AGENT_ERROR"),
    Ended.AGENT_STUCK: (Message.State.FAILED, "AGENT_ERROR"),
    Ended.PLATFORM_RESTARTED: (Message.State.FAILED, "PLATFORM_RESTARTED"),
    Ended.PLATFORM_FAILED: (Message.State.FAILED, "PLATFORM_ERROR"),
}
VOICEMAIL = "VOICEMAIL"


def recover(now: datetime) -> int:
    """Finish what was mid-call when the last process ended; how many messages that were."""
    with transaction.atomic():
        CallRecord.objects.filter(state__in=[CallRecord.State.RINGING, CallRecord.State.LIVE]).update(
            state=CallRecord.State.ENDED,
            disposition=Ended.PLATFORM_RESTARTED,
            reason=RESTARTED,
            ended_at=now,
        )
        dialled = Message.objects.filter(state=Message.State.IN_PROGRESS, due_at__isnull=True)
        return dialled.update(
            state=Message.State.FAILED, reason_code="PLATFORM_RESTARTED", reason=RESTARTED, finished_at=now
        )


def anything_due(now: datetime) -> bool:
    """A cheap look without a write lock."""
    due = may_dial(now) and _templates_due(now).exists()
    return due or CallRecord.objects.filter(state=CallRecord.State.ORDERED).exists()


def _templates_due(now: datetime) -> QuerySet[Template]:
    """One look into the index for each template, however many messages are due."""
    due = Message.objects.filter(template=OuterRef("pk"), due_at__lte=now)
    return Template.objects.filter(Exists(due)).order_by("id")


def may_dial(now: datetime) -> bool:
    """Whether the platform's own hours allow a message to be dialled."""
    window = settings.SANDBOX_WINDOW
    return window is None or window.holds(now)


def claim(now: datetime, live: Counter[str], room: int) -> list[Order]:
    """Claim at most `room` calls: ordered ones first, then due messages within what each number carries.

    `live`: calls under way by caller number.
    """
    if room <= 0 or not anything_due(now):
        return []
    with transaction.atomic():
        casting = stored_casting()
        live = live.copy()
        orders = _claim_ordered(casting, now, live, room)
        if not may_dial(now):
            return orders
        trunks = trunks_at(now, live)
        for template in _templates_due(now):
            orders += _claim_due(template, now, trunks, casting, room - len(orders))
        return orders


def stored_casting() -> Casting:
    row = models.Casting.objects.order_by("id").first() or models.Casting()
    mix = row.mix if row.mix in mixes() else settings.SANDBOX_MIX
    return Casting(row.seed, row.weights, row.assigned, mix)


def _claim_ordered(casting: Casting, now: datetime, live: Counter[str], room: int) -> list[Order]:
    """Calls ordered by hand, counted in `live`; who rings a number whose lines are all taken hears "busy"."""
    orders = []
    for record in CallRecord.objects.filter(state=CallRecord.State.ORDERED).order_by("id")[:room]:
        if record.is_inbound and _is_engaged(record.line_number, live):
            _turn_away(record, now)
        else:
            live[record.line_number] += 1
            orders.append(_ring(record, casting))
    return orders


def connect(to: str, now: datetime, live: Counter[str]) -> Order | None:
    """Somebody at the page rings this number of ours; None if it is nobody's or has no line left."""
    if not CallerNumber.objects.filter(phone_number=to).exists() or _is_engaged(to, live):
        return None
    record = CallRecord(
        direction=CallRecord.Direction.INBOUND,
        from_number=PAGE_NUMBER,
        to_number=to,
        person=people.AT_THE_PAGE.name,
        ordered_at=now,
    )
    with transaction.atomic():
        return _ring(record, stored_casting())


def _is_engaged(number: str, live: Counter[str]) -> bool:
    return CallerNumber.objects.filter(phone_number=number, concurrency__lte=live[number]).exists()


def _turn_away(record: CallRecord, now: datetime) -> None:
    record.state, record.disposition, record.reason = CallRecord.State.ENDED, Ended.BUSY, ALL_LINES_TAKEN
    record.ended_at = now
    record.save()


def trunks_at(now: datetime, live: Counter[str]) -> dict[str, Trunk]:
    """Every caller number with what it carries at `now`."""
    begun: dict[str, list[datetime]] = {}
    limited = CallerNumber.objects.filter(calls_per_second__gt=0).values("phone_number")
    recent = CallRecord.objects.filter(from_number__in=limited, ordered_at__gt=now - SECOND)
    for number, moment in recent.values_list("from_number", "ordered_at"):
        begun.setdefault(number, []).append(moment)
    return {row.phone_number: _trunk(row, live, begun) for row in CallerNumber.objects.all()}


def _trunk(row: CallerNumber, live: Counter[str], begun: dict[str, list[datetime]]) -> Trunk:
    number = row.phone_number
    return Trunk(
        number,
        lines=row.concurrency,
        per_second=row.calls_per_second,
        busy=live[number],
        begun=begun.get(number, ()),
    )


def _claim_due(
    template: Template, now: datetime, trunks: dict[str, Trunk], casting: Casting, room: int
) -> list[Order]:
    due = (
        Message.objects.filter(template=template, due_at__lte=now)
        .select_related("templatelanguage")
        .order_by("due_at", "id")
    )
    usable = [trunks[number] for number in numbers_of(template)]
    if not usable:
        fail_unroutable([message.pk for message in due[:FAILED_AT_ONCE]], now)
        return []
    slots = min(room, sum(trunk.room(now) for trunk in usable))
    return [_dial(message, _take(usable, now, message.pk), now, casting) for message in due[: max(0, slots)]]


def numbers_of(template: Template) -> list[str]:
    """The caller numbers a template names, as far as they are assigned to its tenant."""
    wanted = template.caller_numbers()
    assigned = CallerNumber.objects.filter(tenant_id=template.tenant_id, phone_number__in=wanted)
    known = set(assigned.values_list("phone_number", flat=True))
    return [number for number in wanted if number in known]


def _take(trunks: list[Trunk], now: datetime, turn: int) -> str:
    trunk = pick(trunks, now, turn)
    if trunk is None:
        raise RuntimeError("More messages were taken than the numbers have room for.")
    trunk.take(now)
    return trunk.number


def fail_unroutable(keys: Collection[int], now: datetime) -> None:
    """These messages can never be dialled: nobody may be called from no number."""
    Message.objects.filter(pk__in=keys).update(
        state=Message.State.FAILED,
        reason_code="NO_CALLER_NUMBER",
        reason=NO_CALLER,
        finished_at=now,
        due_at=None,
    )


def _dial(message: Message, caller: str, now: datetime, casting: Casting) -> Order:
    taken = Message.objects.filter(pk=message.pk, due_at=message.due_at).update(
        state=Message.State.IN_PROGRESS,
        due_at=None,
        caller_number=caller,
        attempts=F("attempts") + 1,
        dialled_at=now,
    )
    if taken != 1:
        raise RuntimeError("A message changed inside the scheduler's own transaction.")
    record = CallRecord(
        message=message,
        from_number=caller,
        to_number=message.phone_number,
        language=message.templatelanguage.language,
        attempt=message.attempts + 1,
        custom_parameters=message.custom_parameters(),
        ordered_at=now,
    )
    return _ring(record, casting)


def _ring(record: CallRecord, casting: Casting) -> Order:
    known = {**people.cast(), people.AT_THE_PAGE.name: people.AT_THE_PAGE}
    chosen = known.get(record.person) or _met(record, casting)
    record.person, record.state = chosen.name, CallRecord.State.RINGING
    record.faults = record.faults or fault_switches.of_call(record)
    record.call_sid, record.stream_sid = f"CA{secrets.token_hex(16)}", f"MZ{secrets.token_hex(16)}"
    record.save()
    number = CallerNumber.objects.filter(phone_number=record.line_number).first()
    return Order(
        record=record.pk,
        message=record.message_id,
        caller=record.line_number,
        to=record.persons_number,
        attempt=record.attempt,
        language=record.language or "hi",
        stream_url=number.stream_url if number else "",
        person=chosen,
        seed=casting.seed,
        call_sid=record.call_sid,
        stream_sid=record.stream_sid,
        custom_parameters=record.custom_parameters,
        inbound=record.is_inbound,
        faults=record.faults,
    )


def _met(record: CallRecord, casting: Casting) -> people.Person:
    """Whom the call finds at this hour; a person who was ordered by name is always there."""
    number, attempt = record.persons_number, record.attempt
    return casting.choose(number, attempt).met(number, attempt, record.ordered_at)


def picked_up(order: Order, now: datetime) -> None:
    CallRecord.objects.filter(pk=order.record).update(state=CallRecord.State.LIVE, answered_at=now)


def finish(order: Order, outcome: Outcome, now: datetime) -> None:
    """Close the call record, and its message or this dial of it, both or neither."""
    with transaction.atomic():
        CallRecord.objects.filter(pk=order.record).update(
            state=CallRecord.State.ENDED,
            disposition=outcome.how,
            reason=outcome.reason,
            answered_at=outcome.answered_at,
            ended_at=now,
            duration_ms=outcome.duration_ms,
            **outcome.counted,
        )
        if order.message is None:
            return
        dialled = Message.objects.filter(
            pk=order.message, state=Message.State.IN_PROGRESS, due_at__isnull=True
        )
        for message in dialled.select_related("template"):
            redial = redial_at(message.template.redials(), order.attempt, outcome.how, now)
            dialled.update(**({"due_at": redial} if redial else final(order.person, outcome, now)))


def redial_at(redials: Redials, dials: int, how: Ended, ended_at: datetime) -> datetime | None:
    """When a message is dialled again after so many dials, the last of which ended so; None: no more."""
    return redials.next_after(dials, ended_at) if how in NOT_ANSWERED else None


def final(person: people.Person, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """The columns of a message whose last dial is over."""
    state, code = CODES[outcome.how]
    if person.picks_up is people.PicksUp.VOICEMAIL and code == "ANSWERED":
        code = VOICEMAIL
    return {
        "state": state,
        "reason_code": code,
        "reason": outcome.reason,
        "duration_ms": outcome.duration_ms,
        "response_value": outcome.counted.get("digits", ""),
        "finished_at": now,
        "due_at": None,
    }
