"""Read the facts that the rules ask for, for many people at once: as many queries for one as for all."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain
from typing import TypeVar

from django.utils.crypto import salted_hmac

from campaigns import rules
from campaigns.bulk import among, keys
from campaigns.ist import IST
from campaigns.models import (
    Account,
    CallerDeclaration,
    CallingBasis,
    Campaign,
    CampaignDeclaration,
    Complaint,
    Holiday,
    Message,
    PhoneNumber,
    PollingDay,
    Recipient,
    Registration,
    ScrubHit,
    ScrubRun,
    Suppression,
)
from campaigns.pseudonyms import pseudonym
from campaigns.rules.law import COMPLAINT_SPAN, LENDERS
from campaigns.xfin.states import Disposition

#: How far back calls to a number matter: the longest cap is a week, and a day for plans that lie ahead.
MEMORY = timedelta(days=8)
PLANNED = Message.State.PLANNED
#: A clock that differs by less than this is right: XFin's tells whole seconds, and a reply takes its time.
LEAST_SKEW = timedelta(seconds=3)
#: The newest calls by which W07 is judged.
LATEST = 200
SHORT_SECONDS = 6
#: Attempts that did not ring and will not.
NEVER_RANG = (
    Message.State.REJECTED,
    Message.State.BLOCKED,
    Message.State.CANCELLED,
    Message.State.WITHDRAWN,
)

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Attempted:
    """Another attempt at a number. `planned` ones may still be moved."""

    message_id: int
    past: rules.Past
    planned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """The newest scrub of a promotional campaign's list; with None nothing was scrubbed."""

    run: ScrubRun | None = None
    grew: bool = False
    hits: frozenset[str] = frozenset()

    @classmethod
    def of(cls, campaign: Campaign, people: Iterable[Recipient]) -> "Scrubbed":
        """Return the newest scrub of a campaign's list, with those of these people whom it refused."""
        run = ScrubRun.objects.filter(campaign=campaign).order_by("-scrubbed_at").first()
        if run is None:
            return cls()
        hashes = {phone_hash(person.phone): person.phone for person in people}
        hits = ScrubHit.objects.filter(run=run, phone_hash__in=hashes).values_list("phone_hash", flat=True)
        grew = Recipient.objects.filter(campaign=campaign, pk__gt=run.newest_recipient).exists()
        return cls(run=run, grew=grew, hits=frozenset(hashes[hit] for hit in hits))


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFacts:
    """What is the same for all people of a campaign."""

    campaign: Campaign
    lines: tuple[PhoneNumber, PhoneNumber]
    """The numbers from which the first call and retries are made."""
    organisation: rules.Organisation | None
    declarations: Sequence[CallerDeclaration]
    declaration: CampaignDeclaration | None
    scrubbed: Scrubbed
    polls: Sequence[PollingDay]
    """All that are entered, past ones too: they tell which areas are known."""
    closed_days: frozenset[date]
    now: datetime
    own_numbers: frozenset[str]
    skew: timedelta
    """By how much XFin's clock is ahead of ours; zero where that is not known or too little to matter."""

    def number(self, attempt: int) -> PhoneNumber:
        """Return the number from which an attempt (from 1) is made."""
        return self.lines[attempt > 1]

    def declared_on(self, day: date, number: PhoneNumber) -> bool:
        """Return whether a calling number is declared as A2P on a day."""
        mine = (row for row in self.declarations if row.number_id == number.pk)
        return any(row.declared_on <= day <= (row.valid_until or date.max) for row in mine)

    def script(self) -> rules.Script | None:
        """Return what the agent says, as the campaign's declaration has it; None without a declaration."""
        row = self.declaration
        if row is None:
            return None
        return rules.Script(
            says_name=row.says_name,
            says_purpose=row.says_purpose,
            says_recorded=row.says_recorded,
            says_opt_out=row.says_opt_out,
            contains_offer=row.contains_offer,
            asks_consent=row.asks_consent,
            about_children=row.about_children,
            voice_template=row.voice_template,
        )

    def closes_of(self, area: str) -> tuple[datetime, ...] | None:
        """Return when polls close in an area; None if the area is not known.

        While polls lie ahead, an area is known that has had or will have one: a misspelt one, which matches
        none, must not be taken for one without a poll.
        """
        place = place_name(area)
        ahead = [poll for poll in self.polls if poll.closes_at > self.now]
        known = {place_name(poll.area) for poll in self.polls}
        if not place or (any(poll.area.strip() for poll in ahead) and place not in known):
            return None
        return tuple(poll.closes_at for poll in ahead if place_name(poll.area) in ("", place))


