"""Calendars, slots and appointments as programs see them."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns import clock
from campaigns.appointments import bookings
from campaigns.models import Appointment, Calendar, Slot
from tests import cast
from tests.campaigns.api.test_campaigns import api, send
from tests.campaigns.appointments.clinic import add_slot, assert_books_balance, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def calendar() -> Calendar:
    return Calendar.objects.create(name="Eye clinic")


def a_slot(calendar: Calendar, **fields: Any) -> dict[str, Any]:
    return {
        "calendar": calendar.pk,
        "begins": "2026-12-07T10:00:00+05:30",
        "place": "Anand",
        "capacity": 2,
    } | fields


def test_a_calendar_is_made_changed_and_kept_once_a_person_took_a_slot(calendar: Calendar) -> None:
    client = api(cast.manager())
    made = send(client, "POST", "calendars", {"name": "Dentist", "horizon_days": 14})
    assert (made.status_code, made.json()["lead_minutes"]) == (201, 120)
    assert send(client, "POST", "calendars", {"name": "Dentist"}).status_code == 400
    assert send(client, "DELETE", f"calendars/{made.json()['id']}").status_code == 204
    slot, now = add_slot(calendar, clock.now() + timedelta(days=1)), clock.now()
    bookings.book("Eye clinic", slot.pk, person(1), label="", reference="", at=now, now=now)
    refused = send(client, "DELETE", f"calendars/{calendar.pk}")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "This can't be deleted: appointments use it.",
    )


def test_a_slot_is_entered_once_and_its_capacity_changed(calendar: Calendar) -> None:
    client = api(cast.manager())
    made = send(client, "POST", "slots", a_slot(calendar))
    assert (made.status_code, made.json()["taken"]) == (201, 0)
    again = send(client, "POST", "slots", a_slot(calendar, capacity=5))
    assert (again.json()["id"], again.json()["capacity"]) == (made.json()["id"], 5)
    Slot.objects.update(taken=3)
    refused = send(client, "POST", "slots", a_slot(calendar, capacity=2))
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "3 places of it are taken; it can't be for 2.",
    )
    listed = send(client, "GET", "slots", None).json()["results"]
    assert [slot["id"] for slot in listed] == [made.json()["id"]]
    Slot.objects.update(taken=0)
    assert send(client, "DELETE", f"slots/{made.json()['id']}").status_code == 204


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"ends": "2026-12-07T09:00:00+05:30"}, "ends"),
        ({"capacity": 0}, "capacity"),
        ({"begins": "x"}, "begins"),
    ],
)
def test_a_slot_that_is_none_says_why(calendar: Calendar, fields: dict[str, Any], name: str) -> None:
    answer = send(api(cast.manager()), "POST", "slots", a_slot(calendar, **fields))
    assert answer.status_code == 400
    assert list(answer.json()) == [name]


def test_appointments_are_listed_and_cancelled(calendar: Calendar) -> None:
    slot, now = add_slot(calendar, clock.now() + timedelta(days=1)), clock.now()
    made = bookings.book("Eye clinic", slot.pk, person(1), label="", reference="", at=now, now=now)
    client = api(cast.manager())
    shown = client.get(f"/api/appointments/?calendar={calendar.pk}&state=booked").json()["results"]
    assert [(row["phone"], row["place"]) for row in shown] == [(made.phone, "Anand")]
    assert api(cast.viewer()).get("/api/appointments/").json()["results"][0]["phone"] != made.phone
    done = send(client, "POST", f"appointments/{made.pk}/cancel")
    assert (done.status_code, done.json()["state"]) == (200, Appointment.State.CANCELLED)
    assert send(client, "POST", f"appointments/{made.pk}/cancel").status_code == 409
    assert_books_balance()
