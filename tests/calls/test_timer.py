"""One timer a call, on any event loop."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from calls.consumers import CallConsumer

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


async def late_alarms() -> list[str]:
    """A consumer whose wake-up times have passed already, as happens on a busy server."""
    call, rung = CallConsumer(), []
    call.loop, call.timer = asyncio.get_running_loop(), None
    call.advance = lambda event, *args: rung.append("woken")  # type: ignore[method-assign]
    call.conversation = type("Nobody", (), {"wake": None})()
    now = call.loop.time()
    for when in (now - 1.0, now - 2.0, now + 60.0):
        call.wake_at(when)
    await asyncio.sleep(0.05)
    call.wake_at(None)
    return rung


@pytest.mark.parametrize("loop", LOOPS)
def test_a_time_that_has_passed_wakes_at_once_and_breaks_nothing(loop: str) -> None:
    factory: Callable[[], asyncio.AbstractEventLoop] = LOOPS[loop]
    with asyncio.Runner(loop_factory=factory) as runner:
        assert runner.run(late_alarms()) == ["woken"]
