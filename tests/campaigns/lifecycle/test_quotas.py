"""Quotas: a cell that is full calls no more people, one that is raised goes on, and the books add up."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from campaigns import call_results, clock
from campaigns.delivery import upload, withdraw
from campaigns.errors import NotAllowed
from campaigns.imports.upload import add_rows
from campaigns.lifecycle import actions, approvals, quotas
from campaigns.models import Account, Callback, Campaign, Message, QuotaCell, Recipient
from campaigns.planning import plan
from campaigns.privacy.purge import forget_people
from campaigns.queries.campaign import campaign_counts
from campaigns.queries.quotas import table
from campaigns.schedule.quotas import Cell
from tests.campaigns.locking import watched
from tests.campaigns.world import NOON, FakeXFin, approve, at, make_campaign, states

pytestmark = pytest.mark.django_db

FULL = "The quota of surat × Female is full."
NAMES = ["district", "gender"]


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", at(NOON))


def survey(surat: int = 6, anand: int = 2, **fields: Any) -> Campaign:
    """A running survey whose list has women of Surat, then of Anand."""
    campaign = make_campaign(**({"goals": ["completed"]} | fields))
    people = [
        {"phone": f"+9198250{number:05d}", "name": f"P{number}", "language": "hi", "variables": {
            "amount": "500", "district": "Surat" if number < surat else " anand", "gender": "female"}}
        for number in range(surat + anand)
    ]  # fmt: skip
    add_rows(campaign, people, by=None)
    return campaign


def in_states(campaign: Campaign) -> Counter[str]:
    assert campaign_counts(campaign).adds_up
    return Counter(campaign.recipients.values_list("state", flat=True))


def interviewed(*messages: Message, outcome: str = "completed") -> None:
    for message in messages:
        call_results.record_outcome(message.pk, outcome, outcome)


def of_surat(**fields: object) -> list[Message]:
    return list(Message.objects.filter(recipient__cell__first__iexact="Surat", **fields).order_by("pk"))


def figures(campaign: Campaign) -> dict[str, tuple[int | None, int, int]]:
    return {row.label: (row.target, row.completed, row.under_way) for row in table(campaign)}


def test_a_cell_that_fills_calls_nobody_else_and_the_others_go_on() -> None:
    campaign, xfin = survey(), FakeXFin()
    quotas.choose(campaign, NAMES, cells=[Cell("surat", "Female", 1)], by=None)
    assert plan.plan(campaign.pk, now=NOON) == 6  # four calls for the one of Surat, and both of Anand
    assert upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin) == 6
    assert plan.plan(campaign.pk, now=NOON) == 0
    first = of_surat()[0]
    interviewed(first)
    assert figures(campaign) == {"surat × Female": (1, 1, 3), "anand × female": (None, 0, 2)}
    assert quotas.settle(NOON) == 2
    assert in_states(campaign) == {"under_way": 6, "quota_full": 2}
    assert set(Recipient.objects.filter(state="quota_full").values_list("reason", flat=True)) == {FULL}
    # What is at XFin and is not the interview itself is withdrawn, and its people end too.
    assert withdraw.mark_unwanted(NOON) == 3
    withdraw.withdraw(campaign.template.account_id, clock=at(NOON - timedelta(minutes=5)), transport=xfin)
    assert withdraw.withdraw(campaign.template.account_id, clock=at(NOON), transport=xfin) == 3
    assert len(xfin.messages) == 3
    assert quotas.settle(NOON) == 3
    assert in_states(campaign) == {"under_way": 3, "quota_full": 5}
    assert set(Recipient.objects.filter(state="quota_full").values_list("attempts", flat=True)) == {0}


def test_no_person_of_a_full_cell_is_handed_over() -> None:
    campaign, xfin = survey(), FakeXFin()
    quotas.choose(campaign, NAMES, cells=[Cell("Surat", "female", 1)], by=None)
    plan.plan(campaign.pk, now=NOON)
    first = of_surat()[0]
    Message.objects.filter(pk=first.pk).update(state="done", disposition="answered")
    interviewed(first)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    called = {message["name"] for message in xfin.messages.values()}
    assert called.isdisjoint({"P1", "P2", "P3"})
    assert in_states(campaign)["quota_full"] == 3
    assert states(campaign)["withdrawn"] == 3


def test_a_cell_gets_no_more_than_four_calls_for_each_interview_it_lacks() -> None:
    campaign = survey(surat=30, anand=0)
    quotas.choose(campaign, NAMES, each=3, by=None)
    assert plan.plan(campaign.pk, now=NOON) == 12
    interviewed(*of_surat()[:2])
    assert plan.plan(campaign.pk, now=NOON) == 0  # ten are under way, and one is missing
    Recipient.objects.filter(pk__in=[message.recipient_id for message in of_surat()[:10]]).update(
        state="completed"
    )
    Message.objects.filter(pk__in=[message.pk for message in of_surat()[:10]]).update(state="done")
    assert plan.plan(campaign.pk, now=NOON) == 2


def test_raising_a_target_calls_them_again_also_when_the_campaign_was_completed() -> None:
    campaign = survey(surat=3, anand=0)
    quotas.choose(campaign, NAMES, each=0, by=None)
    assert in_states(campaign) == {"quota_full": 3}
    assert actions.complete_finished(NOON) == 1
    cell = QuotaCell.objects.get()
    quotas.set_targets(campaign, {cell.pk: 2}, by=None)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING
    assert in_states(campaign) == {"waiting": 3}
    assert plan.plan(campaign.pk, now=NOON) == 3
    assert campaign.changes.filter(reason__startswith="Quotas by district and gender: 1 of 1 cells").exists()


def test_lowering_a_target_withdraws_what_is_planned() -> None:
    campaign = survey(surat=4, anand=0)
    plan.plan(campaign.pk, now=NOON)
    quotas.choose(campaign, ["district"], each=0, by=None)
    assert (in_states(campaign), states(campaign)) == ({"quota_full": 4}, {"withdrawn": 4})
    quotas.choose(campaign, [], by=None)
    assert in_states(campaign) == {"waiting": 4}
    assert not QuotaCell.objects.exists()


def test_people_who_come_later_get_their_cell_and_its_target() -> None:
    campaign = survey()
    quotas.choose(campaign, ["district"], each=7, by=None)
    late = {"phone": "+919825099999", "name": "Late", "language": "hi", "variables": {"amount": "5"}}
    there = {**late, "phone": "+919825099998", "variables": {"amount": "5", "district": "SURAT"}}
    new = {**late, "phone": "+919825099997", "variables": {"amount": "5", "district": "Vapi"}}
    add_rows(campaign, [late, there, new], by=None)
    assert {row.label: (row.target, row.people) for row in table(campaign)} == {
        "no district": (None, 1),
        "Surat": (7, 7),
        "anand": (7, 2),
        "Vapi": (7, 1),
    }


def test_a_call_back_is_not_made_for_a_full_cell() -> None:
    campaign = survey(surat=1, anand=0)
    person = Recipient.objects.get()
    Callback.objects.create(
        recipient=person, asked_at=NOON, asked_for=NOON, planned_for=NOON, source="staff", state="waiting"
    )
    quotas.choose(campaign, ["district"], each=0, by=None)
    assert plan.plan(campaign.pk, now=NOON) == 0
    assert (Callback.objects.get().state, Callback.objects.get().reason) == (
        "ended",
        "The quota of Surat is full.",
    )


def test_an_interview_that_comes_after_its_cell_filled_is_kept_and_counted() -> None:
    campaign = survey(surat=2, anand=0, max_attempts=2)
    quotas.choose(campaign, ["district"], each=1, by=None)
    plan.plan(campaign.pk, now=NOON)
    late, first = of_surat()
    Message.objects.filter(pk=late.pk).update(state="done", disposition="answered")
    Recipient.objects.filter(pk=late.recipient_id).update(state="waiting")
    interviewed(first)
    quotas.settle(NOON)
    interviewed(late)
    assert Recipient.objects.get(pk=late.recipient_id).state == "completed"
    assert figures(campaign)["Surat"][:2] == (1, 2)


@pytest.mark.parametrize(
    ("goals", "counted"), [(["completed"], ["completed"]), ([], ["completed", "refused"])]
)
def test_what_counts_is_the_goal_or_any_answer_where_none_is_chosen(
    goals: list[str], counted: list[str]
) -> None:
    campaign = survey(surat=4, anand=0, goals=goals)
    quotas.choose(campaign, ["district"], each=9, by=None)
    plan.plan(campaign.pk, now=NOON)
    for message, outcome in zip(
        of_surat(), ("completed", "refused", "wrong_person", "not_spoken"), strict=True
    ):
        Recipient.objects.filter(pk=message.recipient_id).update(outcome=outcome)
    assert figures(campaign)["Surat"][1] == len(counted)


def test_an_answer_puts_a_person_into_a_cell() -> None:
    campaign = survey(surat=2, anand=0)
    quotas.choose(campaign, ["district", "works"], cells=[Cell("Surat", "Yes", 1)], by=None)
    one = Recipient.objects.earliest("pk")
    call_results.answers_given({one.pk: {"works": "yes", "other": "7"}})
    assert {row.label: row.people for row in table(campaign)} == {"Surat × no works": 1, "Surat × Yes": 1}
    call_results.answers_given({one.pk: {"works": "no"}})
    assert {row.label: row.people for row in table(campaign) if row.people} == {
        "Surat × no works": 1,
        "Surat × no": 1,
    }


def test_a_value_that_nobody_shares_and_a_cancelled_campaign_are_refused() -> None:
    campaign = survey(surat=2, anand=0)
    Recipient.objects.bulk_create(
        Recipient(campaign=campaign, phone=f"+9198260{n:05d}", language="hi", variables={"loan": str(n)})
        for n in range(401)
    )
    with pytest.raises(NotAllowed, match="more than 400 combinations of loan"):
        quotas.choose(campaign, ["loan"], each=1, by=None)
    assert Campaign.objects.get().quota_values == []
    actions.cancel(Campaign.objects.get(), None)
    with pytest.raises(NotAllowed, match="cancelled"):
        quotas.choose(campaign, ["district"], each=1, by=None)


def test_quotas_are_a_part_of_what_a_second_person_approved() -> None:
    campaign = survey(surat=1, anand=0)
    Account.objects.update(second_person=True)
    approve(campaign)
    campaign = Campaign.objects.get()
    assert not approvals.lapsed(campaign)
    quotas.choose(campaign, ["district"], each=5, by=None)
    assert "quotas by district: none → Surat, 5" in approvals.lapsed(Campaign.objects.get())


def test_who_is_forgotten_is_in_no_cell() -> None:
    campaign = survey(surat=1, anand=0)
    quotas.choose(campaign, ["district"], each=5, by=None)
    forget_people([Recipient.objects.get().pk])
    assert Recipient.objects.get().cell is None


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks no rows")
@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_the_one_order() -> None:
    campaign = survey()
    with watched() as watch:
        quotas.choose(campaign, NAMES, each=3, cells=[Cell("Surat", "female", 1)], by=None)
        plan.plan(campaign.pk, now=NOON)
        interviewed(of_surat()[0])
        quotas.settle(NOON)
        quotas.set_targets(campaign, {cell.pk: 9 for cell in QuotaCell.objects.all()}, by=None)
    assert watch.locks
