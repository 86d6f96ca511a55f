"""People and draws of standing lists go by their clocks, and never so that somebody is drawn twice."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from campaigns.ist import IST
from campaigns.models import Draw, LegalHold, Member, MemberDate, Programme, Purge
from campaigns.privacy import purge
from campaigns.programmes.draw import draw
from tests.campaigns.programmes.test_draw import join, make_programme, recurring

pytestmark = pytest.mark.django_db

NIGHT = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)  # 02:30 IST of the 24th
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def member(programme: Programme, number: int, due: date | None = None) -> Member:
    """Somebody whom nobody has touched for years."""
    found = join(programme, number, due)
    Member.objects.filter(pk=found.pk).update(changed_at=LONG_AGO)
    return found


def make_draw(programme: Programme, phone: str, occurrence: date, **fields: Any) -> Draw:
    values: dict[str, Any] = {"fate": "drawn", "falls_on": occurrence, "drawn_at": LONG_AGO}
    return Draw.objects.create(programme=programme, phone=phone, occurrence=occurrence, **(values | fields))


def left() -> set[str]:
    purge.purge(purge.SWEEPS, now=NIGHT)
    return set(Member.objects.values_list("phone", flat=True))


def test_people_go_a_year_after_the_last_day_a_programme_could_call_them_for() -> None:
    programme = make_programme(offset_count=2, offset_unit="years", active=False)
    kept = [
        member(programme, 1, date(2026, 12, 1)),
        member(programme, 2, date(2023, 11, 25)),  # two years later: a year ago, and a day to go
        join(programme, 3, date(2010, 1, 1)),  # touched today
    ]
    member(programme, 4, date(2023, 11, 20))
    member(programme, 5)
    assert left() == {one.phone for one in kept}
    assert Purge.objects.get(kind="members").removed == 2
    assert not MemberDate.objects.filter(day=date(2023, 11, 20)).exists()


def test_people_of_a_recurring_programme_and_held_ones_stay() -> None:
    weekly = recurring("weekly", 2)
    stays = member(weekly, 1)
    LegalHold.objects.create(phone="+919825010002", reason="A case.")
    other = make_programme_beside(weekly)
    held = member(other, 2)
    member(other, 3)
    assert left() == {stays.phone, held.phone}
    assert Purge.objects.get(kind="members").held == 1


def make_programme_beside(programme: Programme) -> Programme:
    """By a date, with a list of its own."""
    standing_list = type(programme.standing_list).objects.create(name="Fathers")
    return Programme.objects.create(
        name="By date", standing_list=standing_list, pattern=programme.pattern, date_name="due_date"
    )


def test_a_draw_stays_as_long_as_its_date_stands_in_the_list() -> None:
    programme = make_programme(begins_on=date(2019, 1, 1))
    standing = join(programme, 1, date(2020, 1, 4))
    make_draw(programme, standing.phone, date(2020, 1, 4))
    make_draw(programme, standing.phone, date(2019, 12, 4))
    make_draw(programme, "+919825010009", date(2020, 1, 4))
    make_draw(programme, "+919825010009", date(2026, 11, 4), drawn_at=NIGHT - timedelta(days=20))
    purge.purge(purge.SWEEPS, now=NIGHT)
    assert sorted(Draw.objects.values_list("phone", "occurrence")) == [
        (standing.phone, date(2020, 1, 4)),
        ("+919825010009", date(2026, 11, 4)),
    ]
    assert draw(programme.pk, now=NIGHT) == 0
    assert Draw.objects.count() == 2


def test_draws_of_a_recurring_programme_go_once_nobody_looks_back_to_them() -> None:
    weekly = recurring("weekly", 2, settled_until=date(2020, 6, 30), begins_on=date(2019, 1, 1), active=False)
    standing = join(weekly, 1, joined_on=date(2019, 1, 1))
    make_draw(weekly, standing.phone, date(2020, 6, 30))
    make_draw(weekly, standing.phone, date(2020, 7, 7))
    purge.purge(purge.SWEEPS, now=NIGHT)
    assert list(Draw.objects.values_list("occurrence", flat=True)) == [date(2020, 7, 7)]
    assert NIGHT.astimezone(IST).hour == 2
