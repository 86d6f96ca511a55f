"""A campaign's states and who may change them."""

import pytest

from campaigns.models import Account, Campaign, Message, Recipient, User
from campaigns.services import lifecycle, planning
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db
State = Campaign.State


@pytest.fixture
def asha() -> User:
    return User.objects.create_user("asha", first_name="Asha", last_name="Patel")


def test_launch_pause_resume_cancel(asha: User) -> None:
    campaign = make_campaign(people=1, state=State.DRAFT)
    lifecycle.launch(campaign, asha)
    assert (campaign.state, campaign.reason) == (State.RUNNING, "Launched by Asha Patel.")
    lifecycle.pause(campaign, asha)
    assert campaign.state == State.PAUSED
    lifecycle.resume(campaign, asha)
    assert campaign.state == State.RUNNING
    lifecycle.cancel(campaign, asha)
    assert campaign.state == State.CANCELLED


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        (State.RUNNING, lifecycle.launch),
        (State.DRAFT, lifecycle.pause),
        (State.COMPLETED, lifecycle.resume),
        (State.COMPLETED, lifecycle.cancel),
        (State.CANCELLED, lifecycle.launch),
    ],
)
def test_what_does_not_lead_anywhere_is_refused(state: str, verb: object, asha: User) -> None:
    campaign = make_campaign(people=1, state=state)
    with pytest.raises(lifecycle.NotAllowed):
        verb(campaign, asha)  # type: ignore[operator]
    campaign.refresh_from_db()
    assert campaign.state == state


def test_two_people_press_launch_at_once_and_one_of_them_is_told(asha: User) -> None:
    campaign = make_campaign(people=1, state=State.DRAFT)
    same = Campaign.objects.get(pk=campaign.pk)
    lifecycle.launch(campaign, asha)
    with pytest.raises(lifecycle.NotAllowed) as refused:
        lifecycle.launch(same, asha)
    assert refused.value.reason == "A campaign that is running can't be asked to launch."


def test_a_campaign_without_people_is_not_launched(asha: User) -> None:
    campaign = make_campaign(state=State.DRAFT)
    with pytest.raises(lifecycle.NotAllowed, match="nobody to call"):
        lifecycle.launch(campaign, asha)


def test_a_refused_account_must_be_corrected_first(asha: User) -> None:
    campaign = make_campaign(people=1, state=State.STOPPED)
    Account.objects.update(state=Account.State.REFUSED)
    with pytest.raises(lifecycle.NotAllowed, match="credentials"):
        lifecycle.resume(Campaign.objects.get(), asha)
    assert campaign.state == State.STOPPED


def test_cancel_frees_everybody_who_is_not_at_xfin(asha: User) -> None:
    campaign = make_campaign(people=3, calls_per_minute=1)
    campaign.recipients.filter(pk=campaign.recipients.first().pk).update(state="completed")  # type: ignore[union-attr]
    planning.plan(campaign.pk, now=NOON)
    lifecycle.cancel(campaign, asha)
    assert set(Message.objects.values_list("state", flat=True)) == {Message.State.CANCELLED}
    left = campaign.recipients.exclude(state=Recipient.State.COMPLETED)
    assert set(left.values_list("state", "reason")) == {("cancelled", "The campaign was cancelled.")}


def test_only_campaigns_without_open_people_are_completed() -> None:
    campaign = make_campaign(people=2)
    first = campaign.recipients.first()
    assert first
    Recipient.objects.filter(pk=first.pk).update(state=Recipient.State.COMPLETED)
    assert lifecycle.complete_finished(NOON) == 0
    campaign.recipients.update(state=Recipient.State.UNREACHED)
    assert lifecycle.complete_finished(NOON) == 1
