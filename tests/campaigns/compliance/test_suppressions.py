"""A wish not to be called: kept once, in force at once, lifted only with a reason."""

import io
from datetime import timedelta

import pytest
from django.db import transaction

from campaigns import call_results
from campaigns.compliance import suppressions
from campaigns.compliance.suppressions import SuppressionRequest
from campaigns.delivery import upload
from campaigns.errors import NotAllowed
from campaigns.models import Campaign, Message, Recipient, Suppression
from campaigns.planning import plan
from tests import cast
from tests.campaigns.world import NOON, FakeXFin, add_people, at, make_campaign, states

pytestmark = pytest.mark.django_db
LETTER = SuppressionRequest(source=Suppression.Source.STAFF, reason="Asked by letter.")


def opt_out_and_fail(phone: str) -> None:
    """What happens when the event's own row cannot be stored."""
    with transaction.atomic():
        call_results.opt_out(phone=phone, how="spoken", what="band karo")
        raise ZeroDivisionError


def first(campaign: Campaign) -> Recipient:
    return campaign.recipients.order_by("pk")[0]


def test_a_planned_call_is_called_off_at_once_and_costs_no_attempt() -> None:
    campaign, xfin = make_campaign(people=2), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    person = first(campaign)
    assert suppressions.suppress(person.phone, LETTER)
    person.refresh_from_db()
    assert (person.state, person.reason, person.attempts) == ("suppressed", "Asked by letter.", 0)
    assert states(campaign) == {Message.State.BLOCKED: 1, Message.State.PLANNED: 1}
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    assert person.phone not in {message["phone_number"] for message in xfin.messages.values()}


def test_who_waits_in_any_campaign_waits_no_longer() -> None:
    campaign = make_campaign(people=3)
    suppressions.suppress(first(campaign).phone, LETTER)
    assert first(campaign).state == Recipient.State.SUPPRESSED
    assert campaign.recipients.filter(state=Recipient.State.WAITING).count() == 2


def test_a_wish_about_one_category_leaves_the_others() -> None:
    campaign = make_campaign(people=1)
    phone = first(campaign).phone
    suppressions.suppress(
        phone, SuppressionRequest(source=Suppression.Source.KEY, reason="No offers.", category="promotional")
    )
    assert first(campaign).state == Recipient.State.WAITING
    suppressions.suppress(
        phone, SuppressionRequest(source=Suppression.Source.KEY, reason="No dues.", category="collections")
    )
    assert (first(campaign).state, first(campaign).reason) == ("suppressed", "No dues.")


def test_what_is_at_xfin_already_is_settled_by_xfin_and_not_tried_again() -> None:
    campaign, xfin = make_campaign(people=1, max_attempts=2), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    suppressions.suppress(first(campaign).phone, LETTER)
    assert (first(campaign).state, first(campaign).attempts) == ("under_way", 1)
    Message.objects.update(state=Message.State.FAILED, disposition="busy")
    Recipient.objects.update(state=Recipient.State.WAITING, due_at=NOON + timedelta(hours=5))
    assert plan.plan(campaign.pk, now=NOON + timedelta(hours=5)) == 0
    assert first(campaign).state == Recipient.State.SUPPRESSED


def test_the_same_key_press_twice_and_after_the_next_call_was_planned_leaves_one_row() -> None:
    campaign = make_campaign(people=1)
    plan.plan(campaign.pk, now=NOON)
    message = Message.objects.get()
    for _ in range(2):
        call_results.opt_out(
            phone=first(campaign).phone, how="key", what="9", message_reference=message.reference
        )
    assert Suppression.objects.count() == 1
    assert states(campaign) == {Message.State.BLOCKED: 1}


@pytest.mark.django_db(transaction=True)
def test_an_event_that_is_rolled_back_takes_the_suppression_and_its_effects_with_it() -> None:
    campaign = make_campaign(people=1)
    plan.plan(campaign.pk, now=NOON)
    with pytest.raises(ZeroDivisionError):
        opt_out_and_fail(first(campaign).phone)
    assert not Suppression.objects.exists()
    assert states(campaign) == {Message.State.PLANNED: 1}


def test_it_is_lifted_with_a_reason_only_once_and_by_whom_is_kept() -> None:
    asha = cast.manager()
    suppressions.suppress("+919825112410", LETTER)
    row = Suppression.objects.get()
    with pytest.raises(NotAllowed, match="Write down"):
        suppressions.lift(row.pk, reason="  ", by=asha)
    suppressions.lift(row.pk, reason="Came to the branch and signed.", by=asha)
    row.refresh_from_db()
    assert row.lifted_at is not None
    assert (row.lifted_by, row.lifted_reason) == (asha, "Came to the branch and signed.")
    with pytest.raises(NotAllowed, match="before"):
        suppressions.lift(row.pk, reason="Again.", by=asha)


def test_who_was_lifted_may_be_called_and_may_ask_us_to_stop_again() -> None:
    campaign = make_campaign()
    phone = add_people(campaign, 1)[0].phone
    suppressions.suppress(phone, LETTER)
    suppressions.lift(Suppression.objects.get().pk, reason="Signed.", by=None)
    Recipient.objects.update(state=Recipient.State.WAITING)
    assert plan.plan(campaign.pk, now=NOON) == 1
    assert suppressions.suppress(phone, LETTER)
    assert Suppression.objects.count() == 2


def test_a_file_is_taken_row_by_row() -> None:
    data = "Mobile,Name\n98251 12410,Asha\n12345,Nobody\n९८२५११२४११,Ravi\n+919825112410,Asha again\n".encode()
    request = SuppressionRequest(source=Suppression.Source.FILE, reason="List of the old system.")
    result = suppressions.suppress_file(io.BytesIO(data), "stop.csv", request)
    assert (result.new, result.known) == (2, 1)
    assert [row for row, _ in result.refusals] == [3]
    assert set(Suppression.objects.values_list("phone", "source")) == {
        ("+919825112410", "file"),
        ("+919825112411", "file"),
    }
    assert suppressions.suppress_file(io.BytesIO(data), "stop.csv", request).new == 0
    with pytest.raises(NotAllowed):
        suppressions.suppress_file(io.BytesIO(), "stop.csv", request)
