"""The one place where this project reads the wall clock.

Everything below the shells gets `now` as an argument (DESIGN.md, house rule 6). A demonstration may
shift the clock so that it works at any hour; `campaigns.delivery.account_client` refuses a shifted clock
as long as any account points at a real platform.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

#: Passed in place of an instant to steps that wait for the network, because time passes meanwhile.
Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the present instant, aware, in UTC, plus the demonstration's shift if there is one."""
    return datetime.now(UTC) + timedelta(seconds=offset())


def offset() -> float:
    """Return the seconds by which the clock is shifted; `CLOCK_FILE` holds them where they may change."""
    if settings.CLOCK_FILE:
        return float(Path(settings.CLOCK_FILE).read_text())
    return float(settings.CLOCK_OFFSET)


def is_shifted() -> bool:
    """Return whether this clock may be another than the real one."""
    return bool(settings.CLOCK_FILE or settings.CLOCK_OFFSET)
