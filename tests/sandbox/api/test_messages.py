"""Messages: both dialects, limits, filters, paging, change and deletion."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sandbox.models import Message
from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db
ONE = {"phone_number": "+919876543210", "language": "hi", "template": "EMI reminder"}


@pytest.fixture(params=["", "/"], ids=["no slash", "slash"])
def office(request: pytest.FixtureRequest) -> Office:
    office = Office(slash=request.param)
    office.furnish()
    return office


def bulk(office: Office, *messages: Any, **more: Any) -> Any:
    body = {"transform_using_template": True, "data": list(messages), **more}
    return office.call("POST", "xact/message/create_bulk", body)


def test_create_bulk_echoes_in_order_and_refuses_one_by_one(office: Office) -> None:
    first = {**ONE, "send_on": "2026-11-24T10:00:00", "tag5": "ref-1", "name": "Asha"}
    bad = {**ONE, "phone_number": "12", "tag5": "ref-2"}
    reply = bulk(office, first, bad, {**ONE, "tag5": "ref-3"})
    assert reply.status_code == 201
    created, refused, last = reply.json()
    assert created == {**first, "id": created["id"], "status": "created"}
    assert refused["status"] == "error"
    assert "phone_number" in refused["error"]
    assert "id" not in refused
    assert last["tag5"] == "ref-3"
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"template": "No such"}, "template"),
        ({"template": ""}, "template"),
        ({"language": "ta"}, "language"),
        ({"language": None}, "language"),
        ({"send_on": "tomorrow"}, "send_on"),
        ({"templatelanguage": 999}, "templatelanguage"),
        ({"values": "not a list"}, "values"),
        ({"tags": ["1", "2", "3", "4", "5", "6"]}, "tags"),
        ({"amount": {"nested": 1}}, "amount"),
    ],
)
def test_each_refusal_names_the_member(office: Office, change: dict[str, Any], named: str) -> None:
    [refused] = bulk(office, {**ONE, **change}).json()
    assert refused["status"] == "error"
    assert refused["error"].startswith(named)


def test_template_may_be_an_id(office: Office) -> None:
    pk = office.call("GET", "xact/template").json()["results"][0]["id"]
    assert [
        m["status"] for m in bulk(office, {**ONE, "template": pk}, {**ONE, "template": str(pk)}).json()
    ] == [
        "created",
        "created",
    ]


def test_more_than_ten_thousand_are_refused_as_a_whole(office: Office) -> None:
    reply = bulk(office, *[ONE] * 10_001)
    assert reply.status_code == 400
    assert "10000" in reply.json()["detail"]
    assert not Message.objects.exists()


def test_five_instant_messages_at_most(office: Office) -> None:
    assert bulk(office, *[ONE] * 6, instant_message=True).status_code == 400
    assert bulk(office, *[ONE] * 5, instant_message=True).status_code == 201


@pytest.mark.parametrize(
    "body", ["", "{", "[", '"text"', "{}", '{"data": 1}', '{"data": [], "instant_message": 1}']
)
def test_a_body_of_another_shape_is_400(office: Office, body: str) -> None:
    reply = office.call("POST", "xact/message/create_bulk", data=body)
    assert reply.status_code == 400


def test_older_dialect_one_message(office: Office) -> None:
    form = office.call("GET", "xact/templatelanguage").json()["results"][0]["id"]
    given = {"templatelanguage": form, "phone_number": "+919999999999", "values": ["test2"], "tags": ["ad"]}
    reply = office.call("POST", "xact/message", given)
    assert reply.status_code == 201
    assert {name: reply.json()[name] for name in given} == given
    read = office.call("GET", f"xact/message/{reply.json()['id']}").json()
    assert (read["values"], read["tags"], read["templatelanguage"]) == (["test2"], ["ad"], form)


def test_a_message_is_read_back_with_the_documented_members(office: Office) -> None:
    [created] = bulk(
        office, {**ONE, "send_on": "2026-11-24T10:00:00", "tag1": "a", "tag5": "b", "name": "Asha"}
    ).json()
    read = office.call("GET", f"xact/message/{created['id']}").json()
    assert read == {
        "id": created["id"],
        "phone_number": "+919876543210",
        "send_on": "2026-11-24T10:00:00",
        "state": "scheduled",
        "execution_state_reason_code": None,
        "duration": None,
        "tags": ["a", "b"],
        "values": ["Asha"],
        "templatelanguage": read["templatelanguage"],
    }


def test_states_come_as_numbers_for_a_tenant_that_is_set_so(office: Office) -> None:
    [created] = office.upload()
    office.control("tenants", {"tenant": "demo", "email": "e@x.y", "password": "p", "state_style": "numbers"})
    assert office.call("GET", f"xact/message/{created['id']}").json()["state"] == 1


def listed(office: Office, query: str) -> list[str]:
    reply = office.call("GET", f"xact/message?{query}")
    assert reply.status_code == 200, reply.content
    return [message["phone_number"] for message in reply.json()["results"]]


def test_filters(office: Office) -> None:
    bulk(office, {**ONE, "phone_number": "9000000001", "send_on": "2026-11-24T10:00:00", "tag4": "b-1"})
    bulk(office, {**ONE, "phone_number": "9000000002", "send_on": "2026-11-25T10:00:00", "tag1": "b-1"})
    bulk(office, {**ONE, "phone_number": "9000000003", "send_on": "2026-11-26T10:00:00", "language": "en"})
    first, second, third = "+919000000001", "+919000000002", "+919000000003"
    assert listed(office, "tags=b-1") == [first, second]
    assert listed(office, "tags=nothing") == []
    assert listed(office, "send_on__gt=2026-11-24T10:00:00&send_on__lt=2026-11-26T10:00:00") == [second]
    assert listed(office, "send_on__gt=2026-11-25") == [second, third]
    assert listed(office, "recipient_phone_number=%2B919000000003") == [third]
    assert listed(office, "recipient_phone_number=+919000000003") == [third]
    assert listed(office, "state=1") == listed(office, "state=scheduled") == [first, second, third]
    assert listed(office, "state=6") == []
    english = Message.objects.get(phone_number=third).templatelanguage_id
    assert listed(office, f"templatelanguage={english}") == [third]
    assert listed(office, "params=ignored") == [first, second, third]


@pytest.mark.parametrize("query", ["state=nonsense", "send_on__gt=soon", "templatelanguage=x"])
def test_a_filter_that_cannot_be_read_is_400(office: Office, query: str) -> None:
    assert office.call("GET", f"xact/message?{query}").status_code == 400


@pytest.mark.parametrize("query", ["fields=id,phone_number", "fields=id&fields=phone_number"])
def test_fields_choose_members(office: Office, query: str) -> None:
    office.upload()
    [message] = office.call("GET", f"xact/message?{query}").json()["results"]
    assert set(message) == {"id", "phone_number"}


def test_paging_follows_next_to_the_end(office: Office, settings: Any) -> None:
    settings.SANDBOX_PAGE_SIZE = 2
    office.upload(5, tag1="b-1")
    seen, query = [], "tags=b-1&fields=id"
    while query:
        page = office.call("GET", f"xact/message?{query}").json()
        seen += [message["id"] for message in page["results"]]
        if page["next"]:
            assert urlsplit(page["next"]).scheme == "http"
            assert parse_qs(urlsplit(page["next"]).query)["tags"] == ["b-1"]
        query = urlsplit(page["next"] or "").query
    assert seen == sorted(seen)
    assert len(set(seen)) == 5


@pytest.mark.parametrize("page", ["0", "7", "x"])
def test_a_page_that_is_not_there_is_404(office: Office, page: str) -> None:
    assert office.call("GET", f"xact/message?page={page}").status_code == 404


def test_patch_changes_what_was_sent(office: Office) -> None:
    [created] = bulk(office, {**ONE, "tag1": "keep", "name": "Asha"}).json()
    reply = office.call("PATCH", f"xact/message/{created['id']}", {"send_on": "2027-01-01T09:00:00"})
    assert reply.json()["send_on"] == "2027-01-01T09:00:00"
    assert reply.json()["tags"] == ["keep"]
    assert Message.objects.get().fields == {"name": "Asha"}


def test_put_writes_the_message_again(office: Office) -> None:
    [created] = bulk(office, {**ONE, "tag1": "old", "name": "Asha"}).json()
    wanted = {**ONE, "language": "en", "send_on": "2027-01-01T09:00:00", "amount": "5"}
    reply = office.call("PUT", f"xact/message/{created['id']}", wanted)
    assert reply.status_code == 200
    message = Message.objects.get()
    assert (message.tags, message.fields, message.templatelanguage.language) == ([], {"amount": "5"}, "en")


def test_a_change_that_is_refused_changes_nothing(office: Office) -> None:
    [created] = bulk(office, ONE).json()
    assert office.call("PATCH", f"xact/message/{created['id']}", {"phone_number": "x"}).status_code == 400
    assert Message.objects.get().phone_number == ONE["phone_number"]


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_a_dialled_message_is_not_touched(office: Office, method: str) -> None:
    [created] = bulk(office, ONE).json()
    Message.objects.update(state=Message.State.IN_PROGRESS)
    assert office.call(method, f"xact/message/{created['id']}", ONE).status_code == 409
    assert Message.objects.count() == 1


def test_delete_one(office: Office) -> None:
    [created] = bulk(office, ONE).json()
    assert office.call("DELETE", f"xact/message/{created['id']}").status_code == 204
    assert office.call("GET", f"xact/message/{created['id']}").status_code == 404


def test_delete_bulk_of_scheduled_ones_is_204(office: Office) -> None:
    ids = [message["id"] for message in office.upload(3)]
    reply = office.call("DELETE", "xact/message", {"ids": ids})
    assert (reply.status_code, reply.content) == (204, b"")
    assert not Message.objects.exists()


def test_delete_bulk_says_which_stayed(office: Office) -> None:
    gone, dialled = (message["id"] for message in office.upload(2))
    Message.objects.filter(pk=dialled).update(state=Message.State.IN_PROGRESS)
    reply = office.call("DELETE", "xact/message", {"ids": [gone, dialled, 999_999]})
    assert reply.status_code == 200
    assert reply.json()["deleted"] == [gone]
    assert [kept["id"] for kept in reply.json()["not_deleted"]] == [dialled, 999_999]


def imported(office: Office, data: bytes) -> Any:
    address = f"/demo/v1/xact/message/import{office.slash}"
    headers = {"Authorization": f"JWT {office.token}"}
    return office.client.post(address, {"file": SimpleUploadedFile("list.csv", data)}, headers=headers)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1"])
def test_import_reads_a_list_in_either_encoding(office: Office, encoding: str) -> None:
    rows = [
        "phone_number,template,language,send_on,val1,val2",
        "09876543210,EMI reminder,hi,,José,00125",
        "12,x,hi,,,",
    ]
    text = "\r\n".join(rows)
    reply = imported(office, text.encode(encoding))
    assert [row["status"] for row in reply.json()] == ["created", "error"]
    message = Message.objects.get()
    assert (message.phone_number, message.values) == ("+919876543210", ["José", "00125"])


def test_import_without_the_column_is_400(office: Office) -> None:
    assert imported(office, b"name,phone\nA,1\n").status_code == 400


def test_import_of_nothing_is_400(office: Office) -> None:
    assert office.call("POST", "xact/message/import").status_code == 400


def test_an_unknown_method_is_405(office: Office) -> None:
    reply = office.call("PUT", "xact/message", {})
    assert reply.status_code == 405
    assert reply["Allow"] == "DELETE, GET, POST"
