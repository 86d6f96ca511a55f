"""Reads about calendars."""

from datetime import timedelta

import pytest

from campaigns.appointments import bookings
from campaigns.models import Slot
from campaigns.queries import appointments as queries
from tests.campaigns.appointments.clinic import clinic, person
from tests.campaigns.world import NOON

pytestmark = pytest.mark.django_db


def book(slot: Slot, number: int) -> None:
    bookings.book(slot.calendar.name, slot.pk, person(number), label="", reference="", at=NOON, now=NOON)


def test_the_figures_of_a_calendar_are_of_what_is_to_come() -> None:
    calendar = clinic(-1, 3, 4, capacity=2)
    past, first, _ = calendar.slots.order_by("begins")
    for number in (1, 2, 3):
        book(first, number)
    Slot.objects.filter(pk=past.pk).update(taken=2)
    (shown,) = queries.calendars(NOON)
    assert (shown.places, shown.taken, shown.not_booked) == (4, 2, 1)  # type: ignore[attr-defined]
    assert [slot.taken for slot in queries.slots(calendar, now=NOON)] == [2, 0]


def test_whom_to_call_back_until_they_have_another_appointment_or_the_time_is_over() -> None:
    calendar = clinic(3, 4)
    first, second = calendar.slots.order_by("begins")
    book(first, 1)
    book(first, 2)
    book(first, 3)
    assert {row.name for row in queries.to_call_back(calendar, now=NOON)} == {"Person 2", "Person 3"}
    book(second, 2)
    assert [row.name for row in queries.to_call_back(calendar, now=NOON)] == ["Person 3"]
    assert queries.to_call_back(calendar, now=NOON + timedelta(hours=3)) == []
