"""uvicorn: a peer that sends audio lives, whether it answers pings or not."""

import asyncio
import base64
from pathlib import Path

import pytest

from calls.models import Call
from campaigns.models import PhoneNumber
from tests.calls.outside import hum
from tests.calls.rows import closed_calls
from tests.calls.servers import UVICORN, serving
from tests.calls.test_last_breath import SlowCaller

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.system,
    pytest.mark.usefixtures("tidy_thread"),
]
IMPATIENT = [*UVICORN, "--ws-ping-interval", "0.2", "--ws-ping-timeout", "0.4"]
PINGS_MISSED = 4


async def test_a_platform_that_sends_frames_and_answers_no_ping_is_not_cut_off(
    tmp_path: Path, number: PhoneNumber
) -> None:
    with serving(tmp_path, IMPATIENT) as server:

        def call() -> None:
            """Speak until so many pings have come that uvicorn would have given up more than once."""
            caller = SlowCaller(server.port, number.stream_path)
            caller.send("start", {"stream_sid": "MZ9", "call_sid": "CA9"})
            media = {"payload": base64.b64encode(hum(20)).decode()}
            while caller.pings < PINGS_MISSED:
                caller.send("media", media)
                caller.read_for(0.02)
                assert not caller.is_closed, "cut off though it spoke"
            caller.send("stop", {})
            caller.read_until_close()
            caller.acknowledge_close()

        await asyncio.wait_for(asyncio.to_thread(call), 60)
        (row,) = await closed_calls(1)
        assert (row.ended_by, row.disposition) == (Call.EndedBy.CALLER, "answered")


async def test_a_platform_that_sends_nothing_and_answers_no_ping_is_cut_off(
    tmp_path: Path, number: PhoneNumber
) -> None:
    with serving(tmp_path, IMPATIENT) as server:

        def call() -> None:
            caller = SlowCaller(server.port, number.stream_path)
            caller.send("start", {"stream_sid": "MZ9", "call_sid": "CA9"})
            caller.read_until_close()
            caller.close()

        await asyncio.wait_for(asyncio.to_thread(call), 60)
        (row,) = await closed_calls(1)
        assert row.ended_by == Call.EndedBy.CONNECTION
