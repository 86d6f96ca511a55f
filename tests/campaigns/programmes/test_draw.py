"""Programmes: each occurrence of each person is drawn once, late within bounds, or noted as missed."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from campaigns import clock, tasks
from campaigns.ist import IST, ist_day
from campaigns.lifecycle import actions, quotas
from campaigns.models import (
    Campaign,
    Draw,
    Member,
    MemberDate,
    Programme,
    Recipient,
    StandingList,
    Suppression,
)
from campaigns.privacy import erasure
from campaigns.programmes import draw
from campaigns.queries import evidence
from campaigns.schedule.quotas import Cell
from tests import cast
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db

#: A Tuesday.
TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


def morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 10, 0, tzinfo=IST)


def make_programme(**fields: Any) -> Programme:
    """Three days before the due date, on from the first of November."""
    pattern = make_campaign(state=Campaign.State.DRAFT)
    values: dict[str, Any] = {
        "name": "Visit reminder",
        "standing_list": StandingList.objects.create(name="Mothers of Anand"),
        "date_name": "due_date",
        "offset_count": -3,
        "begins_on": date(2026, 11, 1),
        "active": True,
    }
    return Programme.objects.create(pattern=pattern, **(values | fields))


def recurring(kind: str, on_day: int, **fields: Any) -> Programme:
    return make_programme(kind=kind, on_day=on_day, date_name="", offset_count=0, **fields)


def join(programme: Programme, number: int, due: date | None = None, **fields: Any) -> Member:
    member = Member.objects.create(
        standing_list=programme.standing_list,
        phone=f"+91982501{number:04d}",
        **({"language": "gu", "variables": {"clinic": "Anand"}, "joined_on": date(2026, 11, 1)} | fields),
    )
    if due:
        MemberDate.objects.create(member=member, name="due_date", day=due)
    return member


def draws() -> list[tuple[str, date, str]]:
    return list(Draw.objects.order_by("pk").values_list("phone", "falls_on", "fate"))


def test_a_person_is_drawn_three_days_before_the_date_and_no_day_earlier() -> None:
    programme = make_programme()
    member = join(programme, 1, due=TODAY + 3 * DAY)
    assert draw.draw(programme.pk, now=morning(TODAY - DAY)) == 0
    assert draw.draw(programme.pk, now=morning(TODAY)) == 1
    person = Recipient.objects.get()
    assert (person.phone, person.language) == (member.phone, "gu")
    assert person.variables == {"clinic": "Anand", "due_date": "27/11/2026"}


def test_the_day_begins_at_indias_midnight() -> None:
    programme = make_programme()
    join(programme, 1, due=TODAY + 3 * DAY)
    midnight = datetime(2026, 11, 24, 0, 0, tzinfo=IST)
    assert draw.draw(programme.pk, now=midnight - timedelta(seconds=1)) == 0
    assert draw.draw(programme.pk, now=midnight) == 1


def test_the_days_people_become_a_copy_of_the_pattern_with_its_declaration() -> None:
    programme = make_programme()
    join(programme, 1, due=TODAY + 3 * DAY)
    draw.draw(programme.pk, now=morning(TODAY))
    campaign = Campaign.objects.get(name="Visit reminder, 24 Nov 2026")
    pattern = programme.pattern
    assert (campaign.template, campaign.number, campaign.category, campaign.calls_per_minute) == (
        pattern.template,
        pattern.number,
        pattern.category,
        pattern.calls_per_minute,
    )
    assert campaign.declaration.voice_template == pattern.declaration.voice_template
    assert not pattern.recipients.exists()


def test_the_same_day_draws_nobody_twice_also_when_the_list_is_written_anew() -> None:
    programme = make_programme()
    join(programme, 1, due=TODAY + 3 * DAY)
    draw.draw(programme.pk, now=morning(TODAY))
    assert draw.draw(programme.pk, now=morning(TODAY)) == 0
    Member.objects.all().delete()
    join(programme, 1, due=TODAY + 3 * DAY)
    assert draw.draw(programme.pk, now=morning(TODAY + DAY)) == 0
    assert Recipient.objects.count() == 1


def test_a_corrected_date_is_an_occurrence_of_its_own() -> None:
    programme = make_programme()
    member = join(programme, 1, due=TODAY + 3 * DAY)
    draw.draw(programme.pk, now=morning(TODAY))
    member.dates.update(day=TODAY + 10 * DAY)
    assert draw.draw(programme.pk, now=morning(TODAY + 7 * DAY)) == 1


def test_the_database_refuses_a_second_draw() -> None:
    programme = make_programme()
    join(programme, 1, due=TODAY + 3 * DAY)
    draw.draw(programme.pk, now=morning(TODAY))
    again = Draw.objects.get()
    again.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save()


def test_after_an_outage_a_day_is_drawn_late_within_the_bound_and_noted_as_missed_beyond() -> None:
    programme = make_programme(late_days=2)
    for number in range(5):
        join(programme, number, due=TODAY + 3 * DAY - number * DAY)
    assert draw.draw(programme.pk, now=morning(TODAY)) == 3
    fates = [fate for _, _, fate in sorted(draws())]
    assert fates == ["drawn", "drawn", "drawn", "missed", "missed"]
    assert Campaign.objects.filter(programme_round__isnull=False).count() == 3
    late = Draw.objects.get(falls_on=TODAY - 2 * DAY)
    assert late.reason == "Drawn 2 days late."
    assert Draw.objects.get(falls_on=TODAY - 3 * DAY).reason == "It was not drawn within 2 days."
    assert draw.draw(programme.pk, now=morning(TODAY)) == 0
    assert Draw.objects.count() == 5


def test_what_fell_before_the_programme_began_is_left_alone() -> None:
    programme = make_programme(begins_on=TODAY)
    join(programme, 1, due=TODAY + 2 * DAY)
    draw.draw(programme.pk, now=morning(TODAY))
    assert draws() == []


def test_a_programme_that_is_switched_off_draws_and_notes_nothing() -> None:
    programme = make_programme(active=False)
    join(programme, 1, due=TODAY + 3 * DAY)
    assert draw.programmes_to_draw() == []
    assert draw.draw(programme.pk, now=morning(TODAY + 9 * DAY)) == 0
    assert draws() == []


def test_more_people_than_one_transaction_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "CHUNK", 2)
    pauses: list[int] = []
    monkeypatch.setattr(draw, "let_others_write", lambda: pauses.append(1))
    programme = make_programme()
    for number in range(5):
        join(programme, number, due=TODAY + 3 * DAY)
    assert draw.draw(programme.pk, now=morning(TODAY)) == 5
    assert len(pauses) == 3, "after each transaction others get in"
    assert Campaign.objects.get(programme_round__isnull=False).recipients.count() == 5


def test_a_worker_that_dies_in_the_middle_leaves_nothing_and_the_next_one_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    programme = make_programme()
    join(programme, 1, due=TODAY + 3 * DAY)

    def killed(*args: object, **kwargs: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(draw, "_write_draws", killed)
        with pytest.raises(SystemExit):
            draw.draw(programme.pk, now=morning(TODAY))
    assert not Recipient.objects.exists()
    assert draw.draw(programme.pk, now=morning(TODAY)) == 1


@pytest.mark.django_db(transaction=True)
def test_four_schedulers_at_once_draw_nobody_twice() -> None:
    programme = make_programme()
    for number in range(50):
        join(programme, number, due=TODAY + 3 * DAY)

    def one(_: int) -> int:
        try:
            return draw.draw(programme.pk, now=morning(TODAY))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(4))) == 50
    assert Recipient.objects.count() == Draw.objects.count() == 50
    assert Campaign.objects.filter(programme_round__isnull=False).count() == 1


def test_whoever_asked_us_to_stop_is_drawn_but_not_called() -> None:
    programme = make_programme()
    member = join(programme, 1, due=TODAY + 3 * DAY)
    Suppression.objects.create(phone=member.phone, source="key", reason="Asked us to stop.")
    draw.draw(programme.pk, now=morning(TODAY))
    assert not Recipient.objects.exists()
    source = Campaign.objects.get(programme_round__isnull=False).imports.get()
    assert (source.suppressed, source.filename) == (1, "Standing list, 24.11.2026")


def test_whoever_joins_when_the_days_campaign_has_ended_gets_another_one() -> None:
    programme = make_programme()
    join(programme, 1, due=TODAY + 3 * DAY)
    draw.draw(programme.pk, now=morning(TODAY))
    Campaign.objects.filter(programme_round__isnull=False).update(state=Campaign.State.COMPLETED)
    join(programme, 2, due=TODAY + 3 * DAY)
    assert draw.draw(programme.pk, now=morning(TODAY)) == 1
    assert Campaign.objects.filter(name="Visit reminder, 24 Nov 2026 (2)").exists()


def test_what_stops_the_drawing_is_said_and_nobody_is_lost() -> None:
    programme = make_programme()
    member = join(programme, 1, due=TODAY + 3 * DAY, variables={"": "no name"})
    assert draw.draw(programme.pk, now=morning(TODAY)) == 0
    programme.refresh_from_db()
    assert programme.reason
    Member.objects.filter(pk=member.pk).update(variables={})
    assert draw.draw(programme.pk, now=morning(TODAY)) == 1
    programme.refresh_from_db()
    assert programme.reason == ""


# --- Every week, every month ----------------------------------------------------------------------


def test_every_week_everybody_once() -> None:
    programme = recurring("weekly", 2)
    join(programme, 1)
    for ahead in range(-7, 8):
        draw.draw(programme.pk, now=morning(TODAY + ahead * DAY))
    assert [day for _, day, fate in draws() if fate == "drawn"] == [TODAY - 7 * DAY, TODAY, TODAY + 7 * DAY]


def test_every_month_on_the_31st_is_the_last_day_of_a_short_one() -> None:
    programme = recurring("monthly", 31)
    join(programme, 1)
    for day in (date(2026, 11, 29), date(2026, 11, 30), date(2026, 12, 30), date(2026, 12, 31)):
        draw.draw(programme.pk, now=morning(day))
    assert [day for _, day, _ in draws()] == [date(2026, 11, 30), date(2026, 12, 31)]


def test_a_recurring_day_that_an_outage_swallowed_is_noted_once() -> None:
    programme = recurring("weekly", 2, late_days=1)
    join(programme, 1)
    draw.draw(programme.pk, now=morning(TODAY - 8 * DAY))
    draw.draw(programme.pk, now=morning(TODAY - DAY))
    draw.draw(programme.pk, now=morning(TODAY))
    assert [(day, fate) for _, day, fate in draws()] == [
        (date(2026, 11, 3), "missed"),
        (date(2026, 11, 10), "missed"),
        (TODAY - 7 * DAY, "missed"),
        (TODAY, "drawn"),
    ]


def test_whoever_joined_after_the_day_waits_for_the_next_one() -> None:
    programme = recurring("weekly", 2)
    join(programme, 1, joined_on=TODAY + DAY)
    assert draw.draw(programme.pk, now=morning(TODAY + DAY)) == 0
    assert draw.draw(programme.pk, now=morning(TODAY + 7 * DAY)) == 1


# --- The launch -----------------------------------------------------------------------------------


def due_today(**fields: Any) -> tuple[Programme, date]:
    today = ist_day(clock.now())
    programme = make_programme(begins_on=today - 30 * DAY, **fields)
    join(programme, 1, due=today + 3 * DAY)
    return programme, today


def test_the_tick_draws_and_launches() -> None:
    due_today()
    tasks.draw_programmes()
    tasks.draw_programmes()
    campaign = Campaign.objects.get(programme_round__isnull=False)
    assert campaign.state == Campaign.State.RUNNING
    assert campaign.recipients.count() == 1


def test_a_campaign_that_needs_a_second_person_waits_for_one_each_day() -> None:
    programme, _ = due_today()
    type(programme.pattern.template.account).objects.update(second_person=True)
    tasks.draw_programmes()
    tasks.draw_programmes()
    campaign = Campaign.objects.get(programme_round__isnull=False)
    assert campaign.state == Campaign.State.CHECKED
    actions.approve(campaign, cast.manager())
    tasks.draw_programmes()
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING


def test_what_stands_in_the_way_of_a_launch_is_said_and_tried_again() -> None:
    programme, _ = due_today()
    number = programme.pattern.number
    type(number).objects.update(active=False)
    tasks.draw_programmes()
    assert programme.rounds.get().reason == "The number is switched off."
    type(number).objects.update(active=True)
    tasks.draw_programmes()
    assert (programme.rounds.get().reason, programme.rounds.get().campaign.state) == ("", "running")


def test_what_nobody_approved_in_time_is_given_up_and_said() -> None:
    programme, today = due_today(late_days=2)
    type(programme.pattern.template.account).objects.update(second_person=True)
    tasks.draw_programmes()
    draw.launch_rounds(morning(today + 2 * DAY))
    assert programme.rounds.get().campaign.state == Campaign.State.CHECKED
    draw.launch_rounds(morning(today + 3 * DAY))
    round_ = programme.rounds.get()
    assert (round_.campaign.state, round_.reason) == (
        Campaign.State.CANCELLED,
        "Missed: it was not launched within 2 days.",
    )


# --- What staff write -----------------------------------------------------------------------------


def test_a_members_number_is_repaired_or_refused_with_a_reason() -> None:
    member = Member(standing_list=StandingList.objects.create(name="A list"), phone="98250 12410")
    member.full_clean()
    assert member.phone == "+919825012410"
    member.phone = "12345"
    with pytest.raises(ValidationError):
        member.full_clean()


@pytest.mark.parametrize(
    "fields",
    [
        {"date_name": ""},
        {"kind": "weekly", "date_name": "", "on_day": 8},
        {"kind": "monthly", "date_name": "", "on_day": None},
        {"kind": "weekly", "date_name": "due_date", "on_day": 1},
    ],
)
def test_an_incomplete_rule_is_refused_by_the_database(fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_programme(**fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "3 days before due date"),
        ({"kind": "weekly", "on_day": 2}, "every Tuesday"),
        ({"kind": "monthly", "on_day": 31}, "every month on day 31"),
    ],
)
def test_the_rule_in_words(fields: dict[str, Any], words: str) -> None:
    assert Programme(**({"date_name": "due_date", "offset_count": -3} | fields)).rule == words


def test_an_erased_person_leaves_the_list_and_the_draws_keep_a_pseudonym() -> None:
    programme = make_programme()
    member = join(programme, 1, due=TODAY + 3 * DAY)
    draw.draw(programme.pk, now=morning(TODAY))
    wish = erasure.ask(member.phone, reason="A letter.", by=None, now=morning(TODAY))
    removed = erasure.forget(wish)
    assert (removed["members"], removed["draws"]) == (1, 1)
    assert not Member.objects.exists()
    assert Draw.objects.get().phone == wish.pseudonym


def test_the_pack_of_a_person_tells_of_lists_dates_and_draws() -> None:
    programme = make_programme()
    member = join(programme, 1, due=TODAY + 3 * DAY)
    draw.draw(programme.pk, now=morning(TODAY))
    made = json.loads(json.dumps(evidence.pack(member.phone, now=morning(TODAY))))
    assert made["standing_lists"][0]["dates"] == {"due_date": "2026-11-27"}
    assert (made["draws"][0]["falls_on"], made["draws"][0]["fate"]) == ("2026-11-24", "drawn")
    assert {"standing_lists", "draws"} <= {row[0] for row in evidence.flat(made)}


# --- A message in parts ---------------------------------------------------------------------------


def told(day: date, heard: int | None = None) -> list[str]:
    """Draw on this day; return the parts of those drawn, of whose calls so much is heard."""
    programme = Programme.objects.get()
    draw.draw(programme.pk, now=morning(day))
    people = Recipient.objects.filter(campaign__programme_round__falls_on=day)
    parts = [person.variables["part"] for person in people.order_by("pk")]
    people.update(state="completed" if heard else "unreached", heard_percent=heard)
    return parts


def test_the_next_part_comes_when_the_last_was_heard_and_the_same_again_when_not() -> None:
    programme = recurring("weekly", 2, parts=3, begins_on=TODAY)
    join(programme, 1)
    week = [TODAY + number * 7 * DAY for number in range(6)]
    assert told(week[0], heard=40) == ["1"]
    assert told(week[1], heard=75) == ["1"]
    assert told(week[2]) == ["2"]
    assert told(week[3], heard=100) == ["2"]
    assert told(week[4], heard=80) == ["3"]
    assert told(week[5]) == []
    last = Draw.objects.latest("pk")
    assert (last.fate, last.reason, last.part) == ("ended", "All 3 parts were heard.", None)
    assert told(week[5] + 7 * DAY) == []
    assert Draw.objects.count() == 6


def test_a_part_is_repeated_so_often_and_then_no_other_follows() -> None:
    programme = recurring("weekly", 2, parts=3, repeats=1, begins_on=TODAY)
    join(programme, 1)
    assert [told(TODAY + number * 7 * DAY, heard=10) for number in range(4)] == [["1"], ["1"], [], []]
    assert Draw.objects.get(fate="ended").reason == (
        "Part 1 was told 2 times and not heard to 75 %; no other part follows."
    )


def test_parts_by_a_date_come_so_many_days_apart() -> None:
    programme = make_programme(offset_count=-10, parts=2, part_days=10, repeats=1)
    join(programme, 1, due=TODAY + 10 * DAY)
    join(programme, 2, due=TODAY + 10 * DAY)
    assert told(TODAY - DAY) == []
    assert told(TODAY, heard=90) == ["1", "1"]
    Recipient.objects.filter(phone="+919825010002").update(heard_percent=5)
    assert told(TODAY + 9 * DAY) == []
    assert sorted(told(TODAY + 10 * DAY, heard=90)) == ["1", "2"]
    assert told(TODAY + 20 * DAY, heard=90) == ["2"]
    assert told(TODAY + 30 * DAY) == []
    fates = Draw.objects.filter(phone="+919825010001").order_by("pk").values_list("step", "fate", "part")
    assert list(fates) == [(0, "drawn", 1), (1, "drawn", 2), (2, "ended", None)]
    assert Recipient.objects.filter(variables__due_date=f"{TODAY + 10 * DAY:%d/%m/%Y}").count() == 5


def test_who_is_still_being_called_for_the_last_part_waits_and_is_then_missed() -> None:
    programme = recurring("weekly", 2, parts=2, begins_on=TODAY)
    join(programme, 1)
    draw.draw(programme.pk, now=morning(TODAY))
    again = TODAY + 7 * DAY
    assert draw.draw(programme.pk, now=morning(again)) == 0
    assert Draw.objects.count() == 1
    Recipient.objects.update(state="completed", heard_percent=99)
    assert draw.draw(programme.pk, now=morning(again + 2 * DAY)) == 1
    assert Recipient.objects.latest("pk").variables["part"] == "2"
    draw.draw(programme.pk, now=morning(again + 11 * DAY))
    assert Draw.objects.latest("pk").fate == "missed"


def test_parts_go_with_days_between_them_by_a_date_and_only_there() -> None:
    for fields in ({"parts": 2}, {"part_days": 3}):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_programme(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        recurring("weekly", 2, parts=2, part_days=3)


def test_the_quotas_of_the_pattern_are_copied() -> None:
    programme = make_programme()
    quotas.choose(programme.pattern, ["clinic"], each=1, cells=[Cell("Anand", "", 5)], by=None)
    join(programme, 1, due=TODAY + 3 * DAY)
    programme.refresh_from_db()
    draw.draw(programme.pk, now=morning(TODAY))
    person = Recipient.objects.get()
    assert person.cell is not None
    assert (person.cell.campaign, person.cell.target) == (person.campaign, 5)
