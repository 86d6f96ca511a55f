"""Reads about calendars for the portal. Each function says how many queries it makes."""

from datetime import datetime

from django.db.models import Count, Q, QuerySet, Sum

from campaigns.models import Appointment, Calendar, Slot

BOOKED, NOT_BOOKED = Appointment.State.BOOKED, Appointment.State.NOT_BOOKED


def calendars(now: datetime) -> list[Calendar]:
    """Return every calendar with `places` and `taken` of its slots to come, and how many were `not_booked`.

    Two queries.
    """
    coming = Q(slots__begins__gt=now)
    found: list[Calendar] = list(
        Calendar.objects.select_related("account").annotate(
            places=Sum("slots__capacity", filter=coming, default=0),
            taken=Sum("slots__taken", filter=coming, default=0),
        )
    )
    missed = Appointment.objects.filter(state=NOT_BOOKED, slot__begins__gt=now).order_by()
    counts = dict(missed.values_list("calendar").annotate(Count("pk")))
    for calendar in found:
        calendar.not_booked = counts.get(calendar.pk, 0)  # type: ignore[attr-defined]
    return found


def slots(calendar: Calendar, *, now: datetime) -> QuerySet[Slot]:
    """Return a calendar's slots to come, in order, each with how many of its places are `held`. One query."""
    coming = calendar.slots.filter(begins__gt=now).annotate(held=Count("holds"))
    return coming.order_by("begins", "place", "pk")


def appointments(calendar: Calendar) -> QuerySet[Appointment]:
    """Return what was taken in a calendar, the newest first. One query."""
    return calendar.appointments.select_related("slot", "campaign", "recipient").order_by("-at", "-pk")


def to_call_back(calendar: Calendar, *, now: datetime) -> list[Appointment]:
    """Return whom staff must call back: the slot they chose, to come or removed, was taken meanwhile.

    Left out are those who have another appointment in the calendar by now. One query.
    """
    booked = Appointment.objects.filter(calendar=calendar, state=BOOKED, slot__begins__gt=now)
    open_yet = Q(slot__begins__gt=now) | Q(slot__isnull=True)
    rows = appointments(calendar).filter(open_yet, state=NOT_BOOKED)
    return list(rows.exclude(phone__in=booked.exclude(phone="").values("phone")))
