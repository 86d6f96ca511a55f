"""Draw people from standing lists for programmes: each occurrence of each person once, or noted as missed.

Due people are found by query: their day has come and they have no `Draw` for it. The draw, the day's campaign
and its people are written in one transaction, under the programme's lock and the constraint
`one_draw_a_person_and_occurrence`; a worker that dies leaves nothing behind, and the next tick draws.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import chain, count, groupby
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from django.db import transaction
from django.db.models import Exists, Model, OuterRef

from campaigns.bulk import let_others_write
from campaigns.errors import NotAllowed, UnreadableFile
from campaigns.imports.reader import ENDED
from campaigns.imports.upload import add_rows
from campaigns.ist import ist_day
from campaigns.lifecycle import actions
from campaigns.models import (
    Campaign,
    CampaignDeclaration,
    Draw,
    Member,
    MemberDate,
    Programme,
    ProgrammeRound,
)
from campaigns.schedule import recurrence
from campaigns.schedule.recurrence import earliest, shifted

#: People drawn in one transaction.
CHUNK = 1000
#: What a day's campaign has of its own.
_OWN = frozenset({"id", "name", "state", "reason", "starts_at", "state_since", "created_at", "changed_at"})
_ONE_DAY = timedelta(days=1)

Row = TypeVar("Row", bound=Model)

Fate = Draw.Fate
State = Campaign.State


class Due(NamedTuple):
    """A person whose day it is. `occurrence` tells it from the person's other ones."""

    member: Member
    occurrence: date
    falls_on: date


def programmes_to_draw() -> list[int]:
    """Return the keys of programmes that are switched on."""
    return list(Programme.objects.filter(active=True).values_list("pk", flat=True))


def draw(programme_id: int, *, now: datetime) -> int:
    """Draw all people whose day it is, and note those whose day was missed. Return how many were drawn.

    What can't be drawn stays due, with the reason on the programme.
    """
    drawn = 0
    try:
        while some := _draw_some(programme_id, now=now):
            drawn += some
            let_others_write()
    except UnreadableFile as error:
        Programme.objects.filter(pk=programme_id).update(reason=error.reason)
        return drawn
    Programme.objects.filter(pk=programme_id).exclude(reason="").update(reason="")
    while _note_missed(programme_id, now=now):
        let_others_write()
    return drawn


@transaction.atomic
def _draw_some(programme_id: int, *, now: datetime) -> int:
    """Add some due people to the campaigns of their days, and write their draws; return how many."""
    programme = _locked(programme_id)
    if not programme.active:
        return 0
    today = ist_day(now)
    oldest = max(programme.begins_on, today - timedelta(days=programme.late_days))
    due = _due(programme, oldest, today)
    for falls_on, people in groupby(sorted(due, key=attrgetter("falls_on")), attrgetter("falls_on")):
        rounds = programme.rounds.filter(falls_on=falls_on).select_related("campaign")
        # Unless its campaign has ended: people who join later get another one.
        round_ = rounds.exclude(campaign__state__in=ENDED).first() or _new_round(programme, falls_on, now=now)
        drawn, rows = list(people), []
        for member, occurrence, _ in drawn:
            # The agent gets the date as the variable `date_name`, written as 24/11/2026.
            dates = {programme.date_name: f"{occurrence:%d/%m/%Y}"} if programme.date_name else {}
            said = {**dates, **member.variables}
            rows.append(
                {"phone": member.phone, "name": member.name, "language": member.language, "variables": said}
            )
        add_rows(round_.campaign, rows, by=None, filename=f"Standing list, {falls_on:%d.%m.%Y}")
        late = (today - falls_on).days
        reason = f"Drawn {late} {'day' if late == 1 else 'days'} late." if late else ""
        _write_draws(programme, drawn, fate=Fate.DRAWN, reason=reason, now=now, round_=round_)
    return len(due)


@transaction.atomic
def _note_missed(programme_id: int, *, now: datetime) -> int:
    """Note some people whose day lies too far back; return how many.

    At 0 the programme is settled up to that day: a recurring one does not look there again.
    """
    programme = _locked(programme_id)
    if not programme.active:
        return 0
    before = ist_day(now) - timedelta(days=programme.late_days) - _ONE_DAY
    missed = _due(programme, programme.begins_on, before)
    reason = f"It was not drawn within {programme.late_days} days."
    _write_draws(programme, missed, fate=Fate.MISSED, reason=reason, now=now)
    if not missed:
        Programme.objects.filter(pk=programme_id).update(settled_until=before)
    return len(missed)


