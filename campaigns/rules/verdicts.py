"""Rules, what each finds about one call, and what follows from all findings."""

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache, cached_property


class Kind(StrEnum):
    """Where a rule comes from. Nothing switches a law off; policy is this project's own caution."""

    LAW = "law"
    POLICY = "policy"


class Verdict(StrEnum):
    """What a rule says, from worst to best."""

    BLOCK = "BLOCK"
    DEFER = "DEFER"
    WARN = "WARN"
    OK = "OK"


class Scope(StrEnum):
    """Whom a refusal concerns: this person, or all people of the campaign until staff have acted."""

    PERSON = "person"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as data. `source` names sections of the reference; `dated` is the age of what was read there.

    In force from `effective_from` until before `effective_until`, both days in IST. `grade`: A the
    regulator's own text, B two secondary sources, C one, D inferred or disputed, P our own proposal.
    """

    id: str
    title: str
    _: KW_ONLY
    kind: Kind
    source: str
    grade: str
    remedy: str
    dated: date = date(2026, 11, 23)
    scope: Scope = Scope.PERSON
    effective_from: date = date.min
    effective_until: date = date.max

    def in_force(self, day: date) -> bool:
        """Return whether it counts for a call on this day (IST)."""
        return self.effective_from <= day < self.effective_until

    @property
    def name(self) -> str:
        """Return the name under which evidence keeps it, such as "B01 window"."""
        return f"{self.id} {self.title}"


@dataclass(frozen=True, slots=True)
class Opinion:
    """The answer of a rule's function. `until` only with DEFER; `kind` where it is not the rule's."""

    verdict: Verdict
    reason: str
    until: datetime | None = None
    kind: Kind | None = None


FINE = Opinion(Verdict.OK, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule's answer. `until` (UTC) only with DEFER."""

    rule: str
    kind: Kind
    verdict: Verdict
    reason: str
    scope: Scope = Scope.PERSON
    until: datetime | None = None

    @property
    def id(self) -> str:
        """Return the rule's id alone, such as B01."""
        return _id(self.rule)

    def as_evidence(self) -> dict[str, str]:
        """Return a JSON object for the evidence row."""
        until = {"until": self.until.isoformat()} if self.until else {}
        return {"rule": self.rule, "kind": self.kind, "verdict": self.verdict, "reason": self.reason, **until}


@cache
def _id(name: str) -> str:
    """Return the id in a rule's name; cached, as a call has dozens of findings and there are few names."""
    return name.split()[0]


_ORDER = {verdict: place for place, verdict in enumerate(Verdict)}


@dataclass(frozen=True)
class Judgement:
    """All findings on one attempt, and what follows from them; many people's calls may share one."""

    findings: tuple[Finding, ...]

    @cached_property
    def verdict(self) -> Verdict:
        """Return the worst verdict of all findings."""
        return min((finding.verdict for finding in self.findings), key=_ORDER.__getitem__)

    @property
    def reason(self) -> str:
        """Return the reasons of all findings with the worst verdict, as sentences."""
        verdict = self.verdict
        return " ".join(found.reason for found in self.findings if found.verdict == verdict)

    @property
    def until(self) -> datetime | None:
        """Return when to judge again; None unless the call is only deferred."""
        return self.waits_until if self.verdict == Verdict.DEFER else None

    @cached_property
    def waits_until(self) -> datetime | None:
        """Return the latest time that a rule proposes, also beside a refusal; None if there is none."""
        return max((finding.until for finding in self.findings if finding.until), default=None)

    @cached_property
    def refuses_person(self) -> bool:
        """Return whether this person is refused for good, whatever staff do about the campaign."""
        return any(found.scope == Scope.PERSON for found in self.blocks)

    @cached_property
    def stops_campaign(self) -> bool:
        """Return whether the campaign may call no person until staff have acted."""
        return bool(self.campaign_blocks) and not self.refuses_person and self.waits_until is None

    @property
    def opted_out(self) -> bool:
        """Return whether the person has asked not to be called."""
        return any(found.id == "B02" for found in self.blocks)

    @cached_property
    def blocks(self) -> tuple[Finding, ...]:
        """Return the findings that forbid the call for good."""
        return tuple(found for found in self.findings if found.verdict == Verdict.BLOCK)

    @property
    def campaign_blocks(self) -> tuple[Finding, ...]:
        """Return those of `blocks` that concern all people of the campaign until staff have acted."""
        return tuple(found for found in self.blocks if found.scope == Scope.CAMPAIGN)

    def spoken(self) -> Iterable[Finding]:
        """Yield every finding that is not simply fine."""
        return (found for found in self.findings if found.verdict != Verdict.OK)

    @cached_property
    def passed(self) -> list[str]:
        """Return the ids of the rules that found nothing against the call."""
        return [found.id for found in self.findings if found.verdict == Verdict.OK]

    @cached_property
    def as_evidence(self) -> list[dict[str, str]]:
        """Return as JSON the findings that have a reason: the hours, and all that was not simply fine."""
        return [found.as_evidence() for found in self.findings if found.reason]
