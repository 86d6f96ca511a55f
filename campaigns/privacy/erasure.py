"""Erase what is kept about one person who asked for it: asked for, waited for, done.

    asked:  the number is suppressed in the same transaction, so waiting calls are cancelled at once and what
            is at XFin is withdrawn (`delivery.withdraw`)
    waits:  for a legal hold, an open message, a list that is being read, and, from 13 May 2027, for the end
            of the year that the law keeps data
    done:   `forget` below and `forget_calls` in calls/, in one transaction

What must stay as evidence stays under a pseudonym: judgements, attempts, suppressions, grounds, complaints.
"""

import unicodedata
from collections.abc import Iterable
from datetime import datetime

from django.contrib.admin.models import LogEntry as AdminLog
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Max, Model

from campaigns import clock
from campaigns.appointments import bookings
from campaigns.compliance.suppressions import SuppressionRequest, move_to_pseudonym, suppress
from campaigns.errors import NotAllowed
from campaigns.models import (
    Appointment,
    CallingBasis,
    ChosenLanguage,
    Complaint,
    Draw,
    Erasure,
    Import,
    ImportRow,
    LegalHold,
    Member,
    Message,
    Recipient,
    StaffCallback,
    Suppression,
    User,
)
from campaigns.privacy import retention
from campaigns.privacy.legal_holds import hold_on
from campaigns.privacy.purge import forget_appointments, forget_people, forget_rows
from campaigns.pseudonyms import pseudonym

ERASED = "The person asked us to erase their data, and must not be called again."
CHUNK = 2000


@transaction.atomic
def ask(phone: str, *, reason: str, by: User | None, now: datetime) -> Erasure:
    """Record a person's request to be erased (E.164), and call them no more. Return the request.

    If one is open already, that is returned. Raise `NotAllowed` without a reason, or under a legal hold,
    which goes before every period and every request.
    """
    if not reason.strip():
        raise NotAllowed("Write down how the person asked, and how we know who asked.")
    if hold := hold_on(phone):
        raise NotAllowed(f"A legal hold keeps this data: {hold.reason}")
    suppress(phone, SuppressionRequest(source=Suppression.Source.STAFF, reason=ERASED, by=by))
    used = Message.objects.filter(recipient__phone=phone).aggregate(last=Max("send_on"))["last"]
    request, _ = Erasure.objects.get_or_create(
        pseudonym=pseudonym(phone),
        state=Erasure.State.WAITING,
        defaults={
            "phone": phone,
            "reason": reason.strip(),
            "requested_by": by,
            "due_at": retention.erasable_from(used, now=now),
        },
    )
    return request


def open_requests() -> list[int]:
    """Return the keys of requests that are not done yet, the oldest first."""
    waiting = Erasure.objects.filter(state=Erasure.State.WAITING)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def waits_for(request: Erasure, *, now: datetime) -> str:
    """Return what keeps a request from being done, as a sentence; empty if nothing does."""
    if hold := hold_on(request.phone):
        return f"A legal hold keeps this data: {hold.reason}"
    if request.due_at > now:
        return "The law keeps the data for a year from its last use."
    if Message.objects.filter(recipient__phone=request.phone, state__in=Message.OPEN_STATES).exists():
        return "A call is being withdrawn, or is on the line."
    if Import.objects.filter(state__in=Import.TO_BE_READ).exists():
        return "A list is being read, which may hold the person."
    return ""


def forget(request: Erasure) -> dict[str, int]:
    """Erase what campaigns/ keeps, within the caller's transaction. Return how many rows of each kind."""
    phone, name = request.phone, request.pseudonym
    people = list(Recipient.objects.filter(phone=phone).values_list("pk", flat=True))
    national, rows = phone.removeprefix("+91"), []
    # Rejected rows in which the number stands, in any spelling and script.
    for pk, cells in ImportRow.objects.exclude(cells=[]).values_list("pk", "cells").iterator(CHUNK):
        for cell in cells:
            digits = "".join(str(unicodedata.decimal(char)) for char in str(cell) if char.isdecimal())
            if national in digits:
                rows.append(pk)
                break
    chunks = (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))
    forget_people(people)
    members = list(Member.objects.filter(phone=phone).values_list("pk", flat=True))
    _forget_in_admin_log(Recipient, people)
    _forget_in_admin_log(Member, members)
    return {
        "people": len(people),
        "rows": sum(forget_rows(ImportRow.objects.filter(pk__in=chunk)) for chunk in chunks),
        "members": Member.objects.filter(phone=phone).delete()[1].get("campaigns.Member", 0),
        "draws": Draw.objects.filter(phone=phone).update(phone=name),
        "appointments": _forget_appointments(phone),
        "staff_callbacks": StaffCallback.objects.filter(phone=phone).delete()[0],
        "languages": ChosenLanguage.objects.filter(whose=name).delete()[0],
        "suppressions": move_to_pseudonym(phone, name),
        "bases": CallingBasis.objects.filter(phone=phone).update(phone=name, proof=""),
        "complaints": Complaint.objects.filter(phone=phone).update(phone=name, text="Erased."),
        "holds": LegalHold.objects.filter(phone=phone).update(phone=name),
    }


def _forget_appointments(phone: str) -> int:
    """Cancel what the person has booked and blank all their appointments; return how many they were.

    It is last among the locks of `forget` (`campaigns.locks`).
    """
    theirs, now = Appointment.objects.filter(phone=phone), clock.now()
    booked = theirs.filter(state=Appointment.State.BOOKED, slot__begins__gt=now)
    for key in booked.order_by("calendar", "pk").values_list("pk", flat=True):
        bookings.cancel(key, by=None, reason=ERASED, now=now)
    return forget_appointments(theirs)


def _forget_in_admin_log(model: type[Model], keys: Iterable[int]) -> None:
    """Delete the entries of the admin's own log about these rows: they hold the person's name."""
    kind = ContentType.objects.get_for_model(model)
    AdminLog.objects.filter(content_type=kind, object_id__in=[str(key) for key in keys]).delete()


def finish(request: Erasure, removed: dict[str, int], *, now: datetime) -> None:
    """Close a request that was carried out, and delete the number from it as well."""
    Erasure.objects.filter(pk=request.pk).update(
        state=Erasure.State.DONE, phone="", waits_for="", removed=removed, finished_at=now, changed_at=now
    )
