"""The API: who may, what is checked, what is never told, and a schema without a warning."""

import json
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from campaigns import clock
from campaigns.imports.reader import read_import
from campaigns.models import (
    Account,
    Agent,
    Campaign,
    Import,
    PhoneNumber,
    Recipient,
    Suppression,
    Template,
    User,
)
from campaigns.models.tokens import issue
from tests import cast
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db
LISTS = (
    "templates",
    "template-languages",
    "contents",
    "numbers",
    "campaigns",
    "imports",
    "column-mappings",
    "recipients",
    "suppressions",
    "callbacks",
    "staff-callbacks",
    "standing-lists",
    "members",
    "programmes",
    "draws",
    "calendars",
    "slots",
    "appointments",
    "calls",
)


def api(user: User) -> Client:
    """A program that knows the user's token."""
    _, key = issue(user, name="test", scope="full", days=1, now=clock.now())
    return Client(headers={"authorization": f"Token {key}"})


def send(client: Client, method: str, path: str, data: object = None) -> Any:
    """One request with a JSON body."""
    body = "" if data is None else json.dumps(data)
    return client.generic(method, f"/api/{path}/", body, content_type="application/json")


@pytest.mark.parametrize("path", LISTS)
def test_lists_are_for_those_who_may_view_them(path: str) -> None:
    make_campaign(people=1)
    assert Client().get(f"/api/{path}/").status_code == 401
    assert api(cast.outsider()).get(f"/api/{path}/").status_code == 403
    assert api(cast.viewer()).get(f"/api/{path}/").status_code == 200
    assert cast.browser(cast.manager()).get(f"/api/{path}/").status_code == 200


def test_no_answer_holds_a_secret() -> None:
    campaign = make_campaign(people=1)
    client = api(cast.manager())
    for path in LISTS:
        text = client.get(f"/api/{path}/").content.decode()
        for secret in (campaign.number.stream_secret, campaign.number.stream_key, "not-a-real-one"):
            assert secret not in text


def draft(campaign: Campaign, **changes: object) -> dict[str, object]:
    return {
        "name": "Fees",
        "template": campaign.template_id,
        "number": campaign.number_id,
        "agent": campaign.agent_id,
        "category": "service",
        "max_attempts": 2,
        "retry_gaps": [30],
        **changes,
    }


def test_a_program_makes_fills_launches_and_counts_a_campaign() -> None:
    known, client = make_campaign(), api(cast.manager())
    made = send(client, "POST", "campaigns", draft(known)).json()
    assert made["state"] == "draft"
    file = SimpleUploadedFile("people.csv", b"phone,name\n9825112410,Asha\n12,Nobody\n")
    imported = client.post(f"/api/campaigns/{made['id']}/people/", {"file": file})
    assert (imported.status_code, imported.json()["state"]) == (202, "waiting")
    read_import(imported.json()["id"], clock=clock.now)
    over = client.get(f"/api/imports/{imported.json()['id']}/").json()
    assert (over["state"], over["accepted"], over["rejected"]) == ("done", 1, 1)
    assert send(client, "POST", f"campaigns/{made['id']}/launch").json()["state"] == "running"
    counts = client.get(f"/api/campaigns/{made['id']}/counts/").json()
    assert counts["adds_up"]
    goals = send(client, "POST", f"campaigns/{made['id']}/goals", {"goals": ["will_pay"]})
    assert goals.json()["goals"] == ["will_pay"]
    wrong = send(client, "POST", f"campaigns/{made['id']}/goals", {"goals": ["opted_out"]})
    assert (wrong.status_code, Campaign.objects.get(pk=made["id"]).goals) == (409, ["will_pay"])
    assert counts["rows"]["uploaded"] == 2
    assert counts["by_state"]["waiting"] == counts["people"] == 1


