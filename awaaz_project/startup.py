"""What must hold before a process serves anybody."""

import sys
from concurrent.futures import ThreadPoolExecutor

from celery.signals import worker_init
from django.conf import settings
from django.db import close_old_connections

from campaigns.services.accounts import ClockShifted, check_clock


def refuse_shifted_clock() -> None:
    """End this process if the demonstration's clock is set while an account is not on this machine."""
    if not settings.CLOCK_OFFSET:
        return
    try:
        # In a thread: uvicorn imports the application inside its event loop, where Django reads nothing.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_check).result()
    except ClockShifted as error:
        sys.exit(str(error))


def _check() -> None:
    try:
        check_clock()
    finally:
        close_old_connections()


@worker_init.connect
def _on_worker_init(**_: object) -> None:
    refuse_shifted_clock()
