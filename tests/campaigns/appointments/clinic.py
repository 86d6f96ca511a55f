"""A calendar for tests, and what must hold of it at any time."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db.models import Count, F, Q

from campaigns.appointments.finding import OnLine
from campaigns.models import Appointment, Calendar, Slot
from tests.campaigns.world import NOON

BOOKED = Q(appointments__state=Appointment.State.BOOKED)


def clinic(*hours: float, capacity: int = 1, name: str = "Eye clinic", place: str = "Anand") -> Calendar:
    """A calendar with a slot so many hours after NOON, each."""
    calendar = Calendar.objects.create(name=name)
    for hour in hours:
        add_slot(calendar, NOON + timedelta(hours=hour), capacity=capacity, place=place)
    return calendar


def add_slot(calendar: Calendar, begins: datetime, *, capacity: int = 1, place: str = "Anand") -> Slot:
    """One more slot."""
    return Slot.objects.create(calendar=calendar, place=place, begins=begins, capacity=capacity)


def person(number: int, *, call: UUID | None = None) -> OnLine:
    """The person with this number, in a call of their own."""
    phone = f"+9198250{number:05}"
    return OnLine(call=call or uuid4(), phone=phone, name=f"Person {number}", language="gu")


def assert_books_balance() -> None:
    """Every slot's `taken` is what is booked and held in it, and never more than its capacity."""
    slots = Slot.objects.annotate(
        booked=Count("appointments", filter=BOOKED, distinct=True), held=Count("holds", distinct=True)
    )
    wrong = slots.exclude(taken=F("booked") + F("held")) | slots.filter(taken__gt=F("capacity"))
    assert not list(wrong.values("pk", "taken", "booked", "held", "capacity"))
