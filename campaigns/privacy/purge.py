"""Purge every night: each kind of data by its period, in chunks, with a row that says what went and why.

claim: the row of a kind and a day is made once; a worker that finds it unfinished goes on with it
chunk: rows older than the cut-off and under no legal hold; they go and are counted in one transaction
end:   what is older and under a legal hold is counted, and the row is finished
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auditlog.models import LogEntry
from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.contrib.admin.models import LogEntry as AdminLog
from django.db import transaction
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet

from campaigns.bulk import let_others_write
from campaigns.imports.reader import ENDED
from campaigns.ist import IST, ist_day
from campaigns.lifecycle import actions
from campaigns.models import (
    Appointment,
    CallingBasis,
    Campaign,
    ChosenLanguage,
    Complaint,
    Draw,
    Evidence,
    Import,
    ImportRow,
    LegalHold,
    Member,
    MemberDate,
    Message,
    Notification,
    Programme,
    Purge,
    Recipient,
    StaffCallback,
)
from campaigns.outside import notices
from campaigns.privacy import retention
from campaigns.privacy.legal_holds import held, held_by_number, held_rows
from campaigns.pseudonyms import PREFIX, pseudonym
from campaigns.schedule.recurrence import earliest

CHUNK = 500
#: At this hour (IST) no calls are made, and yesterday's reports are written.
AFTER_HOUR = 2
FORGOTTEN = "Cancelled by itself: nothing was done with it for so long that its people's data must end."


@dataclass(frozen=True, slots=True)
class Sweep:
    """How one kind is purged.

    `due` gives the rows older than a cut-off, `held` the condition that a row is under a legal hold, and
    `remove` deletes or blanks rows by key.
    """

    kind: str
    due: Callable[[datetime], QuerySet[Any]]
    held: Callable[[], Q]
    remove: Callable[[Sequence[Any]], object]


def purge(sweeps: Sequence[Sweep], *, now: datetime) -> int:
    """Do what is left of tonight's purge. Return how many rows went. May be called at any time and twice."""
    local = now.astimezone(IST)
    if local.hour < AFTER_HOUR:
        return 0
    removed = 0
    for sweep in sweeps:
        chosen = settings.RETENTION_DAYS[sweep.kind]
        days = retention.kept_days(sweep.kind, chosen, on=local.date())
        line, _ = Purge.objects.get_or_create(
            kind=sweep.kind,
            day=local.date(),
            defaults={
                "cutoff": retention.cutoff(sweep.kind, chosen, now=now),
                "reason": f"Kept for {days} days {retention.BY_NAME[sweep.kind].words}.",
            },
        )
        if line.finished_at:
            continue
        while count := _remove_chunk(sweep, line):
            removed += count
            let_others_write()
        kept = sweep.due(line.cutoff).filter(sweep.held()).count()
        Purge.objects.filter(pk=line.pk).update(finished_at=now, held=kept)
    return removed


@transaction.atomic
def _remove_chunk(sweep: Sweep, line: Purge) -> int:
    """Remove the next rows and return how many. Holds are read anew: one that was just placed counts."""
    keys = list(
        sweep.due(line.cutoff).exclude(sweep.held()).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    )
    sweep.remove(keys)
    Purge.objects.filter(pk=line.pk).update(removed=F("removed") + len(keys))
    return len(keys)


# --- What campaigns/ keeps ------------------------------------------------------------------------


def forget_people(keys: Sequence[int]) -> None:
    """Turn numbers into pseudonyms and delete names, variables, remarks and the cell of a quota, which shows
    values. States and outcomes stay."""
    people = list(Recipient.objects.filter(pk__in=keys).only("pk", "phone"))
    for person in people:
        if not person.phone.startswith(PREFIX):
            person.phone = pseudonym(person.phone)
        person.name, person.variables, person.note, person.cell = "", {}, "", None
    Recipient.objects.bulk_update(people, ["phone", "name", "variables", "note", "cell"])
    Message.objects.filter(recipient__in=keys).exclude(fetched={}).update(fetched={})
    notices.forget(keys)


def forget_rows(rows: QuerySet[ImportRow]) -> int:
    """Delete the cells of rows that were not accepted; number and reason stay. Return how many rows."""
    return rows.update(cells=[])


def forget_appointments(rows: QuerySet[Appointment]) -> int:
    """Turn numbers into pseudonyms and delete names; slot and state stay. Return how many rows."""
    numbers = list(rows.order_by("pk").values_list("pk", "phone"))
    for key, phone in numbers:
        new = phone if not phone or phone.startswith(PREFIX) else pseudonym(phone)
        Appointment.objects.filter(pk=key).update(phone=new, name="")
    return len(numbers)


def _appointments(cutoff: datetime) -> QuerySet[Appointment]:
    """Return appointments whose day is over, of people who are still known."""
    over = Q(slot__begins__lt=cutoff) | Q(slot__isnull=True, at__lt=cutoff)
    return Appointment.objects.filter(over).exclude(phone="").exclude(phone__startswith=PREFIX)


def _ended(campaign: str, cutoff: datetime) -> Q:
    """Return the condition that a row's campaign ended before the cut-off; `campaign` is the path to it."""
    return Q(**{f"{campaign}__state__in": ENDED, f"{campaign}__state_since__lt": cutoff})


