"""The lag of a loop: ten turns take no time while it is idle, and long while it is full."""

import asyncio
import time

from calls.media.loop_lag import TURNS, LoopLag

TURN_S = 0.03


async def keep_busy(over: asyncio.Event) -> None:
    """Work for a while in every turn, as many calls do."""
    while not over.is_set():
        time.sleep(TURN_S)
        await asyncio.sleep(0)


async def test_a_full_loop_is_slow_though_each_turn_is_short_and_an_idle_one_is_not_any_more() -> None:
    lag, over = LoopLag(), asyncio.Event()
    assert lag.seconds() == 0.0
    working = asyncio.create_task(keep_busy(over))
    async with asyncio.timeout(60):
        while lag.seconds() < TURNS * TURN_S / 2:
            await asyncio.sleep(0)
    over.set()
    await working
    async with asyncio.timeout(60):
        while lag.seconds() > TURN_S:
            await asyncio.sleep(TURN_S)


def test_each_loop_is_measured_anew() -> None:
    lag = LoopLag()

    async def full() -> None:
        working = asyncio.create_task(keep_busy(over := asyncio.Event()))
        async with asyncio.timeout(60):
            while lag.seconds() < TURNS * TURN_S / 2:
                await asyncio.sleep(0)
        over.set()
        await working

    async def idle() -> float:
        return lag.seconds()

    asyncio.run(full())
    assert asyncio.run(idle()) == 0.0
