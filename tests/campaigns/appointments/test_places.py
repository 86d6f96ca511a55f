"""Places are taken once, held for a while, and given back."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from campaigns.appointments import places
from campaigns.models import Hold, Slot
from tests.campaigns.appointments.clinic import assert_books_balance, clinic
from tests.campaigns.world import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(seconds=301)


def hold(slot: Slot, *, call: object = None, now: object = NOON) -> Slot | None:
    return places.hold(slot.pk, calendar_id=slot.calendar_id, call=call or uuid4(), now=now)  # type: ignore[arg-type]


def test_as_many_as_there_are_places_and_no_more() -> None:
    slot = clinic(3, capacity=2).slots.get()
    assert [bool(hold(slot)) for _ in range(3)] == [True, True, False]
    assert_books_balance()


def test_a_slot_that_has_begun_or_is_of_another_calendar_is_not_held() -> None:
    slot = clinic(3).slots.get()
    assert hold(slot, now=slot.begins) is None
    other = clinic(name="Dentist")
    assert places.hold(slot.pk, calendar_id=other.pk, call=uuid4(), now=NOON) is None
    assert places.hold(slot.pk + 1, calendar_id=slot.calendar_id, call=uuid4(), now=NOON) is None
    assert not Hold.objects.exists()


def test_a_call_holds_one_place_of_a_calendar() -> None:
    first, second = clinic(3, 4).slots.order_by("begins")
    call = uuid4()
    assert hold(first, call=call)
    assert hold(first, call=call, now=NOON + timedelta(seconds=100))
    assert Hold.objects.get().until == NOON + timedelta(seconds=400)
    assert hold(second, call=call)
    assert Hold.objects.get().slot == second
    assert_books_balance()


def test_a_call_keeps_what_it_holds_when_the_other_is_gone() -> None:
    first, second = clinic(3, 4).slots.order_by("begins")
    call = uuid4()
    hold(first, call=call)
    hold(second)
    assert hold(second, call=call) is None
    assert Hold.objects.get(call=call).slot == first
    assert_books_balance()


def test_a_hold_that_has_run_out_makes_room_for_the_next() -> None:
    slot = clinic(3).slots.get()
    hold(slot)
    assert hold(slot, now=NOON + timedelta(seconds=299)) is None
    call = uuid4()
    assert hold(slot, call=call, now=LATER)
    assert Hold.objects.get().call == call
    assert_books_balance()


def test_what_has_run_out_is_freed_and_the_rest_stays() -> None:
    first, second = clinic(3, 4, capacity=3).slots.order_by("begins")
    for slot in (first, first, second):
        hold(slot)
    hold(second, now=LATER)
    assert places.free_expired(LATER) == 3
    assert places.free_expired(LATER) == 0
    assert Hold.objects.get().slot == second
    assert_books_balance()


def test_calls_that_are_over_hold_nothing() -> None:
    first, second = clinic(3, 4).slots.order_by("begins")
    calls = [uuid4(), uuid4()]
    hold(first, call=calls[0])
    hold(second, call=calls[1])
    assert places.drop_for_calls([calls[0], uuid4()]) == 1
    assert Hold.objects.get().call == calls[1]
    assert_books_balance()


def test_the_database_itself_refuses_a_place_too_many() -> None:
    slot = clinic(3).slots.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Slot.objects.filter(pk=slot.pk).update(taken=2)
    hold(slot)
    with pytest.raises(IntegrityError), transaction.atomic():
        places.give_back([slot.pk, slot.pk])
