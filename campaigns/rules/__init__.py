"""PURE: may this call be placed now? The rules of calling people in India, as data and functions.

`law` holds the data, `facts` what a rule may look at, `hours`, `blocks` and `warnings` a function for each
rule, `verdicts` what follows. docs/rules.md says each rule in plain words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache

from campaigns.ist import IST
from campaigns.rules import blocks, hours, warnings
from campaigns.rules.blocks import lapsed
from campaigns.rules.facts import Attempt, Basis, BasisKind, Organisation, Past, Script, Scrub, Sector
from campaigns.rules.hours import Judge, calling_window, window_rule
from campaigns.rules.law import REVIEWED, RULES, VERSION, WINDOWS, Caps
from campaigns.rules.verdicts import FINE, Finding, Judgement, Kind, Opinion, Rule, Scope, Verdict

__all__ = [
    "JUDGES",
    "REVIEWED",
    "RULES",
    "VERSION",
    "WINDOWS",
    "Attempt",
    "Basis",
    "BasisKind",
    "Caps",
    "Finding",
    "Judgement",
    "Kind",
    "Organisation",
    "Past",
    "Rule",
    "Scope",
    "Script",
    "Scrub",
    "Sector",
    "Verdict",
    "by_the_minute",
    "calling_window",
    "evaluate",
    "lapsed",
    "window_rule",
]

JUDGES: Mapping[str, Judge] = {
    "B01": hours.judge_window,
    "B02": blocks.judge_opt_out,
    "B03": blocks.judge_series,
    "B04": blocks.judge_special_series,
    "B05": blocks.judge_bfsi_series,
    "B06": blocks.judge_registration,
    "B07": blocks.judge_a2p,
    "B08": blocks.judge_scrub,
    "B09": blocks.judge_dnd,
    "B10": blocks.judge_basis,
    "B11": blocks.judge_re_ask,
    "B12": blocks.judge_poll,
    "B13": blocks.judge_callee,
    "B14": blocks.judge_grievance,
    "B15": blocks.judge_mixed_content,
    "B16": blocks.judge_complaints,
    "B17": blocks.judge_values,
    "F01": hours.judge_attempts_a_day,
    "F02": hours.judge_answered_a_week,
    "F03": hours.judge_gap,
    "F04": hours.judge_collections_a_day,
    "W01": warnings.judge_holiday,
    "W02": warnings.judge_sunday,
    "W03": warnings.judge_no_series,
    "W04": warnings.judge_voice_template,
    "W05": warnings.judge_voice,
    "W06": warnings.judge_few_complaints,
    "W07": warnings.judge_short_calls,
    "W08": warnings.judge_script,
    "W09": warnings.judge_landline,
    "W10": hours.judge_third_attempt,
    "W11": warnings.judge_expiry,
    "W12": warnings.judge_children,
    "W13": warnings.judge_review,
}


def evaluate(attempt: Attempt, at: datetime) -> Judgement:
    """Return what all rules in force say of a call that would be placed at `at` (aware).

    A time that one rule proposes is put to all others, so that a deferred call is not deferred again when
    its time has come. It may still be refused then: yesterday's scrub is no good tomorrow.
    """
    judgement = _once(attempt, at)
    until = judgement.until
    for _ in range(_ROUNDS if until else 0):
        later = _once(attempt, until).until if until else None
        if later is None or until is None or later <= until:
            break
        until = later
    if until is None:
        return judgement
    # The same findings, the last of the proposed times moved to the one that suits all rules.
    last = judgement.until
    return Judgement(
        tuple(replace(found, until=until) if found.until == last else found for found in judgement.findings)
    )


def by_the_minute(attempt: Attempt) -> bool:
    """Return whether every moment of one minute is judged alike.

    Hours and days begin on whole minutes. Only where a fact is itself a moment, such as another call's or
    when a consent was given, does a second make a difference.
    """
    moments = (attempt.basis, attempt.requested, attempt.called_back, attempt.others, attempt.polls)
    complaints = attempt.organisation.complaints if attempt.organisation else ()
    whole = all(edge is None or edge == edge.replace(second=0, microsecond=0) for edge in attempt.own_window)
    return whole and not complaints and not any(moments)


#: Caps and windows push a call at most a few times: past its week, past other calls, into the hours.
_ROUNDS = 40


def _once(attempt: Attempt, at: datetime) -> Judgement:
    findings = []
    for rule, judge, fine in _in_force(at.astimezone(IST).date()):
        opinion = judge(attempt, at)
        findings.append(fine if opinion is FINE else _finding(rule, opinion))
    return Judgement(tuple(findings))


@lru_cache(maxsize=64)
def _in_force(day: date) -> Sequence[tuple[Rule, Judge, Finding]]:
    """Return a day's (IST) rules with their functions, and what each finds when all is fine."""
    return [(rule, JUDGES[rule.id], _finding(rule, FINE)) for rule in RULES if rule.in_force(day)]


def _finding(rule: Rule, opinion: Opinion) -> Finding:
    return Finding(
        rule=rule.name,
        kind=opinion.kind or rule.kind,
        verdict=opinion.verdict,
        reason=opinion.reason,
        scope=rule.scope,
        until=opinion.until,
    )
