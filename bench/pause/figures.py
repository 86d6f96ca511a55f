"""What a pause is measured by, from the XFin's log and our count; pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

CALLED, STRAGGLER = "called", "straggler"
#: Who is rung later than this after the pause is rung late.
GRACE = timedelta(seconds=60)


class Told(NamedTuple):
    """The figures.

    `called`: people rung before they could be withdrawn; `withdraw_s` until the last deletion, `confirmed_s`
    until our books say so, `press_s` how long the press itself took.
    """

    calls: int
    stragglers: int
    withdrawn: int
    called: int
    rung_late: int
    withdraw_s: int
    confirmed_s: int
    press_s: float


def outcome(
    log: Sequence[Sequence[str]], withdrawn: int, *, pressed: str, press_s: float, confirmed_s: float
) -> Told:
    """Return the figures of a log of (id, time to ring, kind, time of deletion or ""); times as XFin's."""
    at = datetime.fromisoformat(pressed)
    calls = [(datetime.fromisoformat(ring), deleted) for _, ring, kind, deleted in log if kind == CALLED]
    rung = [ring for ring, deleted in calls if not deleted]
    deletions = [datetime.fromisoformat(deleted) for _, deleted in calls if deleted]
    return Told(
        calls=len(calls),
        stragglers=sum(kind == STRAGGLER for _, _, kind, _ in log),
        withdrawn=withdrawn,
        called=len(rung),
        rung_late=sum(ring > at + GRACE for ring in rung),
        withdraw_s=round((max(deletions) - at).total_seconds()) if deletions else 0,
        confirmed_s=round(confirmed_s),
        press_s=round(press_s, 1),
    )


def missed(told: Told) -> list[str]:
    """Return what was promised and not kept."""
    problems = []
    if told.rung_late:
        problems.append(f"{told.rung_late} people would be rung later than {GRACE.seconds} s after the pause")
    if told.withdrawn != told.calls - told.called:
        problems.append(f"{told.withdrawn} of {told.calls - told.called} others are withdrawn in our books")
    return problems
