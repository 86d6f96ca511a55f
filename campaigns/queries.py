"""Everything the portal and the API read about campaigns. Each function says how many queries it makes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When

from campaigns import rules
from campaigns.display import share, tone, words
from campaigns.models import (
    Account,
    Campaign,
    CampaignDeclaration,
    Evidence,
    Import,
    ImportRow,
    Message,
    Recipient,
)
from campaigns.models.campaigns import CampaignState
from campaigns.models.people import ImportRowFate, ImportState, RecipientState
from campaigns.models.sending import MessageState
from campaigns.windows import IST

#: Outcomes an agent may report that are no success; every other outcome counts as the goal reached.
NO_GOAL = ("", "refused", "opted_out", "opt_out", "wrong_person", "no_input", "not_interested", "unclear")

_UPLOADED = ("uploaded", "accepted", "rejected", "duplicate", "suppressed", "empty")
_NEVER_AT_XFIN = (MessageState.PLANNED, MessageState.SENDING, MessageState.REJECTED)


def goal_reached(prefix: str = "") -> Q:
    """The condition that an `outcome` is a success; `prefix` leads to the row that has it."""
    return ~Q(**{f"{prefix}outcome__in": NO_GOAL})


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a whole, with its words and its tone."""

    label: str
    count: int
    tone: str
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """What became of the rows of uploaded files."""

    uploaded: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicate: int = 0
    suppressed: int = 0
    empty: int = 0

    @property
    def adds_up(self) -> bool:
        """uploaded = accepted + rejected + duplicate + suppressed."""
        return self.uploaded == self.accepted + self.rejected + self.duplicate + self.suppressed

    @property
    def refused(self) -> int:
        """Rows that did not become people."""
        return self.rejected + self.duplicate + self.suppressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the people of one campaign are."""

    people: int = 0
    by_state: tuple[tuple[str, int], ...] = ()
    dialled: int = 0
    answered: int = 0
    goal: int = 0

    def count(self, *states: str) -> int:
        """People in any of the states."""
        return sum(count for state, count in self.by_state if state in states)

    @property
    def states(self) -> list[Part]:
        """Every state that somebody is in, in the order of a person's way."""
        labels = dict(RecipientState.choices)
        return [
            Part(str(labels[state]), count, tone(state), state) for state, count in self.by_state if count
        ]

    @property
    def finished(self) -> int:
        """People whose state is final."""
        return self.people - self.count(*Recipient.OPEN_STATES)

    @property
    def waiting(self) -> int:
        """People who are to be called."""
        return self.count("waiting")

    @property
    def bar(self) -> list[Part]:
        """The parts of the progress bar; what is missing to the whole is waiting."""
        completed, under_way = self.count("completed"), self.count("under_way")
        missed, failed = self.count("unreached", "unknown", "blocked"), self.count("failed")
        closed = self.count("suppressed", "cancelled")
        return [
            Part("completed", completed, "ok"),
            Part("under way", under_way, "live"),
            Part("not reached", missed, "warn"),
            Part("failed", failed, "bad"),
            Part("not called", closed, "calm"),
        ]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the funnel."""

    label: str
    count: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignCounts:
    """One campaign in figures that add up."""

    rows: RowCounts
    progress: Progress
    at_xfin: int

    @property
    def adds_up(self) -> bool:
        """The rows add up, and every accepted row is a person in exactly one state."""
        return self.rows.adds_up and self.rows.accepted == self.progress.people == self._by_state

    @property
    def _by_state(self) -> int:
        return sum(count for _, count in self.progress.by_state)


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign in a list."""

    campaign: Campaign
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something somebody should look at."""

    tone: str
    title: str
    text: str
    campaign: Campaign | None = None
    account: Account | None = None


def _people_counts() -> dict[str, Count]:
    by_state = {state.value: Count("id", filter=Q(state=state)) for state in RecipientState}
    said_something = ~Q(outcome="")  # told by our own call, at once; XFin tells how it ended a little later
    return by_state | {
        "people": Count("id"),
        "dialled": Count("id", filter=~Q(disposition="") | said_something),
        "reached": Count("id", filter=Q(disposition="answered") | said_something),
        "goal": Count("id", filter=goal_reached()),
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
    """What became of all rows of these files. One query."""
    sums = imports.aggregate(**{name: Sum(name, default=0) for name in _UPLOADED})
    return RowCounts(**sums)


def campaign_counts(campaign_id: int) -> CampaignCounts:
    """Every figure of one campaign. Three queries, whatever its size."""
    people = Recipient.objects.filter(campaign_id=campaign_id).aggregate(**_people_counts())
    handed_over = (
        Message.objects.filter(recipient__campaign_id=campaign_id, batch__isnull=False)
        .exclude(state__in=_NEVER_AT_XFIN)
        .aggregate(people=Count("recipient_id", distinct=True))
    )
    return CampaignCounts(
        rows=row_counts(Import.objects.filter(campaign_id=campaign_id)),
        progress=_progress(people),
        at_xfin=handed_over["people"],
    )


def with_progress(campaigns: Iterable[Campaign]) -> list[CampaignRow]:
    """The campaigns with how far each is. One query more, however many they are."""
    listed = list(campaigns)
    people = (
        Recipient.objects.filter(campaign__in=listed)
        .order_by()
        .values("campaign_id")
        .annotate(**_people_counts())
    )
    progress = {figures["campaign_id"]: _progress(figures) for figures in people}
    nobody = Progress()
    return [CampaignRow(campaign, progress.get(campaign.pk, nobody)) for campaign in listed]


def all_campaigns() -> QuerySet[Campaign]:
    """Campaigns, newest first, with what a list shows of their surroundings."""
    return Campaign.objects.select_related("template__account", "number", "agent", "created_by")


def campaigns_in(state: str) -> QuerySet[Campaign]:
    """Campaigns in a state; all of them for an empty or unknown word."""
    return all_campaigns().filter(state=state) if state in CampaignState.values else all_campaigns()


def campaigns_of_the_day(day_began: datetime, limit: int = 12) -> list[CampaignRow]:
    """What is going on and what ended since `day_began`, those first that still go on. Two queries."""
    going_on = Q(state__in=(CampaignState.RUNNING, CampaignState.PAUSED))
    ended = ~going_on & ~Q(state=CampaignState.DRAFT) & Q(state_since__gte=day_began)
    shown = (
        all_campaigns()
        .filter(going_on | ended)
        .alias(rank=Case(When(going_on, then=Value(0)), default=Value(1)))
    )
    return with_progress(shown.order_by("rank", "-state_since")[:limit])


def recipients_of(campaign_id: int, *, state: str = "", text: str = "") -> QuerySet[Recipient]:
    """The people of a campaign in the order of its files; by state, name or last digits."""
    people = Recipient.objects.filter(campaign_id=campaign_id).order_by("id")
    if state in RecipientState.values:
        people = people.filter(state=state)
    if text:
        # The last digits, as a masked number shows them, or a whole number in any spelling.
        digits = "" if any(ch.isalpha() for ch in text) else "".join(ch for ch in text if ch.isdigit())
        people = people.filter(Q(name__icontains=text) | (Q(phone__endswith=digits) if digits else Q()))
    return people


def latest_imports(campaign_id: int, limit: int = 5) -> Sequence[Import]:
    """The files that were uploaded last."""
    return list(Import.objects.filter(campaign_id=campaign_id).select_related("created_by")[:limit])


def evidence_for(message_reference: str) -> Sequence[Evidence]:
    """Every judgement of one attempt, in order. No query for a call without a reference."""
    if not message_reference:
        return ()
    return list(Evidence.objects.filter(message_reference=message_reference).order_by("judged_at", "id"))


def notices() -> list[Notice]:
    """What needs somebody: accounts in trouble, stopped campaigns, unusable files. Four queries."""
    return [*_account_notices(), *_stopped_notices(), *_file_notices()]


def _account_notices() -> list[Notice]:
    troubled = Account.objects.exclude(state=Account.State.READY).defer("password", "token", "cookies")
    open_messages = dict(
        Message.objects.filter(
            state__in=Message.OPEN_STATES,
            recipient__campaign__template__account__state__in=("waiting", "refused"),
        )
        .order_by()
        .values_list("recipient__campaign__template__account_id")
        .annotate(waiting=Count("id"))
    )
    return [_account_notice(account, open_messages.get(account.pk, 0)) for account in troubled]


def _account_notice(account: Account, waiting: int) -> Notice:
    refused = account.state == Account.State.REFUSED
    what = "XFin refused the account" if refused else "XFin can't be reached for the account"
    messages = {0: "No message is waiting.", 1: "1 message is waiting."}.get(
        waiting, f"{waiting} messages are waiting."
    )
    after = "Nothing is lost and nothing is sent twice."
    return Notice(
        tone="bad" if refused else "warn",
        title=f"{what} “{account.name}”.",
        text=f"{account.reason} {messages} {after}".strip(),
        account=account,
    )


def _stopped_notices(limit: int = 5) -> list[Notice]:
    stopped = Campaign.objects.filter(state=CampaignState.STOPPED).order_by("-state_since")[:limit]
    return [
        Notice(
            tone="bad", title=f"The campaign “{campaign}” stopped.", text=campaign.reason, campaign=campaign
        )
        for campaign in stopped
    ]


def _file_notices(limit: int = 3) -> list[Notice]:
    unusable = Import.objects.filter(
        state=ImportState.FAILED, campaign__state=CampaignState.DRAFT
    ).select_related("campaign")[:limit]
    return [
        Notice(
            tone="warn",
            title=f"The file “{source.filename}” could not be used.",
            text=source.reason,
            campaign=source.campaign,
        )
        for source in unusable
    ]


def overview(campaign: Campaign, now: datetime) -> dict[str, object]:
    """What the campaign's page and its live part show. Five queries."""
    counts = campaign_counts(campaign.pk)
    return {
        "counts": counts,
        "funnel": funnel(counts),
        "misses": misses(campaign.pk),
        "hours": hours(campaign, now),
        "account": campaign.template.account,
    }


