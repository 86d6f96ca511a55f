"""Calendars as staff see them."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from campaigns import clock
from campaigns.appointments import bookings, places
from campaigns.appointments.finding import OnLine
from campaigns.models import Appointment, Calendar, Slot
from tests import cast
from tests.campaigns.appointments.clinic import add_slot, person

pytestmark = pytest.mark.django_db
TABLE = {
    "place": "Anand",
    "first": "2026-12-07",
    "last": "2026-12-13",
    "weekdays": ["1", "3"],
    "times": "10:00, 5 PM",
    "minutes": "15",
    "capacity": "2",
}


@pytest.fixture
def calendar() -> Calendar:
    return Calendar.objects.create(name="Eye clinic")


def tomorrow(calendar: Calendar, *, capacity: int = 1) -> Slot:
    return add_slot(calendar, clock.now() + timedelta(days=1), capacity=capacity)


def book(slot: Slot, who: OnLine) -> Appointment:
    now = clock.now()
    return bookings.book(slot.calendar.name, slot.pk, who, label="", reference="", at=now, now=now)


def test_a_calendar_is_made_and_its_settings_changed() -> None:
    browser = cast.browser(cast.manager())
    sent = {"name": "Eye clinic", "lead_minutes": "60", "horizon_days": "14", "is_open": "on"}
    made = browser.post(reverse("calendars"), sent, follow=True)
    assert "from 60 minutes to 14 days after the call" in made.content.decode()
    calendar = Calendar.objects.get()
    browser.post(calendar.get_absolute_url(), sent | {"lead_minutes": "30", "is_open": ""})
    calendar.refresh_from_db()
    assert (calendar.lead_minutes, calendar.is_open) == (30, False)
    wrong = browser.post(calendar.get_absolute_url(), sent | {"horizon_days": "0"})
    assert wrong.status_code == 422
    assert browser.post(reverse("calendars"), sent).status_code == 422
    page = browser.get(reverse("calendars")).content.decode()
    assert "all accounts" in page
    assert "Not offered" in page


def test_a_table_becomes_slots_and_again_changes_nothing(calendar: Calendar) -> None:
    browser, address = cast.browser(cast.manager()), reverse("calendar-table", args=[calendar.pk])
    assert "4 slots: 4 new" in browser.post(address, TABLE).content.decode()
    assert "0 new, 0 changed, 4 the same" in browser.post(address, TABLE).content.decode()
    assert set(Slot.objects.values_list("place", "capacity")) == {("Anand", 2)}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"times": "5:30"}, "may be in the morning"),
        ({"last": "2026-12-01"}, "must not be earlier"),
        ({"last": "2036-12-01"}, "two years at most"),
        ({"weekdays": ["1"], "first": "2026-12-08"}, "no such day"),
    ],
)
def test_a_table_that_is_none_says_why(calendar: Calendar, fields: dict[str, object], why: str) -> None:
    browser = cast.browser(cast.manager())
    answer = browser.post(reverse("calendar-table", args=[calendar.pk]), TABLE | fields)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not Slot.objects.exists()


def test_a_file_is_entered_and_what_is_not_taken_is_shown(calendar: Calendar) -> None:
    browser, address = cast.browser(cast.manager()), reverse("calendar-file", args=[calendar.pk])
    rows = b"Date,Time\n07/12/2026,10:00\nMonday,10:00\n"
    page = browser.post(address, {"file": SimpleUploadedFile("slots.csv", rows)}).content.decode()
    assert "1 new, 0 changed, 0 the same, 1 not taken" in page
    assert "“Monday” is no clear date" in page
    answer = browser.post(address, {"file": SimpleUploadedFile("slots.csv", b"When\n1\n")})
    assert answer.status_code == 422
    assert "headed “date”" in answer.content.decode()


def test_a_slot_is_removed_unless_it_is_taken(calendar: Calendar) -> None:
    browser, free, taken = cast.browser(cast.manager()), tomorrow(calendar), tomorrow(calendar)
    book(taken, person(1))
    page = browser.get(calendar.get_absolute_url()).content.decode()
    assert reverse("slot-remove", args=[free.pk]) in page
    assert reverse("slot-remove", args=[taken.pk]) not in page
    browser.post(reverse("slot-remove", args=[free.pk]))
    answer = browser.post(reverse("slot-remove", args=[taken.pk]), follow=True)
    assert "appointments in this slot" in answer.content.decode()
    assert Slot.objects.get() == taken


def test_appointments_are_shown_masked_and_cancelled_with_a_reason(calendar: Calendar) -> None:
    made = book(tomorrow(calendar), person(1))
    book(tomorrow(calendar), OnLine(call=person(2).call))
    browser, shown = cast.browser(cast.manager()), f"{calendar.get_absolute_url()}?show=appointments"
    page = browser.get(shown).content.decode()
    assert "Person 1" in page
    assert made.phone not in page
    assert made.phone[-3:] in page
    assert "number not known" in page
    address = reverse("appointment-cancel", args=[made.pk])
    assert "Write down why" in browser.post(address, follow=True).content.decode()
    answer = browser.post(address, {"reason": "The doctor is ill."}, follow=True)
    assert "its place is free again" in answer.content.decode()
    made.refresh_from_db()
    assert (made.state, made.reason) == ("cancelled", "Cancelled by staff: The doctor is ill.")
    again = browser.post(address, {"reason": "Again."}, follow=True)
    assert "over: cancelled" in again.content.decode()


def test_who_was_not_booked_is_to_be_called_back(calendar: Calendar) -> None:
    slot = tomorrow(calendar)
    book(slot, person(1))
    book(slot, person(2))
    browser = cast.browser(cast.manager())
    assert "1 not booked" in browser.get(reverse("calendars")).content.decode()
    page = browser.get(calendar.get_absolute_url()).content.decode()
    assert "To call back" in page
    assert "Person 2" in page


def test_a_place_that_is_held_just_now_is_said(calendar: Calendar) -> None:
    slot = tomorrow(calendar)
    places.hold(slot.pk, calendar_id=calendar.pk, call=person(1).call, now=clock.now())
    page = cast.browser(cast.viewer()).get(calendar.get_absolute_url()).content.decode()
    assert "1 just now in a call" in page
    assert "<form" not in page.split('id="main"')[1]


def test_staff_enter_who_took_a_slot_at_the_desk(calendar: Calendar) -> None:
    browser, slot = cast.browser(cast.manager()), tomorrow(calendar)
    address = reverse("slot-enter", args=[slot.pk])
    wrong = browser.post(address, {"phone": "12345", "name": "Asha"}, follow=True)
    assert "This is a short code" in wrong.content.decode()
    browser.post(address, {"phone": "98251 12410", "name": "Asha"})
    made = Appointment.objects.get()
    assert (made.phone, made.state, made.call) == ("+919825112410", "booked", None)
    assert made.reason == "Entered by Asha."
    full = browser.post(address, {"phone": "98251 12411"}, follow=True)
    assert "No place of this slot is free any more." in full.content.decode()
    assert Appointment.objects.count() == 1
