"""Reads about campaigns for the portal and the API. Each function says how many queries it makes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Sum, Value, When

from campaigns import agent_inspection, rules
from campaigns.formatting import grouped, share, tone, words
from campaigns.ist import IST
from campaigns.models import (
    Campaign,
    CampaignChange,
    CampaignDeclaration,
    Evidence,
    Holiday,
    Import,
    Message,
    Recipient,
)
from campaigns.models.campaigns import CampaignState
from campaigns.models.people import RecipientState
from campaigns.models.sending import MessageState
from campaigns.queries import notices, quotas
from campaigns.queries.people import callbacks_to_make
from campaigns.rules.results import NEVER_A_GOAL
from campaigns.schedule.windows import Window

ENDED = (CampaignState.STOPPED, CampaignState.COMPLETED, CampaignState.CANCELLED)

_UPLOADED = ("uploaded", "accepted", "rejected", "duplicate", "suppressed", "empty")
#: Final states of people who were to be called and were not reached; those who must not be called have none.
_MISSED_WITHOUT_CALL = (
    RecipientState.UNREACHED,
    RecipientState.FAILED,
    RecipientState.BLOCKED,
    RecipientState.UNKNOWN,
)
_NEVER_AT_XFIN = (
    MessageState.PLANNED,
    MessageState.SENDING,
    MessageState.REJECTED,
    MessageState.WITHDRAWN,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a whole, with its words and its tone."""

    label: str
    count: int
    tone: str
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """Count what became of the rows of uploaded files."""

    uploaded: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicate: int = 0
    suppressed: int = 0
    empty: int = 0

    @property
    def adds_up(self) -> bool:
        """Return whether uploaded = accepted + rejected + duplicate + suppressed."""
        return self.uploaded == self.accepted + self.rejected + self.duplicate + self.suppressed

    @property
    def refused(self) -> int:
        """Return how many rows did not become people."""
        return self.rejected + self.duplicate + self.suppressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Count how far the people of one campaign are."""

    people: int = 0
    by_state: tuple[tuple[str, int], ...] = ()
    dialled: int = 0
    answered: int = 0
    goal: int = 0

    def count(self, *states: str) -> int:
        """Return how many people are in any of the states."""
        return sum(count for state, count in self.by_state if state in states)

    @property
    def states(self) -> list[Part]:
        """Return every state that people are in, with how many, in the order of their progress."""
        labels = dict(RecipientState.choices)
        return [
            Part(str(labels[state]), count, tone(state), state) for state, count in self.by_state if count
        ]

    @property
    def finished(self) -> int:
        """Return how many people have a final state."""
        return self.people - self.count(*Recipient.OPEN_STATES)

    @property
    def waiting(self) -> int:
        """Return how many people wait to be called."""
        return self.count("waiting")

    @property
    def bar(self) -> list[Part]:
        """Return the parts of the progress bar; what is missing to the whole is waiting."""
        completed, under_way = self.count("completed"), self.count("under_way")
        missed, failed = self.count("unreached", "unknown", "blocked"), self.count("failed")
        closed = self.count("suppressed", "skipped", "quota_full", "cancelled")
        return [
            Part("completed", completed, "ok"),
            Part("under way", under_way, "live"),
            Part("not reached", missed, "warn"),
            Part("failed", failed, "bad"),
            Part("not called", closed, "calm"),
        ]


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step of the funnel."""

    label: str
    count: int
    note: str


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """An outcome, how many people have it, and whether it counts as the campaign's goal."""

    outcome: str
    people: int
    is_goal: bool
    may_be_goal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignCounts:
    """One campaign in figures that add up."""

    rows: RowCounts
    progress: Progress
    at_xfin: int

    @property
    def adds_up(self) -> bool:
        """Return whether the rows add up, and every accepted row is a person in exactly one state."""
        in_a_state = sum(count for _, count in self.progress.by_state)
        return self.rows.adds_up and self.rows.accepted == self.progress.people == in_a_state


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign in a list."""

    campaign: Campaign
    progress: Progress


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Count how far the withdrawal of a halted campaign's messages is. `leaving` may still ring."""

    leaving: int
    ringing: int

    @property
    def tone(self) -> str:
        """Return the tone of the note: warn while a message may still ring, calm while one rings, else ok."""
        return "warn" if self.leaving else "calm" if self.ringing else "ok"

    @property
    def words(self) -> str:
        """Return in sentences for staff whether people may still be called."""
        if self.leaving:
            what = "1 message is" if self.leaving == 1 else f"{grouped(self.leaving)} messages are"
            return f"{what} being withdrawn from XFin; until then they may still ring."
        if self.ringing:
            who = "1 person is" if self.ringing == 1 else f"{grouped(self.ringing)} people are"
            return f"All withdrawn, nobody more will be rung. {who} on the line; the result is kept."
        return "All withdrawn, nobody will be rung."


