"""Trouble: what each kind on the wire becomes, over a scripted transport and over real sockets."""

import logging
import socket
import struct
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from campaigns.xfin.client import XFinClient
from campaigns.xfin.errors import (
    AuthRefused,
    BadReply,
    NotFound,
    NotSent,
    Refused,
    Throttled,
    Unavailable,
    Unconfirmed,
    XFinError,
)
from campaigns.xfin.schemas import MessageFilter, NewMessage
from campaigns.xfin.session import read_retry_after, read_skew
from tests.campaigns.xfin.wire import (
    PASSWORD,
    PHONE,
    TOKEN,
    Behaviour,
    MemoryTokenStore,
    RawServer,
    Wire,
    client_over,
    config,
    exchanges,
    http_answer,
    response,
)

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
MESSAGE = NewMessage(phone_number=PHONE, language="hi", template="EMI", reference="m-0001")
CREATED = [{"tag5": "m-0001", "id": 1}]


def create(client: XFinClient) -> object:
    return client.create_bulk([MESSAGE])


def read(client: XFinClient) -> object:
    return client.get_message(7)


def trouble_of(call: Callable[[XFinClient], object], client: XFinClient) -> XFinError:
    with pytest.raises(XFinError) as caught:
        call(client)
    return caught.value


# What happens to the connection


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.PoolTimeout("full"),
        httpx.ProxyError("no"),
    ],
)
def test_what_never_left_is_not_sent(error: Exception) -> None:
    assert type(trouble_of(create, client_over(Wire(error)))) is NotSent
    assert type(trouble_of(read, client_over(Wire(error)))) is NotSent


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset in the middle of the body"),
        httpx.WriteTimeout("slow"),
        httpx.RemoteProtocolError("half"),
        httpx.DecodingError("gzip"),
    ],
)
def test_what_may_have_arrived_is_unconfirmed_when_creating_and_unavailable_else(error: Exception) -> None:
    assert type(trouble_of(create, client_over(Wire(error)))) is Unconfirmed
    assert type(trouble_of(read, client_over(Wire(error)))) is Unavailable


def test_trouble_at_login_means_the_creating_call_was_not_sent() -> None:
    class NoLogin(Wire):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("slow")

    assert type(trouble_of(create, client_over(NoLogin()))) is Unavailable


# What XFin answers


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 301])
def test_gateway_trouble_is_never_a_result(status: int) -> None:
    def page() -> httpx.Response:
        return httpx.Response(status, text=exchanges()["gateway trouble"]["response"]["text"])

    assert type(trouble_of(create, client_over(Wire(page())))) is Unconfirmed
    assert type(trouble_of(read, client_over(Wire(page())))) is Unavailable


def test_nothing_is_repeated_after_gateway_trouble() -> None:
    wire = Wire(response("gateway trouble"), httpx.Response(200, json=CREATED))
    trouble_of(create, client_over(wire))
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "body", [b"<html>Welcome</html>", b"", b'[{"tag5": "m-0001"', b"[" * 100_000, b'"\xff"']
)
def test_a_success_that_cannot_be_read_is_no_success(body: bytes) -> None:
    assert type(trouble_of(create, client_over(Wire(httpx.Response(200, content=body))))) is Unconfirmed
    assert type(trouble_of(read, client_over(Wire(httpx.Response(200, content=body))))) is BadReply


def test_a_list_of_another_length_is_unconfirmed() -> None:
    for answer in ([], CREATED * 2):
        error = trouble_of(create, client_over(Wire(httpx.Response(200, json=answer))))
        assert type(error) is Unconfirmed
        assert "for 1 messages" in error.reason


def test_an_answer_longer_than_the_limit_is_left() -> None:
    wire = Wire(httpx.Response(200, json=CREATED * 50))
    assert type(trouble_of(create, client_over(wire, most_reply_bytes=100))) is Unconfirmed


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Refused), (404, NotFound), (410, NotFound), (413, Refused), (403, AuthRefused)],
)
def test_a_refusal_is_final(status: int, kind: type[XFinError]) -> None:
    answer = httpx.Response(status, json={"detail": "Not this way."})
    error = trouble_of(create, client_over(Wire(answer)))
    assert type(error) is kind
    assert "Not this way." in error.reason


def test_a_page_of_html_says_nothing_to_people() -> None:
    error = trouble_of(read, client_over(Wire(httpx.Response(400, text="<html>Blocked</html>"))))
    assert "html" not in error.reason
    assert "no reason given" in error.reason


