"""Which calls to make now: claim due messages and ordered calls. Synchronous, one thread.

A message is claimed by a conditional UPDATE on its `due_at`, so that deleting or changing it
and dialling it cannot both succeed.
"""

import secrets
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from sandbox import models
from sandbox.api import fault_switches
from sandbox.line.leg import Ended
from sandbox.models import CallerNumber, CallRecord, Message, Template
from sandbox.pacing import SECOND, Trunk, pick
from sandbox.people import people
from sandbox.people.casting import Casting, mixes

NO_CALLER = "The template names no caller number that is assigned to this organisation."
ALL_LINES_TAKEN = "All lines of the number were taken."
PAGE_NUMBER = "+910000000000"
"""The number of a person who rings from the page; no telephone has it."""
FAILED_AT_ONCE = 500


@dataclass(frozen=True)
class Order:
    """One call to make now, its record already stored as ringing."""

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


def anything_due(now: datetime) -> bool:
    """Return whether a call could be claimed; takes no write lock."""
    due = may_dial(now) and _templates_due(now).exists()
    return due or CallRecord.objects.filter(state=CallRecord.State.ORDERED).exists()


def _templates_due(now: datetime) -> QuerySet[Template]:
    """Return the templates with due messages: one index look-up each, however many messages are due."""
    due = Message.objects.filter(template=OuterRef("pk"), due_at__lte=now)
    return Template.objects.filter(Exists(due)).order_by("id")


def may_dial(now: datetime) -> bool:
    """Return whether the platform's own hours allow a message to be dialled."""
    window = settings.SANDBOX_WINDOW
    return window is None or window.holds(now)


def claim(now: datetime, live: Counter[str], room: int) -> list[Order]:
    """Claim at most `room` calls: ordered ones first, then due messages within what each number carries.

    `live`: calls under way by caller number. Returns [] where nothing is due. An ordered call to a number of
    ours without a free line is not returned: it ends as busy.
    """
    if room <= 0 or not anything_due(now):
        return []
    with transaction.atomic():
        casting = stored_casting()
        live = live.copy()
        orders = []
        for record in CallRecord.objects.filter(state=CallRecord.State.ORDERED).order_by("id")[:room]:
            if record.is_inbound and _is_engaged(record.line_number, live):
                record.state, record.ended_at = CallRecord.State.ENDED, now
                record.disposition, record.reason = Ended.BUSY, ALL_LINES_TAKEN
                record.save()
            else:
                live[record.line_number] += 1
                orders.append(_ring(record, casting))
        if not may_dial(now):
            return orders
        trunks = trunks_at(now, live)
        for template in _templates_due(now):
            orders += _claim_due(template, now, trunks, casting, room - len(orders))
        return orders


def stored_casting() -> Casting:
    """Return the casting set through the control API; its mix is SANDBOX_MIX if none was set."""
    row = models.Casting.objects.order_by("id").first() or models.Casting()
    mix = row.mix if row.mix in mixes() else settings.SANDBOX_MIX
    return Casting(row.seed, row.weights, row.assigned, mix)


def connect(to: str, now: datetime, live: Counter[str]) -> Order | None:
    """Order a call from the page to this number of ours. None if it is unknown or has no line left."""
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


def trunks_at(now: datetime, live: Counter[str]) -> dict[str, Trunk]:
    """Return every caller number with what it carries at `now`. `live`: calls under way by number."""
    begun: dict[str, list[datetime]] = {}
    limited = CallerNumber.objects.filter(calls_per_second__gt=0).values("phone_number")
    recent = CallRecord.objects.filter(from_number__in=limited, ordered_at__gt=now - SECOND)
    for number, moment in recent.values_list("from_number", "ordered_at"):
        begun.setdefault(number, []).append(moment)
    return {
        row.phone_number: Trunk(
            row.phone_number,
            lines=row.concurrency,
            per_second=row.calls_per_second,
            busy=live[row.phone_number],
            begun=begun.get(row.phone_number, ()),
        )
        for row in CallerNumber.objects.all()
    }


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
    orders = []
    for message in due[: max(0, slots)]:
        trunk = pick(usable, now, message.pk)
        if trunk is None:
            raise RuntimeError("More messages were taken than the numbers have room for.")
        trunk.take(now)
        taken = Message.objects.filter(pk=message.pk, due_at=message.due_at).update(
            state=Message.State.IN_PROGRESS,
            due_at=None,
            caller_number=trunk.number,
            attempts=F("attempts") + 1,
            dialled_at=now,
        )
        if taken != 1:
            raise RuntimeError("A message changed inside the scheduler's own transaction.")
        record = CallRecord(
            message=message,
            from_number=trunk.number,
            to_number=message.phone_number,
            language=message.templatelanguage.language,
            attempt=message.attempts + 1,
            custom_parameters=message.custom_parameters(),
            ordered_at=now,
        )
        orders.append(_ring(record, casting))
    return orders


def numbers_of(template: Template) -> list[str]:
    """Return the caller numbers a template names, in its order, as far as they are assigned to its tenant."""
    wanted = template.caller_numbers()
    assigned = CallerNumber.objects.filter(tenant_id=template.tenant_id, phone_number__in=wanted)
    known = set(assigned.values_list("phone_number", flat=True))
    return [number for number in wanted if number in known]


def fail_unroutable(keys: Collection[int], now: datetime) -> None:
    """Fail messages whose template names no usable caller number: they can never be dialled."""
    Message.objects.filter(pk__in=keys).update(
        state=Message.State.FAILED,
        reason_code="NO_CALLER_NUMBER",
        reason=NO_CALLER,
        finished_at=now,
        due_at=None,
    )


def _ring(record: CallRecord, casting: Casting) -> Order:
    to, attempt = record.persons_number, record.attempt
    known = {**people.cast(), people.AT_THE_PAGE.name: people.AT_THE_PAGE}
    # A person ordered by name is there at any hour.
    chosen = known.get(record.person) or casting.choose(to, attempt).met(to, attempt, record.ordered_at)
    record.person, record.state = chosen.name, CallRecord.State.RINGING
    record.faults = record.faults or fault_switches.of_call(record)
    record.call_sid, record.stream_sid = f"CA{secrets.token_hex(16)}", f"MZ{secrets.token_hex(16)}"
    record.save()
    number = CallerNumber.objects.filter(phone_number=record.line_number).first()
    return Order(
        record=record.pk,
        message=record.message_id,
        caller=record.line_number,
        to=to,
        attempt=attempt,
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
