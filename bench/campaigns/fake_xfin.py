"""An XFin that answers at once, for `bench.campaigns`: as little work a message as an API can do.

It reads the JSON, looks at each number, gives each message an id and writes the JSON of the answer. It keeps
nothing: a message's id is its number's ten digits, so that a caller can check whether an id is the right
one. Asked for states, it says that the first `BENCH_MESSAGES` numbers were called and answered. Runs under
uvicorn as `bench.campaigns.fake_xfin:application`.
"""

import os
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

FIRST_NUMBER = 9_600_000_000
PAGE = 1000
MESSAGES = int(os.environ.get("BENCH_MESSAGES", "0"))
_NUMBER = re.compile(r"\+91[6-9][0-9]{9}")

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Bulk(msgspec.Struct):
    """A `create_bulk` request, as far as it is looked at."""

    data: list[dict[str, str]]


_decode = msgspec.json.Decoder(Bulk).decode
_encode = msgspec.json.Encoder().encode


def created(body: bytes) -> bytes:
    """The answer to `create_bulk` (awaaz-platform.md §1)."""
    return _encode([_created(message) for message in _decode(body).data])


def _created(message: dict[str, Any]) -> dict[str, Any]:
    number = message["phone_number"]
    if not _NUMBER.fullmatch(number):
        return {**message, "status": "error", "error": "The number is not valid."}
    message["id"], message["status"] = int(number[3:]), "created"
    return message


def listed(query: Mapping[str, list[str]], messages: int) -> bytes:
    """Return one page of messages that have ended, at the moment that the filter begins with."""
    page = int(query.get("page", ["1"])[0])
    first, send_on = (page - 1) * PAGE, query.get("send_on__gt", [""])[0]
    rows = [_ended(number, send_on) for number in range(first, min(first + PAGE, messages))]
    more = first + PAGE < messages
    return _encode({"results": rows, "next": _next(query, page + 1) if more else None})


def _next(query: Mapping[str, list[str]], page: int) -> str:
    kept = "".join(f"&{name}={values[0]}" for name, values in query.items() if name != "page")
    return f"?page={page}{kept}"


def _ended(number: int, send_on: str) -> dict[str, Any]:
    national = FIRST_NUMBER + number
    return {
        "id": national,
        "phone_number": f"+91{national}",
        "send_on": send_on,
        "state": "done",
        "execution_state_reason_code": "answered",
        "duration": "00:00:31",
        "tags": [],
        "values": [],
        "templatelanguage": 1,
    }


async def application(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Serve the API as ASGI."""
    if scope["type"] != "http":
        return
    answer = _answer(scope["path"], scope["query_string"].decode(), await _body(receive))
    kind = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": kind})
    await send({"type": "http.response.body", "body": answer})


def _answer(path: str, query: str, body: bytes) -> bytes:
    if path.endswith("/create_bulk/"):
        return created(body)
    if path.endswith("/account/login/"):
        return b'{"token": "a-token"}'
    return listed(parse_qs(query), MESSAGES)


async def _body(receive: Receive) -> bytes:
    pieces, more = bytearray(), True
    while more:
        event = await receive()
        pieces += event.get("body", b"")
        more = event.get("more_body", False)
    return bytes(pieces)
