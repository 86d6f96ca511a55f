"""Checks and settings of the interpreter before a process serves its first request or task."""

import gc
import sys
from concurrent.futures import ThreadPoolExecutor

from celery.signals import worker_init
from django.db import DatabaseError, close_old_connections
from django.urls import get_resolver

from campaigns import clock
from campaigns.delivery.account_client import ClockShifted, check_clock, is_loopback
from campaigns.key_marks import key_problem
from campaigns.models import Account, User

DEMO_USER, DEMO_EMAIL = "demo", "demo@saraswati.example"

SWITCH_SECONDS = 0.0005
COLLECT_SELDOM = (10_000, 20, 5)
"""Thresholds of the garbage collector's three generations; Python's own are 700, 10, 10.

The last is low: what servers leave of closed connections other than calls waits for a full collection.
"""
COLLECT_IN_SMALL = (2_000, 25, 20)
"""The same for a process with live calls: 10,000 young objects at once were 17 to 25 ms in which all calls
stood still, each time a hundred began. A full collection comes as seldom."""


def refuse_to_start() -> None:
    """End this process, with the reason, where it would do harm; return at once where it would not.

    The keys are not those of the data; the demonstration's clock is set, or its person may sign in, while an
    account is not on this machine. Raises `SystemExit`.
    """
    # In a thread: uvicorn imports the application inside its event loop, where Django reads nothing.
    with ThreadPoolExecutor(1) as pool:
        reason = pool.submit(objection).result()
        pool.submit(close_old_connections).result()
    if reason:
        sys.exit(reason)


def objection() -> str:
    """Return why no process may start on this database with these settings; empty if it may."""
    if clock.is_shifted():
        try:
            check_clock()
        except ClockShifted as error:
            return str(error)
    return key_problem() or demo_problem()


def demo_problem() -> str:
    """Return why the demonstration and real accounts do not go together; empty if they need not.

    The password of the demonstration's superuser is printed at each start.
    """
    try:
        if not User.objects.filter(username=DEMO_USER, email=DEMO_EMAIL, is_active=True).exists():
            return ""
        real = [
            each.name for each in Account.objects.only("name", "base_url") if not is_loopback(each.base_url)
        ]
    except DatabaseError:
        return ""  # no tables yet, or no database: there is nothing to protect
    if not real:
        return ""
    return (
        f"The account “{real[0]}” is not on this machine, but the demonstration's user “{DEMO_USER}”, whose "
        "password is printed at each start, may sign in. Use a database without the demonstration "
        f"(make serve), or deactivate that user (manage.py shell: User.objects.filter(username='{DEMO_USER}')"
        ".update(is_active=False))."
    )


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
    refuse_to_start()
    collect_seldom()
