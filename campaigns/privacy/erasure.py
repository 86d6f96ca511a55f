"""One person's wish that what we hold goes: asked for, waited for, done.

    asked:  the number is suppressed in the same transaction, so waiting calls are called off at once and what
            is at XFin is withdrawn (`withdrawing`)
    waits:  for a legal hold, an open message, a list that is being read, and, from 13 May 2027, for the end
            of the year that the law keeps data
    done:   `forget` below and its like in calls/, in one transaction

What must stay as evidence stays under a pseudonym: judgements, attempts, suppressions, grounds, complaints.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from campaigns.compliance.suppressions import SuppressionRequest, suppress
from campaigns.errors import NotAllowed
from campaigns.models import (
    CallingBasis,
    Complaint,
    Draw,
    Erasure,
    Import,
    ImportRow,
    LegalHold,
    Member,
    Message,
    Recipient,
    Suppression,
    User,
)
from campaigns.privacy import retention
from campaigns.privacy.legal_holds import hold_on
from campaigns.privacy.purge import forget_people, forget_rows
from campaigns.pseudonyms import pseudonym

ERASED = "The person asked us to erase their data, and must not be called again."
CHUNK = 2000


@transaction.atomic
def ask(phone: str, *, reason: str, by: User | None, now: datetime) -> Erasure:
    """Take the wish down and call nobody from now on; the open one if there is one already.

    `NotAllowed` without a reason, or under a legal hold: that beats every clock and every wish.
    """
    if not reason.strip():
        raise NotAllowed("Write down how the person asked, and how we know who asked.")
    if hold := hold_on(phone):
        raise NotAllowed(f"A legal hold keeps this data: {hold.reason}")
    suppress(phone, SuppressionRequest(source=Suppression.Source.STAFF, reason=ERASED, by=by))
    used = Message.objects.filter(recipient__phone=phone).aggregate(last=Max("send_on"))["last"]
    wish, _ = Erasure.objects.get_or_create(
        pseudonym=pseudonym(phone),
        state=Erasure.State.WAITING,
        defaults={
            "phone": phone,
            "reason": reason.strip(),
            "requested_by": by,
            "due_at": retention.erasable_from(used, now=now),
        },
    )
    return wish


def open_wishes() -> list[int]:
    """Wishes that are not done yet, those first that were asked first."""
    waiting = Erasure.objects.filter(state=Erasure.State.WAITING)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def waits_for(wish: Erasure, *, now: datetime) -> str:
    """What keeps a wish from being done, in a sentence; empty if nothing does."""
    if hold := hold_on(wish.phone):
        return f"A legal hold keeps this data: {hold.reason}"
    if wish.due_at > now:
        return "The law keeps the data for a year from its last use."
    if Message.objects.filter(recipient__phone=wish.phone, state__in=Message.OPEN_STATES).exists():
        return "A call is being withdrawn, or is on the line."
    if Import.objects.filter(state__in=Import.TO_BE_READ).exists():
        return "A list is being read, which may hold the person."
    return ""


def forget(wish: Erasure) -> dict[str, int]:
    """Erase what campaigns/ holds, within the caller's transaction; how many rows of each kind."""
    phone, name = wish.phone, wish.pseudonym
    people = list(Recipient.objects.filter(phone=phone).values_list("pk", flat=True))
    rows = list(_rows_with(phone))
    forget_people(people)
    return {
        "people": len(people),
        "rows": sum(forget_rows(ImportRow.objects.filter(pk__in=part)) for part in _parts(rows)),
        "members": Member.objects.filter(phone=phone).delete()[1].get("campaigns.Member", 0),
        "draws": Draw.objects.filter(phone=phone).update(phone=name),
        "suppressions": _rename_suppressions(phone, name),
        "bases": CallingBasis.objects.filter(phone=phone).update(phone=name, proof=""),
        "complaints": Complaint.objects.filter(phone=phone).update(phone=name, text="Erased."),
        "holds": LegalHold.objects.filter(phone=phone).update(phone=name),
    }


def finish(wish: Erasure, removed: dict[str, int], *, now: datetime) -> None:
    """The wish is done, and the number goes from it as well."""
    Erasure.objects.filter(pk=wish.pk).update(
        state=Erasure.State.DONE, phone="", waits_for="", removed=removed, finished_at=now, changed_at=now
    )


def _rename_suppressions(phone: str, name: str) -> int:
    """A wish that stands under the pseudonym already makes a second live one superfluous."""
    there = Suppression.objects.filter(phone=name, lifted_at=None).values_list("scope", "category")
    for scope, category in list(there):
        Suppression.objects.filter(phone=phone, lifted_at=None, scope=scope, category=category).delete()
    return Suppression.objects.filter(phone=phone).update(phone=name)


def _rows_with(phone: str) -> Iterator[int]:
    """Rows of lists, not accepted, in which the number stands in any spelling."""
    national = phone.removeprefix("+91")
    kept = ImportRow.objects.exclude(cells=[]).values_list("pk", "cells")
    return (pk for pk, cells in kept.iterator(CHUNK) if any(national in _digits(cell) for cell in cells))


def _digits(cell: object) -> str:
    """The digits of a cell in any script, and nothing between them."""
    return "".join(str(unicodedata.decimal(ch)) for ch in str(cell) if ch.isdecimal())


def _parts(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))