@pytest.mark.parametrize(
    ("header", "pause"), [("30", 30.0), ("Mon, 23 Nov 2026 06:01:30 GMT", 90.0), ("soon", None), ("", None)]
)
def test_429_says_when_to_come_back(header: str, pause: float | None) -> None:
    wire = Wire(httpx.Response(429, headers={"retry-after": header}))
    client = XFinClient(config(), tokens=MemoryTokenStore(), transport=wire, clock=lambda: NOW)
    error = trouble_of(create, client)
    assert type(error) is Throttled
    assert error.retry_after == pause


def test_a_lost_creation_says_when_to_come_back_too() -> None:
    wire = Wire(httpx.Response(503, headers={"retry-after": "120"}))
    error = trouble_of(create, client_over(wire))
    assert (type(error), error.retry_after) == (Unconfirmed, 120)


@pytest.mark.parametrize(
    "text", ["Mon, 23 Nov 2026 05:00:00 +9999999999", "Mon, 23 Nov 99999 05:00:00 GMT", "Mon, 0 Nov 1 0:0:0"]
)
def test_a_retry_after_of_nonsense_is_none(text: str) -> None:
    assert read_retry_after(text, now=NOW) is None


def test_retry_after_is_never_negative_nor_longer_than_a_day() -> None:
    assert read_retry_after("Mon, 23 Nov 2026 05:00:00 GMT", now=NOW) == 0
    assert read_retry_after("Mon, 23 Nov 2126 05:00:00 GMT", now=NOW) == 86_400
    assert read_retry_after("999999999", now=NOW) == 86_400
    assert read_retry_after(None, now=NOW) is None


# The token


def test_a_401_is_answered_with_one_new_login_and_the_same_request() -> None:
    wire = Wire(response("token expired"), httpx.Response(200, json={"results": [], "next": None}))
    assert list(client_over(wire).iter_messages()) == []
    first, second = wire.requests
    assert first.url == second.url
    assert first.headers["authorization"] != second.headers["authorization"]
    assert len(wire.logins) == 2


def test_a_401_proves_nothing_of_messages_that_were_to_be_created_so_they_are_not_sent_twice() -> None:
    wire = Wire(response("token expired"), httpx.Response(200, json=CREATED))
    assert type(trouble_of(create, client_over(wire))) is Unconfirmed
    assert len(wire.requests) == 1
    assert len(wire.logins) == 2


def test_a_401_proves_nothing_of_them_though_xfin_cannot_be_reached_for_the_new_login() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/account/login/"):
            if logins:
                raise httpx.ConnectError("refused")
            logins.append(1)
            return httpx.Response(200, json={"token": TOKEN, "user": {}})
        return httpx.Response(401, json={"detail": "Invalid token."})

    logins: list[int] = []
    client = client_over(httpx.MockTransport(answer))
    assert type(trouble_of(create, client)) is Unconfirmed
    assert type(trouble_of(lambda client: client.get_message(1), client)) is NotSent


def test_a_second_401_is_refused_and_the_token_forgotten() -> None:
    tokens = MemoryTokenStore()
    wire = Wire(response("token expired"), response("token expired"))
    client = client_over(wire, tokens=tokens)
    assert type(trouble_of(lambda client: list(client.iter_messages()), client)) is AuthRefused
    assert len(wire.requests) == 2
    assert tokens.get(config().account_key) is None


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_wrong_credentials_are_refused_with_xfins_words(status: int) -> None:
    class Closed(Wire):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            self.logins.append(request)
            return httpx.Response(status, json=exchanges()["login refused"]["response"]["json"])

    wire = Closed()
    error = trouble_of(create, client_over(wire))
    assert type(error) is AuthRefused
    assert len(wire.logins) == 1
    if status == 401:
        assert "Unable to log in with provided credentials." in error.reason


