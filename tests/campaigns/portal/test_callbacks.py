"""Call-backs in the portal and the API: entered, shown, withdrawn, refused with a reason."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.test import Client
from django.urls import reverse

from campaigns import clock
from campaigns.ist import IST
from campaigns.models import Callback, Campaign, Message, Recipient, StaffCallback
from campaigns.planning import plan
from tests import cast
from tests.campaigns.api.test_campaigns import api, send
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 11:00 on 24 November."""
    monkeypatch.setattr("campaigns.clock.now", lambda: NOON)


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(people=2)


@pytest.fixture
def whom(campaign: Campaign) -> Recipient:
    return campaign.recipients.order_by("pk")[0]


def page(whom: Recipient) -> str:
    return reverse("campaign-callbacks", args=[whom.campaign_id, whom.pk])


def html(answer: Any) -> str:
    return str(answer.content.decode())


def enter(browser: Client, whom: Recipient, moment: str = "2026-11-24T21:30") -> Any:
    return browser.post(page(whom), {"asked_for": moment}, follow=True)


def test_staff_enter_one_and_read_what_happens_instead_of_an_unlawful_hour(whom: Recipient) -> None:
    browser = cast.browser(cast.manager())
    shown = html(enter(browser, whom))
    assert "Asked to be called back on 24 Nov, 21:30 IST. 21:30 IST is outside 08:00–19:00 IST" in shown
    assert "Planned for 25 Nov, 08:00 IST." in shown
    row = Callback.objects.get()
    assert row.asked_for == datetime(2026, 11, 24, 21, 30, tzinfo=IST)
    assert (row.source, row.entered_by and row.entered_by.username) == ("staff", "asha")
    people = html(browser.get(reverse("campaign-people", args=[whom.campaign_id])))
    assert "Call-back asked for 24 Nov, 21:30 IST by Asha (staff)" in people
    assert "planned for 25 Nov, 08:00 IST" in people
    overview = html(browser.get(reverse("campaign", args=[whom.campaign_id])))
    assert "1 call-back</a> is to be made, the next on 25 Nov, 08:00 IST." in overview
    chosen = browser.get(reverse("campaign-people", args=[whom.campaign_id]) + "?state=callback")
    assert list(chosen.context["page"].object_list) == [whom]


def test_the_audit_log_says_who_entered_and_who_withdrew(whom: Recipient) -> None:
    browser = cast.browser(cast.manager())
    enter(browser, whom, "2026-11-24T17:00")
    row = Callback.objects.get()
    browser.post(reverse("callback-withdraw", args=[row.pk]))
    entered, withdrawn = LogEntry.objects.get_for_object(row).order_by("pk")
    assert entered.changes["asked for"] == ["", "24 Nov, 17:00 IST"]
    assert withdrawn.changes["state"] == ["waiting", "withdrawn"]
    assert {entered.actor.username, withdrawn.actor.username} == {"asha"}
    whom.refresh_from_db()
    assert (whom.state, whom.due_at, whom.reason) == ("waiting", None, "The call-back was withdrawn.")


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        ("2026-11-24T10:59", "24 Nov, 10:59 IST had passed when it was asked for."),
        ("2026-12-24T10:00", "24 Dec, 10:00 IST is more than 14 days ahead."),
        ("whenever", "Enter a valid date/time."),
    ],
)
def test_a_moment_that_can_not_be_is_refused_beside_its_field(whom: Recipient, moment: str, why: str) -> None:
    answer = enter(cast.browser(cast.manager()), whom, moment)
    assert answer.status_code == 422
    assert why in html(answer)
    assert not Callback.objects.exists()


def test_who_asked_in_a_call_is_shown_as_the_person(whom: Recipient) -> None:
    Callback.objects.create(
        recipient=whom, asked_at=NOON, asked_for=NOON, planned_for=NOON, source="key", reason="Asked."
    )
    assert "the person (key in a call)" in html(cast.browser(cast.viewer()).get(page(whom)))


def test_a_viewer_looks_and_changes_nothing_and_an_outsider_does_not_look(whom: Recipient) -> None:
    viewer = cast.browser(cast.viewer())
    assert viewer.get(page(whom)).status_code == 200
    assert "<form method" not in html(viewer.get(page(whom))).split("<main", 1)[-1]
    assert enter(viewer, whom).status_code == 403
    assert cast.browser(cast.outsider()).get(page(whom)).status_code == 403
    row = Callback.objects.create(
        recipient=whom, asked_at=NOON, asked_for=NOON, planned_for=NOON, source="key", reason="Asked."
    )
    assert viewer.post(reverse("callback-withdraw", args=[row.pk])).status_code == 403


def test_a_person_of_another_campaign_is_not_found_here(whom: Recipient) -> None:
    address = reverse("campaign-callbacks", args=[whom.campaign_id + 1, whom.pk])
    assert cast.browser(cast.viewer()).get(address).status_code == 404


def test_too_late_to_withdraw_is_said(campaign: Campaign, whom: Recipient) -> None:
    browser = cast.browser(cast.manager())
    enter(browser, whom, "2026-11-24T11:05")
    plan.plan(campaign.pk, now=NOON)
    Message.objects.update(state="failed")
    row = Callback.objects.get()
    answer = browser.post(reverse("callback-withdraw", args=[row.pk]), follow=True)
    assert "Its call is being dialled, or is over" in html(answer)


