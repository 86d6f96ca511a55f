"""Foresee what a launch would do now: who can be called, what is missing, how long it takes.

People are checked by the same rules as at planning, as of the first moment at which the campaign may call.
A large list is counted by a worker. If it dies, its claim runs out and another worker begins anew.
"""

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from campaigns.agent_inspection import inspect
from campaigns.clock import Clock
from campaigns.compliance.check import REMEDIES, ComplianceChecker
from campaigns.formatting import grouped
from campaigns.lifecycle.actions import launch_problems
from campaigns.models import (
    Campaign,
    Content,
    Import,
    Message,
    Preflight,
    Recipient,
    Registration,
    TemplateLanguage,
    User,
)
from campaigns.planning.plan import LATEST, pace_of
from campaigns.queries.campaign import all_campaigns, daily_hours, row_counts
from campaigns.rules import Caps
from campaigns.rules.reach import INVALID, OPTED_OUT, TWICE, ReachCounts
from campaigns.schedule import forecast
from campaigns.schedule.forecast import Forecast

#: People checked together; the number of queries is the same for each chunk, whatever its length.
CHUNK = 2000
#: Up to so many people are counted within the request.
AT_ONCE = 500
CLAIM = timedelta(minutes=2)

State = Preflight.State


class ClaimLost(Exception):
    """Raised when another worker has taken the preflight over."""


def ask(campaign: Campaign, by: User | None, *, clock: Clock) -> Preflight:
    """Run a campaign's preflight, at once if it is small, else by a worker. Return its row.

    One that is running is left alone.
    """
    row, _ = Preflight.objects.get_or_create(campaign=campaign, defaults={"asked_by": by})
    Preflight.objects.filter(pk=row.pk).exclude(state__in=Preflight.OPEN_STATES).update(
        state=State.WAITING, asked_by=by, counted=0, changed_at=clock()
    )
    if campaign.recipients.count() <= AT_ONCE:
        run(row.pk, clock=clock)
    row.refresh_from_db()
    return row


def preflights_to_run(now: datetime) -> list[int]:
    """Return the keys of preflights that wait, or whose worker let its claim run out; the oldest first."""
    return list(_free(now).order_by("changed_at").values_list("pk", flat=True))


def run(preflight_id: int, *, clock: Clock) -> bool:
    """Count one campaign's people. Return False if another worker does, or has taken the preflight over."""
    token, now = secrets.token_hex(8), clock()
    claim = {"state": State.COUNTING, "claim": token, "claimed_until": now + CLAIM, "counted": 0}
    if not _free(now).filter(pk=preflight_id).update(**claim):
        return False
    mine = Preflight.objects.filter(pk=preflight_id, claim=token, state=State.COUNTING)
    campaign = all_campaigns().get(preflight=preflight_id)
    count = _Count(campaign, now)
    try:
        for people in count.chunks():
            count.take(people)
            if not mine.update(counted=count.seen, claimed_until=clock() + CLAIM):
                raise ClaimLost
    except ClaimLost:
        return False
    done = {"state": State.DONE, "made_at": now, "claimed_until": None, "newest_recipient": count.last}
    return bool(mine.update(figures=count.figures(), changed_at=clock(), **done))


def _free(now: datetime) -> QuerySet[Preflight]:
    dead = Q(state=State.COUNTING, claimed_until__lte=now)
    return Preflight.objects.filter(Q(state=State.WAITING) | dead)


