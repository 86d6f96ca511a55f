"""What the scheduler and the dialer read from and write to the database. Synchronous, one thread.

A message is claimed by a conditional UPDATE from `scheduled`, so that deleting or changing it
and dialling it cannot both succeed. A call that was under way when the process ended is never dialled again.
"""

import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from sandbox import people
from sandbox.leg import Ended
from sandbox.models import CallerNumber, CallRecord, Casting, Message, Template

RESTARTED = "The platform restarted during the call; it is not dialled again."
NO_CALLER = "The template names no caller number that is assigned to this organisation."
FAILED_AT_ONCE = 500


@dataclass(frozen=True)
class Order:
    """One call to make now."""

    record: int
    message: int | None
    caller: str
    to: str
    attempt: int
    language: str
    stream_url: str
    person: people.Person
    seed: str
    call_sid: str
    stream_sid: str
    custom_parameters: dict[str, str]


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
        return Message.objects.filter(state=Message.State.IN_PROGRESS).update(
            state=Message.State.FAILED, reason_code="PLATFORM_RESTARTED", reason=RESTARTED, finished_at=now
        )


def anything_due(now: datetime) -> bool:
    """A cheap look without a write lock."""
    due = Message.objects.filter(state=Message.State.SCHEDULED, send_on__lte=now)
    return CallRecord.objects.filter(state=CallRecord.State.ORDERED).exists() or due.exists()


def claim(now: datetime, live: Counter[str], room: int) -> list[Order]:
    """Claim at most `room` calls: ordered ones first, then due messages within each number's concurrency.

    `live`: calls under way by caller number.
    """
    if room <= 0 or not anything_due(now):
        return []
    with transaction.atomic():
        casting = _casting()
        orders = _claim_ordered(casting, room)
        free = {n.phone_number: n.concurrency - live[n.phone_number] for n in CallerNumber.objects.all()}
        for template in _templates_due(now):
            orders += _claim_due(template, now, free, casting, room - len(orders))
        return orders


def _casting() -> people.Casting:
    row = Casting.objects.order_by("id").first() or Casting()
    return people.Casting(row.seed, row.weights, row.assigned)


def _claim_ordered(casting: people.Casting, room: int) -> list[Order]:
    ordered = CallRecord.objects.filter(state=CallRecord.State.ORDERED).order_by("id")[:room]
    return [_ring(record, casting) for record in ordered]


def _templates_due(now: datetime) -> list[Template]:
    due = Message.objects.filter(state=Message.State.SCHEDULED, send_on__lte=now)
    ids = due.order_by().values_list("template", flat=True).distinct()
    return list(Template.objects.filter(pk__in=list(ids)).select_related("tenant").order_by("id"))


def _claim_due(
    template: Template, now: datetime, free: dict[str, int], casting: people.Casting, room: int
) -> list[Order]:
    due = (
        Message.objects.filter(state=Message.State.SCHEDULED, template=template, send_on__lte=now)
        .select_related("templatelanguage")
        .order_by("send_on", "id")
    )
    numbers = _numbers_of(template)
    if not numbers:
        _fail_unroutable(due[:FAILED_AT_ONCE], now)
        return []
    slots = min(room, sum(max(0, free[number]) for number in numbers))
    return [
        _dial(message, _pick(numbers, free, message.pk), now, casting) for message in due[: max(0, slots)]
    ]


def _numbers_of(template: Template) -> list[str]:
    wanted = template.caller_numbers()
    assigned = CallerNumber.objects.filter(tenant_id=template.tenant_id, phone_number__in=wanted)
    known = set(assigned.values_list("phone_number", flat=True))
    return [number for number in wanted if number in known]


def _pick(numbers: list[str], free: dict[str, int], turn: int) -> str:
    """Rotate through the template's numbers, skipping those that are full."""
    rotated = [numbers[(turn + step) % len(numbers)] for step in range(len(numbers))]
    chosen = next(number for number in rotated if free[number] > 0)
    free[chosen] -= 1
    return chosen


def _fail_unroutable(due: Any, now: datetime) -> None:
    Message.objects.filter(pk__in=[message.pk for message in due]).update(
        state=Message.State.FAILED, reason_code="NO_CALLER_NUMBER", reason=NO_CALLER, finished_at=now
    )


def _dial(message: Message, caller: str, now: datetime, casting: people.Casting) -> Order:
    taken = Message.objects.filter(pk=message.pk, state=Message.State.SCHEDULED).update(
        state=Message.State.IN_PROGRESS, caller_number=caller, attempts=F("attempts") + 1, dialled_at=now
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


def _ring(record: CallRecord, casting: people.Casting) -> Order:
    chosen = people.cast().get(record.person) or casting.choose(record.to_number, record.attempt)
    record.person, record.state = chosen.name, CallRecord.State.RINGING
    record.call_sid, record.stream_sid = f"CA{secrets.token_hex(16)}", f"MZ{secrets.token_hex(16)}"
    record.save()
    number = CallerNumber.objects.filter(phone_number=record.from_number).first()
    return Order(
        record=record.pk,
        message=record.message_id,
        caller=record.from_number,
        to=record.to_number,
        attempt=record.attempt,
        language=record.language or "hi",
        stream_url=number.stream_url if number else "",
        person=chosen,
        seed=casting.seed,
        call_sid=record.call_sid,
        stream_sid=record.stream_sid,
        custom_parameters=record.custom_parameters,
    )


def picked_up(order: Order, now: datetime) -> None:
    CallRecord.objects.filter(pk=order.record).update(state=CallRecord.State.LIVE, answered_at=now)


def finish(order: Order, outcome: Outcome, now: datetime) -> None:
    """Close the call record and its message, both or neither."""
    state, code = CODES[outcome.how]
    if order.person.picks_up is people.PicksUp.VOICEMAIL and code == "ANSWERED":
        code = VOICEMAIL
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
        Message.objects.filter(pk=order.message, state=Message.State.IN_PROGRESS).update(
            state=state,
            reason_code=code,
            reason=outcome.reason,
            duration_ms=outcome.duration_ms,
            response_value=outcome.counted.get("digits", ""),
            finished_at=now,
        )
