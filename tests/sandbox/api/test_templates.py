"""Templates, their languages, reports and statistics."""

from datetime import UTC, datetime

import pytest

from sandbox.models import Message
from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db
OPTIONS = [{"option": "num_backups", "value": 0}, {"option": "phone_numbers", "value": "+917961344101"}]


def test_template_round() -> None:
    office = Office()
    made = office.call("POST", "xact/template", {"name": "A", "medium": "voice", "advanced_options": OPTIONS})
    assert made.status_code == 201
    where = f"xact/template/{made.json()['id']}"
    assert office.call("GET", where).json() == made.json()
    assert office.call("PATCH", where, {"description": "d"}).json()["advanced_options"] == OPTIONS
    assert office.call("PUT", where, {"name": "B"}).json()["advanced_options"] == []
    assert [t["name"] for t in office.call("GET", "xact/template").json()["results"]] == ["B"]
    assert office.call("DELETE", where).status_code == 204
    assert office.call("GET", where).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "A", "medium": "fax"},
        {"name": "A", "advanced_options": {}},
        {"name": "A", "advanced_options": [{"option": "num_backups", "value": "many"}]},
        {"name": "A", "advanced_options": [{"option": "backup_gap_minutes", "value": 0.5}]},
        {"name": "x" * 201},
    ],
)
def test_a_template_that_cannot_be_taken_is_400(body: dict[str, object]) -> None:
    assert Office().call("POST", "xact/template", body).status_code == 400


def test_names_are_unique() -> None:
    office = Office()
    office.call("POST", "xact/template", {"name": "A"})
    assert office.call("POST", "xact/template", {"name": "A"}).json() == {
        "name": ["There is a template of this name already."]
    }


def test_language_round() -> None:
    office = Office()
    template = office.call("POST", "xact/template", {"name": "A"}).json()["id"]
    body = {"template": {"id": template}, "language": "gu", "syntax": "one _N_ two _W_", "content": []}
    made = office.call("POST", "xact/templatelanguage", body)
    assert made.status_code == 201
    where = f"xact/templatelanguage/{made.json()['id']}"
    assert {name: made.json()[name] for name in body} == body
    assert office.call("PATCH", where, {"syntax": "three"}).json()["language"] == "gu"
    assert office.call("PUT", where, {"template": template, "language": "hi"}).json()["syntax"] == ""
    assert office.call("POST", "xact/templatelanguage", {**body, "language": "hi"}).status_code == 400
    assert office.call("DELETE", where).status_code == 204


@pytest.mark.parametrize(
    "change",
    [{"template": None}, {"template": 999}, {"language": ""}, {"content": [{"id": 5}]}, {"content": "x"}],
)
def test_a_language_that_cannot_be_taken_is_400(change: dict[str, object]) -> None:
    office = Office()
    template = office.call("POST", "xact/template", {"name": "A"}).json()["id"]
    body = {"template": {"id": template}, "language": "gu", **change}
    assert office.call("POST", "xact/templatelanguage", body).status_code == 400


def test_what_messages_use_is_not_deleted() -> None:
    office = Office()
    template = office.furnish()
    office.upload()
    assert office.call("DELETE", f"xact/template/{template}").status_code == 409
    assert office.call("GET", f"xact/template/{template}").status_code == 200


def test_reports_have_the_delivery_columns_and_statistics_the_counts() -> None:
    office = Office()
    template = office.furnish()
    office.upload(3, name="Asha", tag1="branch")
    moment = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)
    Message.objects.filter(tag5="m-0").update(
        state="done", reason_code="ANSWERED", duration_ms=67_400, response_value="1", dialled_at=moment,
        finished_at=moment, due_at=None,
    )  # fmt: skip
    rows = office.call("GET", f"xact/template/{template}/reports").json()["results"]
    assert list(rows[0]) == [
        "phone_number", "name", "language", "requested_on", "sent_on", "delivery_status", "duration",
        "response_value", "tag1", "tag2", "tag3", "tag4", "tag5",
    ]  # fmt: skip
    assert (rows[0]["sent_on"], rows[0]["duration"], rows[0]["delivery_status"]) == (
        "2026-11-24T10:00:00",
        "00:01:07",
        "ANSWERED",
    )
    figures = office.call("GET", f"xact/template/{template}/statistics").json()
    assert figures["total"] == 3
    assert figures["states"] == {"scheduled": 2, "in_progress": 0, "done": 1, "failed": 0}
    assert figures["average_duration_seconds"] == 67.4
