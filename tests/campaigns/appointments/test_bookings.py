"""Appointments: booked once, moved, cancelled, and never more than there are places."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from django.db import connection

from campaigns import edges
from campaigns.appointments import bookings, places
from campaigns.appointments.finding import OnLine
from campaigns.errors import NotAllowed
from campaigns.models import Appointment, Calendar, Hold, Slot
from tests.campaigns.appointments.clinic import assert_books_balance, clinic, person
from tests.campaigns.locking import watched
from tests.campaigns.world import NOON
from tests.cast import manager

pytestmark = pytest.mark.django_db
State = Appointment.State
LATER = NOON + timedelta(minutes=20)


def hold(slot: Slot, call: UUID, *, now: datetime = NOON) -> bool:
    return places.hold(slot.pk, calendar_id=slot.calendar_id, call=call, now=now) is not None


def book(slot: Slot, who: OnLine, *, now: datetime = NOON) -> Appointment:
    return bookings.book(
        slot.calendar.name, slot.pk, who, label="Today at two", reference="m-1", at=NOON, now=now
    )


def test_a_hold_becomes_a_booking() -> None:
    slot, asha = clinic(3).slots.get(), person(1)
    hold(slot, asha.call)
    made = book(slot, asha)
    assert (made.state, made.slot, made.phone, made.call) == (State.BOOKED, slot, asha.phone, asha.call)
    assert (made.label, made.message_reference, made.language) == ("Today at two", "m-1", "gu")
    assert not Hold.objects.exists()
    assert_books_balance()


def test_the_earlier_appointment_is_given_back_when_the_person_takes_another() -> None:
    first, second = clinic(3, 4).slots.order_by("begins")
    earlier = book(first, person(1))
    later = person(1)
    hold(second, later.call)
    made = book(second, later)
    earlier.refresh_from_db()
    assert (earlier.state, made.state) == (State.MOVED, State.BOOKED)
    assert [slot.free for slot in Slot.objects.order_by("begins")] == [1, 0]
    assert_books_balance()


def test_the_same_slot_again_changes_nothing() -> None:
    slot, asha = clinic(3, capacity=2).slots.get(), person(1)
    made = book(slot, asha)
    hold(slot, asha.call)
    assert book(slot, asha) == made
    assert Appointment.objects.get().state == State.BOOKED
    assert_books_balance()


def test_a_booking_of_another_slot_than_the_held_one_frees_that() -> None:
    first, second = clinic(3, 4).slots.order_by("begins")
    asha = person(1)
    hold(first, asha.call)
    assert book(second, asha).state == State.BOOKED
    assert not Hold.objects.exists()
    assert_books_balance()


def test_a_hold_that_ran_out_costs_the_booking_only_if_the_place_is_taken() -> None:
    slot, asha, ravi = clinic(3).slots.get(), person(1), person(2)
    hold(slot, asha.call)
    places.free_expired(LATER)
    assert book(slot, asha, now=LATER).state == State.BOOKED
    late = book(slot, ravi, now=LATER)
    assert (late.state, late.slot, late.phone) == (State.NOT_BOOKED, slot, ravi.phone)
    assert "call the person back" in late.reason
    assert_books_balance()


def test_a_person_whose_new_slot_is_gone_keeps_the_old_one() -> None:
    first, second = clinic(3, 4).slots.order_by("begins")
    book(first, person(1))
    book(second, person(2))
    assert book(second, person(1)).state == State.NOT_BOOKED
    assert Appointment.objects.get(phone=person(1).phone, state=State.BOOKED).slot == first
    assert_books_balance()


def test_a_booking_takes_the_place_of_a_hold_that_has_run_out() -> None:
    slot = clinic(3).slots.get()
    hold(slot, person(1).call)
    assert book(slot, person(2), now=NOON).state == State.NOT_BOOKED
    assert book(slot, person(3), now=LATER).state == State.BOOKED
    assert_books_balance()


def test_a_slot_or_calendar_that_is_gone() -> None:
    calendar = clinic(3)
    slot = calendar.slots.get()
    Slot.objects.all().delete()
    gone = book(slot, person(1))
    assert (gone.state, gone.slot, gone.reason) == (State.NOT_BOOKED, None, bookings.SLOT_GONE)
    Appointment.objects.all().delete()
    Calendar.objects.all().delete()
    with pytest.raises(bookings.NoCalendar):
        book(slot, person(1))


def test_a_calendar_that_was_renamed_during_the_call_is_found_by_the_slot() -> None:
    calendar = clinic(3)
    slot = calendar.slots.get()
    Calendar.objects.update(name="Eye hospital")
    assert book(slot, person(1)).state == State.BOOKED


def test_what_is_given_back_in_a_call() -> None:
    first, second = clinic(3, 4).slots.order_by("begins")
    asha = person(1)
    book(first, asha)
    hold(second, asha.call)
    assert bookings.cancel_on_line("Eye clinic", asha, now=NOON)
    assert Appointment.objects.get().state == State.CANCELLED
    assert not bookings.cancel_on_line("Eye clinic", asha, now=NOON)
    assert not bookings.cancel_on_line("Dentist", asha, now=NOON)
    assert [slot.free for slot in Slot.objects.all()] == [1, 1]
    assert_books_balance()


def test_staff_cancel_an_appointment_once() -> None:
    slot = clinic(3).slots.get()
    made = book(slot, person(1))
    done = bookings.cancel(made.pk, by=manager(), reason="The doctor is ill.", now=NOON)
    assert (done.state, done.reason) == (State.CANCELLED, "The doctor is ill.")
    with pytest.raises(NotAllowed, match="over: cancelled"):
        bookings.cancel(made.pk, by=None, reason="Again.", now=NOON)
    assert_books_balance()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one lock for all")
@pytest.mark.django_db(transaction=True)
def test_the_order_of_locks() -> None:
    first, second = clinic(3, 4).slots.order_by("begins")
    asha, ravi = person(1), person(2)
    with watched() as watch:
        hold(second, asha.call)
        hold(first, asha.call)
        book(first, asha)
        hold(second, asha.call)
        book(second, asha)
        hold(first, ravi.call)
        hold(first, person(3).call, now=LATER)
        bookings.cancel_on_line("Eye clinic", asha, now=NOON)
        bookings.cancel(book(second, ravi).pk, by=None, reason="", now=NOON)
        places.drop_for_calls([ravi.call, asha.call])
        places.free_expired(LATER + timedelta(minutes=20))
    assert watch.locks > 20


def at_once(works: list[Callable[[], object]]) -> None:
    """Each in one of eight threads with a connection of its own; raises what any of them raises."""

    def one(work: Callable[[], object]) -> None:
        try:
            edges.retried("a test", work)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, works))


@pytest.mark.django_db(transaction=True)
def test_many_calls_at_once_book_what_there_is_and_nothing_twice() -> None:
    slots = list(clinic(3, 4, 5, 6, capacity=2).slots.all())
    luck = Random(7)

    def call(number: int) -> None:
        """One person, whom two numbers in three share, takes, moves or gives back."""
        who = person(number % 16)
        for slot in luck.sample(slots, 3):
            if hold(slot, who.call):
                edges.retried("a test", lambda slot=slot: book(slot, who))  # type: ignore[misc]
        if number % 5 == 0:
            bookings.cancel_on_line("Eye clinic", who, now=NOON)
        places.drop_for_calls([who.call])

    at_once([lambda number=number: call(number) for number in range(48)])  # type: ignore[misc]
    assert_books_balance()
    booked = Counter(Appointment.objects.filter(state=State.BOOKED).values_list("phone", flat=True))
    assert booked
    assert set(booked.values()) == {1}
    assert not Hold.objects.exists()


def test_staff_move_a_person_who_was_booked_already() -> None:
    first, second = clinic(3, 4).slots.all()
    asha = person(1)
    book(first, asha)
    staff = manager()
    entered = bookings.enter(second.pk, phone=asha.phone, name="Asha", by=staff, now=NOON)
    states = dict(Appointment.objects.values_list("slot", "state"))
    assert states == {first.pk: State.MOVED, second.pk: State.BOOKED}
    assert (entered.call, entered.reason) == (None, "Entered by Asha.")
    again = bookings.enter(second.pk, phone=asha.phone, name="Asha", by=staff, now=NOON)
    assert again == entered
    assert_books_balance()


@pytest.mark.parametrize(
    ("now", "capacity", "why"),
    [(NOON, 1, "No place of this slot is free"), (NOON + timedelta(hours=4), 2, "has begun already")],
)
def test_a_slot_that_is_full_or_over_is_not_entered(now: datetime, capacity: int, why: str) -> None:
    slot = clinic(3, capacity=capacity).slots.get()
    book(slot, person(1))
    with pytest.raises(NotAllowed, match=why):
        bookings.enter(slot.pk, phone="+919825112410", name="", by=manager(), now=now)
    assert Appointment.objects.count() == 1
    assert_books_balance()


def test_a_slot_that_was_removed_is_not_entered() -> None:
    with pytest.raises(NotAllowed, match="not there any more"):
        bookings.enter(1, phone="+919825112410", name="", by=manager(), now=NOON)
