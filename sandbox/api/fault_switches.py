"""Which fault that is switched on is due: every time, the next n times, by a seeded draw or a script.

Every switch counts every call that concerns it, so that "the third call" means the third call; of several
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
    """A fault that is due now. `seconds`: how long a wait, a Retry-After or a token's life is."""

    behaviour: ApiFault
    seconds: float


def take(operation: str) -> Taken | None:
    """Return the fault that is due for this request and count it as used; None if none is due."""
    if not Fault.objects.filter(operation=operation).exists():
        return None
    with transaction.atomic():
        rows = list(Fault.objects.filter(operation=operation).order_by("id"))
        due = first_due(rows)
    return Taken(ApiFault(due[1]), due[0].seconds) if due else None


def of_call(record: CallRecord) -> str:
    """Return what is wrong with the line of this call, as `line.faults.read` takes it; "" if nothing is.

    Call it in a transaction.
    """
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
    """Count one more call on every switch; return the first that acts and what it does, None if none acts.

    Call it in a transaction.
    """
    found: tuple[S, str] | None = None
    for row in rows:
        if row.script:
            behaviour = str(row.script[row.seen]) if row.seen < len(row.script) else OK
        else:
            draw = random.Random(f"{row.seed}:{row.subject}:{row.behaviour}:{row.seen}").random()
            behaviour = row.behaviour if row.remaining != 0 and draw < row.probability else OK
        if behaviour != OK and found is None:
            found = (row, behaviour)
            row.fired += 1
            row.remaining = None if row.remaining is None else row.remaining - 1
        row.seen += 1
        row.save(update_fields=["seen", "fired", "remaining"])
    return found
