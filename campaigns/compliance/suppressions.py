"""Suppress numbers that must not be called, in one transaction with what that changes.

Effective before the next hand-over: people who wait and messages that are planned change state at once.
What is at XFin already is withdrawn by `delivery.withdraw`, also what is being handed over at this moment.
A suppression never expires, and is lifted only with a reason.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from typing import BinaryIO

from django.db import transaction
from django.db.models import Q

from campaigns import audit, clock, edges
from campaigns.errors import NotAllowed, SheetError
from campaigns.locks import locked
from campaigns.models import Message, Recipient, Suppression, User
from campaigns.phones import parse_number
from campaigns.sheets.process import opened
from campaigns.spreadsheets.columns import match_columns, question
from campaigns.transitions import callback
from campaigns.transitions.attempt import revert_attempt

#: Numbers stored together.
CHUNK = 1000
SAMPLE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRequest:
    """Who asked, how and for what: all calls, or those of one category.

    `message_reference` names the attempt in whose call it was asked for, `by` the user who entered it.
    """

    source: Suppression.Source
    reason: str
    category: str = ""
    message_reference: str = ""
    by: User | None = None

    @property
    def scope(self) -> Suppression.Scope:
        """Return what is suppressed: calls of one category, or all of the organisation."""
        return Suppression.Scope.CATEGORY if self.category else Suppression.Scope.ORGANISATION


@dataclass(slots=True)
class FileResult:
    """What a file of numbers did. Every row is new, known or refused; `refusals` are (row number, reason)."""

    new: int = 0
    known: int = 0
    refusals: list[tuple[int, str]] = field(default_factory=list)


def suppress(phone: str, request: SuppressionRequest) -> bool:
    """Suppress a number (E.164). Return False if it was suppressed before. Twice does no harm.

    Run again where it loses a race in the database, unless the caller's transaction is open.
    """

    @transaction.atomic
    def suppress_and_note() -> bool:
        new = suppress_all([phone], request) == 1
        if new and request.by:
            row = Suppression.objects.get(
                phone=phone, scope=request.scope, category=request.category, lifted_at__isnull=True
            )
            audit.note(row, {"phone": ("", audit.shown_number(phone)), "reason": ("", request.reason)})
        return new

    return edges.retried("an opt-out", suppress_and_note)


@transaction.atomic
def suppress_all(phones: Collection[str], request: SuppressionRequest) -> int:
    """Suppress numbers (E.164). Return how many were new. Their waiting calls are cancelled either way.

    A message that another worker plans at this moment is found by the check at its hand-over.
    """
    live = Suppression.objects.filter(lifted_at__isnull=True, scope=request.scope, category=request.category)
    before = live.filter(phone__in=phones).count()
    enter(phones, request)
    now = clock.now()
    people = Recipient.objects.filter(phone__in=phones)
    if request.category:
        people = people.filter(campaign__category=request.category)
    planned = Message.objects.filter(recipient__in=people.values("pk"), state=Message.State.PLANNED)
    of_whom = dict(locked(planned).values_list("pk", "recipient_id"))
    waiting = Q(state=Recipient.State.WAITING) | Q(pk__in=list(of_whom.values()))
    stopping = set(locked(people.filter(waiting)).values_list("pk", flat=True))
    Message.objects.filter(pk__in=of_whom, state=Message.State.PLANNED).update(
        state=Message.State.BLOCKED, reason=request.reason, settled_at=now, changed_at=now
    )
    stopped = {"state": Recipient.State.SUPPRESSED, "reason": request.reason, "changed_at": now}
    under_way = Recipient.objects.filter(pk__in=of_whom.values(), state=Recipient.State.UNDER_WAY)
    revert_attempt(under_way, **stopped)
    Recipient.objects.filter(pk__in=stopping, state=Recipient.State.WAITING).update(**stopped)
    callback.end_all(people, request.reason)
    return live.filter(phone__in=phones).count() - before


def enter(phones: Collection[str], request: SuppressionRequest) -> None:
    """Insert the rows of suppressions that are not there yet, and stop no call: `suppress_all` does that too.

    For a transaction that locks messages or people before it suppresses: who stores the same number waits for
    the row that was inserted first, so it comes first (`campaigns.locks`).
    """
    rows = [
        Suppression(
            phone=phone,
            scope=request.scope,
            category=request.category,
            source=request.source,
            reason=request.reason,
            message_reference=request.message_reference,
            entered_by=request.by,
        )
        for phone in sorted(set(phones))  # two that store the same numbers wait for each other in turn
    ]
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)


def suppress_many(phones: Collection[str], request: SuppressionRequest) -> int:
    """Suppress numbers (E.164), however many. Return how many were new.

    Stride by stride, each in a transaction of its own that is run again where it loses a race: 100,000
    numbers hold up no pause, no hand-over and no other file.
    """
    numbers, new = sorted(phones), 0
    for start in range(0, len(numbers), CHUNK):
        stride = numbers[start : start + CHUNK]
        new += edges.retried("a suppression file", partial(suppress_all, stride, request))
    return new


def suppress_file(
    file: BinaryIO, filename: str, request: SuppressionRequest, *, heading: str = ""
) -> FileResult:
    """Suppress every number of a file, in any spelling; a bad row is refused alone. Return what it did.

    `heading` is that of the numbers, if it is not to be found. Raise `NotAllowed` if the file can't be read,
    or two columns could be meant.
    """
    try:
        with opened(file, filename) as sheet:
            first = list(islice(sheet.rows, SAMPLE))
            sample = [cells for _, cells in first]
            columns = match_columns(sheet.headers, sample, chosen={"phone": heading})
            if "phone" in columns.asked:
                raise SheetError(f"{question(columns, sheet.headers)} Say so by its heading.")
            rows = [(number, cells[columns.phone]) for number, cells in chain(first, sheet.rows)]
    except SheetError as error:
        raise NotAllowed(error.reason) from error
    result = FileResult()
    parsed = [(number, parse_number(cell)) for number, cell in rows]
    result.refusals = [(number, found.note) for number, found in parsed if found.e164 is None]
    numbers = [found.e164 for _, found in parsed if found.e164]
    result.new = suppress_many(numbers, request)
    audit.list_entered(Suppression, f"{result.new} numbers of {filename}")
    result.known = len(numbers) - result.new
    return result


@transaction.atomic
def lift(suppression_id: int, *, reason: str, by: User | None) -> None:
    """Let the number be called again after a fresh act of the person, which `reason` names.

    People whose call it stopped stay stopped; a later campaign may call them. Asking for consent waits 90
    days. Raise `NotAllowed` without a reason, or if it was lifted before.
    """
    if not reason.strip():
        raise NotAllowed("Write down what the person did to be called again; without that it stays.")
    live = Suppression.objects.filter(pk=suppression_id, lifted_at__isnull=True)
    now = clock.now()
    if not live.update(lifted_at=now, lifted_reason=reason.strip(), lifted_by=by, changed_at=now):
        raise NotAllowed("This suppression was lifted before.")
    audit.note(Suppression.objects.get(pk=suppression_id), {"lifted": ("", reason.strip())})


def move_to_pseudonym(phone: str, name: str) -> int:
    """Put a number's suppressions under its pseudonym `name`, in the caller's transaction. Return how many.

    Live ones that stand there already are deleted under the number.
    """
    there = Suppression.objects.filter(phone=name, lifted_at=None).values_list("scope", "category")
    for scope, category in list(there):
        Suppression.objects.filter(phone=phone, lifted_at=None, scope=scope, category=category).delete()
    return Suppression.objects.filter(phone=phone).update(phone=name)