def test_people_are_added_to_a_running_campaign_each_with_a_verdict() -> None:
    campaign, client = make_campaign(people=1), api(cast.manager())
    Suppression.objects.create(phone="+919825112412", source="key", reason="Pressed 9.")
    there = campaign.recipients.get().phone
    numbers = ["98251 12410", "12345", "09825112410", there, "9825112412"]
    people = [{"phone": phone, "name": "Asha", "variables": {"amount": "500"}} for phone in numbers]
    answer = send(client, "POST", f"campaigns/{campaign.pk}/people/add", {"people": people})
    assert answer.status_code == 200
    verdicts = answer.json()["verdicts"]
    assert [(v["row"], v["fate"]) for v in verdicts] == [
        (1, "accepted"),
        (2, "rejected"),
        (3, "duplicate"),
        (4, "duplicate"),
        (5, "suppressed"),
    ]
    assert [v["reason"] for v in verdicts[2:]] == [
        "The same number as in row 1.",
        "This number is in the campaign already.",
        "Pressed 9.",
    ]
    person = Recipient.objects.get(pk=verdicts[0]["recipient"])
    assert (person.phone, person.variables) == ("+919825112410", {"amount": "500"})
    assert answer.json()["list"]["uploaded"] == 5


@pytest.mark.parametrize("variables", [{"tag5": "x"}, {"Not a name": "x"}])
def test_variables_that_xfin_would_not_take_are_refused_whole(variables: dict[str, str]) -> None:
    campaign = make_campaign()
    people = [{"phone": "9825112410", "variables": variables}]
    answer = send(api(cast.manager()), "POST", f"campaigns/{campaign.pk}/people/add", {"people": people})
    assert answer.status_code == 409
    assert not Recipient.objects.exists()
    assert not Import.objects.exists()


def test_a_program_corrects_the_columns_and_cancels() -> None:
    campaign, client = make_campaign(state="draft"), api(cast.manager())
    data = {"file": SimpleUploadedFile("a.csv", b"Mobile,Other\n9825112410,9825112411\n"), "confirm": "false"}
    made = client.post(f"/api/campaigns/{campaign.pk}/people/", data).json()
    assert (made["state"], made["columns"]["phone"]) == ("mapping", 0)
    wrong = send(client, "POST", f"imports/{made['id']}/choose", {"phone": 7})
    assert (wrong.status_code, wrong.json()["detail"]) == (409, "There is no such column in the file.")
    right = send(client, "POST", f"imports/{made['id']}/choose", {"phone": 1, "remember_as": "Others"})
    assert right.json()["state"] == "waiting"
    assert client.get("/api/column-mappings/").json()["results"][0]["columns"]["phone"] == "Other"
    assert send(client, "POST", f"imports/{made['id']}/cancel").json()["state"] == "cancelled"
    assert send(client, "POST", f"imports/{made['id']}/cancel").status_code == 409


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"window_start": "18:00", "window_end": "10:00"}, "window_end"),
        ({"retry_gaps": [0]}, "retry_gaps"),
        ({"retry_gaps": [30, 60]}, "retry_gaps"),
        ({"calls_per_minute": 0}, "calls_per_minute"),
        ({"category": "nagging"}, "category"),
        ({"number": 999}, "number"),
    ],
)
def test_a_campaign_that_cannot_work_is_refused_with_the_field_s_name(
    changes: dict[str, object], field: str
) -> None:
    answer = send(api(cast.manager()), "POST", "campaigns", draft(make_campaign(), **changes))
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_state_and_reason_cannot_be_written() -> None:
    answer = send(
        api(cast.manager()), "POST", "campaigns", draft(make_campaign(), state="running", reason="Mine.")
    )
    assert (answer.json()["state"], answer.json()["reason"]) == ("draft", "Not launched yet.")


def test_a_launched_campaign_is_neither_edited_nor_deleted() -> None:
    campaign, client = make_campaign(), api(cast.manager())
    for method in ("PATCH", "DELETE"):
        answer = send(client, method, f"campaigns/{campaign.pk}", {"name": "Other"})
        assert answer.status_code == 409
        assert answer.json()["detail"].startswith("Only a ")
    assert Campaign.objects.get().name == "EMI reminder, November"


