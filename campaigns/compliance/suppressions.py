"""Who must not be called: entered in one transaction with what it changes, and lifted only with a reason.

Effective before the next hand-over: people who wait and messages that are planned change state at once.
What is at XFin already is withdrawn (`withdrawing`), also what is being handed over at this moment.
Never expires.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import F

from campaigns import audit, clock
from campaigns.errors import NotAllowed, SheetError
from campaigns.models import Message, Recipient, Suppression, User
from campaigns.phones import parse_number
from campaigns.spreadsheets.columns import match_columns
from campaigns.spreadsheets.reader import read_sheet
from campaigns.transitions import callback

#: Numbers looked at together.
CHUNK = 1000
SAMPLE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRequest:
    """By whose word, how and for what: all calls, or those of one category."""

    source: Suppression.Source
    reason: str
    category: str = ""
    message_reference: str = ""
    by: User | None = None

    @property
    def scope(self) -> Suppression.Scope:
        """What is suppressed."""
        return Suppression.Scope.CATEGORY if self.category else Suppression.Scope.ORGANISATION


@dataclass(slots=True)
class FileResult:
    """What a file of numbers did. Every row is new, known or refused; `refusals` are (row, why)."""

    new: int = 0
    known: int = 0
    refusals: list[tuple[int, str]] = field(default_factory=list)


@transaction.atomic
def suppress(phone: str, wish: SuppressionRequest) -> bool:
    """Never call this number again (E.164); whether that is new. May be called twice for one event."""
    new = suppress_all([phone], wish) == 1
    if new and wish.by:
        row = Suppression.objects.get(
            phone=phone, scope=wish.scope, category=wish.category, lifted_at__isnull=True
        )
        audit.note(row, {"phone": ("", audit.shown_number(phone)), "reason": ("", wish.reason)})
    return new


@transaction.atomic
def suppress_all(phones: Collection[str], wish: SuppressionRequest) -> int:
    """The same for many numbers; how many were new. Their waiting calls are called off either way."""
    live = Suppression.objects.filter(lifted_at__isnull=True, scope=wish.scope, category=wish.category)
    before = live.filter(phone__in=phones).count()
    Suppression.objects.bulk_create(
        [_row(phone, wish) for phone in dict.fromkeys(phones)], ignore_conflicts=True
    )
    _call_off(phones, wish, now=clock.now())
    return live.filter(phone__in=phones).count() - before


def suppress_file(data: bytes, filename: str, wish: SuppressionRequest) -> FileResult:
    """Every number of a file, in any spelling; a bad row is refused alone. `NotAllowed` if unreadable."""
    try:
        sheet = read_sheet(data, filename)
        column = match_columns(sheet.headers, [cells for _, cells in islice(sheet.rows, SAMPLE)]).phone
        rows = [(number, cells[column]) for number, cells in sheet.rows]
    except SheetError as error:
        raise NotAllowed(error.reason) from error
    result = FileResult()
    judged = [(number, parse_number(cell)) for number, cell in rows]
    result.refusals = [(number, verdict.note) for number, verdict in judged if verdict.e164 is None]
    numbers = [verdict.e164 for _, verdict in judged if verdict.e164]
    with transaction.atomic():
        result.new = sum(suppress_all(chunk, wish) for chunk in _strides(numbers))
        audit.list_entered(Suppression, f"{result.new} numbers of {filename}")
    result.known = len(numbers) - result.new
    return result


@transaction.atomic
def lift(suppression_id: int, *, reason: str, by: User | None) -> None:
    """Let the number be called again after a fresh act of the person, which `reason` names.

    People whose call it stopped stay stopped; a later campaign may call them. Asking for consent waits 90
    days.
    """
    if not reason.strip():
        raise NotAllowed("Write down what the person did to be called again; without that it stays.")
    live = Suppression.objects.filter(pk=suppression_id, lifted_at__isnull=True)
    now = clock.now()
    if not live.update(lifted_at=now, lifted_reason=reason.strip(), lifted_by=by, changed_at=now):
        raise NotAllowed("This suppression was lifted before.")
    audit.note(Suppression.objects.get(pk=suppression_id), {"lifted": ("", reason.strip())})


def _row(phone: str, wish: SuppressionRequest) -> Suppression:
    return Suppression(
        phone=phone,
        scope=wish.scope,
        category=wish.category,
        source=wish.source,
        reason=wish.reason,
        message_reference=wish.message_reference,
        entered_by=wish.by,
    )


def _call_off(phones: Collection[str], wish: SuppressionRequest, *, now: datetime) -> None:
    """Planned messages first, as hand-over locks them first; then everybody who waits.

    A message that another worker plans at this moment is found by the judgement at its hand-over.
    """
    people = Recipient.objects.filter(phone__in=phones)
    if wish.category:
        people = people.filter(campaign__category=wish.category)
    planned = Message.objects.select_for_update().filter(
        recipient__in=people.values("pk"), state=Message.State.PLANNED
    )
    of_whom = dict(planned.values_list("pk", "recipient_id"))
    Message.objects.filter(pk__in=of_whom, state=Message.State.PLANNED).update(
        state=Message.State.BLOCKED, reason=wish.reason, settled_at=now, changed_at=now
    )
    stopped = {"state": Recipient.State.SUPPRESSED, "reason": wish.reason, "changed_at": now}
    # The attempt was never made, so it does not count against the person's limit.
    Recipient.objects.filter(pk__in=of_whom.values(), state=Recipient.State.UNDER_WAY).update(
        **stopped, attempts=F("attempts") - 1
    )
    waiting = people.filter(state=Recipient.State.WAITING).values_list("pk", flat=True)
    Recipient.objects.filter(pk__in=list(waiting), state=Recipient.State.WAITING).update(**stopped)
    callback.end_all(people, wish.reason)


def _strides(numbers: Iterable[str]) -> Iterable[list[str]]:
    rest = iter(numbers)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
