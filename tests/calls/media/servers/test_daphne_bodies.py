"""Bodies come from the file of Twisted in pieces; limits over sockets: awaaz_project/test_body_limits.py."""

import io
from collections import deque
from collections.abc import MutableMapping
from typing import Any

from calls.media.servers.daphne_bodies import PIECE, _File, body_of


async def test_a_body_is_read_in_pieces_and_then_the_server_is_heard_again() -> None:
    gone = {"type": "http.disconnect"}
    messages: deque[MutableMapping[str, Any]] = deque([{"type": "http.request", "body": b""}, gone])

    async def receive() -> MutableMapping[str, Any]:
        return messages.popleft()

    file = io.BytesIO(b"x" * (PIECE + 5))
    with _File(file) as body:
        pieces = body.receive(receive)
        sizes = [(len(message["body"]), message["more_body"]) for message in (await pieces(), await pieces())]
        assert sizes == [(PIECE, True), (5, False)]
        assert await pieces() == gone
    assert file.closed


async def test_a_client_that_is_gone_before_the_first_piece_is_said_to_be_gone() -> None:
    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.disconnect"}

    with _File(io.BytesIO(b"x")) as body:
        assert (await body.receive(receive)())["type"] == "http.disconnect"


def test_other_servers_have_no_such_body() -> None:
    assert body_of(print) is None
