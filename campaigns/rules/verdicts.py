"""What a rule is, what it says, and what follows from all that was said."""

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
    """Whom a refusal concerns: this person, or everybody in the campaign until staff have acted."""

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
        """Whether it counts for a call on this day (IST)."""
        return self.effective_from <= day < self.effective_until

    @property
    def name(self) -> str:
        """As evidence calls it."""
        return f"{self.id} {self.title}"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A judge's answer before it is tied to its rule. `until` only with DEFER; `kind` where it differs."""

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
        """The rule's id alone, such as B01."""
        return _id(self.rule)

    def as_evidence(self) -> dict[str, str]:
        """JSON-ready, for the evidence row."""
        until = {"until": self.until.isoformat()} if self.until else {}
        return {"rule": self.rule, "kind": self.kind, "verdict": self.verdict, "reason": self.reason, **until}


@cache
def _id(name: str) -> str:
    """Of a rule's name the id; a call has dozens of findings, and there are few names."""
    return name.split()[0]


_ORDER = {verdict: place for place, verdict in enumerate(Verdict)}


@dataclass(frozen=True)
class Judgement:
    """All findings on one attempt, and what follows from them; many people's calls may share one."""

    findings: tuple[Finding, ...]

    @cached_property
    def verdict(self) -> Verdict:
        """The worst of all findings."""
        return min((finding.verdict for finding in self.findings), key=_ORDER.__getitem__)

    @property
    def reason(self) -> str:
        """Why, in sentences: everything that was found at the worst level."""
        verdict = self.verdict
        return " ".join(found.reason for found in self.findings if found.verdict == verdict)

    @property
    def until(self) -> datetime | None:
        """When to judge again, if the call is only deferred."""
        return self.waits_until if self.verdict == Verdict.DEFER else None

    @cached_property
    def waits_until(self) -> datetime | None:
        """The latest time that any rule proposes, also beside a refusal: until then staff can act."""
        return max((finding.until for finding in self.findings if finding.until), default=None)

    @cached_property
    def refuses_person(self) -> bool:
        """Whether this person is refused for good, whatever staff do about the campaign."""
        return any(found.scope == Scope.PERSON for found in self.blocks)

    @cached_property
    def stops_campaign(self) -> bool:
        """Whether the campaign may call nobody now, until staff have acted."""
        return bool(self.campaign_blocks) and not self.refuses_person and self.waits_until is None

    @property
    def opted_out(self) -> bool:
        """Whether the person has asked not to be called."""
        return any(found.id == "B02" for found in self.blocks)

    @cached_property
    def blocks(self) -> tuple[Finding, ...]:
        """Everything that forbids the call for good."""
        return tuple(found for found in self.findings if found.verdict == Verdict.BLOCK)

    @property
    def campaign_blocks(self) -> tuple[Finding, ...]:
        """Those of the refusals that concern everybody in the campaign until staff have acted."""
        return tuple(found for found in self.blocks if found.scope == Scope.CAMPAIGN)

    def spoken(self) -> Iterable[Finding]:
        """Every finding that is not simply fine."""
        return (found for found in self.findings if found.verdict != Verdict.OK)

    @cached_property
    def passed(self) -> list[str]:
        """The ids of the rules that had nothing to say against the call."""
        return [found.id for found in self.findings if found.verdict == Verdict.OK]

    @cached_property
    def as_evidence(self) -> list[dict[str, str]]:
        """The findings worth a row's room, JSON-ready: the hours, and everything that was not simply fine."""
        return [found.as_evidence() for found in self.findings if found.reason]