def funnel(counts: CampaignCounts) -> list[Step]:
    """From people to the goal, each step with what it is a share of."""
    progress = counts.progress
    return [
        Step("Accepted", progress.people, "people"),
        _step("At XFin", counts.at_xfin, progress.people, "of people"),
        _step("Dialled", progress.dialled, counts.at_xfin, "of these"),
        _step("Answered", progress.answered, progress.dialled, "of dialled"),
        _step("Goal reached", progress.goal, progress.answered, "of answered"),
    ]


def _step(label: str, count: int, whole: int, of_what: str) -> Step:
    return Step(label, count, f"{share(count, whole)} {of_what}" if whole else "")


def misses(campaign_id: int) -> list[Part]:
    """How the last calls ended that did not reach anybody, most frequent first. One query."""
    people = Recipient.objects.filter(campaign_id=campaign_id).exclude(disposition__in=("", "answered"))
    counted = people.order_by().values("disposition").annotate(people=Count("id")).order_by("-people")
    return [Part(words(row["disposition"]), row["people"], "calm") for row in counted]


def hours(campaign: Campaign, now: datetime) -> str:
    """The hours in which this campaign may call today, in words."""
    reasons = CampaignDeclaration.objects.filter(campaign=campaign).values_list("window_reason", flat=True)
    attempt = rules.Attempt(
        category=campaign.category,
        caller_id=campaign.number.e164,
        own_window=(campaign.window_start, campaign.window_end),
        widening=reasons.first() or "",
    )
    window = rules.calling_window(attempt, now.astimezone(IST).date())
    return "its own hours leave nothing of the lawful ones" if window.empty else str(window)


def rows_not_accepted(source: Import, *, fate: str = "") -> QuerySet[ImportRow]:
    """The rows of a file that did not become people, in the order of the file."""
    rows = source.rows.order_by("row_number")
    return rows.filter(fate=fate) if fate in ImportRowFate.values else rows


def people_repaired(source: Import) -> int:
    """How many accepted rows had something repaired. One query."""
    return source.recipients.exclude(note="").count()


def column_headings(source: Import, width: int) -> list[str]:
    """The file's own headings, as far as they are known, for `width` cells."""
    known = source.columns.get("headings", []) if isinstance(source.columns, dict) else []
    return [str(known[i]) if i < len(known) else f"column {i + 1}" for i in range(width)]
