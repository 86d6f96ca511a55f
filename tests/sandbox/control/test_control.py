"""The control API: tenants, numbers, people, faults, calls, figures; this machine only."""

from typing import Any

import pytest
from django.test import Client

from sandbox.models import CallerNumber, CallRecord
from sandbox.people.casting import mixes
from tests.sandbox.conftest import CALLER
from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db


def test_it_answers_to_this_machine_only() -> None:
    assert Client().get("/sandbox/health").status_code == 200
    assert Client(REMOTE_ADDR="::1").get("/sandbox/health/").status_code == 200
    assert Client(REMOTE_ADDR="192.168.1.7").get("/sandbox/health").status_code == 403
    assert Client(REMOTE_ADDR="").get("/sandbox/summary").status_code == 403


def test_a_form_of_a_foreign_page_is_refused() -> None:
    assert Client().post("/sandbox/faults", {"behaviour": "500"}).status_code == 415


def test_a_number_is_registered_and_changed_without_showing_its_secret() -> None:
    office = Office()
    body = {
        "tenant": "demo",
        "phone_number": "07961344101",
        "stream_url": "ws://127.0.0.1:8000/stream/s3cret/",
    }
    first = office.control("numbers", body)
    second = office.control("numbers", {**body, "container": "raw", "concurrency": 3})
    assert (first.status_code, second.status_code) == (201, 200)
    number = CallerNumber.objects.get()
    assert (number.phone_number, number.container, number.concurrency) == (CALLER, "raw", 3)
    assert b"s3cret" not in second.content + office.control("numbers", method="GET").content


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": "nobody"},
        {"phone_number": "12"},
        {"stream_url": "http://x/"},
        {"stream_url": "ws://"},
        {"stream_url": "ws://x:999999/"},
        {"container": "mp3"},
        {"concurrency": -1},
        {"concurrency": True},
    ],
)
def test_a_number_that_cannot_be_taken_is_400(change: dict[str, Any]) -> None:
    body = {"tenant": "demo", "phone_number": CALLER, "stream_url": "ws://127.0.0.1/", **change}
    assert Office().control("numbers", body).status_code == 400


def test_people_are_set_and_read() -> None:
    office = Office()
    body = {"seed": "7", "weights": {"busy": 1, "silent": 3}, "assigned": {"9876543210": "opts_out"}}
    assert office.control("people", body).json() == {
        "seed": "7",
        "mix": "everyday",
        "weights": {"busy": 1.0, "silent": 3.0},
        "assigned": 1,
        "mixes": {mix.name: mix.about for mix in mixes().values()},
    }
    assert office.control("people", {"seed": "8"}).json()["weights"] == {"busy": 1.0, "silent": 3.0}


@pytest.mark.parametrize(
    "body",
    [
        {"weights": {"nobody": 1}},
        {"mix": "nobody's"},
        {"mix": "lender", "weights": {"busy": 1}},
        {"weights": {"busy": 0}},
        {"weights": []},
        {"assigned": {"1": "busy"}},
    ],
)
def test_people_that_cannot_be_are_400(body: dict[str, Any]) -> None:
    assert Office().control("people", body).status_code == 400


def test_a_mix_stands_in_place_of_weights_and_they_of_it() -> None:
    office = Office()
    office.control("people", {"weights": {"busy": 1}})
    shown = office.control("people", {"mix": "lender"}).json()
    assert (shown["mix"], shown["weights"]) == ("lender", {})
    assert office.control("people", {"weights": {"fax": 1}}).json()["weights"] == {"fax": 1.0}
    assert office.control("people", {"mix": ""}).json()["mix"] == "everyday"


def test_a_call_is_ordered_and_read_back() -> None:
    office = Office()
    office.furnish()
    body = {"from": CALLER, "to": "9876543210", "person": "silent", "custom_parameters": {"reference": "m-1"}}
    ordered = office.control("call", body)
    assert ordered.status_code == 202
    read = office.control(f"calls/{ordered.json()['id']}", method="GET").json()
    assert (read["state"], read["to_number"], read["custom_parameters"]) == (
        "ordered",
        "+919876543210",
        {"reference": "m-1"},
    )
    assert office.control("call", {**body, "from": "9000000000"}).status_code == 400
    assert office.control("call", {**body, "person": "nobody"}).status_code == 400
    assert office.control("calls/999", method="GET").status_code == 404


