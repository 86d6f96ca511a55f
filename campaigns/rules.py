"""May this call be placed now? The rules of calling people in India, as data and pure functions.

Facts, sources and their grades: india-calling-rules (the numbers behind `source` are its sections), reviewed
on `REVIEWED`. A rule of kind LAW can't be switched off anywhere; POLICY is this project's own caution.
This is not legal advice, and using this software does not make a caller compliant.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from campaigns.windows import IST, Window

REVIEWED = date(2026, 11, 23)
VERSION = f"{REVIEWED:%Y-%m-%d}.1"


class Kind(StrEnum):
    """Where a rule comes from."""

    LAW = "law"
    POLICY = "policy"


class Verdict(StrEnum):
    """What a rule says, from worst to best."""

    BLOCK = "BLOCK"
    DEFER = "DEFER"
    WARN = "WARN"
    OK = "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Everything a rule may look at. `suppressed` is the reason of a suppression that covers this call."""

    category: str
    caller_series: str
    own_window: tuple[time | None, time | None] = (None, None)
    callee_problem: str = ""
    suppressed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule's answer. `until` (UTC) only with DEFER."""

    rule: str
    kind: Kind
    verdict: Verdict
    reason: str
    until: datetime | None = None

    def as_evidence(self) -> dict[str, str]:
        """JSON-ready, for the evidence row."""
        until = {"until": self.until.isoformat()} if self.until else {}
        return {"rule": self.rule, "kind": self.kind, "verdict": self.verdict, "reason": self.reason, **until}


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRule:
    """The hours of one category, from one date until another (both IST, `until` excluded)."""

    category: str
    window: Window
    kind: Kind
    source: str
    effective_from: date = date.min
    effective_until: date = date.max


WINDOWS: Sequence[WindowRule] = (
    WindowRule(category="promotional", window=Window(time(10), time(21)), kind=Kind.LAW, source="2.2.1"),
    WindowRule(category="service", window=Window(time(9), time(20)), kind=Kind.POLICY, source="9.1"),
    WindowRule(category="transactional", window=Window(time(7), time(22)), kind=Kind.POLICY, source="9.1"),
    WindowRule(category="collections", window=Window(time(8), time(19)), kind=Kind.LAW, source="3.1-3.4"),
    WindowRule(
        category="microfinance",
        window=Window(time(9), time(18)),
        kind=Kind.LAW,
        source="3.3",
        effective_until=date(2027, 1, 1),
    ),
    # From 2027 the law allows 08:00-19:00 (3.4); the narrow hours stay as policy until staff widen them.
    WindowRule(
        category="microfinance",
        window=Window(time(9), time(18)),
        kind=Kind.POLICY,
        source="3.4, 9.1",
        effective_from=date(2027, 1, 1),
    ),
    WindowRule(category="trade_dues", window=Window(time(9), time(19)), kind=Kind.POLICY, source="3.7"),
    WindowRule(category="survey", window=Window(time(10), time(20)), kind=Kind.POLICY, source="9.1"),
    WindowRule(category="political", window=Window(time(9), time(20)), kind=Kind.POLICY, source="6.4, 9.1"),
)


def window_rule(category: str, day: date) -> WindowRule:
    """The hours in force for a category on a day (IST); `KeyError` for a category without hours."""
    for rule in WINDOWS:
        if rule.category == category and rule.effective_from <= day < rule.effective_until:
            return rule
    raise KeyError(category)


def calling_window(attempt: Attempt, day: date) -> Window:
    """The lawful hours on a day, narrowed by the campaign's own."""
    return window_rule(attempt.category, day).window.narrowed(*attempt.own_window)


def judge_window(attempt: Attempt, at: datetime) -> Finding:
    """B01: outside its hours a call waits for the next opening."""
    day = at.astimezone(IST).date()
    rule, window = window_rule(attempt.category, day), calling_window(attempt, day)
    if window.empty:
        reason = f"The campaign's own hours leave nothing of the allowed {rule.window}."
        return Finding(rule="B01 window", kind=rule.kind, verdict=Verdict.BLOCK, reason=reason)
    if window.allows(at):
        reason = f"{at.astimezone(IST):%H:%M} IST is inside {window} ({attempt.category})."
        return Finding(rule="B01 window", kind=rule.kind, verdict=Verdict.OK, reason=reason)
    reason = (
        f"{at.astimezone(IST):%H:%M} IST is outside {window} ({attempt.category}), quiet minutes included."
    )
    return Finding(
        rule="B01 window",
        kind=rule.kind,
        verdict=Verdict.DEFER,
        reason=reason,
        until=window.next_opening(at),
    )


def judge_opt_out(attempt: Attempt, at: datetime) -> Finding:
    """B02: whoever asked us to stop is not called."""
    if attempt.suppressed:
        return Finding(rule="B02 opt-out", kind=Kind.LAW, verdict=Verdict.BLOCK, reason=attempt.suppressed)
    reason = "No request to stop is on file."
    return Finding(rule="B02 opt-out", kind=Kind.LAW, verdict=Verdict.OK, reason=reason)


def judge_series(attempt: Attempt, at: datetime) -> Finding:
    """B03 and B04: promotional calls only from 140; 140 for nothing else."""
    promotional, from_140 = attempt.category == "promotional", attempt.caller_series == "140"
    if promotional and not from_140:
        reason = "Promotional calls must come from a 140 number."
        return Finding(rule="B03 series", kind=Kind.LAW, verdict=Verdict.BLOCK, reason=reason)
    if from_140 and not promotional:
        reason = "A 140 number is for promotional calls only."
        return Finding(rule="B03 series", kind=Kind.LAW, verdict=Verdict.BLOCK, reason=reason)
    reason = f"A {attempt.caller_series} number may place {attempt.category} calls."
    return Finding(rule="B03 series", kind=Kind.LAW, verdict=Verdict.OK, reason=reason)


def judge_callee(attempt: Attempt, at: datetime) -> Finding:
    """B13: the callee's number must be one a person can be called on."""
    if attempt.callee_problem:
        return Finding(
            rule="B13 number", kind=Kind.POLICY, verdict=Verdict.BLOCK, reason=attempt.callee_problem
        )
    reason = "A valid Indian number."
    return Finding(rule="B13 number", kind=Kind.POLICY, verdict=Verdict.OK, reason=reason)


JUDGES: Sequence[Callable[[Attempt, datetime], Finding]] = (
    judge_window,
    judge_opt_out,
    judge_series,
    judge_callee,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """All findings on one attempt, and what follows from them."""

    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all findings."""
        order = list(Verdict)
        return min((finding.verdict for finding in self.findings), key=order.index)

    @property
    def reason(self) -> str:
        """Why, in sentences: everything that was found at the worst level."""
        return " ".join(found.reason for found in self.findings if found.verdict == self.verdict)

    @property
    def until(self) -> datetime | None:
        """When to judge again, if the call is only deferred."""
        times = [finding.until for finding in self.findings if finding.until]
        return max(times) if times and self.verdict == Verdict.DEFER else None


def evaluate(attempt: Attempt, at: datetime) -> Judgement:
    """Judge a call that would be placed at `at` (aware). Every rule speaks; none hides another."""
    return Judgement(tuple(judge(attempt, at) for judge in JUDGES))
