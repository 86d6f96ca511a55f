"""A server of which only ASGI is known: calls go on without what needs more."""

from collections.abc import Mapping
from typing import Any

from calls.media.servers.asgi import abort_if_behind, find_server
from calls.media.servers.plain import Plain


async def send(message: Mapping[str, Any]) -> None: ...


async def test_a_server_that_is_not_known_is_served_by_asgi_alone() -> None:
    server = find_server(send)
    assert isinstance(server, Plain)
    server.limit_message_size(1000)
    server.break_reference_cycles()
    await server.drain()
    assert not server.attach(print)
    assert not server.write(b"data")
    assert not server.is_free()
    assert not await abort_if_behind(server, 1)


def test_a_close_without_a_reason_is_the_servers_own() -> None:
    server = find_server(send)
    assert server.is_own_close({"type": "websocket.disconnect", "code": 1012})
    assert not server.is_own_close({"type": "websocket.disconnect", "code": 1012, "reason": ""})
