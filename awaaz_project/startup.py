"""Checks and settings of the interpreter before a process serves its first request or task."""

import gc
import sys
from concurrent.futures import ThreadPoolExecutor

from celery.signals import worker_init
from django.db import close_old_connections
from django.urls import get_resolver

from campaigns import clock
from campaigns.delivery.account_client import ClockShifted, check_clock

SWITCH_SECONDS = 0.0005
COLLECT_SELDOM = (10_000, 20, 5)
"""Thresholds of the garbage collector's three generations; Python's own are 700, 10, 10.

The last is low: what servers leave of closed connections other than calls waits for a full collection.
"""
COLLECT_IN_SMALL = (2_000, 25, 20)
"""The same for a process with live calls: 10,000 young objects at once were 17 to 25 ms in which all calls
stood still, each time a hundred began. A full collection comes as seldom."""


def refuse_shifted_clock() -> None:
    """End this process if the demonstration's clock is set while an account is not on this machine.

    Raises `SystemExit` with the reason; returns at once if the clock is not shifted.
    """
    if not clock.is_shifted():
        return
    try:
        # In a thread: uvicorn imports the application inside its event loop, where Django reads nothing.
        with ThreadPoolExecutor(1) as pool:
            checked = pool.submit(check_clock)
            pool.submit(close_old_connections).result()
        checked.result()
    except ClockShifted as error:
        sys.exit(str(error))


def settle() -> None:
    """Prepare a web process for live audio: nothing in the interpreter may stop it for long.

    A full collection looks at the 200,000 objects of the frameworks, 120 ms in which every call stutters. So
    all is loaded that a first request would load, and then left out of collections for good. And where
    threads do other work, the media loop asks for the interpreter after each call to the kernel; it must
    not wait 5 ms (Python's default) every time.
    """
    _ = get_resolver().url_patterns
    collect_seldom()
    gc.set_threshold(*COLLECT_IN_SMALL)
    sys.setswitchinterval(SWITCH_SECONDS)


def collect_seldom() -> None:
    """Leave what is loaded out of garbage collections for good, and make those of the rest rare.

    A batch of 5,000 messages is some 100,000 objects; collected as often as Python does by itself, half of
    the time of an upload went into looking at them again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_SELDOM)


@worker_init.connect
def _on_worker_init(**_: object) -> None:
    """Check and prepare before the worker forks, so that its children inherit it."""
    refuse_shifted_clock()
    collect_seldom()
