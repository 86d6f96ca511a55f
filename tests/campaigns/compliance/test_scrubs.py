"""Scrub runs and complaints, and what they do to campaigns."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.compliance import complaints, scrubs
from campaigns.delivery import upload
from campaigns.errors import NotRecorded
from campaigns.models import (
    CallingBasis,
    Campaign,
    Complaint,
    Evidence,
    Message,
    PhoneNumber,
    Recipient,
    ScrubHit,
    ScrubRun,
)
from campaigns.planning import plan
from tests.campaigns.world import NOON, FakeXFin, add_people, approve, at, make_campaign, states

pytestmark = pytest.mark.django_db


def promotional(people: int = 3) -> Campaign:
    """A promotional campaign to people who have consented, from a declared 140 number, not scrubbed yet."""
    campaign = make_campaign(people=people, category="promotional")
    PhoneNumber.objects.update(e164="+911401234567", series="140")
    CallingBasis.objects.bulk_create(
        CallingBasis(phone=person.phone, kind="consent", given_at=NOON - timedelta(days=30))
        for person in campaign.recipients.all()
    )
    return approve(campaign)


def scrub(campaign: Campaign, **changes: Any) -> ScrubRun:
    facts: dict[str, Any] = {
        "operator": "Airtel",
        "reference": "S-1",
        "submitted": 3,
        "refused": (),
        "now": NOON,
    }
    return scrubs.record_scrub(campaign, **(facts | changes))


def test_without_a_scrub_the_campaign_stops_and_says_what_to_do() -> None:
    campaign = promotional()
    assert plan.plan(campaign.pk, now=NOON) == 0
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.STOPPED
    assert "no DND scrub of that day" in campaign.reason
    assert "Scrub the whole list at the operator today" in campaign.reason
    assert set(campaign.recipients.values_list("state", flat=True)) == {"waiting"}
    assert Evidence.objects.get().verdict == "BLOCK"


def test_at_night_the_campaign_waits_for_the_morning_and_its_scrub() -> None:
    campaign = promotional()
    plan.plan(campaign.pk, now=NOON + timedelta(hours=13))
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING
    assert {person.due_at for person in campaign.recipients.all()} == {NOON + timedelta(hours=23)}


def test_whom_the_scrub_refused_is_not_called_and_stands_there_as_a_hash() -> None:
    campaign = promotional()
    refused = campaign.recipients.order_by("pk")[0]
    run = scrub(campaign, refused=[refused.phone.removeprefix("+91")])
    assert (run.blocked, run.day.isoformat()) == (1, "2026-11-24")
    assert refused.phone[3:] not in ScrubHit.objects.get().phone_hash
    assert plan.plan(campaign.pk, now=NOON) == 2
    refused.refresh_from_db()
    assert (refused.state, "Consent Register" in refused.reason) == (Recipient.State.BLOCKED, True)


def test_a_list_that_grew_after_its_scrub_is_scrubbed_again() -> None:
    campaign, xfin = promotional(), FakeXFin()
    scrub(campaign)
    plan.plan(campaign.pk, now=NOON)
    add_people(campaign, 1)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.STOPPED
    assert "added after the DND scrub" in campaign.reason
    assert states(campaign) == {Message.State.PLANNED: 3}
    assert not xfin.messages


@pytest.mark.parametrize("changes", [{"reference": " "}, {"operator": ""}, {"submitted": 2}])
def test_nothing_is_marked_as_scrubbed_that_was_not(changes: dict[str, Any]) -> None:
    campaign = promotional()
    with pytest.raises(NotRecorded):
        scrub(campaign, **changes)
    assert not ScrubRun.objects.exists()


def test_refused_numbers_go_at_midnight_in_india_and_the_run_stays() -> None:
    campaign = promotional()
    scrub(campaign, refused=["98251 12410"])
    midnight = NOON + timedelta(hours=13)
    assert scrubs.purge_scrub_hits(midnight - timedelta(seconds=1)) == 0
    assert scrubs.purge_scrub_hits(midnight) == 1
    assert ScrubRun.objects.get().blocked == 1


def test_the_third_complaint_in_ten_days_stops_every_campaign() -> None:
    campaign = make_campaign(people=1)
    said = [
        complaints.record_complaint(Complaint(received_at=NOON - timedelta(days=day)), now=NOON)
        for day in (11, 9, 5, 0)
    ]
    assert said == [False, False, False, True]
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.STOPPED
    assert "3 complaints in ten days" in campaign.reason


def test_resuming_is_of_no_use_while_three_complaints_count() -> None:
    campaign = make_campaign(people=1)
    for _ in range(3):
        complaints.record_complaint(Complaint(received_at=NOON), now=NOON)
    Campaign.objects.update(state=Campaign.State.RUNNING)
    assert plan.plan(campaign.pk, now=NOON) == 0
    Complaint.objects.filter(pk=Complaint.objects.values("pk")[:1]).update(
        dismissed=True, outcome="Unfounded."
    )
    Campaign.objects.update(state=Campaign.State.RUNNING)
    assert plan.plan(campaign.pk, now=NOON) == 1


def test_a_grievance_holds_back_one_person() -> None:
    campaign = make_campaign(people=2)
    phone = campaign.recipients.order_by("pk")[0].phone
    complaints.record_complaint(Complaint(kind="grievance", phone=phone, received_at=NOON), now=NOON)
    assert plan.plan(campaign.pk, now=NOON) == 1
    assert "grievance of 24 Nov 2026" in campaign.recipients.get(phone=phone).reason
