"""Check attempts by the pure rules: facts go in, judgements, evidence rows and advice for staff come out."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campaigns import phones, rules
from campaigns.agent_inspection import inspect
from campaigns.compliance.facts import needs_grievances, of_campaign, of_people
from campaigns.ist import IST
from campaigns.models import CallingBasis, Campaign, Evidence, Message, Recipient
from campaigns.rules import VERSION, Attempt, Judgement, by_the_minute, evaluate
from campaigns.rules.verdicts import Finding, Verdict
from campaigns.transitions import callback
from campaigns.transitions.campaign import stop

WORST = {verdict: place for place, verdict in enumerate(Verdict)}
REMEDIES = {rule.name: rule.remedy for rule in rules.RULES}


@dataclass(slots=True, kw_only=True)
class EvidenceRow:
    """The fields of an `Evidence`. Making an instance of the model takes ten times as long."""

    recipient_id: int
    message_reference: str
    stage: Evidence.Stage
    judged_at: datetime
    planned_for: datetime
    verdict: Verdict
    findings: list[dict[str, str]]
    facts: dict[str, object]
    rules_version: str


class ComplianceChecker:
    """Check calls to a chunk of people, with all facts about them read once.

    Of most people nothing is known but that they are in the campaign. Calls to them in one minute are
    checked once: every rule comes to the same result for each.
    """

    def __init__(
        self, people: Sequence[Recipient], *, now: datetime, messages: Sequence[Message] = ()
    ) -> None:
        """Read all facts. `people` come with their campaign, its number, template and agent.

        `messages`: the attempts that will be checked, if they are planned already, with these people.
        """
        campaigns = {person.campaign_id: person.campaign for person in people}
        lenders = any(needs_grievances(campaign.category) for campaign in campaigns.values())
        numbers = [person.phone for person in people]
        self._people = of_people(numbers, now=now, grievances=lenders, planned=messages)
        self._callbacks = callback.open_moments(people)
        self._campaigns = {
            pk: of_campaign(campaign, (p for p in people if p.campaign_id == pk), now=now)
            for pk, campaign in campaigns.items()
        }
        self._scripts = {pk: ours.script() for pk, ours in self._campaigns.items()}
        ours_by_id = {pk: ours.campaign for pk, ours in self._campaigns.items()}
        self._agents = {pk: inspect(c.agent.kind, c.spoken) for pk, c in ours_by_id.items()}
        hits = (ours.scrubbed.hits for ours in self._campaigns.values())
        self._known = self._people.known().union(*hits)
        self._retries: dict[tuple[int, int], timedelta] = {}
        self._judgements: dict[Hashable, Judgement] = {}

    def evaluate(
        self,
        person: Recipient,
        *,
        at: datetime,
        message: Message | None = None,
        called_back: datetime | None = None,
    ) -> Judgement:
        """Return whether this person may be called at `at`, as all rules find.

        `message` is the attempt, if it is planned already; `called_back` the time of a call-back that is
        asked for just now, those that wait are known.
        """
        judgement = self._evaluate(person, at=at, message=message, called_back=called_back)
        skew = self._campaigns[person.campaign_id].skew
        if not skew:
            return judgement
        # XFin dials by its own clock: this is when the phone rings.
        rings = self._evaluate(person, at=at - skew, message=message, called_back=called_back)
        return by_clock_of_xfin(judgement, rings, skew)

    def _evaluate(
        self, person: Recipient, *, at: datetime, message: Message | None, called_back: datetime | None
    ) -> Judgement:
        called_back = called_back or self._callbacks.get(person.pk)
        missing = self.missing(person)
        alike: Hashable | None = None
        if not (called_back or person.phone in self._known or self._people.others(person.phone, message)):
            # Nothing is known of the person: this is all that `_attempt` takes from one.
            own = self._campaigns[person.campaign_id].own_numbers
            phone = phones.parse_number(person.phone, own_numbers=own)
            alike = (
                person.campaign_id,
                _attempt_number(person, message),
                person.attempts,
                person.language,
                person.variables.get("polling_area"),
                missing,
                (phone.problem, phone.note),
                at.replace(second=0, microsecond=0),
            )
        if found := self._judgements.get(alike):
            return found
        attempt = replace(self._attempt(person, message, at), called_back=called_back, missing=missing)
        judgement = evaluate(attempt, at)
        if alike and by_the_minute(attempt):
            self._judgements[alike] = judgement
        return judgement

    def missing(self, person: Recipient) -> tuple[str, ...]:
        """Return the values that the agent must speak to this person and can't."""
        said = {"name": person.name, **person.variables}
        return self._agents[person.campaign_id].missing(said, language=person.language)

    def decided(self, message: Message, at: datetime | None, *, planned: bool) -> None:
        """Record what became of an attempt just checked: it counts for those that are checked after it.

        `at`: when it rings, None if it will not; `planned`: it may still be moved.
        """
        self._people.decided(message.recipient.phone, message, at, planned=planned)

    def evidence(
        self,
        person: Recipient,
        judgement: Judgement,
        *,
        stage: Evidence.Stage,
        at: datetime,
        now: datetime,
        message: Message | None,
    ) -> "EvidenceRow":
        """Return the row, not saved yet, that keeps a judgement and the facts it is based on.

        `message` is the attempt, None if none was planned.
        """
        ours = self._campaigns[person.campaign_id]
        basis = best_basis(self._people.bases.get(person.phone, ()), at)
        run = ours.scrubbed.run
        facts: dict[str, object] = {
            "ist": at.astimezone(IST).isoformat(),
            "category": ours.campaign.category,
            "caller_id": ours.number(_attempt_number(person, message)).e164,
            "language": person.language,
            "principal_entity": ours.organisation.principal_entity if ours.organisation else "",
            "basis": basis.pk if basis else None,
            "scrub": f"{run.operator} {run.reference}" if run else "",
            "passed": judgement.passed,
        }
        return EvidenceRow(
            recipient_id=person.pk,
            message_reference=message.reference if message else "",
            stage=stage,
            judged_at=now,
            planned_for=at,
            verdict=judgement.verdict,
            findings=judgement.as_evidence,
            facts=facts,
            rules_version=VERSION,
        )

    def _attempt(self, person: Recipient, message: Message | None, at: datetime) -> Attempt:
        """Return all that the rules ask for about a call to a person."""
        ours, people = self._campaigns[person.campaign_id], self._people
        number = ours.number(_attempt_number(person, message))
        languages = self._agents[person.campaign_id].languages
        campaign, declared = ours.campaign, ours.declaration
        phone = phones.parse_number(person.phone, own_numbers=ours.own_numbers)
        bases = people.bases.get(person.phone, ())
        basis, scrub, grievance = best_basis(bases, at), None, ""
        if run := ours.scrubbed.run:
            scrub = rules.Scrub(day=run.day, reference=run.reference, list_grew=ours.scrubbed.grew)
        if grievances := people.grievances.get(person.phone):
            grievance = f"A grievance of {grievances[0].received_at.astimezone(IST):%d %b %Y} is open."
        area = str(person.variables.get("polling_area") or (declared.polling_area if declared else ""))
        key = campaign.pk, person.attempts
        if key not in self._retries:
            self._retries[key] = campaign.retries.longest(person.attempts)
        return Attempt(
            category=campaign.category,
            caller_id=number.e164,
            own_window=(campaign.window_start, campaign.window_end),
            widening=declared.window_reason if declared else "",
            closed_days=ours.closed_days,
            organisation=ours.organisation,
            declared=ours.declared_on(at.astimezone(IST).date(), number),
            scrub=scrub,
            script=self._scripts[person.campaign_id],
            has_voice=person.language in languages if languages else None,
            retries_take=self._retries[key],
            callee_problem="" if phone.e164 else phone.note,
            landline=phones.is_landline(phone),
            suppressed=people.suppressed(person.phone, campaign.category),
            opted_out_at=people.opted_out_at(person.phone),
            basis=_plain(basis) if basis else None,
            dnd_hit=person.phone in ours.scrubbed.hits,
            grievance=grievance,
            polls=ours.closes_of(area),
            requested=next(filter(None, (row.slot_at(at) for row in bases)), None),
            others=people.others(person.phone, message),
        )


