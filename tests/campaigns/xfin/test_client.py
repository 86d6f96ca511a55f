"""The real client against literal exchanges (tests/data/xfin)."""

import json
from datetime import UTC, datetime
from itertools import islice

import httpx
import pytest

from campaigns.xfin.client import XFinClient
from campaigns.xfin.errors import BadReply, Refused, TakenOver, Unconfirmed
from campaigns.xfin.schemas import MessageFilter, NewMessage, NewTemplate, NewTemplateLanguage
from campaigns.xfin.states import RemoteState
from tests.campaigns.xfin.wire import (
    PASSWORD,
    TOKEN,
    MemoryTokenStore,
    Wire,
    client_over,
    config,
    exchanges,
    response,
)

TWO_PAGES = ("first page of two", "second page of two")


def new(place: int = 1) -> NewMessage:
    return NewMessage(
        phone_number=f"+91981230000{place}", language="hi", template="EMI reminder", reference=f"m-000{place}"
    )


def one_message() -> httpx.Response:
    return httpx.Response(200, json={"id": 7, "state": "scheduled"})


def test_login_is_sent_as_documented_once_and_the_token_reused() -> None:
    wire = Wire(one_message(), one_message())
    with client_over(wire) as client:
        client.get_message(7)
        client.get_message(7)
    (login,) = wire.logins
    assert login.url == "https://api.awaaz.de/demo/v1/account/login/"
    assert json.loads(login.content) == {"email": "user@example.com", "password": PASSWORD}
    assert "authorization" not in login.headers
    assert [request.headers["authorization"] for request in wire.requests] == [f"Bearer {TOKEN}1"] * 2


def test_the_auth_scheme_and_the_firewalls_headers_are_the_accounts() -> None:
    wire = Wire(one_message())
    client_over(wire, auth_scheme="JWT").get_message(7)
    assert wire.last.headers["authorization"] == f"JWT {TOKEN}1"
    assert wire.last.headers["referer"] == "https://app.awaaz.de/"
    assert wire.last.headers["cookie"] == "login_cookie=1234567890"


def test_cookies_set_by_the_server_are_not_kept() -> None:
    first = one_message()
    first.headers["set-cookie"] = "sessionid=theirs; Path=/"
    wire = Wire(first, one_message())
    client = client_over(wire, base_url="https://xfin.example.com")
    client.get_message(7)
    client.get_message(7)
    assert "cookie" not in wire.last.headers


def test_create_bulk_in_the_documented_form() -> None:
    documented = exchanges()["create bulk, documented form"]
    wire = Wire(response("create bulk, documented form"))
    messages = [
        NewMessage(
            phone_number="+919876543210",
            language="hi",
            template="EMI reminder",
            reference="ref-0001",
            send_on=datetime(2026, 11, 24, 4, 30, tzinfo=UTC),
            tags={"tag1": "branch-12"},
            variables={"name": "Asha", "amount": "125000"},
        ),
        NewMessage(phone_number="12", language="hi", template="EMI reminder", reference="ref-0002"),
    ]
    created = client_over(wire).create_bulk(messages)
    sent = json.loads(wire.last.content)
    assert wire.last.url.path == "/demo/v1/xact/message/create_bulk/"
    assert (sent["transform_using_template"], sent["instant_message"]) == (True, False)
    for ours, theirs in zip(sent["data"], documented["request"]["json"]["data"], strict=True):
        assert theirs.items() <= ours.items()
    assert [(one.reference, one.id, one.error) for one in created] == [
        ("ref-0001", 1001, ""),
        ("ref-0002", None, "<text>"),
    ]


def test_create_bulk_reads_the_vendor_clients_201() -> None:
    wire = Wire(response("create bulk, vendor client's form"))
    message = NewMessage(phone_number="+918929292929", language="hi", template="23", reference="m-1")
    assert client_over(wire).create_bulk([message])[0].id == 1002


def test_instant_messages_say_so_and_are_five_at_most() -> None:
    wire = Wire(httpx.Response(200, json=[{"tag5": "m-0001", "id": 1}]))
    client = client_over(wire)
    client.create_bulk([new()], instant=True)
    assert wire.sent_json()["instant_message"] is True
    with pytest.raises(ValueError, match="1 to 5"):
        client.create_bulk([new(place) for place in range(6)], instant=True)


