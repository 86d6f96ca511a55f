"""A body is refused before it is in the memory of the process that holds calls, on every server of ours."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from awaaz_project.body_limits import ANYBODY, CLIPS, MIB, Head, _most_bytes
from campaigns import clock
from campaigns.models import Import
from campaigns.models.tokens import issue
from tests import cast
from tests.calls.servers import DAPHNE, UVICORN, Server, serving
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db(transaction=True)
HUGE = 400 * MIB
PIECE = b"x" * 65536


def cookie_of(client: Client) -> str:
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def send_body(port: int, head: str, size: int, *, chunked: bool = False) -> bytes:
    """Send a request until it is answered or cut off; return what came back."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(head.encode())
        sent = 0
        with contextlib.suppress(OSError):
            while sent < size:
                piece = PIECE[: size - sent]
                line.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
                sent += len(piece)
            if chunked:
                line.sendall(b"0\r\n\r\n")
        with contextlib.suppress(OSError):
            return line.recv(65536)
    return b""


def post(path: str, size: int, *, chunked: bool = False, extra: str = "") -> str:
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    kind = "application/x-www-form-urlencoded"
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{length}\r\nContent-Type: {kind}\r\n{extra}\r\n"


def grown_by(server: Server, kib: int) -> int:
    """MiB beyond the peak before."""
    return (server.peak_kib() - kib) // 1024


@pytest.fixture(params=[DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, request.param, IMPORT_MAX_MB="48") as running:
        send_body(running.port, post("/login/", 10), 10)  # all is loaded
        yield running


ADDRESSES = ("/login/", "/", "/campaigns/1/files/", "/api/campaigns/", "/admin/", "/no/such/page/")


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
def test_400_mb_of_a_stranger_move_the_process_by_less_than_10(server: Server, chunked: bool) -> None:
    before = server.peak_kib()
    for path in ADDRESSES:
        for extra in ("", "Cookie: sessionid=made-up\r\n", "Authorization: Token made-up\r\n"):
            answer = send_body(
                server.port, post(path, HUGE, chunked=chunked, extra=extra), HUGE, chunked=chunked
            )
            assert answer.split(b"\r\n")[0].startswith(b"HTTP/1.1 413"), (path, extra, answer[:200])
    assert grown_by(server, before) < 10
    assert b"200 OK" in send_body(server.port, "GET /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 0)


def test_a_list_comes_in_up_to_its_limit_and_no_further(server: Server, tmp_path: Path) -> None:
    campaign = make_campaign()
    client = cast.browser(cast.manager())
    client.get(f"/campaigns/{campaign.pk}/files/")
    csrf = client.cookies["csrftoken"].value
    cookies = f"Cookie: {cookie_of(client)}; csrftoken={csrf}\r\n"
    row = b"9825112410,Meena,gu\n"
    before = server.peak_kib()
    for mib, token, status in ((40, "wrong", b"403"), (60, csrf, b"413"), (40, csrf, b"302")):
        if status == b"302":  # what is done with the file is measured elsewhere
            assert grown_by(server, before) < 20
        file = b"phone,name,language\n" + row * (mib * MIB // len(row))
        body = form_with(file, token)
        head = (
            f"POST /campaigns/{campaign.pk}/files/ HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookies}"
            f"Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        answer = exchange(server.port, head.encode() + body).split(b"\r\n")[0]
        assert status in answer, server.output
    assert Import.objects.get().size > 39 * MIB


def form_with(file: bytes, csrf: str) -> bytes:
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{csrf}\r\n'.encode(),
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="list.csv"\r\n'
        b"Content-Type: text/csv\r\n\r\n",
        file,
        b"\r\n--edge--\r\n",
    ]
    return b"".join(parts)


def exchange(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        with contextlib.suppress(OSError):
            line.sendall(request)
        return line.recv(65536)


def test_a_refused_client_that_sends_on_is_cut_off(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        line.sendall(post("/login/", HUGE).encode())
        with pytest.raises(OSError, match=r"reset|pipe"):
            line.sendall(b"x" * HUGE)


def head_of(path: str, extra: dict[bytes, bytes]) -> Head:
    return Head("POST", path, list(extra.items()))


def test_how_much_one_may_send_goes_by_the_address_and_by_who_asks() -> None:
    campaign = make_campaign()
    manager, viewer = cast.manager(), cast.viewer()
    by_session = {b"cookie": cookie_of(cast.browser(manager)).encode()}
    _, key = issue(manager, name="test", scope="full", days=1, now=clock.now())
    by_token = {b"authorization": f"Token {key}".encode()}
    looking = {b"cookie": cookie_of(cast.browser(viewer)).encode()}
    files, people = f"/campaigns/{campaign.pk}/files/", f"/api/campaigns/{campaign.pk}/people/"
    lists = (settings.IMPORT_MAX_MB + 1) * MIB
    ordinary = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    for path, extra, most in (
        (files, by_session, lists),
        (people, by_token, lists),
        ("/api/contents/", by_token, CLIPS),
        ("/campaigns/new/", by_session, ordinary),
        (files, looking, ANYBODY),
        (files, {}, ANYBODY),
        (people, {b"authorization": b"Token nothing"}, ANYBODY),
        (files, {b"cookie": b'"; sessionid'}, ANYBODY),
        ("/nowhere/", by_session, ANYBODY),
    ):
        assert _most_bytes(head_of(path, extra)) == most, (path, extra)
