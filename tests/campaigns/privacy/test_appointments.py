"""Appointments of a person who is erased, and of those whose day is long over."""

import json
from datetime import timedelta

import pytest

from campaigns.appointments import bookings
from campaigns.models import Appointment, Slot
from campaigns.privacy import erasure, purge
from campaigns.pseudonyms import PREFIX, pseudonym
from campaigns.queries import evidence
from tests.campaigns.appointments.clinic import assert_books_balance, clinic, person
from tests.campaigns.world import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.clock.now", lambda: NOON)


def test_an_erased_persons_appointment_is_cancelled_and_names_nobody() -> None:
    asha, ravi = person(1), person(2)
    for slot, who in zip(clinic(3, 4).slots.order_by("begins"), (asha, ravi), strict=True):
        bookings.book("Eye clinic", slot.pk, who, label="", reference="", at=NOON, now=NOON)
    made = json.loads(json.dumps(evidence.pack(asha.phone, now=NOON)))
    (shown,) = made["appointments"]
    assert (shown["state"], shown["place"]) == ("booked", "Anand")
    assert shown["begins"] == "2026-11-24T08:30:00+00:00"
    removed = erasure.forget(erasure.ask(asha.phone, reason="A letter.", by=None, now=NOON))
    assert removed["appointments"] == 1
    gone = Appointment.objects.get(phone=pseudonym(asha.phone))
    assert (gone.name, gone.state) == ("", Appointment.State.CANCELLED)
    assert Appointment.objects.get(phone=ravi.phone).state == Appointment.State.BOOKED
    assert_books_balance()


def test_numbers_and_names_go_a_year_after_the_day() -> None:
    old, new = clinic(3, 4).slots.order_by("begins")
    for number, slot in enumerate((old, new)):
        bookings.book("Eye clinic", slot.pk, person(number), label="", reference="", at=NOON, now=NOON)
    Slot.objects.filter(pk=old.pk).update(begins=NOON - timedelta(days=400))
    sweep = next(sweep for sweep in purge.SWEEPS if sweep.kind == "appointments")
    night = NOON + timedelta(hours=10)
    assert purge.purge([sweep], now=night) == 1
    assert purge.purge([sweep], now=night + timedelta(days=1)) == 0
    gone = Appointment.objects.get(slot=old)
    assert gone.phone.startswith(PREFIX)
    assert (gone.name, gone.state) == ("", Appointment.State.BOOKED)
    assert Appointment.objects.get(slot=new).name == "Person 1"
