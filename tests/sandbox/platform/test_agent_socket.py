"""Opening the WebSocket: agents that cannot be reached have a readable reason."""

from pathlib import Path

import pytest

from sandbox.line.leg import Ended
from tests.sandbox.agents import raw_server
from tests.sandbox.platform.calls import order, talk

HTML = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (HTML, "HTTP 200"),
        (FORBIDDEN, "HTTP 403"),
        (b"SSH-2.0-x\r\n\r\n", "handshake"),
        (b"", "handshake"),
        (None, "0.4 seconds"),
    ],
    ids=["page", "refused", "other protocol", "closes", "hangs"],
)  # fmt: skip
async def test_an_agent_that_cannot_be_reached_has_a_readable_reason(
    tmp_path: Path, reply: bytes | None, word: str
) -> None:
    async with raw_server(reply) as url:
        outcome = await talk(tmp_path, order(url))
    assert outcome.how is Ended.AGENT_UNREACHABLE
    assert word in outcome.reason
    assert "s3cret" not in outcome.reason


@pytest.mark.parametrize(
    "url", ["ws://127.0.0.1:1/s3cret", "ws://no-such-host.invalid/s3cret", "nonsense", ""]
)
async def test_an_address_where_nobody_listens(tmp_path: Path, url: str) -> None:
    outcome = await talk(tmp_path, order(url))
    assert outcome.how is Ended.AGENT_UNREACHABLE
    assert "s3cret" not in outcome.reason
