"""Which switched-on misbehaviour is due: every time, the next n times, by a seeded draw, or as a script says.

Every switch sees every call that concerns it, so that "the third call" means the third call; of several
that would act, the oldest does, and the others keep what they have left.
"""

import random
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from django.db import transaction

from sandbox.api.fault_scripts import OK, ApiFault
from sandbox.models import CallRecord, Fault, LineFault, Switch

S = TypeVar("S", bound=Switch)


class Taken(NamedTuple):
    """A fault that is due now; `seconds` is its measure: a wait, a Retry-After, a token's life."""

    behaviour: ApiFault
    seconds: float


def take(operation: str) -> Taken | None:
    """The fault that is due for this call of the operation, used up by one; None if none is."""
    if not Fault.objects.filter(operation=operation).exists():
        return None
    with transaction.atomic():
        rows = list(Fault.objects.filter(operation=operation).order_by("id"))
        due = first_due(rows)
    return Taken(ApiFault(due[1]), due[0].seconds) if due else None


def of_call(record: CallRecord) -> str:
    """What is wrong with the line of this call, as `line.faults.read` takes it. Call it in a transaction."""
    reference = record.message.reference if record.message else ""
    rows = LineFault.objects.filter(
        from_number__in=["", record.from_number],
        to_number__in=["", record.to_number],
        person__in=["", record.person],
        reference__in=["", reference],
    )
    due = first_due(rows.order_by("id"))
    return due[1] if due else ""


def first_due(rows: Iterable[S]) -> tuple[S, str] | None:
    """Let every switch see one more call; the first that acts, and what it does. Call it in a transaction."""
    found: tuple[S, str] | None = None
    for row in rows:
        behaviour = _turn(row)
        if behaviour and found is None:
            found = (row, behaviour)
            _use_up(row)
        row.seen += 1
        row.save(update_fields=["seen", "fired", "remaining"])
    return found


def _turn(row: Switch) -> str:
    """What this switch wants of this call; nothing: the empty text."""
    if row.script:
        turn = str(row.script[row.seen]) if row.seen < len(row.script) else OK
        return "" if turn == OK else turn
    if row.remaining == 0:
        return ""
    draw = random.Random(f"{row.seed}:{row.subject}:{row.behaviour}:{row.seen}").random()
    return row.behaviour if draw < row.probability else ""


def _use_up(row: Switch) -> None:
    row.fired += 1
    row.remaining = None if row.remaining is None else row.remaining - 1
