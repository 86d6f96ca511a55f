"""What the tables of appointments refuse, and how a slot reads."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from campaigns.models import Appointment, Slot
from tests.campaigns.appointments.clinic import add_slot, clinic
from tests.campaigns.world import NOON

pytestmark = pytest.mark.django_db


def test_a_slot_reads_in_indian_time() -> None:
    calendar = clinic()
    assert str(add_slot(calendar, NOON)) == "24.11.2026 11:00, Anand"
    assert str(Slot(begins=NOON)) == "24.11.2026 11:00"


@pytest.mark.parametrize("fields", [{}, {"place": "Nadiad", "ends": NOON}, {"place": "Nadiad", "taken": 2}])
def test_a_slot_twice_ending_before_its_begin_or_overbooked_is_refused(fields: dict[str, object]) -> None:
    calendar = clinic(0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Slot.objects.create(**{"calendar": calendar, "place": "Anand", "begins": NOON} | fields)


def test_a_person_has_one_appointment_in_a_calendar_and_unknown_callers_each_their_own() -> None:
    calendar = clinic(3, 4)
    first, second = calendar.slots.order_by("begins")
    for phone in ("", "", "+919825000001"):
        Appointment.objects.create(calendar=calendar, slot=first, phone=phone, reason="Booked.")
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.create(calendar=calendar, slot=second, phone="+919825000001", reason="Booked.")
    Appointment.objects.filter(phone="+919825000001").update(state=Appointment.State.MOVED)
    moved = Appointment.objects.create(
        calendar=calendar, slot=second, phone="+919825000001", reason="Booked."
    )
    assert moved.begins == NOON + timedelta(hours=4)
    assert Appointment(state=Appointment.State.NOT_BOOKED).begins is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.create(calendar=calendar, slot=None, phone="+919825000002", reason="Booked.")
