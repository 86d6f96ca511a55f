"""The clock of `make run`'s demonstration: at every start working hours of a working day in India.

It begins in the late morning. A later start goes on where the last one stopped, or in the next late morning
if the demonstration's day is over, and never before: what is stored would lie in the future.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

IST = ZoneInfo("Asia/Kolkata")
#: Hours (IST) between which a start goes on where the last one stopped, so that an afternoon is left for it.
BEGINS, GOES_ON_UNTIL = 11, 16
#: Seconds between two notes of the time in the file.
NOTE_EVERY = 5.0


def clock_offset(now: datetime, *, seen: datetime | None = None) -> float:
    """Return the seconds that bring `now` to working hours of a working day, negative for an earlier time.

    That is the last 11:00 IST that is over. `seen` is the time at which the clock stopped, None if it never
    ran: the result is never earlier.
    """
    local = now.astimezone(IST)
    start = _eleven(local)
    while start > local or start.weekday() > 4:
        start -= timedelta(days=1)
    if seen is not None and start < seen:
        start = seen.astimezone(IST)
        if start.weekday() > 4 or not BEGINS <= start.hour < GOES_ON_UNTIL:
            start = _eleven(start)
            while start < seen or start.weekday() > 4:
                start += timedelta(days=1)
    return round((start - local).total_seconds(), 3)


def _eleven(day: datetime) -> datetime:
    return day.replace(hour=BEGINS, minute=0, second=0, microsecond=0)


class DemoClock:
    """The offset of a demonstration, and the file that keeps how far its clock came."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = 0.0
        self._noted: datetime | None = None

    @property
    def exists(self) -> bool:
        """Return whether a demonstration ran here before."""
        return self._file.exists()

    def start(self, now: datetime) -> float:
        """Return the offset in seconds for a start at `now`. A file that can't be read counts as none."""
        try:
            seen = datetime.fromisoformat(json.loads(self._file.read_text())["seen"])
        except (OSError, ValueError, KeyError, TypeError):
            seen = None
        self._offset = clock_offset(now, seen=seen)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self.note(now)
        return self._offset

    def note(self, now: datetime) -> None:
        """Keep how far the clock is, at most once in `NOTE_EVERY` seconds."""
        if self._noted is None or (now - self._noted).total_seconds() >= NOTE_EVERY:
            seen = now.astimezone(IST) + timedelta(seconds=self._offset)
            self._file.write_text(json.dumps({"seen": seen.isoformat()}))
            self._noted = now