def test_many_threads_with_an_expired_token_log_in_once() -> None:
    class Slow(Wire):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/account/login/"):
                time.sleep(0.05)  # long enough for every thread to want a token
                return super().handle_request(request)
            fresh = "stale" not in request.headers["authorization"]
            return httpx.Response(200, json={"id": 7}) if fresh else response("token expired")

    tokens = MemoryTokenStore()
    tokens.put(config().account_key, "stale")
    wire = Slow()
    client = client_over(wire, tokens=tokens)
    seen: list[object] = []
    threads = [threading.Thread(target=lambda: seen.append(client.get_message(7).id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert seen == [7] * 8
    assert len(wire.logins) == 1


def test_clients_of_one_account_share_the_token_through_the_store() -> None:
    tokens = MemoryTokenStore()
    wire = Wire(httpx.Response(200, json={"id": 7}), httpx.Response(200, json={"id": 7}))
    for _ in range(2):
        read(client_over(wire, tokens=tokens))
    assert len(wire.logins) == 1


# Real sockets


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def silent(connection: socket.socket) -> None:
    connection.recv(1)


def half_a_body(connection: socket.socket) -> None:
    connection.sendall(http_answer(b'[{"tag5": "m-0001", ', length=500))


def drops(connection: socket.socket) -> None:
    connection.sendall(http_answer(b"", length=10_000))
    while True:
        connection.sendall(b" ")
        time.sleep(0.02)


def no_http(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def client_at(server: RawServer) -> XFinClient:
    quick = config(server.url, read_timeout=0.3, total_timeout=0.5, connect_timeout=1.0)
    return XFinClient(quick, tokens=MemoryTokenStore())


@pytest.mark.parametrize("behaviour", [reset, silent, half_a_body, drops, no_http, hang_up])
def test_a_connection_lost_after_sending_is_unconfirmed_only_when_creating(behaviour: Behaviour) -> None:
    server = RawServer(behaviour, behaviour)
    with server.running(), client_at(server) as client:
        started = time.monotonic()
        assert type(trouble_of(create, client)) is Unconfirmed
        assert type(trouble_of(read, client)) in (Unavailable, BadReply)
        assert time.monotonic() - started < 4
        assert len(server.requests) == 2


def test_a_reset_in_the_middle_of_the_body_is_unconfirmed() -> None:
    server = RawServer(reset, read_body=False)
    with server.running(), client_at(server) as client:
        error = trouble_of(lambda one: one.create_content(bytes(20_000_000), name="long"), client)
        assert type(error) is Unconfirmed


def test_a_whole_answer_over_a_real_socket_is_read() -> None:
    server = RawServer(lambda connection: connection.sendall(http_answer(b'[{"tag5": "m-0001", "id": 1}]')))
    with server.running(), client_at(server) as client:
        assert client.create_bulk([MESSAGE])[0].id == 1


def test_nobody_at_the_address_means_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with XFinClient(config(f"http://127.0.0.1:{port}"), tokens=MemoryTokenStore()) as client:
        assert type(trouble_of(create, client)) is NotSent


# What is written down


def test_neither_logs_nor_errors_hold_secrets_or_numbers(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("", "httpx", "httpcore", "campaigns.xfin.session"):
        caplog.set_level(logging.DEBUG, logger=name)
    said = {"phone_number": [f"{PHONE} is bad"], "detail": f"{PASSWORD} and {TOKEN}1 were used"}
    wire = Wire(
        httpx.Response(400, json=said),
        httpx.Response(200, json={"results": [], "next": None}),
        httpx.ReadTimeout(f"while reading {PHONE}"),
    )
    client = client_over(wire)
    errors = [trouble_of(create, client)]
    list(client.iter_messages(MessageFilter(recipient_phone_number=PHONE)))
    errors.append(trouble_of(create, client))
    written = caplog.text + "".join(f"{error}{error!r}{error.reason}" for error in errors)
    assert "xfin GET xact/message" in written
    assert "HTTP Request: GET" in written
    for secret in (PASSWORD, TOKEN, PHONE, PHONE[3:], "919812300001"):
        assert secret not in written


@pytest.mark.parametrize(
    ("text", "took", "expected"),
    [
        ("Mon, 23 Nov 2026 05:40:00 GMT", 0.2, 600.4),
        ("Mon, 23 Nov 2026 05:20:00 GMT", 1.0, -600.0),
        ("Mon, 23 Nov 2026 05:30:00 GMT", 0.0, 0.5),
        ("Mon, 23 Nov 2026 05:40:00 GMT", 5.5, 7.0),
        (None, 0.2, 7.0),
        ("soon", 0.2, 7.0),
    ],
)
def test_the_difference_of_the_clocks_is_read_from_the_date_of_a_quick_reply(
    text: str | None, took: float, expected: float
) -> None:
    sent = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
    found = read_skew(text, sent=sent, received=sent + timedelta(seconds=took), known=7.0)
    assert found == pytest.approx(expected)
