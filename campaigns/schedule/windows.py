"""When a call may be placed: windows of the day in Indian time. Pure; `now` and dates are arguments."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from campaigns.ist import IST

#: No new dial in the last minutes of a window, so that calls do not run past its end.
QUIET_END = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of one day in IST, half-open: `[start, end)`."""

    start: time
    end: time

    def narrowed(self, start: time | None, end: time | None) -> "Window":
        """Return this window cut down to `[start, end)`; it never grows."""
        return Window(max(self.start, start or self.start), min(self.end, end or self.end))

    @property
    def empty(self) -> bool:
        """Return whether no call fits in, the quiet minutes at the end taken off."""
        return self.hours_of(date(2000, 1, 1))[0] >= self.hours_of(date(2000, 1, 1))[1]

    def allows(self, instant: datetime) -> bool:
        """Return whether a call may be placed at `instant` (aware)."""
        opens, closes = self.hours_of(instant.astimezone(IST).date())
        return opens <= instant < closes

    def next_opening(self, instant: datetime) -> datetime:
        """Return `instant` if calls may be placed then, else the next moment at which they may (UTC).

        Raises ValueError for an empty window.
        """
        today = instant.astimezone(IST).date()
        for day in (today, today + timedelta(days=1)):
            opens, closes = self.hours_of(day)
            if instant < closes and opens < closes:
                return max(instant, opens).astimezone(UTC)
        raise ValueError("an empty window never opens")

    def hours_of(self, day: date) -> tuple[datetime, datetime]:
        """Return a day's (IST) first moment for placing a call, and the first at which none may be placed."""
        opens = datetime.combine(day, self.start, IST)
        if self == ALL_DAY:  # it goes on at midnight, so no call runs past its end
            return opens, opens + timedelta(days=1)
        return opens, datetime.combine(day, self.end, IST) - QUIET_END

    def __str__(self) -> str:
        return f"{self.start:%H:%M}–{self.end:%H:%M} IST"


#: Every hour; its end is the last that a form can hold.
ALL_DAY = Window(time(0), time(23, 59))
