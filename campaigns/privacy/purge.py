"""The nightly purge: each kind of data by its clock, in strides, with a row that says what went and why.

claim:  the row of a kind and a day is made once; whoever finds it unfinished goes on with it
stride: rows older than the cut-off that nothing holds; they and the figure go in one transaction
end:    what is older and was held is counted, and the row is finished
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auditlog.models import LogEntry
from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from campaigns.imports.reader import ENDED
from campaigns.ist import IST, ist_day
from campaigns.models import (
    CallingBasis,
    Complaint,
    Draw,
    Evidence,
    ImportRow,
    Member,
    MemberDate,
    Programme,
    Purge,
    Recipient,
)
from campaigns.privacy import retention
from campaigns.privacy.legal_holds import held, held_by_number, held_rows
from campaigns.pseudonyms import PREFIX, pseudonym
from campaigns.schedule.recurrence import earliest

CHUNK = 500
#: Nobody is called at this hour, and yesterday's reports are written.
AFTER_HOUR = 2


@dataclass(frozen=True, slots=True)
class Sweep:
    """How one kind goes: rows that are due at a cut-off, which of them are held, and their removal by key."""

    kind: str
    due: Callable[[datetime], QuerySet[Any]]
    held: Callable[[], Q]
    remove: Callable[[Sequence[Any]], object]


def purge(sweeps: Sequence[Sweep], *, now: datetime) -> int:
    """Do tonight's part that is not done yet; how many rows went. May be called at any time and twice."""
    if now.astimezone(IST).hour < AFTER_HOUR:
        return 0
    return sum(_purge(sweep, now=now) for sweep in sweeps)


def _purge(sweep: Sweep, *, now: datetime) -> int:
    chosen = settings.RETENTION_DAYS[sweep.kind]
    line, _ = Purge.objects.get_or_create(
        kind=sweep.kind,
        day=now.astimezone(IST).date(),
        defaults={
            "cutoff": retention.cutoff(sweep.kind, chosen, now=now),
            "reason": _why(sweep.kind, chosen, now),
        },
    )
    if line.finished_at:
        return 0
    removed = 0
    while count := _stride(sweep, line):
        removed += count
    kept = sweep.due(line.cutoff).filter(sweep.held()).count()
    Purge.objects.filter(pk=line.pk).update(finished_at=now, held=kept)
    return removed


def _why(kind: str, chosen: int, now: datetime) -> str:
    days = retention.kept_days(kind, chosen, on=now.astimezone(IST).date())
    return f"Kept for {days} days {retention.BY_NAME[kind].words}."


@transaction.atomic
def _stride(sweep: Sweep, line: Purge) -> int:
    """Holds are read anew for each stride: one that was just placed counts."""
    keys = list(
        sweep.due(line.cutoff).exclude(sweep.held()).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    )
    sweep.remove(keys)
    Purge.objects.filter(pk=line.pk).update(removed=F("removed") + len(keys))
    return len(keys)


# --- What campaigns/ keeps ------------------------------------------------------------------------


def forget_people(keys: Sequence[int]) -> None:
    """Numbers become pseudonyms; names, variables and remarks go. States, dates and outcomes stay."""
    people = list(Recipient.objects.filter(pk__in=keys).only("pk", "phone"))
    for person in people:
        if not person.phone.startswith(PREFIX):
            person.phone = pseudonym(person.phone)
        person.name, person.variables, person.note = "", {}, ""
    Recipient.objects.bulk_update(people, ["phone", "name", "variables", "note"])


def forget_rows(rows: QuerySet[ImportRow]) -> int:
    """The cells of rows that were not accepted go; number, fate and reason stay. How many rows."""
    return rows.update(cells=[])


def _people(cutoff: datetime) -> QuerySet[Recipient]:
    ended = Recipient.objects.filter(campaign__state__in=ENDED, campaign__state_since__lt=cutoff)
    return ended.exclude(phone__startswith=PREFIX)