def test_a_change_that_is_not_allowed_says_why() -> None:
    campaign = make_campaign(state="draft")
    answer = send(api(cast.manager()), "POST", f"campaigns/{campaign.pk}/launch")
    assert answer.status_code == 409
    assert "nobody to call" in answer.json()["detail"]


@pytest.mark.parametrize("verb", ["launch", "pause", "resume", "cancel", "people"])
def test_a_viewer_changes_nothing(verb: str) -> None:
    campaign = make_campaign(people=1)
    assert send(api(cast.viewer()), "POST", f"campaigns/{campaign.pk}/{verb}").status_code == 403
    assert Campaign.objects.get().state == "running"


def test_a_file_that_cannot_be_read_is_refused_with_a_reason() -> None:
    campaign = make_campaign(state="draft")
    file = SimpleUploadedFile("a.png", b"\x00\xff" * 40)
    answer = api(cast.manager()).post(f"/api/campaigns/{campaign.pk}/people/", {"file": file})
    assert answer.status_code == 400
    assert answer.json()["file"][0].endswith(".")
    assert not Recipient.objects.exists()


def test_numbers_are_masked_but_for_those_who_may_change_people() -> None:
    campaign = make_campaign(people=1)
    phone = campaign.recipients.get().phone
    seen = {
        name: api(user).get("/api/recipients/").json()["results"][0]["phone"]
        for name, user in (("manager", cast.manager()), ("viewer", cast.viewer()))
    }
    assert seen["manager"] == phone
    assert seen["viewer"] == f"+91 98••• ••{phone[-3:]}"


def test_a_number_is_put_on_the_list_in_any_spelling_and_only_once() -> None:
    client = api(cast.manager())
    first = send(client, "POST", "suppressions", {"phone": "098251-12410", "reason": "By letter."})
    assert first.status_code == 201
    assert first.json()["source"] == "api"
    assert Suppression.objects.get().phone == "+919825112410"
    again = send(client, "POST", "suppressions", {"phone": "+919825112410", "reason": "By letter."})
    assert again.json() == {"phone": ["This number is on the list already."]}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"phone": "12345", "reason": "x"}, "phone"),
        ({"phone": "9825112410", "scope": "category", "reason": "x"}, "category"),
        ({"phone": "9825112410", "category": "service", "reason": "x"}, "category"),
        ({"phone": "9825112410", "scope": "category", "category": "x", "reason": "x"}, "category"),
        ({"phone": "9825112410"}, "reason"),
    ],
)
def test_a_suppression_that_says_nothing_clear_is_refused(data: dict[str, str], field: str) -> None:
    answer = send(api(cast.manager()), "POST", "suppressions", data)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Suppression.objects.exists()


def test_a_suppression_is_not_deleted_by_a_program() -> None:
    entered = Suppression.objects.create(phone="+919825112410", source="key", reason="Pressed 9.")
    assert send(api(cast.manager()), "DELETE", f"suppressions/{entered.pk}").status_code == 405


def test_a_template_changed_by_a_program_is_uploaded_again() -> None:
    template = make_campaign().template
    send(api(cast.manager()), "PATCH", f"templates/{template.pk}", {"description": "New words"})
    template.refresh_from_db()
    assert (template.sync_state, template.remote_id) == ("pending", "16")


def test_redials_by_xfin_are_refused_by_the_api_too() -> None:
    template = make_campaign().template
    answer = send(api(cast.manager()), "PATCH", f"templates/{template.pk}", {"num_backups": 1})
    assert answer.status_code == 400
    assert "judged by no rule" in answer.json()["num_backups"][0]
    assert Template.objects.get().num_backups == 0


