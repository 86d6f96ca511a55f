"""Find what can be offered to the person on the line, and what they have booked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q, QuerySet

from campaigns.appointments.offers import Span, Wish, bounds, choose
from campaigns.models import Appointment, Calendar, PhoneNumber, Recipient, Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class OnLine:
    """The call and its person. `phone` is empty where the number is not known: the call stands for them."""

    call: UUID
    phone: str = ""
    name: str = ""
    language: str = ""
    recipient_id: int | None = None
    campaign_id: int | None = None

    @classmethod
    def of(cls, call: UUID, recipient_id: int | None) -> "OnLine":
        """Return who is on the line of a call. One query where a recipient is known."""
        person = Recipient.objects.filter(pk=recipient_id).first() if recipient_id else None
        if person is None:
            return cls(call=call)
        return cls(
            call=call,
            phone=person.phone,
            name=person.name,
            language=person.language,
            recipient_id=person.pk,
            campaign_id=person.campaign_id,
        )


def calendar_of(name: str, *, number_id: int | None) -> Calendar | None:
    """Return the calendar of this name, if it is offered in calls of this number's account.

    Without a number those that are offered in all calls count alone.
    """
    account = PhoneNumber.objects.filter(pk=number_id or 0).values("account")
    ours = Q(account__isnull=True) | Q(account__in=account)
    return Calendar.objects.filter(ours, name=name, is_open=True).first()


def booked_by(calendar_id: int, who: OnLine) -> QuerySet[Appointment]:
    """Return what this person has booked in a calendar; known by the number, else by the call."""
    theirs = Q(phone=who.phone) if who.phone else Q(call=who.call)
    booked = Appointment.objects.filter(theirs, calendar=calendar_id, state=Appointment.State.BOOKED)
    return booked.select_related("slot").order_by("pk")


def slots_to_offer(calendar: Calendar, wish: Wish, who: OnLine, *, now: datetime) -> list[Slot]:
    """Return the slots to offer, in order (`offers.choose`); never the one that the person has booked.

    Reads no more than is offered: two queries, three where a day is asked for.
    """
    own = booked_by(calendar.pk, who).values_list("slot", flat=True)
    wish = Wish(day=wish.day, passed={*wish.passed, *filter(None, own)}, most=wish.most)
    lead, horizon = timedelta(minutes=calendar.lead_minutes), timedelta(days=calendar.horizon_days)
    span = Span.of(now, lead=lead, horizon=horizon)
    free = calendar.slots.filter(
        begins__gte=span.first, begins__lte=span.last, taken__lt=F("capacity")
    ).exclude(pk__in=wish.passed)
    found: Iterable[Slot]
    if wish.day is None:
        found = free.order_by("begins", "pk")[: wish.count]
    else:
        begin, _ = bounds(wish.day)
        later = free.filter(begins__gte=begin).order_by("begins", "pk")[: wish.count]
        found = [*later, *free.filter(begins__lt=begin).order_by("-begins", "pk")[: wish.count]]
    return choose(found, wish, span)