@dataclass(frozen=True, slots=True)
class PeopleFacts:
    """What is known of each number, by number."""

    suppressions: Mapping[str, Sequence[Suppression]] = field(default_factory=dict)
    bases: Mapping[str, Sequence[CallingBasis]] = field(default_factory=dict)
    grievances: Mapping[str, Sequence[Complaint]] = field(default_factory=dict)
    attempts: dict[str, Sequence[Attempted]] = field(default_factory=dict)

    def known(self) -> set[str]:
        """Return the numbers of which more is kept than attempts."""
        return {*self.suppressions, *self.bases, *self.grievances}

    def suppressed(self, phone: str, category: str) -> str:
        """Return why this number must not be called about this; empty if it may."""
        live = (row for row in self.suppressions.get(phone, ()) if row.lifted_at is None)
        return next((row.reason for row in live if row.covers(category)), "")

    def opted_out_at(self, phone: str) -> datetime | None:
        """Return when the person last asked us to stop, also if that was lifted since; None if never."""
        return max((row.created_at for row in self.suppressions.get(phone, ())), default=None)

    def others(self, phone: str, message: Message | None) -> tuple[rules.Past, ...]:
        """Return other attempts at the number. Of two that are only planned, the older goes first."""
        rows = self.attempts.get(phone, ())
        if message is None or not rows:
            return tuple(row.past for row in rows)
        return tuple(
            row.past
            for row in rows
            if row.message_id != message.pk and not (row.planned and row.message_id > message.pk)
        )

    def decided(self, phone: str, message: Message, at: datetime | None, *, planned: bool) -> None:
        """Record that an attempt has another time, is on its way, or (`at` None) will not be made."""
        rows = self.attempts.get(phone, ())
        if len(rows) < 2:  # a call is not judged by itself
            return
        mine = [Attempted(message.pk, rules.Past(at), planned)] if at else []
        self.attempts[phone] = [*(row for row in rows if row.message_id != message.pk), *mine]


def of_campaign(campaign: Campaign, people: Iterable[Recipient], *, now: datetime) -> CampaignFacts:
    """Return the facts of one campaign; if promotional, also which of these people its scrub refused."""
    promotional, political = campaign.category == "promotional", campaign.category == "political"
    lines = (campaign.line(1)[1], campaign.line(2)[1])
    ahead = Account.objects.values_list("clock_skew", flat=True).get(pk=campaign.template.account_id) or 0.0
    return CampaignFacts(
        campaign=campaign,
        lines=lines,
        organisation=_organisation(campaign, now),
        declarations=list(CallerDeclaration.objects.filter(number__in=lines)),
        declaration=CampaignDeclaration.objects.filter(campaign=campaign).first(),
        scrubbed=Scrubbed.of(campaign, people) if promotional else Scrubbed(),
        polls=list(PollingDay.objects.all()) if political else (),
        closed_days=Holiday.without_calls(),
        now=now,
        own_numbers=frozenset(PhoneNumber.objects.values_list("e164", flat=True)),
        skew=timedelta(seconds=ahead if abs(ahead) >= LEAST_SKEW.total_seconds() else 0),
    )


def place_name(text: str) -> str:
    """Return the name of a place as it is compared: without regard to capitals and spaces."""
    return "".join(text.casefold().split())


