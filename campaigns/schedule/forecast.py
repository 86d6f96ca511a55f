"""When a campaign may be done and how much it talks: estimated from hours, pace, retries, past calls. Pure.

It is an estimate and says what it takes for granted. Where too few calls are known to say who answers, only
the two ends are given: all answer at once, and none ever does.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from campaigns.ist import IST
from campaigns.schedule.pacing import ENOUGH_CALLS
from campaigns.schedule.windows import Window

#: A time further ahead than this is of no use to a planner.
MOST_DAYS = 3 * 366
#: Less than half a call counts as none.
HALF_A_CALL = 0.5

Hours = Callable[[date], Window]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Describe the work: `people` called at `pace` calls a minute from `begins`, again after each of `gaps`.

    `hours` gives the window of a day (IST); `a_day`: calls to one number on one day, at most (F01).
    """

    people: int
    begins: datetime
    pace: float
    hours: Hours
    gaps: tuple[timedelta, ...] = ()
    a_day: int = 2


@dataclass(frozen=True, slots=True)
class Past:
    """Sum up earlier calls: how many there were, which share was answered, mean seconds of those."""

    calls: int
    answered: float
    talk_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Give the last call's time at best, at worst, and likely; `likely` to `talk_minutes` need past calls.

    None for a time that lies more than `MOST_DAYS` ahead, or that never comes.
    """

    soonest: datetime | None
    latest: datetime | None
    likely: datetime | None = None
    calls: int | None = None
    talk_minutes: int | None = None
    assumes: tuple[str, ...] = ()


def past_of(rows: Sequence[tuple[str, int | None]]) -> Past | None:
    """Return a summary of earlier calls, given as (disposition, seconds); None if they are too few."""
    if len(rows) < ENOUGH_CALLS:
        return None
    talked = [seconds or 0 for disposition, seconds in rows if disposition == "answered"]
    return Past(len(rows), len(talked) / len(rows), sum(talked) / len(talked) if talked else 0.0)


def forecast(plan: Plan, past: Past | None) -> Forecast:
    """Return when the last call is placed and how many minutes are talked, with what is assumed."""
    ends = Forecast(soonest=finish(plan, 1.0), latest=finish(plan, 0.0), assumes=_assumptions(plan, past))
    if past is None:
        return ends
    rounds = list(_rounds(plan, past.answered))
    return Forecast(
        soonest=ends.soonest,
        latest=ends.latest,
        likely=finish(plan, past.answered),
        calls=round(sum(rounds)),
        talk_minutes=round(sum(rounds) * past.answered * past.talk_seconds / 60),
        assumes=ends.assumes,
    )


def finish(plan: Plan, answered: float) -> datetime | None:
    """Return when the last call is placed if this share of calls is answered and each answer ends the matter.

    None if that lies more than `MOST_DAYS` ahead or never comes.
    """
    end: datetime | None = plan.begins
    minutes = 0.0
    for number, calls in enumerate(_rounds(plan, answered)):
        minutes += calls / plan.pace
        paced = advance(plan.hours, plan.begins, timedelta(minutes=minutes))
        allowed = advance(plan.hours, _not_before(plan, end, number), timedelta(0)) if end else None
        end = max(paced, allowed) if paced and allowed else None
    return end


def advance(hours: Hours, start: datetime, work: timedelta) -> datetime | None:
    """Return the moment at which so much time within the hours has gone by since `start`.

    None if that lies more than `MOST_DAYS` ahead.
    """
    today = start.astimezone(IST).date()
    for day in (today + timedelta(days=ahead) for ahead in range(MOST_DAYS)):
        opens, closes = hours(day).hours_of(day)
        opens = max(opens, start)
        if opens >= closes:
            continue
        if work <= closes - opens:
            return opens + work
        work -= closes - opens
    return None


def _rounds(plan: Plan, answered: float) -> Iterator[float]:
    """Yield the number of first calls, then of each round of retries, as long as people are left to call."""
    left = float(plan.people)
    for _ in range(len(plan.gaps) + 1):
        if left < HALF_A_CALL:
            return
        yield left
        left *= 1 - answered


def _not_before(plan: Plan, previous: datetime, number: int) -> datetime:
    """Return when the last of a round may be called: after its gap, on another day if the day is used up."""
    if number == 0:
        return plan.begins
    due = previous + plan.gaps[number - 1]
    if number % plan.a_day:
        return due
    tomorrow = previous.astimezone(IST).date() + timedelta(days=1)
    return max(due, datetime.combine(tomorrow, time(0), IST))


def _assumptions(plan: Plan, past: Past | None) -> tuple[str, ...]:
    pace = f"Calls go out at {plan.pace:.3g} a minute in the allowed hours, beside other campaigns as of now."
    retries = "Nobody is called a second time."
    if plan.gaps:
        minutes = ", ".join(f"{gap / timedelta(minutes=1):g}" for gap in plan.gaps)
        again = f"called again after {minutes} minutes, {plan.a_day} times a day at most"
        retries = f"Who is not reached is {again}."
    answers = f"Who answers is not known: fewer than {ENOUGH_CALLS} calls from this number have ended."
    if past:
        answers = (
            f"As in the latest {past.calls} calls from this number: {past.answered:.0%} are answered "
            f"and last {past.talk_seconds:.0f} s on average."
        )
    return (pace, retries, answers)