def _idle(cutoff: datetime) -> QuerySet[Campaign]:
    """Return campaigns with people that wait for staff, and with which nothing was done since the cut-off.

    The pattern of a programme waits for ever, and is not among them.
    """
    state = Campaign.State
    waiting = (state.DRAFT, state.CHECKED, state.APPROVED, state.PAUSED, state.STOPPED)
    fed = Import.objects.filter(campaign=OuterRef("pk"))
    return Campaign.objects.filter(
        Exists(Recipient.objects.filter(campaign=OuterRef("pk"))) | Exists(fed),
        ~Exists(fed.filter(created_at__gte=cutoff)),
        state__in=waiting,
        state_since__lt=cutoff,
        changed_at__lt=cutoff,
        programmes__isnull=True,
    )


def cancel_idle(keys: Sequence[int]) -> None:
    """Cancel campaigns that were forgotten; their people's data goes by its period after that."""
    for campaign in Campaign.objects.filter(pk__in=keys):
        actions.cancel(campaign, None)
    Campaign.objects.filter(pk__in=keys).update(reason=FORGOTTEN)


def _members(cutoff: datetime) -> QuerySet[Member]:
    """Return the people of standing lists whom no programme will call.

    None of the list's programmes recurs, and the days that any of them, switched on or not, counts from these
    people's dates are over.
    """
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
    """Return draws whose occurrence can't fall due again; others would be noted as missed without theirs."""
    standing = MemberDate.objects.filter(
        member__standing_list=OuterRef("programme__standing_list"),
        member__phone=OuterRef("phone"),
        name=OuterRef("programme__date_name"),
        day=OuterRef("occurrence"),
    )
    by_date = Q(programme__kind=Programme.Kind.DATE) & ~Exists(standing)
    settled = Q(programme__settled_until__gte=F("occurrence")) & ~Q(programme__kind=Programme.Kind.DATE)
    return Draw.objects.filter(by_date | settled, drawn_at__lt=cutoff)


def _never_held() -> Q:
    """Return a condition that holds for no row: these rows are about staff alone."""
    return Q(pk__in=())


def _held_by_pseudonym() -> Q:
    """Return the condition that a row under a pseudonym is of a person under a legal hold of their own."""
    numbers = LegalHold.objects.filter(released_at=None).exclude(phone="").values_list("phone", flat=True)
    return Q(whose__in=[pseudonym(phone) for phone in numbers])


def _delete(model: type[Model]) -> Callable[[Sequence[Any]], object]:
    return lambda keys: model._default_manager.filter(pk__in=keys).order_by().delete()


SWEEPS = (
    Sweep(
        "notifications",
        lambda cutoff: Notification.objects.filter(settled_at__lt=cutoff),
        lambda: held("recipient__", "recipient__campaign"),
        _delete(Notification),
    ),
    Sweep(
        "idle",
        _idle,
        lambda: (  # the campaign is under a legal hold, or has a person who is
            Q(pk__in=LegalHold.objects.filter(released_at=None, campaign__isnull=False).values("campaign"))
            | Q(pk__in=Recipient.objects.filter(held("")).values("campaign"))
        ),
        cancel_idle,
    ),
    Sweep(
        "people",
        lambda cutoff: Recipient.objects.filter(_ended("campaign", cutoff)).exclude(phone__startswith=PREFIX),
        lambda: held(""),
        forget_people,
    ),
    Sweep(
        "appointments",
        _appointments,
        lambda: held_by_number("campaign"),
        lambda keys: forget_appointments(Appointment.objects.filter(pk__in=keys)),
    ),
    Sweep(
        "staff_callbacks",
        lambda cutoff: StaffCallback.objects.filter(asked_at__lt=cutoff),
        lambda: held_by_number("campaign"),
        _delete(StaffCallback),
    ),
    Sweep(
        "languages",
        lambda cutoff: ChosenLanguage.objects.filter(chosen_at__lt=cutoff),
        _held_by_pseudonym,
        _delete(ChosenLanguage),
    ),
    Sweep(
        "rows",
        lambda cutoff: ImportRow.objects.filter(_ended("source__campaign", cutoff)).exclude(cells=[]),
        held_rows,
        lambda keys: forget_rows(ImportRow.objects.filter(pk__in=keys)),
    ),
    Sweep("members", _members, held_by_number, _delete(Member)),
    Sweep("draws", _draws, held_by_number, _delete(Draw)),
    Sweep(
        "evidence",
        lambda cutoff: Evidence.objects.filter(judged_at__lt=cutoff),
        lambda: held("recipient__", "recipient__campaign"),
        _delete(Evidence),
    ),
    Sweep(
        "bases",
        lambda cutoff: CallingBasis.objects.filter(Q(revoked_at__lt=cutoff) | Q(expires_at__lt=cutoff)),
        held_by_number,
        _delete(CallingBasis),
    ),
    Sweep(
        "complaints",
        lambda cutoff: Complaint.objects.filter(closed_at__lt=cutoff),
        lambda: held_by_number("campaign"),
        _delete(Complaint),
    ),
    Sweep(
        "audit",
        lambda cutoff: LogEntry.objects.filter(timestamp__lt=cutoff),
        _never_held,
        _delete(LogEntry),
    ),
    Sweep(
        "admin_log",
        lambda cutoff: AdminLog.objects.filter(action_time__lt=cutoff),
        _never_held,
        _delete(AdminLog),
    ),
    Sweep(
        "sign_ins",
        lambda cutoff: AccessLog.objects.filter(attempt_time__lt=cutoff),
        _never_held,
        _delete(AccessLog),
    ),
    Sweep(
        "failed_sign_ins",
        lambda cutoff: AccessAttempt.objects.filter(attempt_time__lt=cutoff),
        _never_held,
        _delete(AccessAttempt),
    ),
)
