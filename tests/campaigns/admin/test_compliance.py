"""Entering the facts that the rules ask for."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from campaigns.models import (
    CallingBasis,
    Campaign,
    Complaint,
    Message,
    Registration,
    ScrubHit,
    ScrubRun,
    Suppression,
    User,
)
from tests import cast
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MOMENT = {"received_at_0": "2026-11-24", "received_at_1": "11:00:00"}


def add(model: str, data: dict[str, Any]) -> int:
    """What the server answers to a filled form; 302 is a saved one."""
    status: int = cast_browser().post(reverse(f"admin:campaigns_{model}_add"), data).status_code
    return status


def cast_browser() -> Client:
    """Asha's, made once a test."""
    user = User.objects.filter(username="asha").first() or cast.manager()
    return cast.browser(user)


def test_a_scrub_counts_only_with_the_operator_s_reference_and_the_whole_list() -> None:
    campaign = make_campaign(people=2)
    form = {"campaign": campaign.pk, "operator": "Airtel", "reference": "S-1", "submitted": 1, "refused": ""}
    assert add("scrubrun", form) == 200
    refused = "98251 12410\r\n98251 12411"
    assert add("scrubrun", form | {"submitted": 2, "refused": refused}) == 302
    run = ScrubRun.objects.get()
    assert (run.blocked, run.recorded_by and run.recorded_by.username) == (2, "asha")
    assert ScrubHit.objects.count() == 2
    page = cast_browser().get(reverse("admin:campaigns_scrubrun_change", args=[run.pk]))
    assert page.status_code == 200


def test_caps_grow_only_with_a_reason() -> None:
    campaign = make_campaign()
    kept = Registration.objects.get()
    address = reverse("admin:campaigns_registration_change", args=[kept.pk])
    form = {
        "account": campaign.template.account_id,
        "sector": "regulated",
        "principal_entity": "1101",
        "telemarketer": "1202",
        "valid_from": "2026-01-01",
        "attempts_a_day": 3,
        "answered_a_week": 3,
        "gap_minutes": 240,
        "caps_reason": "",
    }
    browser = cast_browser()
    assert browser.post(address, form).status_code == 200
    assert browser.post(address, form | {"attempts_a_day": 4, "caps_reason": "More."}).status_code == 200
    assert browser.post(address, form | {"caps_reason": "Lines are often busy."}).status_code == 302
    kept.refresh_from_db()
    assert kept.attempts_a_day == 3


def test_the_third_complaint_stops_everything_and_the_page_says_so() -> None:
    campaign = make_campaign(people=1)
    Complaint.objects.create(received_at=NOON)
    Complaint.objects.create(received_at=NOON)
    assert add("complaint", {"kind": "unsolicited", "phone": "", **MOMENT}) == 302
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.STOPPED
    assert add("complaint", {"kind": "grievance", "phone": "", **MOMENT}) == 200


def test_a_complaint_finds_the_campaign_that_called_and_the_page_says_what_it_stopped() -> None:
    campaign = make_campaign(people=1, stop_at_complaints=1)
    person = campaign.recipients.get()
    Message.objects.create(recipient=person, attempt=1, send_on=NOON - HOUR, state="done")
    form = {"kind": "unsolicited", "phone": person.phone, **MOMENT}
    address = reverse("admin:campaigns_complaint_add")
    with time_machine.travel(NOON, tick=False):
        page = cast_browser().post(address, form, follow=True).content.decode()
    assert Complaint.objects.get().campaign == campaign
    assert "1 open complaint about its calls in 10 days" in page


def test_a_basis_is_entered_in_any_spelling_and_only_withdrawn_afterwards() -> None:
    form = {"phone": "098251 12410", "kind": "consent", "given_at_0": "2026-11-01", "given_at_1": "10:00:00"}
    assert add("callingbasis", form) == 302
    basis = CallingBasis.objects.get()
    assert basis.phone == "+919825112410"
    address = reverse("admin:campaigns_callingbasis_change", args=[basis.pk])
    html = cast_browser().get(address).content.decode()
    assert "9825112410" not in html
    changed = {"kind": "contract", "revoked_at_0": "2026-11-20", "revoked_at_1": "10:00:00"}
    assert cast_browser().post(address, changed).status_code == 302
    basis.refresh_from_db()
    assert (basis.kind, basis.revoked_at is not None) == ("consent", True)
    assert add("callingbasis", form | {"kind": "callback"}) == 200


def test_staff_who_enter_a_number_call_off_what_waits_for_it() -> None:
    campaign = make_campaign(people=1)
    phone = campaign.recipients.get().phone
    data = {"phone": phone, "scope": "organisation", "category": "", "reason": "Wrote a letter."}
    assert add("suppression", data) == 302
    assert campaign.recipients.get().state == "suppressed"
    assert Suppression.objects.get().entered_by is not None