def of_people(
    phones: Iterable[str], *, now: datetime, grievances: bool = True, planned: Sequence[Message] = ()
) -> PeopleFacts:
    """Return the facts of numbers, in four queries.

    `planned`: attempts among theirs that come with their person, as they stand in the database.
    """
    numbers = list(set(phones))
    these = among(numbers)
    # Those of people whose data was erased stand under the number's pseudonym.
    of_number = {pseudonym(number): number for number in numbers}
    suppressed = Suppression.objects.filter(phone__in=among([*numbers, *of_number]))
    complaints = Complaint.objects.filter(
        kind=Complaint.Kind.GRIEVANCE, phone__in=these, closed_at__isnull=True
    )
    return PeopleFacts(
        suppressions=_by_phone((of_number.get(row.phone, row.phone), row) for row in suppressed),
        bases=_by_phone((row.phone, row) for row in CallingBasis.objects.filter(phone__in=these)),
        grievances=_by_phone((row.phone, row) for row in complaints) if grievances else {},
        attempts=_attempts(numbers, planned, now),
    )


def needs_grievances(category: str) -> bool:
    """Return whether rule B14 asks for the grievances of people in this category."""
    return category in LENDERS


def phone_hash(phone: str) -> str:
    """Return a number as scrub results keep it: a keyed hash, found again but not read back."""
    return salted_hmac("campaigns.scrub", phone, algorithm="sha256").hexdigest()


def _organisation(campaign: Campaign, now: datetime) -> rules.Organisation | None:
    kept = Registration.objects.filter(account=campaign.template.account_id).first()
    if kept is None:
        return None
    counted = Complaint.objects.filter(
        kind=Complaint.Kind.UNSOLICITED, dismissed=False, received_at__gt=now - COMPLAINT_SPAN
    )
    newest = Message.objects.filter(state=Message.State.DONE).order_by("-send_on")
    calls = list(newest.values_list("disposition", "duration_seconds")[:LATEST])
    answered = [seconds for disposition, seconds in calls if disposition == Disposition.ANSWERED]
    return rules.Organisation(
        sector=rules.Sector(kept.sector),
        principal_entity=kept.principal_entity,
        telemarketer=kept.telemarketer,
        valid=(kept.valid_from, kept.valid_until),
        non_commercial=kept.non_commercial,
        complaints=tuple(counted.values_list("received_at", flat=True)),
        caps=rules.Caps(
            attempts_a_day=kept.attempts_a_day,
            answered_a_week=kept.answered_a_week,
            gap=timedelta(minutes=kept.gap_minutes),
        ),
        holidays=frozenset(
            Holiday.objects.filter(day__gte=now.astimezone(IST).date()).values_list("day", flat=True)
        ),
        answered=len(answered),
        short=sum(seconds is not None and seconds < SHORT_SECONDS for seconds in answered),
        abandoned=sum(disposition == Disposition.DROPPED for disposition, _ in calls),
    )


def _attempts(
    numbers: Sequence[str], planned: Sequence[Message], now: datetime
) -> dict[str, Sequence[Attempted]]:
    """Return the attempts at each number.

    A number's only attempt is left out if it is one of `planned`: a call is not judged by itself.
    """
    rows = (
        Message.objects.filter(recipient__phone__in=among(numbers), send_on__gt=now - MEMORY)
        .exclude(state__in=NEVER_RANG)
        .exclude(state=Message.State.FAILED, batch__isnull=True)  # not handed over: it can't be spoken
        .exclude(pk__in=keys(planned))
        .values_list("recipient__phone", "pk", "send_on", "disposition", "state")
    )
    found = [
        (phone, Attempted(pk, rules.Past(at, answered=how == Disposition.ANSWERED), state == PLANNED))
        for phone, pk, at, how, state in rows
    ]
    ours = [(message.recipient.phone, message) for message in planned]
    together = Counter(phone for phone, _ in chain(ours, found))
    several = (
        (phone, Attempted(message.pk, rules.Past(message.send_on), planned=True))
        for phone, message in ours
        if together[phone] > 1
    )
    return _by_phone(chain(found, several))


def _by_phone(pairs: Iterable[tuple[str, Value]]) -> dict[str, Sequence[Value]]:
    groups: dict[str, list[Value]] = defaultdict(list)
    for phone, value in pairs:
        groups[phone].append(value)
    return dict(groups)