def test_what_xfin_says_of_a_template_cannot_be_written() -> None:
    template = make_campaign().template
    data = {"remote_id": "99", "sync_state": "synced"}
    send(api(cast.manager()), "PATCH", f"templates/{template.pk}", data)
    assert Template.objects.get().remote_id == "16"


def test_the_schema_is_made_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn")
    assert "Warning" not in capsys.readouterr().err


@pytest.mark.parametrize("path", ["/api/schema/", "/api/docs/"])
def test_schema_and_its_page_are_for_staff(path: str) -> None:
    assert Client().get(path).status_code == 401
    assert cast.browser(cast.outsider()).get(path).status_code == 403
    assert cast.browser(cast.viewer()).get(path).status_code == 200


def test_a_second_person_approves_over_the_api_and_the_history_tells() -> None:
    campaign = make_campaign(people=1, state="draft", starts_at=clock.now())
    Account.objects.update(second_person=True)
    first, second = api(cast.manager()), api(cast.second_manager())
    where = f"campaigns/{campaign.pk}"
    assert send(first, "POST", f"{where}/launch").json()["state"] == "checked"
    assert send(first, "POST", f"{where}/approve").status_code == 409
    assert send(second, "POST", f"{where}/approve").json()["state"] == "approved"
    assert send(first, "PATCH", where, {"max_attempts": 2}).json()["state"] == "draft"
    lines = send(first, "GET", f"{where}/history").json()
    assert [(line["actor_name"], line["to_state"]) for line in lines] == [
        ("Asha", "draft"),
        ("Asha", "approved"),
        ("Meera", "approved"),
        ("Asha", "checked"),
    ]


def test_a_preflight_is_asked_for_and_read() -> None:
    campaign = make_campaign(people=2, state="draft")
    manager, viewer = api(cast.manager()), api(cast.viewer())
    assert send(viewer, "GET", f"campaigns/{campaign.pk}/preflight").status_code == 404
    assert send(viewer, "POST", f"campaigns/{campaign.pk}/preflight/ask").status_code == 403
    asked = send(manager, "POST", f"campaigns/{campaign.pk}/preflight/ask")
    assert (asked.status_code, asked.json()["sentence"]) == (202, "All 2 can be called.")
    found = send(viewer, "GET", f"campaigns/{campaign.pk}/preflight").json()
    assert (found["state"], found["people"], found["outdated"]) == ("done", 2, "")
    assert found["forecast"]["likely"] is None
    assert "not known" in found["forecast"]["assumes"][2]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"bored": {"gaps": [5]}}, "no reason to call again"),
        ({"busy": {"gaps": [0]}}, "1 to 10,080 minutes"),
        ({"unfinished": {"gaps": [5]}}, "asks nothing"),
    ],
)
def test_retry_rules_are_checked(rules: dict[str, object], words: str) -> None:
    campaign = make_campaign(state="draft")
    campaign.agent.kind = "playback"
    campaign.agent.save()
    answer = send(api(cast.manager()), "POST", "campaigns", draft(campaign, retry_rules=rules))
    assert answer.status_code == 400
    assert words in str(answer.json()["retry_rules"])


def test_retry_rules_are_kept() -> None:
    campaign = make_campaign(state="draft")
    rules = {"busy": {"gaps": [10, 30], "another_hour": True}}
    answer = send(api(cast.manager()), "POST", "campaigns", draft(campaign, retry_rules=rules))
    assert (answer.status_code, answer.json()["retry_rules"]) == (201, rules)


# --- Our own numbers ------------------------------------------------------------------------------


