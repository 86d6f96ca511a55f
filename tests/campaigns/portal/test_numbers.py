"""Our numbers as staff see them: who answers, and the address with its secret."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Agent, PhoneNumber
from tests import cast
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def number() -> PhoneNumber:
    return make_campaign().number


@pytest.fixture
def staff() -> Client:
    return cast.browser(cast.manager())


def sent(number: PhoneNumber, **fields: Any) -> dict[str, Any]:
    return {
        "label": "Helpline",
        "max_calls": 7,
        "ring_back_hours": 24,
        "recognise_days": 30,
        "active": "on",
    } | fields


def test_the_list_says_who_answers_just_now_and_holds_no_secret(number: PhoneNumber, staff: Client) -> None:
    help_line = Agent.objects.create(name="Help line", kind="echo")
    PhoneNumber.objects.update(inbound_agent=help_line, label="Helpline")
    page = staff.get(reverse("numbers")).content.decode()
    assert "Help line" in page
    assert "Helpline" in page
    assert number.stream_secret not in page


def test_what_is_set_counts_and_what_is_not_asked_for_stays(number: PhoneNumber, staff: Client) -> None:
    help_line = Agent.objects.create(name="Help line", kind="echo")
    hours = "Mon-Fri 9:00-18:00\nHolidays 10:00-12:00"
    fields = {"inbound_agent": help_line.pk, "after_hours_agent": help_line.pk, "inbound_hours": hours}
    page = staff.post(number.get_absolute_url(), sent(number, **fields), follow=True).content.decode()
    assert "It counts from the next call." in page
    assert "gets Help line" in page
    secret = number.stream_secret
    number.refresh_from_db()
    assert (number.label, number.max_calls, number.ring_back_hours) == ("Helpline", 7, 24)
    assert (number.inbound_agent, number.after_hours_agent) == (help_line, help_line)
    assert number.inbound_hours.splitlines() == hours.splitlines()
    assert (number.series, number.stream_secret, number.record_calls) == ("1600", secret, False)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"inbound_hours": "whenever"}, "are no hours"),
        ({"max_calls": 0}, "At least one call"),
        ({"ring_back_hours": -1}, "greater than or equal to 0"),
    ],
)
def test_what_can_not_be_says_why_and_loses_nothing(
    number: PhoneNumber, staff: Client, fields: dict[str, Any], why: str
) -> None:
    answer = staff.post(number.get_absolute_url(), sent(number, **fields))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert why in page
    assert 'value="Helpline"' in page
    number.refresh_from_db()
    assert number.label == ""


def test_the_address_is_for_those_who_may_change_it_and_gets_a_new_secret(
    number: PhoneNumber, staff: Client
) -> None:
    assert cast.browser(cast.viewer()).get(number.get_absolute_url()).status_code == 403
    old = number.stream_path
    assert old in staff.get(number.get_absolute_url()).content.decode()
    address = reverse("number-secret", args=[number.pk])
    page = staff.post(address, follow=True).content.decode()
    number.refresh_from_db()
    assert "works for 24 hours more" in page
    assert number.stream_path != old
    assert number.previous_secret_until is not None
    assert "The address before works until" in page
    assert "stops working now" in staff.post(address, {"now": "1"}, follow=True).content.decode()
    number.refresh_from_db()
    assert number.previous_secret_until is None