def test_our_own_mistakes_are_found_before_anything_is_sent() -> None:
    wire = Wire()
    client = client_over(wire)
    for messages in ([], [new(), new()]):
        with pytest.raises(ValueError, match=r"messages a request|unique"):
            client.create_bulk(messages)
    assert wire.requests == wire.logins == []


def test_the_list_is_filtered_and_followed_lazily() -> None:
    wire = Wire(*map(response, TWO_PAGES))
    found = client_over(wire).iter_messages(MessageFilter(tag="b-0001"))
    assert wire.requests == []
    assert next(found).id == 2001
    assert len(wire.requests) == 1
    assert [message.id for message in found] == [2002, 2003]
    assert [str(request.url) for request in wire.requests] == [
        "https://api.awaaz.de/demo/v1/xact/message/?tags=b-0001",
        "https://api.awaaz.de/demo/v1/xact/message/?tags=b-0001&page=2",
    ]


def test_a_page_is_asked_for_as_the_exchange_shows() -> None:
    wire = Wire(response("list with filters and paging"))
    wanted = MessageFilter(
        send_on_after=datetime(2026, 11, 23, 18, 30, tzinfo=UTC),
        send_on_before=datetime(2026, 11, 24, 18, 30, tzinfo=UTC),
        tag="ref-0001",
        page=2,
    )
    (message,) = client_over(wire).iter_messages(wanted)
    documented = httpx.URL("https://x" + exchanges()["list with filters and paging"]["request"]["path"])
    assert dict(wire.last.url.params) == dict(documented.params)
    assert message.state is RemoteState.DONE


def page(following: str | None, *ids: int) -> httpx.Response:
    return httpx.Response(200, json={"results": [{"id": one} for one in ids], "next": following})


@pytest.mark.parametrize(
    "following",
    ["http://api.awaaz.de/demo/v1/xact/message/?page=2", "/demo/v1/xact/message/?page=2", "?page=2"],
)
def test_next_is_asked_of_our_own_base_url_whatever_form_it_has(following: str) -> None:
    wire = Wire(page(following, 1), page(None, 2))
    assert [message.id for message in client_over(wire).iter_messages()] == [1, 2]
    assert str(wire.last.url) == "https://api.awaaz.de/demo/v1/xact/message/?page=2"


@pytest.mark.parametrize(
    "following",
    ["https://evil.example/demo/v1/xact/message/?page=2", "//evil.example/?page=2", "http://[", "none"],
)
def test_the_token_follows_next_to_no_other_host(following: str) -> None:
    wire = Wire(page(following, 1))
    found = client_over(wire).iter_messages()
    assert next(found).id == 1
    with pytest.raises(BadReply, match="next"):
        next(found)
    assert {request.url.host for request in wire.requests} == {"api.awaaz.de"}


def test_a_list_that_never_ends_is_left() -> None:
    loop = [page("?page=2", 1), page("?page=3", 2), page("?page=2", 3)]
    found = client_over(Wire(*loop)).iter_messages()
    assert [message.id for message in islice(found, 3)] == [1, 2, 3]
    with pytest.raises(BadReply, match="never ends"):
        next(found)
    empty = [page(f"?page={number}") for number in range(9)]
    with pytest.raises(BadReply, match="never ends"):
        list(client_over(Wire(*empty)).iter_messages())


@pytest.mark.parametrize("odd", [{"state": 6}, None, 7, "text", [], {"id": [1]}, {"id": 1, "state": []}])
def test_an_odd_row_of_a_list_is_set_aside_and_hides_no_other(odd: object) -> None:
    client = client_over(
        Wire(httpx.Response(200, json={"results": [{"id": 1}, odd, {"id": 2}], "next": None}))
    )
    assert [message.id for message in client.iter_messages()] == [1, 2]
    assert client.set_aside == 1


def test_what_is_not_ours_any_more_is_not_sent() -> None:
    wire = Wire()
    with pytest.raises(TakenOver):
        client_over(wire).create_bulk([new()], still_ours=lambda: False)
    assert not wire.requests