@dataclass
class _Count:
    """The figures of all people of a campaign, counted a chunk at a time."""

    campaign: Campaign
    now: datetime
    reach: ReachCounts = field(default_factory=ReachCounts)
    languages: Counter[str] = field(default_factory=Counter)
    missing: Counter[tuple[str, str]] = field(default_factory=Counter)
    chosen: int = 0
    """In a language that they chose in a call, and not the list's."""
    last: int = 0
    seen: int = 0

    def __post_init__(self) -> None:
        self.agent = inspect(self.campaign.agent.kind, self.campaign.spoken)
        self.hours = daily_hours(self.campaign)
        wanted = max(self.now, self.campaign.starts_at)
        self.begins = forecast.advance(self.hours, wanted, timedelta(0)) or wanted

    def chunks(self) -> Iterator[list[Recipient]]:
        """Yield the people in the order they came, without keeping them all in memory."""
        shown = (
            *("campaign_id", "phone", "name", "language", "language_listed", "variables"),
            *("state", "attempts"),
        )
        rows = Recipient.objects.filter(campaign=self.campaign).order_by("pk").only(*shown)
        while people := list(rows.filter(pk__gt=self.last)[:CHUNK]):
            self.last, self.seen = people[-1].pk, self.seen + len(people)
            yield people

    def take(self, people: list[Recipient]) -> None:
        """Check a chunk of people and count them."""
        for person in people:
            person.campaign = self.campaign
        checker = ComplianceChecker(people, now=self.now)
        for person in people:
            if person.state == Recipient.State.SUPPRESSED:
                self.reach.out[OPTED_OUT] += 1
            elif person.state != Recipient.State.WAITING:
                self.reach.out[str(Recipient.State(person.state).label).lower()] += 1
            else:
                missing = checker.missing(person)
                if self.reach.judged(checker.evaluate(person, at=self.begins)) or missing:
                    self.languages[person.language] += 1
                    self.chosen += bool(person.language_listed)
                for variable in missing:
                    self.missing[person.language, variable] += 1

    def figures(self) -> dict[str, Any]:
        """Return everything found, ready for JSON."""
        rows = row_counts(Import.objects.filter(campaign=self.campaign))
        out = Counter({OPTED_OUT: rows.suppressed, INVALID: rows.rejected, TWICE: rows.duplicate})
        languages, number = list(self.language_rows()), self.campaign.number
        return {
            "can": self.reach.can,
            "out": dict(+(out + self.reach.out)),
            "waits": dict(self.reach.waits),
            "warns": {f"{rule}: {REMEDIES[rule]}": count for rule, count in self.reach.warns.items()},
            "problems": list(self.problems_with(languages)),
            "languages": languages,
            "chosen": self.chosen,
            "missing": [
                {"language": language, "variable": variable, "people": count}
                for (language, variable), count in sorted(self.missing.items())
            ],
            "number": {"e164": number.e164, "series": number.get_series_display(), "lines": number.max_calls},
            "begins": self.begins.isoformat(),
            "forecast": {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in asdict(self.estimate()).items()
            },
        }

    def problems_with(self, languages: list[dict[str, Any]]) -> Iterator[str]:
        """Yield what is wrong with the campaign, its agent and clips, then with each of the languages."""
        yield from launch_problems(self.campaign)
        yield from (f"The agent can't hold a call: {problem}" for problem in self.agent.problems)
        account = self.campaign.template.account
        there = Content.objects.filter(account=account).exclude(file="").values_list("name", flat=True)
        for clip in set(self.agent.clips) - set(there):
            yield f"The agent plays the clip “{clip}”, and the account has none of that name."
        for row in languages:
            who = f"People with the language “{row['language']}”: {grouped(row['people'])}"
            if not row["at_xfin"]:
                yield f"{who}. The template does not have it, and XFin refuses their calls."
            if row["refused"]:
                yield f"{who}. XFin refused the template in it: {row['refused']}"
            yield from (f"{who}. XFin refused its clip “{clip}”." for clip in row["clips_refused"])
            if not row["voice"]:
                yield f"{who}. They would hear “{row['heard']}”, for which there is no voice."

    def language_rows(self) -> Iterator[dict[str, Any]]:
        """Yield what is ready in each language of the people, the most frequent language first."""
        rows = TemplateLanguage.objects.filter(template=self.campaign.template).prefetch_related("contents")
        forms = {form.language: form for form in rows}
        for language, people in self.languages.most_common():
            heard, form = self.agent.heard(language), forms.get(language)
            clips = form.contents.all() if form else ()
            yield {
                "language": language,
                "people": people,
                "heard": heard,
                "voice": not heard or self.agent.has_voice(heard),
                "at_xfin": form.get_sync_state_display() if form else "",
                "refused": form.sync_reason if form and form.sync_state == form.Sync.FAILED else "",
                "clips_refused": [clip.name for clip in clips if clip.sync_state == clip.Sync.FAILED],
            }

    def estimate(self) -> Forecast:
        """Estimate when the calls end, from the latest calls of the campaign's number."""
        kept = Registration.objects.filter(account=self.campaign.template.account_id).first()
        caps = Caps()
        if kept:
            caps = Caps(attempts_a_day=kept.attempts_a_day, gap=timedelta(minutes=kept.gap_minutes))
        number = self.campaign.number
        ended = Message.objects.filter(recipient__campaign__number=number, settled_at__isnull=False)
        rang = ended.exclude(disposition="").order_by("-settled_at")
        return forecast.forecast(
            forecast.Plan(
                people=self.reach.can,
                begins=self.begins,
                pace=pace_of(self.campaign, self.now),
                hours=self.hours,
                gaps=tuple(max(gap, caps.gap) for gap in self.campaign.retries.gaps("no_answer")),
                a_day=caps.attempts_a_day,
            ),
            forecast.past_of(list(rang.values_list("disposition", "duration_seconds")[:LATEST])),
        )
