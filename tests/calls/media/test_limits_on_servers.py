"""The gate on real servers: what is kept out, what is bounded, and a call that outlives its connection."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from websockets.exceptions import ConnectionClosed

from calls.models import CallEvent
from campaigns.models import PhoneNumber
from campaigns.numbers import rotate_secret
from tests.calls.outside import OutsideCaller, hum, is_refused
from tests.calls.rows import closed_calls, kinds
from tests.calls.servers import DAPHNE, UVICORN, Server, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.system,
    pytest.mark.usefixtures("tidy_thread"),
]
KIB = 1024


@pytest.mark.parametrize("command", [DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
async def test_neither_old_secrets_nor_passwords_stand_in_any_output(
    tmp_path: Path, number: PhoneNumber, command: list[str]
) -> None:
    old = number.stream_path
    await sync_to_async(rotate_secret)(number, 1)
    await PhoneNumber.objects.aupdate(
        stream_user="awaaz", stream_password="sesame77", allowed_networks="127.0.0.0/8"
    )
    with serving(tmp_path, command, LOG_LEVEL="DEBUG") as server:
        for path in (old, number.stream_path):
            assert await is_refused(server.url(path))
            assert await is_refused(server.url(path).replace("ws://", "ws://awaaz:sesame78@"))
            async with OutsideCaller(server.url(path).replace("ws://", "ws://awaaz:sesame77@")) as caller:
                await caller.start()
                await caller.stop()
                assert await caller.closed() == 1000
        await PhoneNumber.objects.aupdate(allowed_networks="192.0.2.0/24")
        assert await is_refused(server.url(old).replace("ws://", "ws://awaaz:sesame77@"))
        await closed_calls(2)
    for secret in (old[8:], old.split("-")[1][:12], number.stream_secret[:12], "sesame", "YXdhYXo6"):
        assert secret not in server.output
    assert "user name and password are missing or wrong" in server.output
    assert "not come from an allowed network" in server.output
    assert "Traceback" not in server.output


@pytest.mark.parametrize("command", [DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
async def test_a_connection_without_a_start_is_closed_in_time(
    tmp_path: Path, number: PhoneNumber, command: list[str]
) -> None:
    with serving(tmp_path, command) as server:
        async with OutsideCaller(server.url(number.stream_path)) as caller:
            began = asyncio.get_running_loop().time()
            assert await caller.closed() == 4002
            assert 4.5 < asyncio.get_running_loop().time() - began < 7
        (call,) = await closed_calls(1)
    assert (call.ended_by, call.disposition) == ("limit", "failed")
    assert "No start message came within 5 s" in call.reason


@pytest.mark.parametrize("command", [DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
async def test_a_flood_is_told_and_then_closed(
    tmp_path: Path, number: PhoneNumber, command: list[str]
) -> None:
    with serving(tmp_path, command) as server:
        async with OutsideCaller(server.url(number.stream_path)) as caller:
            await caller.start()
            with contextlib.suppress(ConnectionClosed):
                for _ in range(20_000):
                    await caller.frame(hum(20))
            assert await caller.closed() in (4008, 1006)
        (call,) = await closed_calls(1)
    assert call.ended_by == "limit"
    assert "frames a second for too long" in call.reason
    problems = [event.data.get("problem") async for event in CallEvent.objects.filter(kind="problem")]
    assert problems[0] == "too_fast"
    assert call.frames_in < 5000


@pytest.mark.parametrize("command", [DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
async def test_a_call_that_broke_goes_on_with_a_second_connection(
    tmp_path: Path, number: PhoneNumber, command: list[str]
) -> None:
    await PhoneNumber.objects.aupdate(max_calls=1)
    with serving(tmp_path, command, RESUME_SECONDS="5") as server:
        url = server.url(number.stream_path)
        async with OutsideCaller(url) as first:
            await first.start()
            first.keep_speaking()
            await first.hears(300)
            first.line.transport.abort()
            await asyncio.sleep(0.5)
        async with OutsideCaller(url) as second:
            await second.start()
            second.keep_speaking()
            await second.hears(300)
            await second.stop()
            assert await second.closed() == 1000
        (call,) = await closed_calls(1)
        assert (call.ended_by, call.disposition) == ("caller", "answered")
        assert (await kinds(call)).count("note") == 2
        assert (await kinds(call)).count("identified") == 1
        assert not await is_refused(url)
    assert "Traceback" not in server.output


@pytest.mark.parametrize("command", [DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
async def test_the_newer_of_two_open_connections_counts(
    tmp_path: Path, number: PhoneNumber, command: list[str]
) -> None:
    with serving(tmp_path, command) as server:
        url = server.url(number.stream_path)
        async with OutsideCaller(url) as first, OutsideCaller(url) as second:
            await first.start()
            first.keep_speaking()
            await first.hears(300)
            await second.start()
            assert await first.closed() == 1000
            second.keep_speaking()
            await second.hears(300)
            await second.stop()
            assert await second.closed() == 1000
        (call,) = await closed_calls(1)
    assert (call.ended_by, call.disposition) == ("caller", "answered")


async def test_another_process_does_not_know_the_call(number: PhoneNumber, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with serving(tmp_path) as server, serving(tmp_path / "other") as other:
        async with OutsideCaller(server.url(number.stream_path)) as first:
            await first.start()
            await first.speak(0.2)
            first.line.transport.abort()
            async with OutsideCaller(other.url(number.stream_path)) as second:
                await second.start()
                await second.speak(0.2)
                await second.stop()
                await second.closed()
                calls = await closed_calls(2)
    assert [call.ended_by for call in calls] == ["connection", "caller"]


async def settled_peak(server: Server) -> int:
    """The server's peak memory once a first call has loaded what calls need (the judge of speech)."""
    before, now = -1, server.peak_kib()
    while now != before:
        await asyncio.sleep(1.0)
        before, now = now, server.peak_kib()
    return now


@pytest.mark.parametrize("command", [DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
async def test_five_megabytes_close_the_call_and_cost_no_memory(
    tmp_path: Path, number: PhoneNumber, command: list[str]
) -> None:
    with serving(tmp_path, command) as server:
        async with OutsideCaller(server.url(number.stream_path)) as caller:
            await caller.start()
            before = await settled_peak(server)
            pieces = ["{" * 64 * KIB] * 80
            with contextlib.suppress(ConnectionClosed):
                await caller.say("{" * 5 * 1024 * KIB)
            assert await caller.closed() in (1006, 1009)
        async with OutsideCaller(server.url(number.stream_path), sid="MZ2") as caller:
            await caller.start()
            with contextlib.suppress(ConnectionClosed):
                await caller.line.send(pieces)  # one message in many fragments
            assert await caller.closed() in (1006, 1009)
        assert {call.ended_by for call in await closed_calls(2)} == {"connection"}
        assert server.peak_kib() - before < 4 * KIB
    assert "Traceback" not in server.output