def by_clock_of_xfin(planned: Judgement, rings: Judgement, skew: timedelta) -> Judgement:
    """Return the worse of two judgements: of the time that XFin is told, and of when the phone then rings.

    A time to wait for is the real one; XFin is told another by `skew`, so the later of both is waited for.
    """
    if WORST[rings.verdict] >= WORST[planned.verdict]:
        return planned
    later = max(skew, timedelta(0))
    return Judgement(
        tuple(replace(found, until=found.until + later) if found.until else found for found in rings.findings)
    )


def campaign_problems(campaign: Campaign, *, now: datetime) -> list[str]:
    """Return what would stop the campaign at its first call, with what to do; empty if nothing would.

    The scrub (B08) is left out: it may still come in time.
    """
    begins = max(now, campaign.starts_at)
    said: dict[str, None] = {}
    for attempts in (0, 1) if campaign.retry_line else (0,):
        person = Recipient(campaign=campaign, phone="", language=campaign.default_language, attempts=attempts)
        judgement = ComplianceChecker([person], now=now).evaluate(person, at=begins)
        blocks = (found for found in judgement.campaign_blocks if found.id != "B08")
        said |= dict.fromkeys(advice(found) for found in blocks)
    return list(said)


def _attempt_number(person: Recipient, message: Message | None) -> int:
    """Return which call to this person it is, from 1."""
    return message.attempt if message else person.attempts + 1


def stop_campaign(campaign_id: int, judgement: Judgement, *, now: datetime) -> bool:
    """Stop a campaign whose calls the rules forbid as it is. Return False if it was not running any more."""
    what = " ".join(advice(found) for found in judgement.campaign_blocks)
    return stop(campaign_id, f"Stopped by the rules: {what} Then resume.", now=now)


def advice(found: Finding) -> str:
    """Return what is wrong and what to do, with the rule's name."""
    return f"{found.reason} {REMEDIES[found.rule]} ({found.rule})"


def best_basis(bases: Iterable[CallingBasis], at: datetime) -> CallingBasis | None:
    """Return the basis to rely on: one that holds if there is one, registered before not, then the newest.

    None if there is none but call-backs.
    """

    def worth(row: CallingBasis) -> tuple[bool, bool, datetime]:
        holds = rules.lapsed(_plain(row), at) == ""
        return holds, bool(row.register_reference), row.given_at

    return max((row for row in bases if row.kind != CallingBasis.Kind.CALLBACK), key=worth, default=None)


def _plain(row: CallingBasis) -> rules.Basis:
    return rules.Basis(
        kind=rules.BasisKind(row.kind),
        given_at=row.given_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        reference=row.register_reference,
    )
