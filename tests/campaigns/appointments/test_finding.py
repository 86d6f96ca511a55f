"""What can be offered to a person, and what they have booked."""

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns.appointments import bookings, places
from campaigns.appointments.finding import OnLine, booked_by, calendar_of, slots_to_offer
from campaigns.appointments.offers import Span, Wish, choose
from campaigns.ist import ist_day
from campaigns.models import Account, Calendar, PhoneNumber, Recipient
from tests.campaigns.appointments.clinic import add_slot, clinic, person
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db


def test_free_slots_are_offered_and_the_own_one_is_not() -> None:
    calendar = clinic(3, 4, 5, 6)
    first, second, third, fourth = calendar.slots.order_by("begins")
    for slot, who in ((first, person(1)), (second, person(2))):
        bookings.book(calendar.name, slot.pk, who, label="", reference="", at=NOON, now=NOON)
    assert slots_to_offer(calendar, Wish(), person(3), now=NOON) == [third, fourth]
    places.hold(third.pk, calendar_id=calendar.pk, call=uuid4(), now=NOON)
    assert slots_to_offer(calendar, Wish(), person(1), now=NOON) == [fourth]
    own = clinic(3, capacity=2, name="Dentist")
    bookings.book(own.name, own.slots.get().pk, person(1), label="", reference="", at=NOON, now=NOON)
    assert slots_to_offer(own, Wish(), person(1), now=NOON) == []
    assert slots_to_offer(own, Wish(), person(2), now=NOON) == [own.slots.get()]


def test_lead_and_horizon_are_the_calendars_own() -> None:
    calendar = clinic(1, 3, 49)
    assert len(slots_to_offer(calendar, Wish(), person(1), now=NOON)) == 2
    calendar.lead_minutes, calendar.horizon_days = 30, 1
    assert [slot.begins - NOON for slot in slots_to_offer(calendar, Wish(), person(1), now=NOON)] == [
        timedelta(hours=1),
        timedelta(hours=3),
    ]


def test_a_calendar_belongs_to_an_account_or_to_all_and_may_be_closed() -> None:
    number = make_campaign().number
    calendar = clinic()
    assert calendar_of("Eye clinic", number_id=number.pk) == calendar
    Calendar.objects.update(account=number.account)
    assert calendar_of("Eye clinic", number_id=number.pk) == calendar
    other = Account.objects.create(name="Other", base_url="http://127.0.0.1:9", tenant="o", email="o@o.in")
    stranger = PhoneNumber.objects.create(account=other, e164="+917961344101")
    assert calendar_of("Eye clinic", number_id=stranger.pk) is None
    Calendar.objects.update(is_open=False)
    assert calendar_of("Eye clinic", number_id=number.pk) is None


def test_a_person_is_known_by_the_number_and_without_one_by_the_call() -> None:
    calendar = clinic(3, 4)
    first, second = calendar.slots.order_by("begins")
    unknown = OnLine(call=uuid4())
    for slot, who in ((first, person(1)), (second, unknown)):
        bookings.book(calendar.name, slot.pk, who, label="", reference="", at=NOON, now=NOON)
    assert booked_by(calendar.pk, person(1)).get().slot == first
    assert booked_by(calendar.pk, unknown).get().slot == second
    assert not booked_by(calendar.pk, OnLine(call=uuid4())).exists()


def test_who_is_on_the_line() -> None:
    make_campaign(people=1)
    recipient = Recipient.objects.get()
    call = uuid4()
    found = OnLine.of(call, recipient.pk)
    assert (found.phone, found.name, found.campaign_id) == (
        recipient.phone,
        "Person 0",
        recipient.campaign_id,
    )
    assert OnLine.of(call, None) == OnLine.of(call, recipient.pk + 1) == OnLine(call=call)


class AgainstTheRule(TestCase):
    """What is read of many slots is what the rule chooses from all of them."""

    @given(
        hours=st.sets(st.integers(-30, 300), max_size=25),
        days=st.none() | st.integers(-2, 14),
        most=st.integers(1, 4),
        skipped=st.integers(0, 3),
    )
    def test_the_same_slots(self, hours: set[int], days: int | None, most: int, skipped: int) -> None:
        calendar = Calendar.objects.create(name="Clinic", horizon_days=10)
        slots = [add_slot(calendar, NOON + timedelta(hours=hour)) for hour in hours]
        day = None if days is None else ist_day(NOON) + timedelta(days=days)
        wish = Wish(day=day, most=most, passed={slot.pk for slot in slots[:skipped]})
        span = Span.of(NOON, lead=timedelta(hours=2), horizon=timedelta(days=10))
        assert slots_to_offer(calendar, wish, person(1), now=NOON) == choose(slots, wish, span)
