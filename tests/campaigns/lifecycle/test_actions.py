"""A campaign's states and who may change them."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns import clock
from campaigns.delivery import circuit_breaker
from campaigns.errors import NotAllowed
from campaigns.lifecycle import actions, approvals
from campaigns.models import Account, Campaign, CampaignChange, Import, Message, Recipient, User
from campaigns.planning import plan
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db
State = Campaign.State


@pytest.fixture
def asha() -> User:
    return User.objects.create_user("asha", first_name="Asha", last_name="Patel")


@pytest.fixture
def vikram() -> User:
    return User.objects.create_user("vikram", first_name="Vikram", last_name="Rao")


def draft(by: User | None = None, **fields: Any) -> Campaign:
    """A draft that could be launched this moment, and may run for days."""
    now = clock.now()
    return make_campaign(people=1, **{"state": State.DRAFT, "starts_at": now, "created_by": by, **fields})


def second_person_wanted(campaign: Campaign) -> Campaign:
    Account.objects.update(second_person=True)
    return Campaign.objects.get(pk=campaign.pk)


def history(campaign: Campaign) -> list[tuple[str, str, str]]:
    """Who brought it from where to where, the oldest first."""
    rows = CampaignChange.objects.filter(campaign=campaign).order_by("id")
    return list(rows.values_list("actor_name", "from_state", "to_state"))


def test_one_press_of_launch_passes_every_state_that_nothing_holds_it_in(asha: User) -> None:
    campaign = draft(asha)
    actions.launch(campaign, asha)
    assert (campaign.state, campaign.reason) == (State.RUNNING, "Launched by Asha Patel.")
    assert history(campaign) == [
        ("Asha Patel", "draft", "checked"),
        ("Asha Patel", "checked", "approved"),
        ("Asha Patel", "approved", "scheduled"),
        ("Asha Patel", "scheduled", "running"),
    ]


def test_pause_resume_cancel(asha: User) -> None:
    campaign = make_campaign(people=1)
    actions.pause(campaign, asha)
    assert campaign.state == State.PAUSED
    actions.resume(campaign, asha)
    assert campaign.state == State.RUNNING
    actions.cancel(campaign, asha)
    assert campaign.state == State.CANCELLED
    assert [to for _, _, to in history(campaign)] == ["paused", "running", "cancelled"]


def test_a_campaign_for_later_is_scheduled_and_starts_by_itself(asha: User) -> None:
    start = clock.now() + timedelta(hours=1)
    campaign = draft(asha, starts_at=start)
    actions.launch(campaign, asha)
    assert campaign.state == State.SCHEDULED
    assert actions.start_scheduled(start - timedelta(seconds=1)) == 0
    assert actions.start_scheduled(start) == 1
    assert history(campaign)[-1] == ("the system", "scheduled", "running")


def test_a_second_person_approves_what_the_first_one_made(asha: User, vikram: User) -> None:
    campaign = second_person_wanted(draft(asha))
    actions.launch(campaign, asha)
    assert campaign.state == State.CHECKED
    with pytest.raises(NotAllowed, match="second person"):
        actions.launch(campaign, asha)
    with pytest.raises(NotAllowed, match="somebody else"):
        actions.approve(campaign, asha)
    actions.approve(campaign, vikram)
    assert (campaign.state, campaign.reason) == (State.APPROVED, "Approved by Vikram Rao.")
    actions.launch(campaign, asha)
    assert campaign.state == State.RUNNING


def test_whoever_edited_or_checked_it_does_not_approve_it_nor_does_a_program(
    asha: User, vikram: User
) -> None:
    campaign = second_person_wanted(draft(asha))
    campaign.calls_per_minute = 7
    actions.edit(campaign, ["calls_per_minute"], vikram)
    actions.launch(campaign, asha)
    for person in (vikram, None):
        with pytest.raises(NotAllowed, match="somebody else"):
            actions.approve(campaign, person)


@pytest.mark.parametrize(
    ("category", "asked"),
    [("promotional", True), ("political", True), ("government", True), ("survey", False)],
)
def test_the_rules_ask_for_a_second_person_whatever_the_account_says(category: str, asked: bool) -> None:
    campaign = make_campaign(category=category)
    assert approvals.needs_second_person(campaign) is asked


def test_an_edit_that_matters_takes_an_approved_campaign_back_to_draft(asha: User, vikram: User) -> None:
    campaign = second_person_wanted(draft(asha))
    actions.launch(campaign, asha)
    actions.approve(campaign, vikram)
    campaign.name = "Reminder"
    actions.edit(campaign, ["name"], asha)
    assert Campaign.objects.get().state == State.APPROVED
    campaign.max_attempts = 3
    actions.edit(campaign, ["max_attempts"], asha)
    kept = Campaign.objects.get()
    assert (kept.state, kept.max_attempts, kept.name) == (State.DRAFT, 3, "Reminder")
    assert kept.reason == "Changed by Asha Patel; it must be checked again."
    actions.launch(campaign, asha)
    actions.approve(campaign, vikram)
    assert campaign.state == State.APPROVED


def test_another_spelling_of_the_same_value_is_no_edit(asha: User) -> None:
    campaign = draft(asha)
    campaign.state = State.CHECKED
    campaign.save()
    campaign.name = "Reminder"
    actions.edit(campaign, ["name", "retry_gaps", "starts_at"], asha)
    assert (Campaign.objects.get().state, campaign.changes.get().reason) == (State.CHECKED, "Changed: name.")


def test_the_goal_is_chosen_in_any_state_and_the_history_says_so(asha: User) -> None:
    campaign = draft(asha)
    Campaign.objects.update(state=State.COMPLETED)
    actions.choose_goals(campaign, ["will_pay", " confirmed ", ""], by=asha)
    kept = Campaign.objects.get()
    assert (kept.state, kept.goals) == (State.COMPLETED, ["confirmed", "will_pay"])
    assert kept.changes.get().reason == "The goal: confirmed, will_pay."
    actions.choose_goals(campaign, kept.goals, by=asha)
    assert kept.changes.count() == 1


@pytest.mark.parametrize("outcome", ["opted_out", "wrong_number", "x" * 61])
def test_an_opt_out_is_no_goal(asha: User, outcome: str) -> None:
    campaign = draft(asha)
    with pytest.raises(NotAllowed, match="can't be the goal"):
        actions.choose_goals(campaign, [outcome], by=asha)
    assert Campaign.objects.get().goals == []


def test_an_edit_that_comes_after_the_launch_saves_nothing(asha: User) -> None:
    campaign = draft(asha)
    stale = Campaign.objects.get(pk=campaign.pk)
    actions.launch(campaign, asha)
    stale.max_attempts = 5
    with pytest.raises(NotAllowed, match="does not run yet"):
        actions.edit(stale, ["max_attempts"], asha)
    kept = Campaign.objects.get()
    assert (kept.state, kept.max_attempts) == (State.RUNNING, 1)


def test_every_way_to_stop_leaves_a_line_of_history(asha: User) -> None:
    campaign = make_campaign(people=1)
    Account.objects.update(state=Account.State.REFUSED, reason="XFin refused the login.")
    assert circuit_breaker.stop_refused() == 1
    assert circuit_breaker.stop_refused() == 0
    assert history(campaign) == [("the system", "running", "stopped")]


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        (State.RUNNING, actions.launch),
        (State.DRAFT, actions.pause),
        (State.COMPLETED, actions.resume),
        (State.COMPLETED, actions.cancel),
        (State.CANCELLED, actions.launch),
    ],
)
def test_what_does_not_lead_anywhere_is_refused(state: str, verb: object, asha: User) -> None:
    campaign = make_campaign(people=1, state=state)
    with pytest.raises(NotAllowed):
        verb(campaign, asha)  # type: ignore[operator]
    campaign.refresh_from_db()
    assert campaign.state == state


def test_two_people_press_launch_at_once_and_one_of_them_is_told(asha: User) -> None:
    campaign = draft()
    same = Campaign.objects.get(pk=campaign.pk)
    actions.launch(campaign, asha)
    with pytest.raises(NotAllowed) as refused:
        actions.launch(same, asha)
    assert refused.value.reason == "A campaign that is running can't be asked to launch."


def test_a_campaign_without_people_is_not_launched(asha: User) -> None:
    campaign = make_campaign(state=State.DRAFT)
    with pytest.raises(NotAllowed, match="nobody to call"):
        actions.launch(campaign, asha)


def test_a_template_that_xfin_refuses_must_be_corrected_first(asha: User) -> None:
    campaign = make_campaign(people=1, state=State.DRAFT)
    campaign.template.sync_state, campaign.template.sync_reason = "failed", "The name is taken."
    campaign.template.save()
    with pytest.raises(NotAllowed, match="XFin refused the template: The name is taken"):
        actions.launch(campaign, asha)


def test_a_refused_account_must_be_corrected_first(asha: User) -> None:
    campaign = make_campaign(people=1, state=State.STOPPED)
    Account.objects.update(state=Account.State.REFUSED)
    with pytest.raises(NotAllowed, match="credentials"):
        actions.resume(Campaign.objects.get(), asha)
    assert campaign.state == State.STOPPED


def test_cancel_frees_everybody_who_is_not_at_xfin(asha: User) -> None:
    campaign = make_campaign(people=3, calls_per_minute=1)
    campaign.recipients.filter(pk=campaign.recipients.first().pk).update(state="completed")  # type: ignore[union-attr]
    plan.plan(campaign.pk, now=NOON)
    actions.cancel(campaign, asha)
    assert set(Message.objects.values_list("state", flat=True)) == {Message.State.WITHDRAWN}
    left = campaign.recipients.exclude(state=Recipient.State.COMPLETED)
    assert set(left.values_list("state", "reason")) == {("cancelled", "The campaign was cancelled.")}


def test_only_campaigns_without_open_people_are_completed() -> None:
    campaign = make_campaign(people=2)
    first = campaign.recipients.first()
    assert first
    Recipient.objects.filter(pk=first.pk).update(state=Recipient.State.COMPLETED)
    assert actions.complete_finished(NOON) == 0
    campaign.recipients.update(state=Recipient.State.UNREACHED)
    assert actions.complete_finished(NOON) == 1


def test_a_campaign_goes_on_while_a_list_for_it_is_still_read() -> None:
    campaign = make_campaign(people=2)
    campaign.recipients.update(state=Recipient.State.COMPLETED)
    more = Import.objects.create(campaign=campaign, filename="more.csv", state=Import.State.READING)
    assert actions.complete_finished(NOON) == 0
    Import.objects.filter(pk=more.pk).update(state=Import.State.DONE)
    assert actions.complete_finished(NOON) == 1