def _people_counts(campaigns: Iterable[Campaign]) -> dict[str, Count]:
    goal_reached = Q(pk__in=())
    for campaign in campaigns:
        if campaign.goals:
            goal_reached |= Q(campaign=campaign, outcome__in=campaign.goals)
    by_state = {state.value: Count("id", filter=Q(state=state)) for state in RecipientState}
    said_something = ~Q(
        outcome=""
    )  # known at once from our own call; how it ended comes from XFin a little later
    return by_state | {
        "people": Count("id"),
        "dialled": Count("id", filter=~Q(disposition="") | said_something),
        "reached": Count("id", filter=Q(disposition="answered") | said_something),
        "goal": Count("id", filter=goal_reached),
    }


def _progress(figures: Mapping[str, Any]) -> Progress:
    return Progress(
        people=figures["people"],
        by_state=tuple((state.value, figures[state.value]) for state in RecipientState),
        dialled=figures["dialled"],
        answered=figures["reached"],
        goal=figures["goal"],
    )


def row_counts(imports: QuerySet[Import]) -> RowCounts:
    """Return what became of all rows of these files. One query."""
    sums = imports.aggregate(**{name: Sum(name, default=0) for name in _UPLOADED})
    return RowCounts(**sums)


def campaign_counts(campaign: Campaign) -> CampaignCounts:
    """Return every figure of one campaign. Three queries, whatever its size."""
    people = Recipient.objects.filter(campaign=campaign).aggregate(**_people_counts([campaign]))
    handed_over = Message.objects.filter(recipient=OuterRef("pk"), batch__isnull=False).exclude(
        state__in=_NEVER_AT_XFIN
    )
    at_xfin = Recipient.objects.filter(Exists(handed_over), campaign=campaign)
    return CampaignCounts(
        rows=row_counts(Import.objects.filter(campaign=campaign)),
        progress=_progress(people),
        at_xfin=at_xfin.count(),
    )


def with_progress(campaigns: Iterable[Campaign]) -> list[CampaignRow]:
    """Return the campaigns, in their order, with how far each is. One query more, however many they are."""
    listed = list(campaigns)
    people = (
        Recipient.objects.filter(campaign__in=listed)
        .order_by()
        .values("campaign_id")
        .annotate(**_people_counts(listed))
    )
    progress = {figures["campaign_id"]: _progress(figures) for figures in people}
    no_people = Progress()
    return [CampaignRow(campaign, progress.get(campaign.pk, no_people)) for campaign in listed]


def all_campaigns() -> QuerySet[Campaign]:
    """Return all campaigns, newest first, with account, number, agent and author. One query."""
    return Campaign.objects.select_related(
        "template__account", "number", "agent", "dialogue_version", "created_by"
    )


def campaigns_in(state: str) -> QuerySet[Campaign]:
    """Return the campaigns in a state; all of them for an empty or unknown word. One query."""
    return all_campaigns().filter(state=state) if state in CampaignState.values else all_campaigns()


def campaigns_of_the_day(day_began: datetime, limit: int = 12) -> list[CampaignRow]:
    """Return what goes on, then what ended since `day_began`, at most `limit`. Two queries."""
    going_on = Q(state__in=(CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED))
    ended = Q(state__in=ENDED, state_since__gte=day_began)
    shown = (
        all_campaigns()
        .filter(going_on | ended)
        .alias(rank=Case(When(going_on, then=Value(0)), default=Value(1)))
    )
    return with_progress(shown.order_by("rank", "-state_since")[:limit])


def campaign_history(campaign_id: int) -> Sequence[CampaignChange]:
    """Return the changes of a campaign's state, the newest first. One query."""
    return list(CampaignChange.objects.filter(campaign_id=campaign_id).order_by("-id"))


def evidence_for(message_reference: str) -> Sequence[Evidence]:
    """Return the evidence of one attempt, in order; empty, without a query, for an empty reference."""
    if not message_reference:
        return ()
    return list(Evidence.objects.filter(message_reference=message_reference).order_by("judged_at", "id"))


