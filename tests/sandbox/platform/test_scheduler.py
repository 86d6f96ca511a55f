"""The platform at work against a real agent, with its own threads and a real database file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from sandbox.models import CallRecord, Message
from sandbox.platform.scheduler import Platform
from tests.sandbox.agents import Caller, agent, tone
from tests.sandbox.conftest import CALLER
from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db(transaction=True)


async def prompt_and_key(caller: Caller) -> None:
    """Speak for a moment, wait for a key, close."""
    await caller.next("start")
    await caller.say(tone(300))
    await caller.next("dtmf")


@asynccontextmanager
async def running() -> AsyncIterator[Platform]:
    platform = Platform()
    task = asyncio.create_task(platform.run())
    try:
        yield platform
    finally:
        await platform.stop()
        await asyncio.wait_for(task, 15)


def furnished(url: str, **number: Any) -> Office:
    office = Office()
    office.furnish(stream_url=url, **number)
    office.control("people", {"weights": {"impatient": 1}})
    return office


async def until(query: Any, count: int) -> None:
    async with asyncio.timeout(12):
        while await query.acount() != count:
            await asyncio.sleep(0.05)


async def test_uploaded_messages_are_rung_and_finished() -> None:
    async with agent(prompt_and_key) as (url, callers), running():
        office = await sync_to_async(furnished)(url)
        await sync_to_async(office.upload)(4, name="Asha")
        await until(Message.objects.filter(state="done"), 4)
    message = await Message.objects.select_related("tenant").afirst()
    assert message is not None
    assert (message.reason_code, message.response_value, message.caller_number) == ("ANSWERED", "1", CALLER)
    assert (message.duration_ms or 0) > 1000
    call = await CallRecord.objects.afirst()
    assert call is not None
    assert (call.disposition, call.digits, call.person) == ("agent_ended", "1", "impatient")
    started = sorted(c.frames[0]["start"]["custom_parameters"]["tag5"] for c in callers)
    assert started == ["m-0", "m-1", "m-2", "m-3"]


async def test_never_more_calls_at_once_than_the_number_may_have() -> None:
    at_once, most = 0, 0

    async def behave(caller: Caller) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await caller.next("media")
        await asyncio.sleep(0.7)
        at_once -= 1

    async with agent(behave) as (url, _), running():
        office = await sync_to_async(furnished)(url, concurrency=2)
        await sync_to_async(office.upload)(6)
        await until(Message.objects.filter(state="done"), 6)
    assert most == 2


async def test_stopping_closes_live_calls_and_leaves_the_rest_scheduled() -> None:
    async with agent(Caller.read_to_the_end) as (url, callers):
        async with running():
            office = await sync_to_async(furnished)(url, concurrency=1)
            await sync_to_async(office.upload)(3)
            await until(CallRecord.objects.filter(state="live"), 1)
            while not (callers and callers[0].of("media")):
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.05)
    states = [m.state async for m in Message.objects.order_by("id")]
    assert states == ["failed", "scheduled", "scheduled"]
    call = await CallRecord.objects.aget()
    assert (call.state, call.disposition) == ("ended", "platform_restarted")
    assert call.frames_sent > 0
    assert callers[0].frames[-1]["event"] == "stop"


async def test_a_call_that_breaks_down_in_the_sandbox_is_closed_and_others_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_name: str, _language: str) -> bytes:
        raise ZeroDivisionError

    async with agent(prompt_and_key) as (url, _), running() as platform:
        monkeypatch.setattr(platform._dialer._library, "sound", lambda *_: broken("", ""))
        office = await sync_to_async(furnished)(url)
        await sync_to_async(office.control)("people", {"assigned": {"9876500000": "says_hello_first"}})
        await sync_to_async(office.upload)(2)
        await until(Message.objects.filter(state="done"), 1)
        await until(Message.objects.filter(state="failed", reason_code="PLATFORM_ERROR"), 1)
    assert "broke down" in caplog.text
    assert "9876500000" not in caplog.text


async def test_an_ordered_call_rings_at_once() -> None:
    async with agent(prompt_and_key) as (url, callers), running():
        office = await sync_to_async(furnished)(url, concurrency=0)
        body = {"from": CALLER, "to": "9876543210", "person": "impatient", "custom_parameters": {"a": "b"}}
        reply = await sync_to_async(office.control)("call", body)
        await until(CallRecord.objects.filter(pk=reply.json()["id"], state="ended"), 1)
    assert callers[0].frames[0]["start"]["custom_parameters"] == {"a": "b"}


async def test_an_agent_that_is_away_fails_the_message_with_the_reason(tmp_path: Path) -> None:
    async with running():
        office = await sync_to_async(furnished)("ws://127.0.0.1:1/s3cret")
        await sync_to_async(office.upload)(1)
        await until(Message.objects.filter(state="failed"), 1)
    message = await Message.objects.aget()
    assert message.reason_code == "AGENT_CONNECTION_FAILED"
    assert message.reason.startswith("The agent cannot be reached")


async def test_who_calls_in_talks_to_the_agent() -> None:
    async with agent(prompt_and_key) as (url, callers), running():
        office = await sync_to_async(furnished)(url)
        body = {"from": "9876543210", "to": CALLER, "person": "impatient"}
        await sync_to_async(office.control)("call-in", body)
        await until(CallRecord.objects.filter(state="ended"), 1)
    call = await CallRecord.objects.aget()
    assert (call.disposition, call.digits, call.direction) == ("agent_ended", "1", "inbound")
    assert callers[0].frames[0]["start"]["custom_parameters"] == {}
