"""States come back: attempts end, people are done, tried again or not reached."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Campaign, Message, Recipient
from campaigns.services import lifecycle, outcomes, planning, syncing, uploading
from tests.campaigns.world import NOON, FakeXFin, at, make_campaign, states

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=5)


def called(**fields: Any) -> tuple[Campaign, FakeXFin]:
    """A campaign whose two people are at XFin."""
    campaign, xfin = make_campaign(people=2, **fields), FakeXFin()
    planning.plan(campaign.pk, now=NOON)
    uploading.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    return campaign, xfin


def pull(campaign: Campaign, xfin: FakeXFin) -> int:
    return syncing.pull_states(campaign.template.account_id, clock=at(LATER), transport=xfin)


def test_an_answered_call_completes_the_person_and_then_the_campaign() -> None:
    campaign, xfin = called()
    xfin.end(state="Done", reason="ANSWERED")
    assert pull(campaign, xfin) == 2
    person = campaign.recipients.first()
    assert person
    assert (person.state, person.disposition) == (Recipient.State.COMPLETED, "answered")
    assert lifecycle.complete_finished(LATER) == 1
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.COMPLETED


def test_nothing_new_changes_nothing() -> None:
    campaign, xfin = called()
    assert pull(campaign, xfin) == 0
    assert lifecycle.complete_finished(LATER) == 0
    assert states(campaign) == {Message.State.QUEUED: 2}


def test_busy_is_tried_again_once_and_then_given_up() -> None:
    campaign, xfin = called(max_attempts=2, retry_gaps=[300])
    xfin.end(state="failed", reason="USER_BUSY")
    pull(campaign, xfin)
    person = campaign.recipients.first()
    assert person
    assert person.state == Recipient.State.WAITING
    assert "Call 2 of at most 2 follows" in person.reason
    assert person.due_at
    planning.plan(campaign.pk, now=person.due_at)
    uploading.upload(campaign.template.account_id, clock=at(person.due_at), transport=xfin)
    xfin.end(state="failed", reason="USER_BUSY")
    syncing.pull_states(
        campaign.template.account_id, clock=at(person.due_at + timedelta(minutes=1)), transport=xfin
    )
    person.refresh_from_db()
    assert (person.state, person.attempts) == (Recipient.State.UNREACHED, 2)
    assert person.reason == "The line was busy."


def test_a_number_that_does_not_exist_is_not_tried_again() -> None:
    campaign, xfin = called(max_attempts=3)
    xfin.end(state="failed", reason="UNALLOCATED_NUMBER")
    pull(campaign, xfin)
    assert set(campaign.recipients.values_list("state", flat=True)) == {Recipient.State.UNREACHED}


def test_a_call_that_dropped_after_the_answer_is_not_repeated() -> None:
    campaign, xfin = called(max_attempts=2)
    message = Message.objects.first()
    assert message
    outcomes.record_outcome(message.pk, "will_pay", "Will pay")
    xfin.end(state="failed", reason="DISCONNECTED")
    pull(campaign, xfin)
    person = Recipient.objects.get(pk=message.recipient_id)
    assert (person.state, person.outcome) == (Recipient.State.COMPLETED, "will_pay")
    other = campaign.recipients.exclude(pk=person.pk).get()
    assert other.state == Recipient.State.WAITING


def test_news_that_come_twice_count_once() -> None:
    campaign, xfin = called()
    xfin.end()
    assert pull(campaign, xfin) == 2
    xfin.end(state="failed", reason="USER_BUSY")
    assert pull(campaign, xfin) == 0
    assert set(campaign.recipients.values_list("state", flat=True)) == {Recipient.State.COMPLETED}


def test_a_message_without_news_ends_unknown() -> None:
    campaign, _ = called()
    assert syncing.give_up_waiting(NOON + timedelta(hours=23)) == 0
    assert syncing.give_up_waiting(NOON + timedelta(hours=25)) == 2
    person = campaign.recipients.first()
    assert person
    assert person.state == Recipient.State.UNKNOWN
    assert "24 hours" in person.reason