def test_the_fence_is_asked_before_each_change_and_for_no_question() -> None:
    asked: list[int] = []
    wire = Wire(one_message(), httpx.Response(204), httpx.Response(204))

    def still_ours() -> bool:
        asked.append(len(wire.requests))
        return True

    client = XFinClient(config(), tokens=MemoryTokenStore(), transport=wire, still_ours=still_ours)
    client.get_message(7)
    client.delete_message(7)
    client.delete_messages([7])
    assert asked == [1, 2]


def test_one_message_is_read_and_deleted() -> None:
    wire = Wire(one_message(), httpx.Response(204))
    client = client_over(wire)
    assert client.get_message(7).state is RemoteState.SCHEDULED
    client.delete_message(7)
    assert [(request.method, request.url.path) for request in wire.requests] == [
        (method, "/demo/v1/xact/message/7/") for method in ("GET", "DELETE")
    ]


def test_many_messages_are_deleted_in_one_call_and_none_in_no_call() -> None:
    wire = Wire(response("bulk delete"))
    client = client_over(wire)
    client.delete_messages([])
    client.delete_messages([1001, 1002])
    (request,) = wire.requests
    assert (request.method, request.url.path) == ("DELETE", "/demo/v1/xact/message/")
    assert json.loads(request.content) == exchanges()["bulk delete"]["request"]["json"]


def test_an_id_never_leads_to_another_path() -> None:
    wire = Wire()
    for item_id in ("../account", "1/reports", "", "1?x=1"):
        with pytest.raises(ValueError, match="id"):
            client_over(wire).get_message(item_id)
    assert wire.requests == []


def test_templates_are_listed_created_read_and_replaced() -> None:
    wire = Wire(response("template list"), *(response("template create") for _ in range(3)))
    client = client_over(wire)
    assert [template.options["num_backups"] for template in client.iter_templates()] == [0]
    assert client.create_template(NewTemplate(name="EMI reminder")).id == 16
    client.get_template(16)
    client.update_template(16, NewTemplate(name="EMI reminder"))
    assert [request.method for request in wire.requests] == ["GET", "POST", "GET", "PUT"]
    assert {request.url.path for request in wire.requests[2:]} == {"/demo/v1/xact/template/16/"}


def test_template_languages_are_created_read_and_replaced() -> None:
    wire = Wire(response("template language create"), *(response("template language read") for _ in range(2)))
    client = client_over(wire)
    form = NewTemplateLanguage(template=16, language="gu", syntax="one _N_ two _W_", content=(24, 25, 26))
    assert client.create_template_language(form).id == 3
    whole = client.get_template_language(3)
    assert (whole.template, whole.language, whole.content) == (16, "gu", (24, 25))
    client.update_template_language(3, form)
    assert [request.method for request in wire.requests] == ["POST", "GET", "PUT"]
    assert wire.last.url.path == "/demo/v1/xact/templatelanguage/3/"


def test_template_languages_and_contents_are_listed() -> None:
    wire = Wire(page(None, 3, 4), page(None, 24))
    client = client_over(wire)
    assert [form.id for form in client.iter_template_languages()] == [3, 4]
    assert [content.id for content in client.iter_contents()] == [24]


def test_a_clip_is_uploaded_as_multipart() -> None:
    wire = Wire(response("content create"), response("content create"))
    client = client_over(wire)
    content = client.create_content(b"RIFF....WAVE", name="greeting")
    assert (content.id, content.file) == (24, "https://files.example.com/greeting.wav")
    body = wire.last.content
    assert wire.last.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="type"\r\n\r\naudio' in body
    assert b'name="name"\r\n\r\ngreeting' in body
    assert b"RIFF....WAVE" in body
    client.get_content(24)
    assert wire.last.url.path == "/demo/v1/content/24/"


def test_a_refused_template_says_why() -> None:
    with pytest.raises(Refused, match="name: This field must be unique") as caught:
        client_over(Wire(response("field errors"))).create_template(NewTemplate(name="x"))
    assert caught.value.status == 400


def test_a_creation_whose_answer_has_no_id_is_unconfirmed() -> None:
    client: XFinClient = client_over(Wire(httpx.Response(201, json={"name": "x"})))
    with pytest.raises(Unconfirmed, match="id") as caught:
        client.create_template(NewTemplate(name="x"))
    assert isinstance(caught.value.__cause__, BadReply)