def _rows(cutoff: datetime) -> QuerySet[ImportRow]:
    ended = Q(source__campaign__state__in=ENDED, source__campaign__state_since__lt=cutoff)
    return ImportRow.objects.filter(ended).exclude(cells=[])


def _bases(cutoff: datetime) -> QuerySet[CallingBasis]:
    return CallingBasis.objects.filter(Q(revoked_at__lt=cutoff) | Q(expires_at__lt=cutoff))


def _members(cutoff: datetime) -> QuerySet[Member]:
    """People of standing lists whom no programme will call: none of the list's recurs, and the days that any
    of them counts from their dates, switched on or not, are over."""
    day = ist_day(cutoff)
    to_come = Q(day__gte=day)
    for programme in Programme.objects.filter(kind=Programme.Kind.DATE):
        first = earliest(day, programme.offset)
        counted = Q(name=programme.date_name, day__gte=first)
        to_come |= counted & Q(member__standing_list=programme.standing_list_id)
    recurring = Programme.objects.exclude(kind=Programme.Kind.DATE).values("standing_list")
    idle = Member.objects.filter(changed_at__lt=cutoff).exclude(standing_list__in=recurring)
    return idle.exclude(Exists(MemberDate.objects.filter(to_come, member=OuterRef("pk"))))


def _draws(cutoff: datetime) -> QuerySet[Draw]:
    """Draws whose occurrence nobody looks for any more; without its draw another would be noted as missed."""
    standing = MemberDate.objects.filter(
        member__standing_list=OuterRef("programme__standing_list"),
        member__phone=OuterRef("phone"),
        name=OuterRef("programme__date_name"),
        day=OuterRef("occurrence"),
    )
    by_date = Q(programme__kind=Programme.Kind.DATE) & ~Exists(standing)
    settled = Q(programme__settled_until__gte=F("occurrence")) & ~Q(programme__kind=Programme.Kind.DATE)
    return Draw.objects.filter(by_date | settled, drawn_at__lt=cutoff)


def _of_staff_only() -> Q:
    """Nothing is held: these rows name nobody but staff."""
    return Q(pk__in=())


SWEEPS = (
    Sweep("people", _people, lambda: held(""), forget_people),
    Sweep("rows", _rows, held_rows, lambda keys: forget_rows(ImportRow.objects.filter(pk__in=keys))),
    Sweep("members", _members, held_by_number, lambda keys: _delete(Member.objects.filter(pk__in=keys))),
    Sweep("draws", _draws, held_by_number, lambda keys: _delete(Draw.objects.filter(pk__in=keys))),
    Sweep(
        "evidence",
        lambda cutoff: Evidence.objects.filter(judged_at__lt=cutoff),
        lambda: held("recipient__", "recipient__campaign"),
        lambda keys: _delete(Evidence.objects.filter(pk__in=keys)),
    ),
    Sweep("bases", _bases, held_by_number, lambda keys: _delete(CallingBasis.objects.filter(pk__in=keys))),
    Sweep(
        "complaints",
        lambda cutoff: Complaint.objects.filter(closed_at__lt=cutoff),
        lambda: held_by_number("campaign"),
        lambda keys: _delete(Complaint.objects.filter(pk__in=keys)),
    ),
    Sweep(
        "audit",
        lambda cutoff: LogEntry.objects.filter(timestamp__lt=cutoff),
        _of_staff_only,
        lambda keys: _delete(LogEntry.objects.filter(pk__in=keys)),
    ),
    Sweep(
        "sign_ins",
        lambda cutoff: AccessLog.objects.filter(attempt_time__lt=cutoff),
        _of_staff_only,
        lambda keys: _delete(AccessLog.objects.filter(pk__in=keys)),
    ),
    Sweep(
        "failed_sign_ins",
        lambda cutoff: AccessAttempt.objects.filter(attempt_time__lt=cutoff),
        _of_staff_only,
        lambda keys: _delete(AccessAttempt.objects.filter(pk__in=keys)),
    ),
)


def _delete(rows: QuerySet[Any]) -> None:
    rows.order_by().delete()
