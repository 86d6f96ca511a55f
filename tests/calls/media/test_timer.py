"""One timer a call, on any event loop."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from calls.media.timer import Timer

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


async def late_alarms() -> list[str]:
    """Times that have passed already when they are set, as happens on a busy server."""
    rung: list[str] = []
    timer = Timer(asyncio.get_running_loop())
    now = asyncio.get_running_loop().time()
    for when in (now - 1.0, now - 2.0, now + 60.0):
        timer.set(when, lambda: rung.append("woken"))
    await asyncio.sleep(0.05)
    assert timer.at is None
    timer.set(now + 60.0, print)
    timer.set(None, print)
    assert timer.at is None
    return rung


@pytest.mark.parametrize("loop", LOOPS)
def test_a_time_that_has_passed_wakes_at_once_and_breaks_nothing(loop: str) -> None:
    factory: Callable[[], asyncio.AbstractEventLoop] = LOOPS[loop]
    with asyncio.Runner(loop_factory=factory) as runner:
        assert runner.run(late_alarms()) == ["woken"]


async def test_an_earlier_timer_stays_and_a_later_one_is_moved() -> None:
    loop = asyncio.get_running_loop()
    rung: list[str] = []
    timer = Timer(loop)
    timer.set(loop.time() + 0.02, lambda: rung.append("early"))
    timer.set(loop.time() + 60.0, lambda: rung.append("late"))
    await asyncio.sleep(0.06)
    assert rung == ["early"]
    timer.set(loop.time() + 60.0, lambda: rung.append("late"))
    timer.set(loop.time() + 0.02, lambda: rung.append("sooner"))
    await asyncio.sleep(0.06)
    assert rung == ["early", "sooner"]