def _locked(programme_id: int) -> Programme:
    """Lock and return a programme. Spares two workers the conflict; the constraint holds without it."""
    programmes = Programme.objects.select_for_update(of=("self",)).select_related("pattern")
    return programmes.get(pk=programme_id)


def _write_draws(
    programme: Programme,
    due: Iterable[Due],
    *,
    fate: Draw.Fate,
    reason: str,
    now: datetime,
    round_: ProgrammeRound | None = None,
) -> None:
    Draw.objects.bulk_create(
        Draw(
            programme=programme,
            phone=each.member.phone,
            occurrence=each.occurrence,
            falls_on=each.falls_on,
            fate=fate,
            reason=reason,
            round=round_,
            drawn_at=now,
        )
        for each in due
    )


# --- Who is due -----------------------------------------------------------------------------------


def _due(programme: Programme, first: date, last: date) -> list[Due]:
    """Return people whose day is from `first` to `last` and who have no draw for it, at most `CHUNK`.

    Empty if there are none.
    """
    if first > last:
        return []
    if programme.kind == Programme.Kind.DATE:
        offset = programme.offset
        drawn = Draw.objects.filter(
            programme=programme, phone=OuterRef("member__phone"), occurrence=OuterRef("day")
        )
        dates = MemberDate.objects.filter(
            ~Exists(drawn),
            member__standing_list=programme.standing_list_id,
            name=programme.date_name,
            day__gte=earliest(first, offset),
            day__lt=earliest(last + _ONE_DAY, offset),
        )
        found = dates.select_related("member").order_by("day", "id")[:CHUNK]
        return [Due(row.member, row.day, shifted(row.day, offset)) for row in found]
    if programme.settled_until:
        first = max(first, programme.settled_until + _ONE_DAY)
    for day in filter(programme.falls_on, recurrence.days(first, last)):
        drawn = Draw.objects.filter(programme=programme, phone=OuterRef("phone"), occurrence=day)
        members = Member.objects.filter(
            ~Exists(drawn), standing_list=programme.standing_list_id, joined_on__lte=day
        )
        if due := [Due(member, day, day) for member in members.order_by("id")[:CHUNK]]:
            return due
    return []


# --- The campaign of a day ------------------------------------------------------------------------


def _new_round(programme: Programme, falls_on: date, *, now: datetime) -> ProgrammeRound:
    """Make the campaign of a day as a copy of the pattern, under a name that is not taken."""
    name = f"{programme.name}, {falls_on:%d %b %Y}"
    taken = set(Campaign.objects.filter(name__startswith=name).values_list("name", flat=True))
    others = (f"{name} ({number})" for number in count(2))
    free = next(each for each in chain([name], others) if each not in taken)
    campaign = _copy(programme.pattern, name=free, starts_at=now)
    declaration = CampaignDeclaration.objects.filter(campaign=programme.pattern).first()
    if declaration:
        _copy(declaration, campaign=campaign)
    return ProgrammeRound.objects.create(programme=programme, falls_on=falls_on, campaign=campaign)


def _copy(row: Row, **own: Any) -> Row:
    """Create a row with all of this one's values but those that a day's campaign has of its own."""
    fields = [field for field in row._meta.concrete_fields if field.name not in _OWN]
    return type(row)._default_manager.create(**{f.name: getattr(row, f.name) for f in fields} | own)


def launch_rounds(now: datetime) -> int:
    """Launch what was drawn, and cancel what was not approved in time. Return how many were launched.

    Where a second person is asked for, the campaign of each day waits for one.
    """
    waiting = ProgrammeRound.objects.filter(campaign__state__in=actions.LAUNCHABLE)
    rounds = waiting.select_related("programme", "campaign")
    launched = 0
    for round_ in rounds:
        programme, campaign, reason = round_.programme, round_.campaign, ""
        try:
            if round_.falls_on < ist_day(now) - timedelta(days=programme.late_days):
                actions.cancel(campaign, None)
                reason = f"Missed: it was not launched within {programme.late_days} days."
            elif programme.active and campaign.state != State.CHECKED:
                actions.launch(campaign, None)
                launched += campaign.state not in actions.LAUNCHABLE
        except NotAllowed as error:
            reason = error.reason
        ProgrammeRound.objects.filter(pk=round_.pk).exclude(reason=reason).update(reason=reason)
    return launched
