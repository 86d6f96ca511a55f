"""The figures add up, cost the same number of queries however many rows there are, and say what they mean."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.template.loader import render_to_string
from pytest_django import DjangoAssertNumQueries

from awaaz_project.management.commands.load_demo import MENU
from calls.agents.dialogue.from_menu import converted
from campaigns.models import Account, Campaign, Import, Message, Recipient, Template, UploadBatch
from campaigns.queries import notices
from campaigns.queries.campaign import (
    Progress,
    RowCounts,
    campaign_counts,
    campaigns_of_the_day,
    funnel,
    hours,
    misses,
    outcomes,
)
from campaigns.queries.people import recipients_of
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db
State = Recipient.State


def put(campaign: Campaign, state: str, count: int, **fields: object) -> list[Recipient]:
    """So many people of the campaign that wait get a state."""
    people = list(campaign.recipients.filter(state="waiting", disposition="").order_by("id")[:count])
    Recipient.objects.filter(pk__in=[p.pk for p in people]).update(state=state, **fields)
    return people


def hand_over(campaign: Campaign, people: list[Recipient], state: str) -> None:
    batch = UploadBatch.objects.create(
        account=campaign.template.account, size=max(1, len(people)), claimed_until=NOON, state="confirmed"
    )
    Message.objects.bulk_create(
        Message(recipient=person, attempt=1, send_on=NOON, batch=batch, state=state) for person in people
    )


def test_people_are_counted_once_in_exactly_one_state() -> None:
    campaign = make_campaign(people=10)
    put(campaign, State.COMPLETED, 4, disposition="answered", outcome="confirmed")
    put(campaign, State.UNREACHED, 3, disposition="busy")
    progress = campaign_counts(campaign).progress
    assert {part.state: part.count for part in progress.states} == {
        "completed": 4,
        "unreached": 3,
        "waiting": 3,
    }
    assert (progress.people, progress.finished, progress.waiting) == (10, 7, 3)


def test_the_funnel_counts_people_and_not_attempts() -> None:
    campaign = make_campaign(people=6, goals=["confirmed"])
    done = put(campaign, State.COMPLETED, 2, disposition="answered", outcome="confirmed")
    busy = put(campaign, State.UNREACHED, 1, disposition="busy")
    planned = put(campaign, State.UNDER_WAY, 1)
    hand_over(campaign, done + busy, "done")
    Message.objects.create(recipient=planned[0], attempt=1, send_on=NOON)  # planned, not yet at XFin
    Message.objects.create(
        recipient=busy[0], attempt=2, send_on=NOON, state="failed", batch=UploadBatch.objects.get()
    )
    steps = {step.label: step.count for step in funnel(campaign_counts(campaign), with_goal=True)}
    assert steps == {"Accepted": 6, "At XFin": 3, "Call over": 3, "Answered": 2, "Goal reached": 2}


def test_rows_that_do_not_match_people_do_not_add_up() -> None:
    campaign = make_campaign(people=3)
    Import.objects.create(campaign=campaign, filename="a.csv", uploaded=4, accepted=3, rejected=1)
    assert campaign_counts(campaign).adds_up
    campaign.recipients.first().delete()  # type: ignore[union-attr]  # there are three
    assert not campaign_counts(campaign).adds_up


def test_row_counts_know_when_they_do_not_add_up() -> None:
    assert RowCounts(uploaded=5, accepted=3, rejected=1, suppressed=1).adds_up
    assert not RowCounts(uploaded=5, accepted=3, rejected=1).adds_up


@pytest.mark.parametrize("people", [1, 40])
def test_counts_take_three_queries_whatever_the_size(
    people: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    campaign = make_campaign(people=people)
    with django_assert_num_queries(3):
        campaign_counts(campaign)


def test_a_list_of_campaigns_takes_two_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    first = make_campaign(people=3)
    for name in ("Second", "Third"):
        Campaign.objects.create(
            name=name, template=first.template, number=first.number, agent=first.agent, state="running"
        )
    with django_assert_num_queries(2):
        rows = campaigns_of_the_day(datetime.now(UTC))
        shown = {row.campaign.name: (row.progress.people, row.campaign.number.e164) for row in rows}
    assert shown["Second"] == (0, "+911600110245")
    assert shown[first.name][0] == 3


def test_the_day_shows_what_goes_on_and_what_ended_since_it_began() -> None:
    campaign = make_campaign(people=1)
    shared = {"template": campaign.template, "number": campaign.number, "agent": campaign.agent}
    now = datetime.now(UTC)
    for name, state, since in (
        ("Ended today", "completed", now),
        ("Ended long ago", "completed", now - timedelta(days=2)),
        ("Paused long ago", "paused", now - timedelta(days=2)),
        ("Draft", "draft", now),
    ):
        Campaign.objects.create(name=name, state=state, state_since=since, **shared)
    shown = [row.campaign.name for row in campaigns_of_the_day(now - timedelta(hours=1))]
    assert shown == [campaign.name, "Paused long ago", "Ended today"]


def test_nobody_is_an_empty_bar_and_no_error() -> None:
    assert [part.count for part in Progress().bar] == [0, 0, 0, 0, 0]


def test_an_account_in_trouble_is_a_notice_with_its_reason_and_what_waits() -> None:
    campaign = make_campaign(people=2)
    Account.objects.update(state="refused", reason="XFin refused the login.")
    hand_over(campaign, list(campaign.recipients.all()), "queued")
    (notice,) = notices.notices()
    assert notice.tone == "bad"
    assert "Saraswati Finance" in notice.title
    assert "XFin refused the login." in notice.text
    assert "2 messages are waiting." in notice.text


def test_a_campaign_whose_template_xfin_refuses_says_why_nothing_is_sent() -> None:
    campaign = make_campaign()
    Template.objects.update(sync_state="failed", sync_reason="XFin refused the request (400): name taken.")
    (notice,) = notices.notices()
    assert (notice.tone, notice.campaign) == ("bad", campaign)
    assert notice.title == f"“{campaign}” calls nobody: XFin refuses the template “EMI reminder”."
    assert "name taken." in notice.text
    Template.objects.update(sync_state="synced")
    Campaign.objects.update(retry_template=Template.objects.get())
    assert notices.notices() == []


def test_a_stopped_campaign_is_a_notice_until_it_runs_again() -> None:
    campaign = make_campaign(state="stopped", reason="XFin refuses the account.")
    assert [notice.campaign for notice in notices.notices()] == [campaign]
    Campaign.objects.update(state="running")
    assert notices.notices() == []


def test_people_are_found_by_name_by_last_digits_and_by_state() -> None:
    campaign = make_campaign(people=5)
    put(campaign, State.FAILED, 1)
    last = campaign.recipients.order_by("id").last()
    assert last
    assert list(recipients_of(campaign.pk, text="erson 4")) == [last]
    assert list(recipients_of(campaign.pk, text=last.phone[-5:])) == [last]
    assert recipients_of(campaign.pk, state="failed").count() == 1
    assert recipients_of(campaign.pk, state="nonsense").count() == 5


def test_the_hours_are_the_lawful_ones_cut_by_the_campaign_s_own() -> None:
    campaign = make_campaign()
    assert hours(campaign, NOON) == "08:00–19:00 IST"
    campaign.window_start = (NOON + timedelta(hours=5, minutes=30)).time()
    assert hours(campaign, NOON) == "11:00–19:00 IST"


def test_misses_are_counted_by_how_calls_ended() -> None:
    campaign = make_campaign(people=4)
    put(campaign, State.UNREACHED, 2, disposition="no_answer")
    put(campaign, State.UNREACHED, 1, disposition="busy")
    put(campaign, State.COMPLETED, 1, disposition="answered")
    assert [(part.label, part.count) for part in misses(campaign.pk)] == [
        ("No answer", 2),
        ("Busy", 1),
    ]


def test_only_chosen_outcomes_are_the_goal_and_without_a_choice_the_funnel_has_no_such_step() -> None:
    campaign = make_campaign(people=3)
    put(campaign, State.COMPLETED, 1, disposition="answered", outcome="needs_time")
    put(campaign, State.COMPLETED, 1, disposition="answered", outcome="will_pay")
    assert campaign_counts(campaign).progress.goal == 0
    assert "Goal reached" not in [step.label for step in funnel(campaign_counts(campaign), with_goal=False)]
    campaign.goals = ["will_pay"]
    assert campaign_counts(campaign).progress.goal == 1


def test_outcomes_are_what_people_have_and_what_the_agent_may_bring() -> None:
    campaign = make_campaign(people=3, goals=["will_pay"])
    campaign.agent.kind = "dialogue"
    campaign.agent.configuration = converted(json.loads(MENU.read_text()))
    put(campaign, State.COMPLETED, 2, disposition="answered", outcome="opted_out")
    found = {row.outcome: (row.people, row.is_goal, row.may_be_goal) for row in outcomes(campaign)}
    assert found == {
        "opted_out": (2, False, False),
        "will_pay": (0, True, True),
        "needs_time": (0, False, True),
        "already_paid": (0, False, True),
    }


def test_people_who_failed_without_a_call_are_misses_too() -> None:
    campaign = make_campaign(people=5)
    put(campaign, State.FAILED, 3)  # refused by XFin: no call, so no disposition
    put(campaign, State.SUPPRESSED, 1)
    assert [(part.label, part.count) for part in misses(campaign.pk)] == [("Failed", 3)]


def test_the_empty_table_of_misses_says_no_more_than_is_known() -> None:
    campaign = make_campaign(people=2)
    context = {"campaign": campaign, "misses": [], "counts": campaign_counts(campaign)}
    assert "No call has ended yet" in render_to_string("campaigns/misses.html", context)
    put(campaign, State.COMPLETED, 1, disposition="answered")
    context["counts"] = campaign_counts(campaign)
    assert "Every call so far was answered" in render_to_string("campaigns/misses.html", context)


def test_nobody_reaches_a_goal_without_having_answered_though_xfin_tells_later() -> None:
    campaign = make_campaign(people=3, goals=["will_pay"])
    first, second, _ = campaign.recipients.all()
    first.outcome = "will_pay"  # said in a call of which XFin has not told us yet
    first.save()
    second.disposition, second.outcome = "dropped", "will_pay"
    second.save()
    (row,) = campaigns_of_the_day(datetime.now(UTC))
    shown = (row.progress.dialled, row.progress.answered, row.progress.goal)
    assert shown == (2, 2, 2)
