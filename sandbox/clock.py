"""The only place of the sandbox that reads the wall clock.

`CLOCK_OFFSET` (seconds, may be a float) shifts it, so that a demo can run in office hours at night.
Play-out and pacing use the event loop's monotonic time instead and are not shifted.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

IST = ZoneInfo("Asia/Kolkata")
SEND_ON_FORMAT = "%Y-%m-%dT%H:%M:%S"


def now() -> datetime:
    """The present moment as an aware UTC datetime, shifted by CLOCK_OFFSET."""
    return datetime.now(UTC) + timedelta(seconds=settings.CLOCK_OFFSET)


def to_wire(moment: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SS` in Asia/Kolkata without a zone (awaaz-platform.md §1, `send_on`)."""
    return moment.astimezone(IST).strftime(SEND_ON_FORMAT)


def from_wire(text: str) -> datetime:
    """Read a date or a date and time; one without a zone is Asia/Kolkata. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=IST)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("This moment is outside the calendar.") from error
