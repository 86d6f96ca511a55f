"""SIGTERM on real servers: who talks may finish, nobody new is let in, and the process ends by itself."""

import asyncio
import time
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from websockets.exceptions import InvalidStatus

from calls.audio import wav
from calls.models import MediaProcess
from campaigns.models import Account, Agent, Content, PhoneNumber
from tests.calls.outside import OutsideCaller, hum
from tests.calls.rows import closed_calls
from tests.calls.servers import DAPHNE, UVICORN, Server, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.system,
    pytest.mark.usefixtures("tidy_thread"),
]
CLIP_MS = 2500
SERVERS = pytest.mark.parametrize(
    ("command", "status"), [(DAPHNE, 503), (UVICORN, 503)], ids=["daphne", "uvicorn"]
)


@pytest.fixture
def announcement(account: Account, number: PhoneNumber, tmp_path: Path) -> Agent:
    """The number's agent plays a clip and hangs up. Its clip lies where the server looks for it."""
    path = tmp_path / "media" / "contents" / "tone.wav"
    path.parent.mkdir(parents=True)
    path.write_bytes(wav.wrap(hum(CLIP_MS)))
    Content.objects.create(account=account, name="tone", file="contents/tone.wav")
    agent = Agent.objects.create(name="Tone", kind=Agent.Kind.PLAYBACK, configuration={"clip": "tone"})
    PhoneNumber.objects.update(inbound_agent=agent)
    return agent


async def refusal(url: str) -> int:
    """The HTTP status of a connection that is not accepted; 0 for one that is."""
    try:
        async with OutsideCaller(url, sid="late"):
            return 0
    except InvalidStatus as refused:
        return refused.response.status_code


async def ended(server: Server, *, seconds: float) -> int:
    """Wait for the process; its exit code."""
    return int(await sync_to_async(server.process.wait)(seconds))


@SERVERS
async def test_a_call_hears_its_prompt_to_the_end_and_a_new_one_is_refused(
    tmp_path: Path, number: PhoneNumber, announcement: Agent, command: list[str], status: int
) -> None:
    with serving(tmp_path, command, DRAIN_SECONDS="20") as server:
        url = server.url(number.stream_path)
        async with OutsideCaller(url) as caller:
            await caller.start()
            caller.keep_speaking()
            await caller.hears(200)
            server.process.terminate()
            await asyncio.sleep(0.3)
            assert await refusal(url) == status
            await caller.hears(CLIP_MS)
            assert await caller.closed() == 1000
        await ended(server, seconds=8)
    (call,) = await closed_calls(1, seconds=1)
    assert (call.ended_by, call.disposition) == ("agent", "answered")
    assert call.heard_ms >= CLIP_MS
    assert (await MediaProcess.objects.aget()).stopped_at is not None
    assert "is about to stop" in server.output
    assert "Traceback" not in server.output
    assert number.stream_secret[:12] not in server.output


@SERVERS
async def test_what_lasts_longer_than_the_bound_is_closed(
    tmp_path: Path, number: PhoneNumber, command: list[str], status: int
) -> None:
    with serving(tmp_path, command, DRAIN_SECONDS="1") as server:
        async with OutsideCaller(server.url(number.stream_path)) as caller:
            await caller.start()
            caller.keep_speaking()
            await caller.hears(200)
            began = time.monotonic()
            server.process.terminate()
            await ended(server, seconds=8)
            assert time.monotonic() - began > 1
    (call,) = await closed_calls(1, seconds=1)
    assert (call.ended_by, call.reason) == ("server", "Our server was stopped during the call.")
    assert "were not finished in time" in server.output


@SERVERS
async def test_without_calls_it_ends_at_once_and_a_second_signal_does_not_wait(
    tmp_path: Path, number: PhoneNumber, command: list[str], status: int
) -> None:
    with serving(tmp_path, command, DRAIN_SECONDS="60") as server:
        await sync_to_async(server.terminate)()
    with serving(tmp_path, command, DRAIN_SECONDS="60") as server:
        async with OutsideCaller(server.url(number.stream_path)) as caller:
            await caller.start()
            caller.keep_speaking()
            await caller.hears(200)
            server.process.terminate()
            await asyncio.sleep(0.5)
            assert server.process.poll() is None
            server.process.terminate()
            await ended(server, seconds=8)
    (call,) = await closed_calls(1, seconds=1)
    assert call.ended_by == "server"


@SERVERS
async def test_a_call_that_broke_may_come_back_while_the_server_waits(
    tmp_path: Path, number: PhoneNumber, command: list[str], status: int
) -> None:
    with serving(tmp_path, command, DRAIN_SECONDS="20", RESUME_SECONDS="5") as server:
        url = server.url(number.stream_path)
        async with OutsideCaller(url) as first:
            await first.start()
            first.keep_speaking()
            await first.hears(200)
            server.process.terminate()
            await asyncio.sleep(0.2)
            first.line.transport.abort()
            await asyncio.sleep(0.3)
        async with OutsideCaller(url) as second:
            await second.start()
            second.keep_speaking()
            await second.hears(200)
            await second.stop()
            assert await second.closed() == 1000
        await ended(server, seconds=8)
    (call,) = await closed_calls(1, seconds=1)
    assert (call.ended_by, call.disposition) == ("caller", "answered")