def test_a_number_s_gate_is_set_by_a_program_and_its_password_is_never_told() -> None:
    number, client = make_campaign().number, api(cast.manager())
    path = f"numbers/{number.pk}"
    gate = {
        "allowed_networks": "203.0.113.0/24",
        "stream_user": "awaaz",
        "stream_password": " open sesame ",
        "record_calls": False,
        "announce_recording": True,
        "inbound_hours": "Mon-Fri 9:00-18:00\nHolidays 10:00-12:00",
        "after_hours_agent": Agent.objects.create(name="Closed", kind=Agent.Kind.ECHO).pk,
        "ring_back_hours": 24,
    }
    answer = send(client, "PATCH", path, gate)
    assert answer.status_code == 200
    assert {name: answer.json().get(name) for name in gate} == {**gate, "stream_password": None}
    number.refresh_from_db()
    assert (number.stream_user, number.stream_password) == ("awaaz", " open sesame ")
    assert "sesame" not in str(list(LogEntry.objects.values()))
    assert send(client, "PATCH", path, {"record_calls": True}).status_code == 200
    number.refresh_from_db()
    assert number.stream_password == " open sesame "
    assert send(client, "PATCH", path, {"stream_user": ""}).status_code == 200
    number.refresh_from_db()
    assert (number.stream_user, number.stream_password) == ("", "")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"allowed_networks": "the office"}, "allowed_networks"),
        ({"stream_user": "awaaz"}, "stream_password"),
        ({"stream_password": "open sesame"}, "stream_user"),
        ({"max_calls": 0}, "max_calls"),
        ({"inbound_hours": "whenever"}, "inbound_hours"),
        ({"ring_back_hours": -1}, "ring_back_hours"),
    ],
)
def test_a_number_s_gate_that_could_not_work_is_refused(wrong: dict[str, Any], field: str) -> None:
    number = make_campaign().number
    answer = send(api(cast.manager()), "PATCH", f"numbers/{number.pk}", wrong)
    assert answer.status_code == 400
    assert field in answer.json()


def test_a_number_is_made_with_its_gate_by_whoever_may_add_numbers() -> None:
    account = make_campaign().template.account
    new = {
        "account": account.pk,
        "e164": "+911600110246",
        "stream_user": "awaaz",
        "stream_password": "sesame",
    }
    assert send(api(cast.viewer()), "POST", "numbers", new).status_code == 403
    answer = send(api(cast.manager()), "POST", "numbers", new)
    assert answer.status_code == 201
    assert "stream_password" not in answer.json()
    assert PhoneNumber.objects.get(e164="+911600110246").stream_password == "sesame"


# --- Quotas ---------------------------------------------------------------------------------------


def test_a_program_sets_quotas_and_reads_how_far_they_are() -> None:
    campaign, client = make_campaign(people=2), api(cast.manager())
    Recipient.objects.update(variables={"district": "Surat"})
    path = f"campaigns/{campaign.pk}/quotas"
    assert send(client, "get", path).json() == {"values": [], "each": None, "cells": []}
    cells = [{"values": ["Anand"], "target": 3}]
    answer = send(client, "put", path, {"values": ["district"], "each": 5, "cells": cells}).json()
    none = {"people": 0, "completed": 0, "under_way": 0, "waiting": 0, "full": False}
    assert answer == {
        "values": ["district"],
        "each": 5,
        "cells": [
            {"cell": "Anand", "target": 3, **none},
            {"cell": "Surat", "target": 5, **none, "people": 2, "waiting": 2},
        ],
    }
    assert send(client, "put", path, {"values": []}).json()["cells"] == []


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"values": ["a", "b", "c"]}, "values"),
        ({"values": ["a", "a"]}, "values"),
        ({"values": ["a"], "cells": [{"values": ["x", "y"], "target": 1}]}, "cells"),
        (
            {"values": ["a"], "cells": [{"values": ["x"], "target": 1}, {"values": ["X"], "target": 1}]},
            "cells",
        ),
        ({"values": ["a"], "each": -1}, "each"),
    ],
)
def test_quotas_that_cannot_be_are_refused(data: dict[str, object], field: str) -> None:
    path = f"campaigns/{make_campaign(people=1).pk}/quotas"
    answer = send(api(cast.manager()), "put", path, data)
    assert (answer.status_code, list(answer.json())) == (400, [field])
