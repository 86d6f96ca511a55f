"""When refusals are the fault of single rows, and when they have one cause in common."""

from datetime import timedelta

import pytest

from campaigns.delivery import upload
from campaigns.delivery.refusals import is_common
from campaigns.models import Campaign, Message, Recipient
from campaigns.planning import plan
from tests.campaigns.world import NOON, FakeXFin, at, make_campaign, states


@pytest.mark.parametrize(
    ("refused", "answers", "common"),
    [
        (0, 0, False),
        (4, 4, False),
        (5, 5, True),
        (5, 20, True),
        (5, 21, False),
        (30, 120, True),
        (29, 120, False),
    ],
)
def test_five_refusals_and_a_quarter_of_the_answers_have_a_common_cause(
    refused: int, answers: int, common: bool
) -> None:
    assert is_common(refused, answers) == common


@pytest.mark.django_db
def test_some_bad_rows_among_many_good_ones_fail_alone() -> None:
    campaign, xfin = make_campaign(people=60, state_since=NOON - timedelta(hours=1)), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    xfin.refused_phones = set(campaign.recipients.order_by("pk").values_list("phone", flat=True)[:10])
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING
    assert states(campaign) == {Message.State.QUEUED: 50, Message.State.REJECTED: 10}
    failed = campaign.recipients.filter(state=Recipient.State.FAILED)
    assert set(failed.values_list("phone", flat=True)) == xfin.refused_phones
