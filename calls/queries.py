"""Everything the portal and the API read about calls. Each function says how many queries it makes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum

from calls.conversation.outputs import EntryKind
from calls.models import Answer, Call, CallEvent, CallTag, MediaProcess, Recording
from campaigns.formatting import grouped
from campaigns.ist import IST
from campaigns.models import Campaign, Evidence, Message, PhoneNumber
from campaigns.queries.campaign import campaigns_of_the_day, evidence_for
from campaigns.queries.notices import Notice, notices

MANY_WAITING = 1000
"""So many events on disk are worth a notice; some are there for a tenth of a second at any time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """One day in figures."""

    live: int
    capacity: int
    dialled: int
    answered: int
    goal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCalls:
    """The calls going on: how many, and the newest of them."""

    count: int
    calls: Sequence[Call]

    @property
    def more(self) -> int:
        """Return how many calls are not listed."""
        return self.count - len(self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """One call with all that is known of it."""

    call: Call
    events: Sequence[CallEvent]
    answers: Sequence[Answer]
    tags: Sequence[CallTag]
    recording: Recording | None
    evidence: Sequence[Evidence]


def of_phones() -> QuerySet[Call]:
    """Return all calls by phone: what is tried in the studio is in no figure and no list. No query."""
    return Call.objects.exclude(direction=Call.Direction.TRY)


def count_live_calls() -> int:
    """Return how many calls are on the line. One query."""
    return of_phones().filter(state=Call.State.LIVE).count()


def lines_held_by_callers(number_id: int) -> int:
    """Return how many lines of a number are held by people who call us (`LINES_HELD`). One query.

    A call is taken for one of ours until it is known that it is not: then it has an agent.
    """
    live = Call.objects.filter(number=number_id, state=Call.State.LIVE, agent__isnull=False)
    return live.filter(direction=Call.Direction.INBOUND).count()


def start_of_day(now: datetime) -> datetime:
    """Return the midnight in India before `now`."""
    return datetime.combine(now.astimezone(IST).date(), time(0), IST)


def today(now: datetime) -> Today:
    """Return the day of `now` in figures. Seven queries, each over the day's own rows only.

    Dialled counts attempts that ended today and those whose call began today; XFin reports the others only
    when they are over. A call that no agent served is not answered.
    """
    since = start_of_day(now)
    over = Message.objects.filter(settled_at__gte=since).exclude(disposition="")
    # Both states are named, because the index begins with the state.
    began = Call.objects.filter(state__in=Call.State.values, started_at__gte=since, message__isnull=False)
    began_only = began.exclude(Q(message__settled_at__gte=since) & ~Q(message__disposition=""))
    earlier = Call.objects.filter(message__in=over, started_at__lt=since)
    capacity = PhoneNumber.objects.filter(active=True).aggregate(most=Sum("max_calls", default=0))
    ended = over.aggregate(dialled=Count("id"), answered=Count("id", filter=Q(disposition="answered")))
    served = ~Q(disposition="failed")
    on_line = began_only.aggregate(
        dialled=Count("message", distinct=True),
        answered=Count("message", distinct=True, filter=served & Q(message__disposition="")),
    )
    return Today(
        live=count_live_calls(),
        capacity=capacity["most"],
        dialled=ended["dialled"] + on_line["dialled"],
        answered=ended["answered"] + on_line["answered"],
        goal=_goals_reached(began, earlier),
    )


def _goals_reached(*calls: QuerySet[Call]) -> int:
    """Return how many attempts of these calls have an outcome that is the goal of their campaign."""
    found: Counter[tuple[int, str]] = Counter()
    for some in calls:
        of_campaigns = some.exclude(outcome="").order_by().values_list("campaign", "outcome")
        for campaign, outcome, attempts in of_campaigns.annotate(attempts=Count("message", distinct=True)):
            found[campaign, outcome] += attempts
    campaigns = Campaign.objects.filter(pk__in={campaign for campaign, _ in found})
    goals: dict[int, list[str]] = dict(campaigns.values_list("pk", "goals"))
    return sum(attempts for (pk, outcome), attempts in found.items() if outcome in goals.get(pk, ()))


def live_calls(*, campaign_id: int | None = None, limit: int = 8) -> LiveCalls:
    """Return the calls on the line, oldest first, so that rows keep their places. Two queries."""
    calls = of_phones().filter(state=Call.State.LIVE)
    if campaign_id is not None:
        calls = calls.filter(campaign_id=campaign_id)
    listed = calls.select_related("campaign", "recipient", "number", "agent").order_by("started_at", "id")
    return LiveCalls(count=calls.count(), calls=list(listed[:limit]))


def calls_found(
    *, state: str = "", outcome: str = "", campaign: str = "", recipient: str = "", tag: str = ""
) -> QuerySet[Call]:
    """Return calls, newest first, by what a person chose. A choice that means nothing is ignored."""
    calls = of_phones().select_related("campaign", "recipient", "number", "agent").order_by("-started_at")
    if state in Call.State.values:
        calls = calls.filter(state=state)
    if outcome:
        calls = calls.filter(outcome=outcome)
    if tag:
        calls = calls.filter(Exists(CallTag.objects.filter(call=OuterRef("pk"), tag=tag)))
    if campaign.isdecimal():
        calls = calls.filter(campaign_id=int(campaign[:18]))
    if recipient.isdecimal():
        calls = calls.filter(recipient_id=int(recipient[:18]))
    return calls


def outcomes_seen(limit: int = 30) -> list[str]:
    """Return the outcomes that calls have had, by name, at most `limit`, for a choice. One query."""
    outcomes = of_phones().exclude(outcome="").order_by("outcome").values_list("outcome", flat=True)
    return list(outcomes.distinct()[:limit])


def tags_seen(limit: int = 100) -> list[str]:
    """Return the tags that calls have, by name, at most `limit`, for a choice. One query."""
    return list(CallTag.objects.order_by("tag").values_list("tag", flat=True).distinct()[:limit])


def call_page(call_id: UUID) -> CallPage | None:
    """Return one call; None where there is none. Six queries, whatever its length."""
    calls = Call.objects.select_related("campaign", "recipient", "message", "number", "agent", "recording")
    call = calls.filter(pk=call_id).first()
    if call is None:
        return None
    reference = call.message.reference if call.message else ""
    return CallPage(
        call=call,
        events=list(call.events.exclude(kind=EntryKind.STATS.value)),
        answers=list(call.answers.all()),
        tags=list(call.tags.all()),
        recording=getattr(call, "recording", None),
        evidence=list(evidence_for(reference)),
    )


def campaigns_with_calls(limit: int = 100) -> Sequence[Campaign]:
    """Return campaigns that have had calls, newest first, for a choice. One query."""
    called = Call.objects.filter(campaign=OuterRef("pk"))
    return list(Campaign.objects.filter(Exists(called)).only("id", "name")[:limit])


def journal_notices(now: datetime) -> list[Notice]:
    """Return notices of what the journals of live calls delayed or lost in the last day. One query."""
    since = now - timedelta(days=1)
    processes = MediaProcess.objects.filter(Q(troubled_at__gte=since) | Q(events_waiting__gte=MANY_WAITING))
    figures = processes.aggregate(
        waiting=Sum("events_waiting", default=0),
        left_out=Sum("statistics_left_out", filter=Q(troubled_at__gte=since), default=0),
        lost=Sum("events_lost", filter=Q(troubled_at__gte=since), default=0),
        last=Max("troubled_at"),
    )
    waiting, left_out, lost = figures["waiting"], figures["left_out"], figures["lost"]
    at = f" Last at {figures['last'].astimezone(IST):%H:%M} IST." if figures["last"] else ""
    found = []
    if waiting >= MANY_WAITING:
        text = f"{grouped(waiting)} of them wait on disk and are stored in their order. Nothing is lost."
        found.append(Notice(tone="warn", title="Events of calls are stored late.", text=text))
    if left_out:
        text = (
            f"{grouped(left_out)} per-second figures of calls were left out; every other event was kept.{at}"
        )
        found.append(Notice(tone="warn", title="The database was away for long.", text=text))
    if lost:
        text = f"{grouped(lost)} events could not be kept: neither the database nor the disk took them.{at}"
        found.append(Notice(tone="bad", title="Events of calls were lost.", text=text))
    return found


def home(now: datetime) -> dict[str, object]:
    """Return the context of the home page and its live part. Twenty queries at most."""
    return {
        "now": now,
        "today": today(now),
        "running": campaigns_of_the_day(start_of_day(now)),
        "live": live_calls(),
        "notices": [*journal_notices(now), *notices()],
    }
