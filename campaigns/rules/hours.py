"""When and how often: the window of the category (B01) and the frequency caps (F01-F04)."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta

from campaigns.ist import IST
from campaigns.rules.blocks import lapsed
from campaigns.rules.facts import Attempt, BasisKind, Past
from campaigns.rules.law import (
    COLLECTIONS,
    LENDERS,
    REQUESTS_OF_BORROWERS_FROM,
    TRIGGERED_WITHIN,
    WINDOWS,
    Caps,
    WindowRule,
)
from campaigns.rules.verdicts import FINE, Opinion, Verdict
from campaigns.schedule.windows import Window

WEEK = timedelta(days=7)
_CALLED_BACK = "The person asked to be called back at this time."


def window_rule(category: str, day: date) -> WindowRule:
    """Return the hours in force for a category on a day (IST). Raises `KeyError` for one without hours."""
    for rule in WINDOWS:
        if rule.category == category and rule.effective_from <= day < rule.effective_until:
            return rule
    raise KeyError(category)


def calling_window(attempt: Attempt, day: date) -> Window:
    """Return the hours on a day, narrowed by the campaign's own; none on a day without calls.

    They grow only where the hours are policy, a reason is recorded, and the reference names how far (9.1).
    """
    rule = window_rule(attempt.category, day)
    if day in attempt.closed_days:
        return Window(time(0), time(0))
    if rule.widest is None or not attempt.widening:
        return rule.window.narrowed(*attempt.own_window)
    start, end = attempt.own_window
    asked = Window(start or rule.window.start, end or rule.window.end)
    return rule.widest.narrowed(asked.start, asked.end)


def judge_window(attempt: Attempt, at: datetime) -> Opinion:
    """B01: outside its hours, and on a day without calls, a call waits for the next opening."""
    local = at.astimezone(IST)
    day = local.date()
    rule, window = window_rule(attempt.category, day), calling_window(attempt, day)
    if asked := _asked_for(attempt, at):
        return Opinion(Verdict.OK, asked, kind=rule.kind)
    if day in attempt.closed_days:
        reason = f"{day:%d %b} is a holiday without calls."
        return Opinion(Verdict.DEFER, reason, until=_tomorrow(at))
    if window.empty:
        reason = f"The campaign's own hours leave nothing of the allowed {rule.window}."
        return Opinion(Verdict.BLOCK, reason, kind=rule.kind)
    if window.allows(at):
        reason = f"{local:%H:%M} IST is inside {window} ({attempt.category})."
        return Opinion(Verdict.OK, reason, kind=rule.kind)
    reason = f"{local:%H:%M} IST is outside {window} ({attempt.category}), quiet minutes included."
    return Opinion(Verdict.DEFER, reason, until=window.next_opening(at), kind=rule.kind)


def _asked_for(attempt: Attempt, at: datetime) -> str:
    """Return why the person's own act allows any hour; empty if it does not (2.1.1, 3.4, 9.1)."""
    basis, day = attempt.basis, at.astimezone(IST).date()
    enquired = attempt.category == "transactional" and basis and basis.kind == BasisKind.ENQUIRY
    holds = basis is not None and not lapsed(basis, at)
    if enquired and holds and basis and timedelta(0) <= at - basis.given_at <= TRIGGERED_WITHIN:
        return "The person started this less than 30 minutes ago."
    may_ask = attempt.category == "service" or (
        attempt.category in LENDERS and day >= REQUESTS_OF_BORROWERS_FROM
    )
    if may_ask and attempt.requested and attempt.requested[0] <= at < attempt.requested[1]:
        return "The person asked to be called at this time."
    return ""


# --- Frequency ------------------------------------------------------------------------------------


def judge_attempts_a_day(attempt: Attempt, at: datetime) -> Opinion:
    """F01: so many attempts on one day."""
    most, today = caps(attempt).attempts_a_day, _on_day(attempt.others, at)
    if len(today) < most:
        return FINE
    reason = f"This number has {len(today)} calls on that day already; the cap is {most} a day."
    return Opinion(Verdict.DEFER, reason, until=_tomorrow(at))


def judge_answered_a_week(attempt: Attempt, at: datetime) -> Opinion:
    """F02: so many answered calls in any seven days."""
    most = caps(attempt).answered_a_week
    answered = sorted(past.at for past in attempt.others if past.answered and at - WEEK < past.at <= at)
    if len(answered) < most:
        return FINE
    reason = f"This number has answered {len(answered)} calls in seven days; the cap is {most}."
    return Opinion(Verdict.DEFER, reason, until=answered[-most] + WEEK)


def judge_gap(attempt: Attempt, at: datetime) -> Opinion:
    """F03: so much quiet before and after every other call to the number, but for one that was asked for."""
    gap = caps(attempt).gap
    near = [past.at for past in attempt.others if abs(at - past.at) < gap]
    if not near:
        return FINE
    if _is_callback(attempt, at):
        return Opinion(Verdict.OK, _CALLED_BACK)
    hours = f"{gap / timedelta(hours=1):g}"
    reason = f"Another call to this number is less than {hours} hours away."
    return Opinion(Verdict.DEFER, reason, until=max(near) + gap)


def judge_collections_a_day(attempt: Attempt, at: datetime) -> Opinion:
    """F04: who has answered a collections call hears no second one that day, unless they asked for it."""
    if attempt.category not in COLLECTIONS:
        return FINE
    answered = [past for past in _on_day(attempt.others, at) if past.answered]
    if len(answered) < caps(attempt).collections_answered_a_day:
        return FINE
    if _is_callback(attempt, at):
        return Opinion(Verdict.OK, _CALLED_BACK)
    reason = "This number has answered a call on that day; collections calls once a day at most."
    return Opinion(Verdict.DEFER, reason, until=_tomorrow(at))


def _is_callback(attempt: Attempt, at: datetime) -> bool:
    """F03 and F04 are our own caution against unasked calls (9.3); hours and counts stay for a call-back."""
    return attempt.called_back is not None and at >= attempt.called_back


def judge_third_attempt(attempt: Attempt, at: datetime) -> Opinion:
    """W10: where the cap has been raised, the third call in a day still deserves a thought."""
    if len(_on_day(attempt.others, at)) < 2:
        return FINE
    return Opinion(Verdict.WARN, "This is at least the third call to the number on that day.")


def caps(attempt: Attempt) -> Caps:
    """Return the organisation's caps; without a registration those of the reference."""
    return attempt.organisation.caps if attempt.organisation else Caps()


def _on_day(others: Iterable[Past], at: datetime) -> list[Past]:
    day = at.astimezone(IST).date()
    return [past for past in others if past.at.astimezone(IST).date() == day]


def _tomorrow(at: datetime) -> datetime:
    day = at.astimezone(IST).date() + timedelta(days=1)
    return datetime.combine(day, time(0), IST)


Judge = Callable[[Attempt, datetime], Opinion]
