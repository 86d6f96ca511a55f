"""The request shapes of the vendor's published Python client, as facts read from it (2018–2023 branches).

It writes a slash on every path but a single GET, sends `JWT`, sends numbers where texts are meant (its CSV
reader makes them), calls create_bulk with an object or the bare list, repeats `fields`, and in one branch
wraps its filters so that they arrive as `?params=…` names.
"""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from calls.audio import wav
from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    office = Office(scheme="JWT", slash="/")
    office.furnish()
    return office


def single(office: Office, where: str) -> Any:
    """A GET of one object: no slash, a JSON content type and no body."""
    return Office.call(_without_slash(office), "GET", where)


def _without_slash(office: Office) -> Office:
    other = Office(scheme="JWT", slash="")
    other.token = office.token
    return other


MESSAGE = {"phone_number": 8929292929, "send_on": "", "tag1": "tag_number1", "template": 1, "language": "hi"}


@pytest.mark.parametrize(
    "body",
    [
        [MESSAGE],
        {"data": [MESSAGE]},
        {"data": [MESSAGE], "transform_using_template": False},
        {"data": [MESSAGE], "transform_using_template": True},
    ],
    ids=["bare list", "object", "not transformed", "transformed"],
)
def test_create_bulk_in_every_form(office: Office, body: Any) -> None:
    template = office.call("GET", "xact/template").json()["results"][0]["id"]
    MESSAGE["template"] = template
    reply = office.call("POST", "xact/message/create_bulk", body)
    assert reply.status_code in (200, 201)
    [created] = reply.json()
    assert (created["status"], created["phone_number"]) == ("created", 8929292929)


def test_schedule_in_the_older_dialect(office: Office) -> None:
    form = office.call("GET", "xact/templatelanguage").json()["results"][0]["id"]
    full = {"templatelanguage": form, "phone_number": "+919999999999", "send_on": "2018-04-04T10:00:00",
            "values": ["dynamic11", "dynamic21"]}  # fmt: skip
    reply = office.call("POST", "xact/message/create_bulk", {"data": [full, {**full, "send_on": None}]})
    assert [message["status"] for message in reply.json()] == ["created", "created"]


def test_lists_page_by_the_number_in_next(office: Office, settings: Any) -> None:
    settings.SANDBOX_PAGE_SIZE = 2
    office.upload(3)
    first = office.call("GET", "xact/message?fields=phone_number&fields=id&fields=send_on").json()
    assert first["next"].split("page=")[1].split("&")[0] == "2"
    second = office.call("GET", "xact/message?fields=phone_number%2Cid%2Csend_on&page=2").json()
    assert second["next"] is None
    assert set(second["results"][0]) == {"phone_number", "id", "send_on"}


def test_wrapped_filters_are_ignored_not_refused(office: Office) -> None:
    assert office.call("GET", "xact/message?params=fields&params=send_on__gt").status_code == 200


def test_single_objects_are_read_without_a_slash(office: Office) -> None:
    [created] = office.upload()
    assert single(office, f"xact/message/{created['id']}").json()["id"] == created["id"]
    template = office.call("GET", "xact/template").json()["results"][0]["id"]
    assert single(office, f"xact/template/{template}").json()["id"] == template


def test_template_options_take_numbers_as_values(office: Office) -> None:
    options = [
        {"option": "response_type", "value": "voice"},
        {"option": "num_backups", "value": 0},
        {"option": "max_touchtone_retries", "value": 3},
        {"option": "phone_numbers", "value": ",".join(["+917961344101", "+917961344102"])},
    ]
    body = {"name": "Welcome", "description": "Welcome calls", "medium": "voice", "advanced_options": options}
    assert office.call("POST", "xact/template", body).json()["advanced_options"] == options


def test_reports_and_statistics_have_their_slash(office: Office) -> None:
    template = office.call("GET", "xact/template").json()["results"][0]["id"]
    assert office.call("GET", f"xact/template/{template}/reports").status_code == 200
    assert office.call("GET", f"xact/template/{template}/statistics").status_code == 200


def test_delete_bulk_is_a_delete_with_a_body(office: Office) -> None:
    ids = [message["id"] for message in office.upload(2)]
    assert office.call("DELETE", "xact/message", {"ids": ids}).status_code == 204


def test_content_patch_is_multipart(office: Office) -> None:
    made = office.call("POST", "content", data=encode_multipart(BOUNDARY, {"name": "a", "type": "voice"}),
                       content_type=MULTIPART_CONTENT)  # fmt: skip
    file = SimpleUploadedFile("a.wav", wav.wrap(b"\0\0"))
    data = encode_multipart(BOUNDARY, {"name": "b", "file": file})
    changed = office.call("PATCH", f"content/{made.json()['id']}", data=data, content_type=MULTIPART_CONTENT)
    assert (changed.json()["name"], bool(changed.json()["file"])) == ("b", True)
