"""PURE: which slots of a calendar are offered in a call, and in which order."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol, TypeVar

from campaigns.ist import IST

MOST = 10
"""Slots offered at a time, whatever a dialogue asks for: more are not kept in mind by a listener."""


class Timed(Protocol):
    """A slot, as far as the rules need it. `begins` is aware."""

    @property
    def pk(self) -> int:
        """Return the slot's key."""
        ...

    @property
    def begins(self) -> datetime:
        """Return when it begins."""
        ...


S = TypeVar("S", bound=Timed)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: slots of a day in India or near it, or the nearest; `passed`: keys to leave out."""

    day: date | None = None
    passed: Collection[int] = ()
    most: int = 3

    @property
    def count(self) -> int:
        """Return how many slots are offered at most, 1 to `MOST`."""
        return max(1, min(self.most, MOST))


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a slot may begin to be offered now, both included."""

    first: datetime
    last: datetime

    @classmethod
    def of(cls, now: datetime, *, lead: timedelta, horizon: timedelta) -> "Span":
        """Return the span of a calendar with this lead time and horizon; empty if the lead is the longer."""
        return cls(now + max(lead, timedelta(0)), now + horizon)


def choose(free: Iterable[S], wish: Wish, span: Span) -> list[S]:
    """Return the slots to offer, in order.

    The nearest first. With a day asked for, those of that day first, in their order, then those nearest to
    it in time, before or after.
    """
    inside = [slot for slot in free if span.first <= slot.begins <= span.last and slot.pk not in wish.passed]
    day = wish.day
    if day is None:
        return sorted(inside, key=lambda slot: (slot.begins, slot.pk))[: wish.count]
    begin, end = bounds(day)

    def away(moment: datetime) -> timedelta:
        return max(begin - moment, moment - end + timedelta.resolution, timedelta(0))

    return sorted(inside, key=lambda slot: (away(slot.begins), slot.begins, slot.pk))[: wish.count]


def bounds(day: date) -> tuple[datetime, datetime]:
    """Return when a day begins and ends in India; the end is the next day's begin."""
    begin = datetime.combine(day, time.min, IST)
    return begin, begin + timedelta(days=1)


def readable_day(text: str) -> date | None:
    """Return the day of an ISO date; None if it is empty or no date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
