"""The only place of the sandbox that reads the wall clock.

`CLOCK_OFFSET` (seconds, may be a float) shifts it, so that a demo can run in office hours at night.
With SANDBOX_VIRTUAL_CLOCK the time is that of the row `VirtualClock`, which is worked out from what the
row says and the real time, so that a killed process finds the clock further on, never further back.
Play-out and pacing use the event loop's monotonic time instead and are not shifted.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction

from sandbox.models import VirtualClock
from sandbox.pacing import IST

SEND_ON_FORMAT = "%Y-%m-%dT%H:%M:%S"


class ClockConflict(Exception):
    """The clock that is asked for is not possible here; the text says why and what to do."""


def now() -> datetime:
    """Return the platform's present moment as an aware UTC datetime; a virtual clock is in the database."""
    row = VirtualClock.objects.first() if settings.SANDBOX_VIRTUAL_CLOCK else None
    return real_now() if row is None else virtual_now(row)


def real_now() -> datetime:
    """Return the wall clock, shifted by CLOCK_OFFSET: for what people outside wait for, as a token's life."""
    return datetime.now(UTC) + timedelta(seconds=settings.CLOCK_OFFSET)


def virtual_now(row: VirtualClock) -> datetime:
    """Return what this row says the time is. If the real clock is set back it stands still."""
    passed = max(real_now() - row.real, timedelta(0))
    return max(row.virtual + passed * row.rate, row.reached)


def wind_up() -> bool:
    """Start the virtual clock, if it is wanted and not yet running; call it before the platform starts.

    Returns whether it was started just now. Raises `ClockConflict`.
    """
    row = VirtualClock.objects.first()
    if not settings.SANDBOX_VIRTUAL_CLOCK:
        if row is not None:
            raise ClockConflict(
                f"This database runs on a virtual clock, which shows {to_wire(virtual_now(row))}: start with "
                "SANDBOX_VIRTUAL_CLOCK=1, or with another DATA_DIR for real calls."
            )
        return False
    if settings.CLOCK_OFFSET:
        raise ClockConflict(
            "CLOCK_OFFSET shifts the clock of programs that wait for real streams; it cannot be had together "
            "with SANDBOX_VIRTUAL_CLOCK."
        )
    if row is None:
        start = real_now()
        VirtualClock.objects.create(real=start, virtual=start, reached=start)
    return row is None


def turn(*, rate: float | None, jumps: bool, to: datetime | None) -> VirtualClock:
    """Let the virtual clock go on like this from now, or from the later moment `to`, and return it.

    Raises `ClockConflict`.
    """
    if not settings.SANDBOX_VIRTUAL_CLOCK:
        raise ClockConflict(
            "This sandbox rings real agents in real time; its clock cannot be turned. Start one with "
            "SANDBOX_VIRTUAL_CLOCK=1 and a DATA_DIR of its own."
        )
    with transaction.atomic():
        row = VirtualClock.objects.get()
        shown = virtual_now(row)
        if to is not None and to < shown:
            raise ClockConflict(f"The clock shows {to_wire(shown)} and never goes back.")
        row.real, row.virtual = real_now(), to or shown
        row.rate = 0.0 if jumps else (row.rate if rate is None else rate)
        row.jumps = jumps
        row.save()
    return row


def to_wire(moment: datetime) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS` in Asia/Kolkata without a zone (awaaz-platform.md §1, `send_on`)."""
    return moment.astimezone(IST).strftime(SEND_ON_FORMAT)


def from_wire(text: str) -> datetime:
    """Return the UTC moment of a date or a date and time; without a zone it is in Asia/Kolkata.

    Raises ValueError.
    """
    moment = datetime.fromisoformat(text.strip())
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=IST)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("This moment is outside the calendar.") from error
