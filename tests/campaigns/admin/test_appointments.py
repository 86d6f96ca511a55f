"""The admin shows the tables of appointments, and changes none."""

from datetime import timedelta

import pytest
from django.urls import reverse

from campaigns import clock
from campaigns.appointments import bookings
from campaigns.models import Calendar
from tests import cast
from tests.campaigns.appointments.clinic import add_slot, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("table", ["calendar", "slot", "hold", "appointment"])
def test_each_table_can_be_read_with_numbers_masked(table: str) -> None:
    calendar, now = Calendar.objects.create(name="Eye clinic"), clock.now()
    slot = add_slot(calendar, now + timedelta(days=1))
    made = bookings.book("Eye clinic", slot.pk, person(1), label="", reference="", at=now, now=now)
    browser = cast.browser(cast.manager())
    answer = browser.get(reverse(f"admin:campaigns_{table}_changelist"))
    assert answer.status_code == 200
    assert made.phone not in answer.content.decode()
    assert browser.get(reverse(f"admin:campaigns_{table}_add")).status_code == 403