def overview(campaign: Campaign, now: datetime) -> dict[str, object]:
    """Return the template context of the campaign's page and its live part. Ten queries at most."""
    counts = campaign_counts(campaign)
    return {
        "counts": counts,
        "funnel": funnel(counts, with_goal=bool(campaign.goals)),
        "outcomes": outcomes(campaign),
        "misses": misses(campaign.pk),
        "hours": hours(campaign, now),
        "account": campaign.template.account,
        "trials": notices.trials(campaign.template.account),
        "withdrawal": withdrawal(campaign),
        "callbacks": callbacks_to_make(campaign.pk),
        "quotas": quotas.table(campaign),
    }


def withdrawal(campaign: Campaign) -> Withdrawal | None:
    """Return how far a halted campaign's messages are taken back; None for any other. One query or none."""
    if campaign.state not in Campaign.HALTED:
        return None
    of_campaign = Message.objects.filter(recipient__campaign=campaign, state__in=Message.OPEN_STATES)
    ringing = Q(state=MessageState.DIALLING)
    figures = of_campaign.aggregate(
        leaving=Count("id", filter=~ringing & ~Q(state=MessageState.PLANNED)),
        ringing=Count("id", filter=ringing),
    )
    return Withdrawal(**figures)


def funnel(counts: CampaignCounts, *, with_goal: bool) -> list[FunnelStep]:
    """Return the steps from people to the goal, each with what it is a share of. No query.

    `with_goal`: an outcome was chosen as the goal; without one the last step is left out.
    """
    progress = counts.progress
    steps = [
        FunnelStep("Accepted", progress.people, "people"),
        _step("At XFin", counts.at_xfin, progress.people, "of people"),
        _step("Call over", progress.dialled, counts.at_xfin, "of these"),
        _step("Answered", progress.answered, progress.dialled, "of calls over"),
    ]
    if with_goal:
        steps.append(_step("Goal reached", progress.goal, progress.answered, "of answered"))
    return steps


def _step(label: str, count: int, whole: int, of_what: str) -> FunnelStep:
    return FunnelStep(label, count, f"{share(count, whole)} {of_what}" if whole else "")


def outcomes(campaign: Campaign) -> list[OutcomeCount]:
    """Return the outcomes of the campaign's people, most frequent first, then what its agent may bring.

    Two queries at most.
    """
    people = campaign.recipients.exclude(outcome="").order_by()
    counted = people.values("outcome").annotate(people=Count("id")).order_by("-people", "outcome")
    found = {row["outcome"]: row["people"] for row in counted}
    possible = agent_inspection.inspect(campaign.agent.kind, campaign.spoken).outcomes
    names = dict.fromkeys((*found, *possible, *campaign.goals))
    return [
        OutcomeCount(
            name, found.get(name, 0), is_goal=name in campaign.goals, may_be_goal=name not in NEVER_A_GOAL
        )
        for name in names
    ]


def misses(campaign_id: int) -> list[Part]:
    """Return why people were not reached, most frequent first. One query.

    It is how a person's last call ended; for those who have a final state without any call, the state.
    """
    people = Recipient.objects.filter(campaign_id=campaign_id).exclude(disposition="answered")
    missed = people.filter(~Q(disposition="") | Q(state__in=_MISSED_WITHOUT_CALL, outcome=""))
    by_reason = Case(When(disposition="", then=F("state")), default=F("disposition"))
    counted = missed.order_by().values(why=by_reason).annotate(people=Count("id")).order_by("-people", "why")
    labels: dict[str, str] = dict(RecipientState.choices)
    return [Part(labels.get(row["why"], words(row["why"])), row["people"], "calm") for row in counted]


def hours(campaign: Campaign, now: datetime) -> str:
    """Return in words the hours in which this campaign may call today. Three queries."""
    today = now.astimezone(IST).date()
    if today in Holiday.without_calls():
        return "none, it is a holiday without calls"
    window = daily_hours(campaign)(today)
    return "its own hours leave nothing of the lawful ones" if window.empty else str(window)


def daily_hours(campaign: Campaign) -> Callable[[date], Window]:
    """Return a function from a day (IST) to the hours in which this campaign may call then. Two queries."""
    reasons = CampaignDeclaration.objects.filter(campaign=campaign).values_list("window_reason", flat=True)
    attempt = rules.Attempt(
        category=campaign.category,
        caller_id=campaign.number.e164,
        own_window=(campaign.window_start, campaign.window_end),
        widening=reasons.first() or "",
        closed_days=Holiday.without_calls(),
    )
    return partial(rules.calling_window, attempt)
