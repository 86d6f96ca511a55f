"""The media loop of real calls: pace, floods, lost connections, cancelling."""

import asyncio
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest

from sandbox.line.leg import Ended
from sandbox.platform.agent_socket import MOST_FRAME_BYTES
from sandbox.platform.orders import Order
from tests.sandbox.agents import Caller, agent
from tests.sandbox.platform.calls import dialer, order, talk


async def test_frames_come_every_20_ms_without_drift(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        for _ in range(101):
            await caller.next("media")

    async with agent(behave) as (url, callers):
        outcome = await talk(tmp_path, order(url))
    arrived = [
        at
        for at, frame in zip(callers[0].arrived, callers[0].frames, strict=True)
        if frame["event"] == "media"
    ]
    assert arrived[100] - arrived[0] == pytest.approx(2.0, abs=0.25)
    assert outcome.how is Ended.AGENT_ENDED
    assert [frame["sequence_number"] for frame in callers[0].frames] == list(range(1, 103))


async def test_a_connection_lost_or_broken_off_is_an_agent_error(tmp_path: Path) -> None:
    async def vanish(caller: Caller) -> None:
        await caller.next("media")
        caller.socket.transport.abort()

    async def fail(caller: Caller) -> None:
        await caller.next("media")
        await caller.socket.close(1011, "broken")

    for behave, word in ((vanish, "lost"), (fail, "1011")):
        async with agent(behave) as (url, _):
            outcome = await talk(tmp_path, order(url))
        assert outcome.how is Ended.AGENT_LOST
        assert word in outcome.reason


async def test_a_flood_of_audio_and_garbage_is_bounded_and_noted(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("start")
        for _ in range(320):
            await caller.say(b"\1\0" * 16_000)
        for _ in range(100):
            await caller.socket.send(b"\xff\xfe garbage")
        await caller.mark("end")
        await caller.read_to_the_end()

    async with agent(behave) as (url, _):
        outcome = await talk(tmp_path, order(url, script="[{wait: 60}]"), longest_s=3)
    assert outcome.how is Ended.TOO_LONG
    assert outcome.counted["dropped_ms"] > 30_000
    assert outcome.counted["problems"]["not_utf8"] == 100


async def test_an_agent_that_only_talks_nonsense_loses_the_call(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        while True:
            await caller.socket.send("nonsense")
            await asyncio.sleep(0)

    async with agent(behave) as (url, _):
        outcome = await talk(tmp_path, order(url))
    assert outcome.how is Ended.AGENT_NONSENSE


async def test_a_frame_beyond_all_measure_is_not_taken_into_memory(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("start")
        await caller.socket.send("x" * (MOST_FRAME_BYTES + 1))
        await caller.read_to_the_end()

    async with agent(behave) as (url, _):
        outcome = await talk(tmp_path, order(url))
    assert outcome.how is Ended.AGENT_LOST
    assert "lost" in outcome.reason or "1009" in outcome.reason


async def test_an_agent_that_never_says_a_word_is_hung_up_on(tmp_path: Path) -> None:
    async with agent(Caller.read_to_the_end) as (url, callers):
        outcome = await talk(tmp_path, order(url))
    assert outcome.how is Ended.PERSON_HUNG_UP
    assert "hearing nothing for 3 seconds" in outcome.reason
    assert callers[0].of("stop")


async def test_ten_minutes_at_once_cost_the_memory_of_ten_minutes(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("start")
        for _ in range(1200):
            await caller.say(b"\1\0" * 16_000)
        await caller.read_to_the_end()

    async with agent(behave) as (url, _):
        tracemalloc.start()
        outcome = await talk(tmp_path, order(url, script="[{wait: 60}]"), longest_s=6)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert outcome.how is Ended.TOO_LONG
    assert outcome.counted["media_received"] > 400
    assert peak < 4 * 600_000 * 16


async def test_parameters_that_cannot_be_sent_fail_the_call_and_nothing_else(tmp_path: Path) -> None:
    given = order("")
    async with agent(Caller.read_to_the_end) as (url, _):
        bad = Order(**{**vars(given), "stream_url": url, "custom_parameters": {"x": object()}})
        outcome = await talk(tmp_path, bad)
    assert outcome.how is Ended.PLATFORM_FAILED
    assert outcome.reason.startswith("The start message cannot be sent")


async def test_cancelling_tells_the_agent_and_still_reports(tmp_path: Path) -> None:
    async with agent(Caller.read_to_the_end) as (url, callers):
        task = asyncio.create_task(dialer(tmp_path).talk(order(url)))
        while not (callers and callers[0].of("media")):
            await asyncio.sleep(0.01)
        task.cancel()
        outcome = await task
        await asyncio.sleep(0.05)
    assert outcome.how is Ended.PLATFORM_RESTARTED
    assert outcome.counted["frames_sent"] > 0
    assert callers[0].frames[-1]["event"] == "stop"


async def test_forty_calls_at_once_keep_their_pace(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        for _ in range(50):
            await caller.next("media")

    async with agent(behave) as (url, callers):
        phone = dialer(tmp_path)
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(30):
            outcomes = await asyncio.gather(*(phone.talk(order(url)) for _ in range(40)))
    assert {outcome.how for outcome in outcomes} == {Ended.AGENT_ENDED}
    for caller in callers:
        arrived = caller.arrived[1:]
        # Never ahead of real time; how far behind is a question of the machine, and of the benchmark.
        assert arrived[-1] - began > 0.97
        assert all(later >= earlier for earlier, later in pairwise(arrived))
