"""How often and when a person who was not reached is called again: rules by reason, one budget. Pure.

A reason is how the last call ended (`Disposition`), or `unfinished`: answered, but broken off.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from campaigns.formatting import grouped
from campaigns.ist import IST
from campaigns.schedule.windows import Window

UNFINISHED = "unfinished"
#: Calling again would end the same way.
HOPELESS = frozenset({"invalid_number", "blocked", "cancelled"})
REASONS = (
    "busy",
    "no_answer",
    "rejected",
    "voicemail",
    "switched_off",
    "not_reachable",
    "dropped",
    "failed",
    "unknown",
    UNFINISHED,
)
MOST_RETRIES = 5
LONGEST_GAP_MINUTES = 7 * 24 * 60
DEFAULT_GAP = 60
#: Another hour of the day is at least so far from every hour that was tried.
APART = timedelta(hours=3)
_LOOK_AHEAD, _STEP, _DAY = timedelta(days=2), timedelta(minutes=30), timedelta(days=1)
_LINE = re.compile(r"\s*(?P<reason>[^:]+?)\s*:\s*(?P<gaps>none|[\d\s,]+?)\s*(?P<hour>at another hour)?\s*")


@dataclass(frozen=True, slots=True)
class Rule:
    """One retry after each of `gaps` (minutes), at another hour of the day if asked for."""

    gaps: tuple[float, ...] = ()
    another_hour: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """The next call of a person: not before so long after the last one ended."""

    gap: timedelta
    another_hour: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`most` calls to one person over all reasons.

    A reason without a rule has the `usual` gaps, the last of them repeated; `unfinished` only if calls go on
    where they broke off.
    """

    most: int
    usual: tuple[float, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)
    goes_on: bool = False

    def after(self, ended: Sequence[str]) -> Retry | None:
        """Return what follows calls that ended for these reasons, the latest last; None: no further call."""
        if not ended or len(ended) >= self.most or ended[-1] in HOPELESS:
            return None
        rule = self.rules.get(ended[-1])
        if rule is None:
            if ended[-1] == UNFINISHED and not self.goes_on:
                return None
            usual = self.usual or (DEFAULT_GAP,)
            return Retry(timedelta(minutes=usual[min(len(ended), len(usual)) - 1]))
        times = ended.count(ended[-1])
        if times > len(rule.gaps):
            return None
        return Retry(timedelta(minutes=rule.gaps[times - 1]), rule.another_hour)

    def gaps(self, reason: str) -> tuple[timedelta, ...]:
        """Return the gaps between the calls of a person whose calls all end for this reason."""
        found: list[timedelta] = []
        while retry := self.after([reason] * (len(found) + 1)):
            found.append(retry.gap)
        return tuple(found)

    def longest(self, made: int) -> timedelta:
        """Return how long the retries after so many calls take at most, whatever the reason."""
        return max(sum(self.gaps(reason)[made:], timedelta(0)) for reason in REASONS)


def policy(
    most: int, usual: Iterable[float], rules: Mapping[str, Mapping[str, Any]], *, goes_on: bool = False
) -> Policy:
    """Return the policy of a campaign from its columns: see `problem` for the form of `rules`."""
    read = {
        reason: Rule(tuple(rule["gaps"]), rule.get("another_hour", False)) for reason, rule in rules.items()
    }
    return Policy(most=most, usual=tuple(usual), rules=read, goes_on=goes_on)


def at_another_hour(due: datetime, tried: Iterable[datetime], hours: Callable[[date], Window]) -> datetime:
    """Return the first time from `due` on, within the hours, at an hour not tried; `due` if there is none.

    Looks two days ahead, in steps of half an hour.
    """
    times = [_time_of_day(moment) for moment in tried]
    for number in range(_LOOK_AHEAD // _STEP):
        moment = due + number * _STEP
        if not hours(moment.astimezone(IST).date()).allows(moment):
            continue
        distances = ((_time_of_day(moment) - other) % _DAY for other in times)
        if all(APART <= distance <= _DAY - APART for distance in distances):
            return moment
    return due


def _time_of_day(moment: datetime) -> timedelta:
    local = moment.astimezone(IST)
    return timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)


# --- Written by staff -----------------------------------------------------------------------------


class UnreadableRules(ValueError):
    """Raised for retry rules that cannot be read. Its text is a sentence for the person who wrote them."""


def read(text: str) -> dict[str, dict[str, Any]]:
    """Return the rules in lines such as `busy: 10, 30` and `no answer: 120, 1440 at another hour`.

    They have the form that `problem` shows. Raises `UnreadableRules`.
    """
    rules: dict[str, dict[str, Any]] = {}
    for line in filter(str.strip, text.splitlines()):
        found = _LINE.fullmatch(line.lower())
        if not found:
            raise UnreadableRules(f"“{line.strip()[:60]}” is no rule; write lines such as “busy: 10, 30”.")
        reason = found["reason"].replace(" ", "_")
        if reason in rules:
            raise UnreadableRules(f"There are two rules for “{found['reason']}”.")
        gaps = [] if found["gaps"] == "none" else [int(gap) for gap in re.findall(r"\d+", found["gaps"])]
        rules[reason] = {"gaps": gaps, "another_hour": bool(found["hour"])}
    if why := problem(rules):
        raise UnreadableRules(why)
    return rules


def written(rules: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the rules as text that `read` takes, a line each."""
    lines = []
    for reason, rule in rules.items():
        gaps = ", ".join(f"{gap:g}" for gap in rule["gaps"]) or "none"
        hour = " at another hour" if rule.get("another_hour") else ""
        lines.append(f"{reason.replace('_', ' ')}: {gaps}{hour}")
    return "\n".join(lines)


def problem(rules: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what is wrong with rules such as `{"busy": {"gaps": [10, 30], "another_hour": false}}`.

    A sentence for staff; empty if all is well.
    """
    for reason, rule in rules.items():
        if reason not in REASONS:
            known = ", ".join(word.replace("_", " ") for word in REASONS)
            return f"“{reason.replace('_', ' ')[:40]}” is no reason to call again; there are {known}."
        if len(rule["gaps"]) > MOST_RETRIES:
            return f"At most {MOST_RETRIES} retries for one reason."
        if not all(1 <= gap <= LONGEST_GAP_MINUTES for gap in rule["gaps"]):
            return f"A gap is 1 to {grouped(LONGEST_GAP_MINUTES)} minutes."
    return ""
