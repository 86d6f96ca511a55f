"""How fast a campaign may call: its pace, the lines, how long calls last, which others share them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from math import ceil
from typing import TypeVar

Key = TypeVar("Key")
Item = TypeVar("Item")

#: A call holds its line while it rings and is set up, whether or not it is answered.
RINGING_SECONDS = 20.0
#: Nothing is concluded from fewer calls than this.
ENOUGH_CALLS = 20
MINUTE = timedelta(minutes=1)
#: A hand-over no later than this is due to the scheduler's tick, not to an outage.
LATE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Demand:
    """State what a campaign asks of shared lines: calls a minute and at once, at most; its weight."""

    a_minute: float
    at_once: int | None = None
    weight: int = 1

    def most(self, call_seconds: float | None) -> float:
        """Return the pace it can use, in calls a minute; `call_seconds` None: not known yet."""
        if self.at_once is None or call_seconds is None:
            return self.a_minute
        return min(self.a_minute, carried(self.at_once, call_seconds))


def carried(lines: int, call_seconds: float) -> float:
    """Return the calls a minute that keep so many lines busy and no more (Little's law)."""
    return lines * 60 / call_seconds


def line_seconds(talked: Sequence[int | None]) -> float | None:
    """Return the seconds for which a call holds its line on average; None if too few calls are known.

    `talked`: seconds of the latest calls, None for one that was not answered.
    """
    if len(talked) < ENOUGH_CALLS:
        return None
    return RINGING_SECONDS + sum(seconds or 0 for seconds in talked) / len(talked)


def paces(lines: int, demands: Mapping[Key, Demand], *, call_seconds: float | None) -> dict[Key, float]:
    """Return the calls a minute of each campaign that shares these lines.

    As long as it is not known how long calls last, the lines are taken to carry the fastest of them alone.
    """
    wishes = {key: demand.most(call_seconds) for key, demand in demands.items()}
    carries = max(wishes.values(), default=0.0) if call_seconds is None else carried(lines, call_seconds)
    return fair(carries, wishes, {key: demand.weight for key, demand in demands.items()})


def fair(capacity: float, wishes: Mapping[Key, float], weights: Mapping[Key, int]) -> dict[Key, float]:
    """Return `capacity` shared by weight; what one does not need goes to the others.

    This is weighted max-min fairness: none gets more than its wish, and a wish above 0 gets more than 0.
    """
    shares: dict[Key, float] = {}
    left, room = dict(wishes), capacity
    while left:
        level = room / sum(weights[key] for key in left)
        content = {key: wish for key, wish in left.items() if wish <= level * weights[key]}
        if not content:
            return shares | {key: level * weights[key] for key in left}
        shares |= content
        room = max(0.0, room - sum(content.values()))
        left = {key: wish for key, wish in left.items() if key not in content}
    return shares


def interleaved(fresh: Sequence[Item], retries: Sequence[Item]) -> Iterator[Item]:
    """Yield one of each in turn, then the rest: neither first calls nor retries wait for the others' end."""
    pairs = zip_longest(((item,) for item in fresh), ((item,) for item in retries), fillvalue=())
    return chain.from_iterable(chain.from_iterable(pairs))


def rushed(times: Sequence[datetime], *, before: Sequence[datetime], now: datetime, a_minute: float) -> bool:
    """Return whether calls of these times, handed over now, would be overdue or ring faster than the pace.

    `before`: times of calls handed over earlier. What a late tick brings together is let pass.
    """
    if any(at < now - LATE for at in times):
        return True
    most = ceil(a_minute * (MINUTE + LATE) / MINUTE)
    if len(times) + len(before) <= most:
        return False
    ahead = sorted([*((max(at, now), True) for at in times), *((at, False) for at in before)])
    pairs = zip(ahead, ahead[most:], strict=False)
    return any(new and last - first < MINUTE for (first, _), (last, new) in pairs)


def respaced(times: Sequence[datetime], *, first: datetime, a_minute: float) -> list[datetime]:
    """Return new times in the same order: none before `first` or its old one, no minute above the pace."""
    slots: list[datetime] = []
    for at in times:
        slots.append(max(at, first))
        first = slots[-1] + gap(a_minute)
    return slots


def gap(a_minute: float) -> timedelta:
    """Return the time between two calls, rounded up: eleven a minute must not become twelve."""
    return MINUTE / a_minute + timedelta.resolution
