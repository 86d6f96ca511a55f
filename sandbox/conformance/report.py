"""PURE: the result of ringing an agent, as text for a person and as data for a program."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sandbox.conformance.requirements import SEVERITY, Finding, Status

WITHIN_5MS_PERCENT = 99.9
SIGNS = {Status.PASS: "pass", Status.WARN: "WARN", Status.FAIL: "FAIL", Status.NOT_TRIED: "  - "}
MOST_CALLS_LISTED = 10


@dataclass(frozen=True)
class Rung:
    """One call that was made, and what was found. Times in seconds."""

    number: int
    person: str
    how: str
    reason: str
    seconds: float
    findings: list[Finding]
    first_audio_s: float | None = None
    reactions_s: list[float] = field(default_factory=list)
    slots: int = 0
    slots_late: int = 0
    recording: str = ""


class CheckResult(NamedTuple):
    """One requirement over all calls: the worst finding, the call it is from, and a count by status."""

    worst: Finding
    call: int
    counted: Counter[Status]

    def as_lines(self, calls: int) -> list[str]:
        """Return the lines of the report for a person, of which a requirement that was met has one."""
        found = self.worst
        lines = [f"{SIGNS[found.status]}  {found.check:<12}  {found.detail or 'Not tried in these calls.'}"]
        if found.status not in (Status.WARN, Status.FAIL):
            return lines
        lines.append(f"{'':20}Required: {found.requirement}")
        if found.frame:
            shown = found.frame
            which = f"frame {shown.number} of the {shown.sender}" if shown.number else f"the {shown.sender}"
            where = f"call {self.call}, {which}, {shown.at_ms / 1000:.3f} s after start"
            lines.append(f"{'':20}Seen: {where}: {shown.excerpt}")
        if calls > 1:
            lines.append(f"{'':20}In {self.counted[found.status]} of {calls} calls.")
        return lines


def results(calls: list[Rung]) -> list[CheckResult]:
    """Return one result for each requirement, in their order; of equally bad findings the first call's."""
    found = []
    for findings in zip(*(call.findings for call in calls), strict=True):
        call, worst = max(zip(calls, findings, strict=True), key=lambda pair: SEVERITY[pair[1].status])
        found.append(CheckResult(worst, call.number, Counter(finding.status for finding in findings)))
    return found


def figures(calls: list[Rung]) -> dict[str, float | int]:
    """Return the figures of the report's last line, by name."""
    counted = Counter(row.worst.status for row in results(calls))
    made: dict[str, float | int] = {"calls": len(calls)}
    made |= {status.name.lower(): counted[status] for status in SEVERITY}
    made |= _percentiles("first_audio", [c.first_audio_s for c in calls if c.first_audio_s is not None])
    made |= _percentiles("reaction", [seconds for call in calls for seconds in call.reactions_s])
    slots, late = sum(call.slots for call in calls), sum(call.slots_late for call in calls)
    return made | {"slots": slots, "within_5ms_percent": within_percent(slots, late)}


def within_percent(slots: int, late: int) -> float:
    """Return the percent of slots on time, rounded down so that 99.9 is only said where it is reached."""
    return int(10_000 * (slots - late) / slots) / 100 if slots else 0.0


def _percentiles(name: str, seconds: list[float]) -> dict[str, float | int]:
    """Return percentiles (nearest rank, whole milliseconds) by name; {} if nothing was measured."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    ranks = {p: ordered[max(0, -(-len(ordered) * p // 100) - 1)] for p in (50, 95, 99)}
    return {f"{name}_p{p}_ms": round(value * 1000) for p, value in ranks.items()}


def shown_address(url: str) -> str:
    """Return an agent's address without the path and login, which may be its secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"


def as_text(calls: list[Rung], url: str) -> str:
    """Return the report for a person; its last line holds the figures."""
    lines = [f"Rang {shown_address(url)}: {len(calls)} calls.", ""]
    lines += [
        f"call {call.number}  {call.person}, {call.seconds:.1f} s: {call.reason} ({call.how})"
        for call in calls[:MOST_CALLS_LISTED]
    ]
    if len(calls) > MOST_CALLS_LISTED:
        endings = Counter(call.how for call in calls)
        lines.append(f"All calls: {', '.join(f'{how} {count}' for how, count in endings.most_common())}.")
    lines.append("")
    for row in results(calls):
        lines += row.as_lines(len(calls))
    made = figures(calls)
    if made["within_5ms_percent"] < WITHIN_5MS_PERCENT:
        lines += ["", "This machine was busy: some of our own frames were late, so take times with care."]
    return "\n".join([*lines, "", " ".join(f"{name}={value}" for name, value in made.items())])


def as_data(calls: list[Rung], url: str) -> dict[str, Any]:
    """Return the report for a program; see docs/test-your-agent.md for its members."""
    return {
        "to": shown_address(url),
        "verdict": "fail" if failed(calls) else "pass",
        "figures": figures(calls),
        "checks": [
            _finding_data(row.worst)
            | {"call": row.call, "calls": {status.value: row.counted[status] for status in SEVERITY}}
            for row in results(calls)
        ],
        "calls": [
            {name: value for name, value in vars(call).items() if name != "findings"}
            | {"findings": [_finding_data(finding) for finding in call.findings]}
            for call in calls
        ],
    }


def failed(calls: list[Rung]) -> bool:
    """Return whether any requirement was broken in any call."""
    return any(finding.status is Status.FAIL for call in calls for finding in call.findings)


def _finding_data(found: Finding) -> dict[str, Any]:
    frame = found.frame._asdict() if found.frame else None
    return found._asdict() | {"status": found.status.value, "frame": frame}
