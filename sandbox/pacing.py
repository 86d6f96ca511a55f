"""PURE: when the platform may dial: its hours, how much a caller number carries, and the gaps of redials.

Every `now` is an aware datetime, of a real or a virtual clock.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

IST = ZoneInfo("Asia/Kolkata")
SECOND = timedelta(seconds=1)
MOST_REDIALS = 99
LONGEST_GAP_MINUTES = 7 * 24 * 60


@dataclass(frozen=True)
class Window:
    """The hours in IST, from `opens` up to but not including `closes`, in which calls may begin."""

    opens: time
    closes: time

    @classmethod
    def read(cls, text: str) -> "Window":
        """Return the window of a text such as `09:00-21:00`. Raises ValueError with what was expected."""
        opens, dash, closes = text.partition("-")
        try:
            window = cls(time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip()))
            fine = bool(dash) and window.opens < window.closes
        except ValueError as error:
            raise ValueError(f"'{text}' is no window; write it as 09:00-21:00.") from error
        if not fine:
            raise ValueError(f"'{text}' is no window: it must open before it closes, on the same day.")
        return window

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"

    def holds(self, now: datetime) -> bool:
        """Return whether a call may begin at `now`."""
        return self.opens <= now.astimezone(IST).time() < self.closes

    def next_opening(self, now: datetime) -> datetime:
        """Return the first moment from `now` on at which a call may begin."""
        local = now.astimezone(IST)
        if self.holds(now):
            return now
        day = local.date() if local.time() < self.opens else local.date() + timedelta(days=1)
        return datetime.combine(day, self.opens, IST).astimezone(now.tzinfo)


class Trunk:
    """Count what one caller number carries: calls at once, and calls begun in one second (0: no limit)."""

    def __init__(self, number: str, *, lines: int, per_second: int, busy: int, begun: Iterable[datetime]):
        self.number, self._lines, self._busy = number, lines, busy
        self._per_second = per_second
        self._begun = deque(sorted(begun), maxlen=per_second)

    def free_at(self, now: datetime) -> datetime | None:
        """Return the first moment from `now` on at which it takes a call; None if every line is busy."""
        if self._busy >= self._lines:
            return None
        if not self._per_second or len(self._begun) < self._per_second:
            return now
        return max(now, self._begun[0] + SECOND)

    def room(self, now: datetime) -> int:
        """Return how many calls may begin at `now`."""
        lines = max(0, self._lines - self._busy)
        recent = sum(begun + SECOND > now for begun in self._begun)
        return min(lines, self._per_second - recent) if self._per_second else lines

    def take(self, now: datetime) -> None:
        """Count a call that begins at `now`."""
        self._busy += 1
        self._begun.append(now)

    def release(self) -> None:
        """Count a call that has ended."""
        self._busy -= 1


def pick(trunks: list[Trunk], now: datetime, turn: int) -> Trunk | None:
    """Return the next number in turn that takes a call at `now`; None if none does."""
    rotated = (trunks[(turn + step) % len(trunks)] for step in range(len(trunks)))
    return next((trunk for trunk in rotated if trunk.free_at(now) == now), None)


@dataclass(frozen=True)
class Redials:
    """How often a person who was not reached is dialled again, and how long after the end of each dial."""

    count: int
    gaps: tuple[timedelta, ...]
    """The last one is used for all that follow."""

    def next_after(self, dials: int, ended_at: datetime) -> datetime | None:
        """Return when the message is dialled again after so many dials; None if it is not."""
        if dials > self.count:
            return None
        return ended_at + self.gaps[min(dials, len(self.gaps)) - 1]


def read_count(text: str) -> int:
    """Read `num_backups`: return a whole number from 0 to 99, 0 if the text is empty. Raises ValueError."""
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and int(text) <= MOST_REDIALS):
        raise ValueError(f"num_backups: a whole number from 0 to {MOST_REDIALS} was expected.")
    return int(text)


def read_gaps(text: str) -> tuple[timedelta, ...]:
    """Return the gaps of a text of minutes, comma-joined: `30` or `5,30,120`. Raises ValueError."""
    parts = [part.strip() for part in text.split(",")]
    if not all(p.isascii() and p.isdecimal() and 0 < int(p) <= LONGEST_GAP_MINUTES for p in parts):
        raise ValueError("backup_gap_minutes: whole minutes were expected, as 30 or 5,30,120.")
    return tuple(timedelta(minutes=int(part)) for part in parts)
