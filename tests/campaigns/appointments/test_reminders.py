"""A booked appointment is a date that a programme reminds of; moved it moves, cancelled it is gone."""

from datetime import date

import pytest

from campaigns.appointments import bookings
from campaigns.appointments.finding import OnLine
from campaigns.models import Draw, Member, MemberDate, Slot, StandingList
from campaigns.programmes import draw
from tests.campaigns.appointments.clinic import assert_books_balance, clinic, person
from tests.campaigns.programmes.test_draw import make_programme
from tests.campaigns.world import NOON

pytestmark = pytest.mark.django_db


def book(slot: Slot, who: OnLine) -> None:
    bookings.book(slot.calendar.name, slot.pk, who, label="", reference="", at=NOON, now=NOON)


def dates() -> list[tuple[str, date]]:
    return list(MemberDate.objects.order_by("pk").values_list("name", "day"))


@pytest.fixture
def slots() -> list[Slot]:
    """Tomorrow at eleven in Anand, and the day after."""
    calendar = clinic(24, 48)
    calendar.reminder_list = StandingList.objects.create(name="Appointments")
    calendar.save()
    return list(calendar.slots.order_by("begins"))


def test_a_booking_moves_in_the_list_and_leaves_it(slots: list[Slot]) -> None:
    asha = person(1)
    book(slots[0], asha)
    member = Member.objects.get()
    assert (member.phone, member.name, member.language) == (asha.phone, "Person 1", "gu")
    assert member.variables == {"appointment_time": "11:00", "appointment_place": "Anand"}
    assert dates() == [("appointment", date(2026, 11, 25))]
    book(slots[1], person(1))
    assert dates() == [("appointment", date(2026, 11, 26))]
    assert bookings.cancel_on_line("Eye clinic", asha, now=NOON)
    assert dates() == []
    assert_books_balance()


def test_what_staff_cancel_leaves_the_list_and_other_dates_stay(slots: list[Slot]) -> None:
    book(slots[0], person(1))
    MemberDate.objects.create(member=Member.objects.get(), name="birth", day=date(1990, 1, 1))
    made = slots[0].appointments.get()
    bookings.cancel(made.pk, by=None, reason="The doctor is ill.", now=NOON)
    assert dates() == [("birth", date(1990, 1, 1))]


def test_who_is_not_booked_or_not_known_is_not_in_the_list(slots: list[Slot]) -> None:
    book(slots[0], OnLine(call=person(1).call))
    book(slots[0], person(2))
    assert not Member.objects.exists()


def test_a_programme_draws_the_day_before(slots: list[Slot]) -> None:
    programme = make_programme()
    programme.standing_list, programme.date_name = (
        StandingList.objects.get(name="Appointments"),
        "appointment",
    )
    programme.offset_count = -1
    programme.save()
    book(slots[0], person(1))
    book(slots[1], person(2))
    assert draw.draw(programme.pk, now=NOON) == 1
    drawn = Draw.objects.get()
    assert (drawn.phone, drawn.occurrence) == (person(1).phone, date(2026, 11, 25))
