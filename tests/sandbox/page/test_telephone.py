"""The telephone of the page, over real sockets: browser side and agent side are both outsiders."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.sandbox.agents import Caller, agent, tone
from tests.sandbox.conftest import CALLER, TENANT
from tests.sandbox.processes import free_port, sandbox

VOICE = b"\x00\x10" * 160


def furnish(port: int, url: str, *, concurrency: int = 10) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/sandbox", timeout=10) as platform:
        platform.post("/tenants", json=TENANT).raise_for_status()
        number = {"tenant": "demo", "phone_number": CALLER, "stream_url": url, "concurrency": concurrency}
        platform.post("/numbers", json=number).raise_for_status()


def calls(port: int) -> list[dict[str, Any]]:
    return list(httpx.get(f"http://127.0.0.1:{port}/sandbox/calls").json())


def telephone(port: int, *, to: str = CALLER, origin: str = "") -> Any:
    where = f"ws://127.0.0.1:{port}/sandbox/telephone?to=%2B{to.lstrip('+')}"
    return connect(where, origin=origin or f"http://127.0.0.1:{port}", proxy=None)  # type: ignore[arg-type]


async def ended(browser: ClientConnection) -> str:
    """Listen to the end; why the call ended."""
    async with asyncio.timeout(10):
        async for message in browser:
            if isinstance(message, str):
                return str(json.loads(message)["ended"])
    raise AssertionError("the call ended without a word")


async def test_both_hear_each_other_keys_arrive_and_the_hook_ends_it(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("start")
        await caller.say(tone(400))
        await caller.read_to_the_end()

    port, heard = free_port(), b""
    async with agent(behave) as (url, callers):
        with sandbox(tmp_path, port):
            await asyncio.to_thread(furnish, port, url)
            async with telephone(port) as browser:
                for _ in range(20):
                    await browser.send(VOICE)
                    heard += await browser.recv()
                levels = await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/sandbox/levels")
                await browser.send('{"key": "7"}')
                await browser.send("[nonsense")
                await browser.send('{"hang_up": true}')
                assert await ended(browser) == "The person hung up at the page."
            [call] = await asyncio.to_thread(calls, port)
    assert max(memoryview(heard).cast("h")) > 5000
    said = [base64.b64decode(frame["media"]["payload"]) for frame in callers[0].of("media")]
    assert VOICE in said
    assert [frame["dtmf"]["digit"] for frame in callers[0].of("dtmf")] == ["7"]
    assert callers[0].of("stop")
    assert (call["direction"], call["person"], call["digits"]) == ("inbound", "at_the_page", "7")
    assert list(levels.json()) == [str(call["id"])]


async def test_who_closes_the_browser_has_hung_up(tmp_path: Path) -> None:
    port = free_port()
    async with agent(Caller.read_to_the_end) as (url, callers):
        with sandbox(tmp_path, port):
            await asyncio.to_thread(furnish, port, url)
            async with telephone(port) as browser:
                await browser.recv()
            async with asyncio.timeout(5):
                while not (callers and callers[0].closed):
                    await asyncio.sleep(0.05)
    assert callers[0].of("stop")


async def test_the_agent_hangs_up_and_the_browser_is_told(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("start")

    port = free_port()
    async with agent(behave) as (url, _):
        with sandbox(tmp_path, port):
            await asyncio.to_thread(furnish, port, url)
            async with telephone(port) as browser:
                assert "agent closed the connection" in await ended(browser)


async def test_without_a_line_or_from_elsewhere_there_is_no_call(tmp_path: Path) -> None:
    port = free_port()
    with sandbox(tmp_path, port):
        await asyncio.to_thread(furnish, port, "ws://127.0.0.1:1/", concurrency=0)
        for to in (CALLER, "+919999999999"):
            async with telephone(port, to=to) as browser:
                assert "No line is free" in await ended(browser)
                with pytest.raises(ConnectionClosed):
                    await browser.recv()
        with pytest.raises(InvalidStatus):
            await telephone(port, origin="http://evil.example")
        with pytest.raises(InvalidStatus):
            await connect(f"ws://127.0.0.1:{port}/sandbox/other", proxy=None)
        assert await asyncio.to_thread(calls, port) == []
