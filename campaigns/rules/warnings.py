"""The warnings W01-W13: the call may be placed, and staff should know."""

from datetime import datetime, time

from campaigns.ist import IST
from campaigns.rules.blocks import complaints_counted
from campaigns.rules.facts import Attempt, Sector
from campaigns.rules.law import (
    ABANDONED_SHARE,
    COMPLAINT_STOP,
    FEWEST_FOR_SHARES,
    NATIONAL_HOLIDAYS,
    REVIEW_AFTER,
    REVIEWED,
    SHORT_SHARE,
)
from campaigns.rules.verdicts import FINE, Opinion, Verdict

_SUNDAY = 6


def _warn(reason: str) -> Opinion:
    return Opinion(Verdict.WARN, reason)


def judge_holiday(attempt: Attempt, at: datetime) -> Opinion:
    """W01: a national holiday, or one that staff have entered."""
    day = at.astimezone(IST).date()
    if name := NATIONAL_HOLIDAYS.get((day.month, day.day)):
        return _warn(f"{day:%d %b} is a national holiday ({name}).")
    entered = attempt.organisation is not None and day in attempt.organisation.holidays
    return _warn(f"{day:%d %b} is a public holiday.") if entered else FINE


def judge_sunday(attempt: Attempt, at: datetime) -> Opinion:
    """W02: Sunday before ten."""
    local = at.astimezone(IST)
    early = local.weekday() == _SUNDAY and local.time() < time(10)
    return _warn("It is Sunday before 10:00.") if early else FINE


def judge_no_series(attempt: Attempt, at: datetime) -> Opinion:
    """W03: service calls by a sector for which no series was designated."""
    ours = attempt.organisation
    if ours is None or ours.sector != Sector.OTHER or attempt.category not in ("service", "transactional"):
        return FINE
    return _warn("No number series is designated for service calls of this sector: ask your operator.")


def judge_voice_template(attempt: Attempt, at: datetime) -> Opinion:
    """W04: no id of a registered voice template."""
    known = attempt.script is not None and attempt.script.voice_template
    return FINE if known else _warn("The campaign has no id of a registered voice template.")


def judge_voice(attempt: Attempt, at: datetime) -> Opinion:
    """W05: the agent has no voice in this person's language."""
    return _warn("The agent does not speak this person's language.") if attempt.has_voice is False else FINE


def judge_few_complaints(attempt: Attempt, at: datetime) -> Opinion:
    """W06: one or two complaints in ten days."""
    count = complaints_counted(attempt.organisation, at)
    if not 0 < count < COMPLAINT_STOP:
        return FINE
    return _warn(f"{count} of {COMPLAINT_STOP} complaints in ten days, at which all calls stop.")


def judge_short_calls(attempt: Attempt, at: datetime) -> Opinion:
    """W07: many answered calls end at once, or many are dropped."""
    ours = attempt.organisation
    if ours is None or ours.answered < FEWEST_FOR_SHARES:
        return FINE
    if ours.short > SHORT_SHARE * ours.answered:
        return _warn(f"{ours.short} of the last {ours.answered} answered calls were shorter than 6 s.")
    if ours.abandoned > ABANDONED_SHARE * ours.answered:
        return _warn(f"{ours.abandoned} calls were dropped beside {ours.answered} answered ones.")
    return FINE


def judge_script(attempt: Attempt, at: datetime) -> Opinion:
    """W08: what the opening words must say."""
    script = attempt.script
    if script is None:
        return _warn("Nobody has declared what the script says.")
    parts = {
        "who calls": script.says_name,
        "why": script.says_purpose,
        "that it is recorded": script.says_recorded,
        "how to opt out": script.says_opt_out,
    }
    missing = [part for part, said in parts.items() if not said]
    return _warn(f"The script does not say {', '.join(missing)}.") if missing else FINE


def judge_landline(attempt: Attempt, at: datetime) -> Opinion:
    """W09: keys may not arrive."""
    return _warn("This looks like a landline: key presses may not arrive.") if attempt.landline else FINE


def judge_expiry(attempt: Attempt, at: datetime) -> Opinion:
    """W11: the ground for calling lapses before the last retry."""
    expires = attempt.basis.expires_at if attempt.basis else None
    if expires is None or not at < expires <= at + attempt.retries_take:
        return FINE
    return _warn(
        f"The basis for calling expires on {expires.astimezone(IST):%d %b %Y}, before the last retry."
    )


def judge_children(attempt: Attempt, at: datetime) -> Opinion:
    """W12: a campaign about children."""
    if attempt.script is None or not attempt.script.about_children:
        return FINE
    return _warn("The campaign is about children: call the parent, with verifiable consent.")


def judge_review(attempt: Attempt, at: datetime) -> Opinion:
    """W13: the law data are old."""
    if at.astimezone(IST).date() - REVIEWED <= REVIEW_AFTER:
        return FINE
    return _warn(f"These rules were last read against the law on {REVIEWED:%d %b %Y}.")
