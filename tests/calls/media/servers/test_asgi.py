"""Sending to a peer that is gone, slow or well; and which server is found."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from autobahn.exception import Disconnected

from calls.media.servers.asgi import find_server, send_within


async def test_a_peer_that_hung_up_a_moment_ago_is_gone_and_no_error_of_ours() -> None:
    async def closed(protocol: object, message: Mapping[str, Any]) -> None:
        raise Disconnected("Attempt to send on a closed protocol")

    with pytest.raises(OSError, match="gone"):
        await send_within(1, find_server(partial(closed, object())), {"type": "websocket.send", "text": "{}"})


async def test_a_message_goes_out_once() -> None:
    sent: list[Mapping[str, Any]] = []

    async def well(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await send_within(1, find_server(well), {"type": "websocket.send", "text": "{}"})
    assert sent == [{"type": "websocket.send", "text": "{}"}]