def test_somebody_calls_in() -> None:
    office = Office()
    office.furnish()
    body = {"from": "9876543210", "to": CALLER, "person": "presses_one"}
    ordered = office.control("call-in", body)
    assert ordered.status_code == 202
    shown = {name: ordered.json()[name] for name in ("direction", "from_number", "to_number", "person")}
    assert shown == {
        "direction": "inbound",
        "from_number": "+919876543210",
        "to_number": CALLER,
        "person": "presses_one",
    }


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"to": "9000000000"}, "to"),
        ({"from": "me"}, "from"),
        ({"person": ""}, "person"),
        ({"person": "busy"}, "person"),
        ({"person": "voicemail"}, "person"),
        ({"custom_parameters": []}, "custom_parameters"),
        ({"faults": "gremlins"}, "faults"),
    ],
)
def test_who_cannot_call_in_is_told_why(change: dict[str, Any], member: str) -> None:
    office = Office()
    office.furnish()
    refused = office.control(
        "call-in", {"from": "9876543210", "to": CALLER, "person": "presses_one", **change}
    )
    assert (refused.status_code, list(refused.json())) == (400, [member])


def test_summary_counts_and_finds_duplicates() -> None:
    office = Office()
    office.furnish()
    office.upload(3)
    office.upload(1)
    CallRecord.objects.create(
        from_number=CALLER, to_number="+91", ordered_at="2026-11-24T00:00Z", state="live"
    )
    assert office.control("summary", method="GET").json() == {
        "messages": 4,
        "by_state": {"scheduled": 4, "in_progress": 0, "done": 0, "failed": 0},
        "references": 3,
        "duplicate_references": 1,
        "live_calls": 1,
        "calls": 1,
    }


def test_messages_are_found_by_their_reference() -> None:
    office = Office()
    office.furnish()
    office.upload(2)
    office.upload(1, reference="m-own")
    found = office.control("messages?reference=m-1", method="GET").json()
    assert [message["phone_number"] for message in found] == ["+919876500001"]
    assert [m["tags"] for m in office.control("messages?reference=m-own", method="GET").json()] == [["m-0"]]


CANNOT_BE: list[dict[str, Any]] = [
    {"behaviour": "500", "operation": "create_bulks"},
    {"behaviour": "more_results", "operation": "list_messages"},
    {"behaviour": "token_expires"},
    {"behaviour": "500", "nth": 0},
    {"behaviour": "500", "nth": 2, "times": 2},
    {"script": "ok, , 500"},
    {"script": "ok, melt"},
]


@pytest.mark.parametrize(
    "body", [{"behaviour": "explode"}, {"behaviour": "500", "probability": 2}, {}, *CANNOT_BE]
)
def test_a_fault_that_cannot_be_is_400(body: dict[str, Any]) -> None:
    assert Office().control("faults", body).status_code == 400


def test_faults_are_listed_and_cleared() -> None:
    office = Office()
    office.control("faults", {"behaviour": "500", "times": 2})
    [fault] = office.control("faults", method="GET").json()
    assert (fault["operation"], fault["remaining"]) == ("create_bulk", 2)
    assert office.control("faults", method="DELETE").status_code == 204
    assert office.control("faults", method="GET").json() == []


@pytest.mark.parametrize(
    "body",
    [
        {"behaviour": "melt"},
        {"behaviour": "+"},
        {"script": "ok, loss=-1"},
        {"behaviour": "cut", "person": "x"},
    ],
)
def test_a_line_fault_that_cannot_be_is_400(body: dict[str, Any]) -> None:
    assert Office().control("line-faults", body).status_code == 400


def test_a_line_fault_is_listed_with_its_filters_and_measures() -> None:
    office = Office()
    body = {"script": "ok, jitter+cut=2", "to": "9876543210", "reference": "m-1", "seed": "7"}
    made = office.control("line-faults", body)
    assert (made.status_code, made.json()["script"]) == (201, ["ok", "jitter=100+cut=2"])
    [shown] = office.control("line-faults", method="GET").json()
    assert (shown["to"], shown["reference"], shown["from"]) == ("+919876543210", "m-1", "")


def test_a_call_takes_faults_that_can_be() -> None:
    office = Office()
    office.furnish()
    call = {"from": CALLER, "to": "9876543210"}
    assert office.control("call", {**call, "faults": "melt"}).status_code == 400
    assert office.control("call", {**call, "faults": "cut=2"}).json()["faults"] == "cut=2"
