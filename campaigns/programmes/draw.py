"""Draw people from standing lists for programmes: each occurrence of each person once, or noted as missed.

Due people are found by query: their day has come and they have no `Draw` for it. The draw, the day's campaign
and its people are written in one transaction, under the programme's lock and the constraint
`one_draw_a_person_and_occurrence`; a worker that dies leaves nothing behind, and the next tick draws.

Where a programme tells a message in parts (`schedule.episodes`), who is still being called for the last one
waits, as long as a draw may be late; the others get the next part, the same once more, or none any more.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import chain, count, groupby
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from django.db import transaction
from django.db.models import Exists, Model, OuterRef
from django.db.models.expressions import Combinable

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
    QuotaCell,
    Recipient,
)
from campaigns.schedule import episodes, recurrence
from campaigns.schedule.episodes import Told
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
    """A person whose day it is. `occurrence` and `step` tell it from the person's other ones.

    `part`: of the message, where it has several; `ends`: why no further one is told.
    """

    member: Member
    occurrence: date
    falls_on: date
    step: int = 0
    part: int | None = None
    ends: str = ""


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
    due = _with_parts(programme, _due(programme, oldest, today))
    ended = [each for each in due if each.ends]
    _write_draws(programme, ended, fate=Fate.ENDED, reason="", now=now)
    told = sorted((each for each in due if not each.ends), key=attrgetter("falls_on"))
    for falls_on, people in groupby(told, attrgetter("falls_on")):
        rounds = programme.rounds.filter(falls_on=falls_on).select_related("campaign")
        # Unless its campaign has ended: people who join later get another one.
        round_ = rounds.exclude(campaign__state__in=ENDED).first() or _new_round(programme, falls_on, now=now)
        drawn, rows = list(people), []
        for member, occurrence, *_, part, _ in drawn:
            # The agent gets the date as the variable `date_name`, written as 24/11/2026.
            dates = {programme.date_name: f"{occurrence:%d/%m/%Y}"} if programme.date_name else {}
            said = {**dates, **member.variables, **({episodes.VARIABLE: str(part)} if part else {})}
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
    missed = _due(programme, programme.begins_on, before, missed=True)
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
            step=each.step,
            part=each.part,
            falls_on=each.falls_on,
            fate=fate,
            reason=each.ends or reason,
            round=round_,
            drawn_at=now,
        )
        for each in due
    )


# --- Who is due -----------------------------------------------------------------------------------


def _due(programme: Programme, first: date, last: date, *, missed: bool = False) -> list[Due]:
    """Return people whose day is from `first` to `last` and who have no draw for it, at most `CHUNK`.

    Empty if there are none. `missed`: also those who are still being called for the last part.
    """
    if first > last:
        return []
    if programme.kind == Programme.Kind.DATE:
        every = range(programme.dates)
        steps = (_due_by_date(programme, first, last, step, missed=missed) for step in every)
        return next(filter(None, steps), [])
    if programme.settled_until:
        first = max(first, programme.settled_until + _ONE_DAY)
    for day in filter(programme.falls_on, recurrence.days(first, last)):
        drawn = Draw.objects.filter(programme=programme, phone=OuterRef("phone"), occurrence=day)
        members = Member.objects.filter(
            ~Exists(drawn),
            *_may_be_told(programme, "phone", missed=missed),
            standing_list=programme.standing_list_id,
            joined_on__lte=day,
        )
        if due := [Due(member, day, day) for member in members.order_by("id")[:CHUNK]]:
            return due
    return []


def _due_by_date(programme: Programme, first: date, last: date, step: int, *, missed: bool) -> list[Due]:
    """Return people of whose dates this step falls from `first` to `last`, as `_due` does."""
    offset, later = programme.offset, timedelta(days=step * (programme.part_days or 0))
    drawn = Draw.objects.filter(
        programme=programme, phone=OuterRef("member__phone"), occurrence=OuterRef("day"), step=step
    )
    dates = MemberDate.objects.filter(
        ~Exists(drawn),
        *_may_be_told(programme, "member__phone", missed=missed, occurrence=OuterRef("day")),
        member__standing_list=programme.standing_list_id,
        name=programme.date_name,
        day__gte=earliest(first - later, offset),
        day__lt=earliest(last - later + _ONE_DAY, offset),
    )
    found = dates.select_related("member").order_by("day", "id")[:CHUNK]
    return [Due(row.member, row.day, shifted(row.day, offset) + later, step) for row in found]


# --- Parts of a message ---------------------------------------------------------------------------


def _may_be_told(
    programme: Programme, phone: str, *, missed: bool, **occurrence: OuterRef
) -> list[Combinable]:
    """Return the conditions on people to whom a further part may be told now; none for a single one.

    Those are not being called for one just now (asked for a draw that was not `missed`), and the series has
    not ended for them.
    """
    if programme.parts == 1:
        return []
    called = Recipient.objects.filter(
        campaign__programme_round__programme=programme,
        phone=OuterRef(phone),
        state__in=Recipient.OPEN_STATES,
    )
    ended = Draw.objects.filter(programme=programme, phone=OuterRef(phone), fate=Fate.ENDED, **occurrence)
    return [~Exists(ended)] if missed else [~Exists(called), ~Exists(ended)]


def _with_parts(programme: Programme, due: list[Due]) -> list[Due]:
    """Return due people with the part that is told to each, or why none is. Two queries or none."""
    if programme.parts == 1 or not due:
        return due
    phones = {each.member.phone for each in due}
    people = Recipient.objects.filter(campaign__programme_round__programme=programme, phone__in=phones)
    heard = {
        (campaign, phone): percent
        for campaign, phone, percent in people.values_list("campaign", "phone", "heard_percent")
    }
    earlier: defaultdict[tuple[str, date | None], list[Told]] = defaultdict(list)
    drawn = Draw.objects.filter(programme=programme, phone__in=phones, fate=Fate.DRAWN, part__isnull=False)
    by_date = programme.kind == Programme.Kind.DATE
    for row in drawn.select_related("round").order_by("falls_on", "pk"):
        percent = heard.get((row.round.campaign_id if row.round else 0, row.phone))
        earlier[row.phone, row.occurrence if by_date else None].append(Told(row.part or 1, percent))
    rules = {"parts": programme.parts, "least": programme.heard_percent, "repeats": programme.repeats}
    found = []
    for each in due:
        told = earlier[each.member.phone, each.occurrence if by_date else None]
        comes = episodes.following(told, **rules)
        found.append(each._replace(part=comes) if isinstance(comes, int) else each._replace(ends=comes))
    return found


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
    for cell in QuotaCell.objects.filter(campaign=programme.pattern):
        _copy(cell, campaign=campaign)
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
