"""The outside of the client under test: literal exchanges, and a raw server that misbehaves."""

import contextlib
import json
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx

from campaigns.xfin.client import XFinClient
from campaigns.xfin.config import XFinConfig
from campaigns.xfin.tokens import TokenStore

DATA = Path(__file__).parents[2] / "data" / "xfin"
PASSWORD = "corr3ct-horse"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJ1IjoxfQ.c2lnbmF0dXJl"
PHONE = "+919812300001"


def exchanges() -> dict[str, dict[str, Any]]:
    """Every literal exchange by its name."""
    files = [DATA / "xfin-exchanges.json", DATA / "more-exchanges.json"]
    return {one["name"]: one for file in files for one in json.loads(file.read_text("utf-8"))}


def response(name: str) -> httpx.Response:
    """The answer of the exchange called `name`."""
    answer = exchanges()[name]["response"]
    if "json" in answer:
        return httpx.Response(answer["status"], json=answer["json"])
    return httpx.Response(answer["status"], text=answer.get("text", ""))


def config(base_url: str = "https://api.awaaz.de", **settings: Any) -> XFinConfig:
    return XFinConfig(
        base_url=base_url, tenant="demo", email="user@example.com", password=PASSWORD, **settings
    )


class Wire(httpx.BaseTransport):
    """Answers each login with a token and every other request with the next of `answers`."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.logins: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        if request.url.path.endswith("/account/login/"):
            self.logins.append(request)
            return httpx.Response(200, json={"token": f"{TOKEN}{len(self.logins)}", "user": {}})
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def last(self) -> httpx.Request:
        return self.requests[-1]

    def sent_json(self) -> Any:
        return json.loads(self.last.content)


class MemoryTokenStore:
    """Keep the tokens of this process."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def get(self, account: str) -> str | None:
        return self._tokens.get(account)

    def put(self, account: str, token: str) -> None:
        self._tokens[account] = token

    def clear(self, account: str) -> None:
        self._tokens.pop(account, None)

    def may_log_in(self, account: str) -> bool:
        return True

    def lock(self, account: str) -> AbstractContextManager[object]:
        with self._guard:
            return self._locks[account]


def client_over(
    transport: httpx.BaseTransport, *, tokens: TokenStore | None = None, **settings: Any
) -> XFinClient:
    return XFinClient(config(**settings), tokens=tokens or MemoryTokenStore(), transport=transport)


Behaviour = Callable[[socket.socket], None]


def http_answer(body: bytes, *, status: str = "200 OK", length: int | None = None) -> bytes:
    """A whole HTTP/1.1 answer; `length` may lie."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n"
    return head.encode() + body


class RawServer:
    """Reads whole requests and then does with the connection what it was told to.

    Logins are answered properly; `behaviours` are used up by the other requests.
    """

    def __init__(self, *behaviours: Behaviour, read_body: bool = True) -> None:
        self._behaviours = list(behaviours)
        self._read_body = read_body
        self.requests: list[bytes] = []
        self.stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        while head := _read_head(connection):
            login = b"/account/login/" in head
            if login or self._read_body:
                _read_rest(connection, head)
            if login:
                connection.sendall(http_answer(json.dumps({"token": TOKEN}).encode()))
                continue
            self.requests.append(head)
            self._behaviours.pop(0)(connection)
            return

    @contextlib.contextmanager
    def running(self) -> Iterator["RawServer"]:
        self._thread.start()
        try:
            yield self
        finally:
            self.stopping.set()
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._thread.join(5)


def _read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(1)
        if not piece:
            return b""
        head += piece
    return head


def _read_rest(connection: socket.socket, head: bytes) -> None:
    lengths = [
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    ]
    left = sum(lengths)
    while left > 0:
        left -= len(connection.recv(min(left, 65536)))