# --- The API ----------------------------------------------------------------------------------------


def test_a_program_enters_lists_and_withdraws(whom: Recipient) -> None:
    client = api(cast.manager())
    made = send(client, "POST", "callbacks", {"recipient": whom.pk, "asked_for": "2026-11-24T17:00:00"})
    assert made.status_code == 201
    row = made.json()
    assert (row["asked_for"], row["source"], row["state"]) == ("2026-11-24T17:00:00+05:30", "api", "waiting")
    assert row["planned_for"] == "2026-11-24T17:00:00+05:30"
    listed = client.get(f"/api/callbacks/?recipient__campaign={whom.campaign_id}&state=waiting").json()
    assert [one["id"] for one in listed["results"]] == [row["id"]]
    assert client.get("/api/callbacks/?state=made").json()["count"] == 0
    over = send(client, "POST", f"callbacks/{row['id']}/withdraw")
    assert (over.status_code, over.json()["state"]) == (200, "withdrawn")
    again = send(client, "POST", f"callbacks/{row['id']}/withdraw")
    assert (again.status_code, again.json()["detail"]) == (409, "This call-back is over: withdrawn by staff.")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"asked_for": "2026-11-24T10:00:00+05:30"}, "asked_for"),
        ({"asked_for": "2027-11-24T10:00:00+05:30"}, "asked_for"),
        ({"asked_for": "tomorrow"}, "asked_for"),
        ({}, "asked_for"),
        ({"asked_for": "2026-11-24T17:00:00", "recipient": 0}, "recipient"),
    ],
)
def test_what_can_not_work_is_said_by_field(whom: Recipient, data: dict[str, Any], field: str) -> None:
    answer = send(api(cast.manager()), "POST", "callbacks", {"recipient": whom.pk, **data})
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Callback.objects.exists()


def test_a_campaign_that_is_over_is_a_conflict_with_the_reason(campaign: Campaign, whom: Recipient) -> None:
    Campaign.objects.update(state="cancelled")
    moment = (clock.now() + timedelta(hours=2)).isoformat()
    answer = send(api(cast.manager()), "POST", "callbacks", {"recipient": whom.pk, "asked_for": moment})
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "The campaign is cancelled; nobody is called any more.",
    )


def test_only_who_may_enters_and_withdraws(whom: Recipient) -> None:
    client = api(cast.viewer())
    body = {"recipient": whom.pk, "asked_for": "2026-11-24T17:00:00"}
    assert send(client, "POST", "callbacks", body).status_code == 403
    row = Callback.objects.create(
        recipient=whom, asked_at=NOON, asked_for=NOON, planned_for=NOON, source="key", reason="Asked."
    )
    assert send(client, "POST", f"callbacks/{row.pk}/withdraw").status_code == 403


def test_staff_take_a_person_of_the_queue_call_them_and_write_down_what_came_of_it(whom: Recipient) -> None:
    row = StaffCallback.objects.create(
        phone=whom.phone, name="Asha", recipient=whom, campaign=whom.campaign, about="The bill",
        source="key", asked_at=NOON, language="hi",
    )  # fmt: skip
    client, address = cast.browser(cast.manager()), reverse("staff-callback", args=[row.pk])
    page = client.get(reverse("staff-callbacks")).content.decode()
    assert "The bill" in page
    assert f"tel:{whom.phone}" in page
    assert whom.phone not in cast.browser(cast.viewer()).get(reverse("staff-callbacks")).content.decode()
    taken = client.post(address, {"do": "take"}, follow=True).content.decode()
    assert "write down what came of it" in taken
    assert "taken by Asha before" in client.post(address, {"do": "take"}, follow=True).content.decode()
    assert (
        "Write down what came of it." in client.post(address, {"do": "finish"}, follow=True).content.decode()
    )
    client.post(address, {"do": "give_back"})
    client.post(address, {"do": "take"})
    client.post(address, {"do": "finish", "note": "A new bill was sent."})
    assert "Choose what to do" in client.post(address, {}, follow=True).content.decode()
    done = client.get(reverse("staff-callbacks") + "?state=done").content.decode()
    assert "A new bill was sent." in done
    assert "No person here." in client.get(reverse("staff-callbacks") + "?state=nonsense").content.decode()


def test_programs_take_and_finish_what_is_in_the_queue(whom: Recipient) -> None:
    row = StaffCallback.objects.create(phone=whom.phone, source="key", asked_at=NOON, about="The bill")
    client, path = api(cast.manager()), f"staff-callbacks/{row.pk}"
    (shown,) = client.get("/api/staff-callbacks/?state=waiting").json()["results"]
    assert (shown["phone"], shown["about"]) == (whom.phone, "The bill")
    assert api(cast.viewer()).get(f"/api/{path}/").json()["phone"] != whom.phone
    assert send(client, "POST", f"{path}/finish", {"note": "Rang."}).status_code == 409
    assert send(client, "POST", f"{path}/take").json()["state"] == "taken"
    assert send(client, "POST", f"{path}/give-back").json()["taken_by"] is None
    send(client, "POST", f"{path}/take")
    assert send(client, "POST", f"{path}/finish", {}).status_code == 400
    assert send(client, "POST", f"{path}/finish", {"note": "Rang."}).json()["note"] == "Rang."
