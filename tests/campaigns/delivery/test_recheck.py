"""What waits at XFin is withdrawn when it may not be dialled any more, for whatever reason that ends."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest

from campaigns.delivery import recheck, upload, withdraw
from campaigns.ist import IST
from campaigns.models import (
    CallerDeclaration,
    CallingBasis,
    Campaign,
    Holiday,
    Message,
    PhoneNumber,
    PollingDay,
    Recipient,
    Registration,
    ScrubRun,
    Template,
)
from campaigns.planning import plan
from tests.campaigns.world import NOON, FakeXFin, approve, at, make_campaign, states

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def at_xfin(now: datetime = NOON, **fields: object) -> tuple[Campaign, FakeXFin]:
    """A running campaign whose two people wait at XFin."""
    campaign, xfin = make_campaign(people=2, **fields), FakeXFin()  # type: ignore[arg-type]
    plan.plan(campaign.pk, now=now)
    upload.upload(campaign.template.account_id, clock=at(now), transport=xfin)
    assert states(campaign) == {Message.State.QUEUED: 2}
    return campaign, xfin


def evening(text: str) -> datetime:
    return datetime.combine(NOON.astimezone(IST).date(), time.fromisoformat(text), IST)


def test_what_a_slow_platform_has_not_dialled_is_withdrawn_before_the_hours_end() -> None:
    campaign, xfin = at_xfin(evening("18:45"))
    assert recheck.recheck(evening("18:53"), everything=False) == 0
    before_the_end = evening("18:59")
    assert recheck.recheck(before_the_end, everything=False) == 2
    withdraw.withdraw(campaign.template.account_id, clock=at(before_the_end), transport=xfin)
    assert not xfin.messages
    assert set(campaign.recipients.values_list("state", "attempts")) == {(Recipient.State.WAITING, 0)}
    plan.plan(campaign.pk, now=before_the_end)
    planned = Message.objects.filter(state=Message.State.PLANNED)
    assert all(one.send_on >= evening("08:00") + timedelta(days=1) for one in planned)


def test_xfin_s_clock_that_is_behind_ends_the_hours_sooner() -> None:
    campaign, _ = at_xfin(evening("18:30"))
    campaign.template.account.__class__.objects.update(clock_skew=-600.0)
    assert recheck.recheck(evening("18:50"), everything=False) == 2


def test_what_is_due_later_is_judged_for_its_own_time() -> None:
    at_xfin(evening("18:30"))
    Message.objects.update(send_on=evening("18:50"))
    assert recheck.recheck(evening("18:31"), everything=True) == 0
    Message.objects.update(send_on=evening("19:20"))
    assert recheck.recheck(evening("18:31"), everything=False) == 0, "it is not due yet"
    assert recheck.recheck(evening("18:31"), everything=True) == 2


def a_political_one() -> tuple[Campaign, FakeXFin]:
    campaign, xfin = make_campaign(people=2, category="political"), FakeXFin()
    PhoneNumber.objects.update(e164="+919876500001", series="ordinary")
    PollingDay.objects.create(area="Bhopal", closes_at=NOON - 24 * HOUR)
    campaign.recipients.update(variables={"polling_area": "Bhopal"})
    approve(campaign)
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    return campaign, xfin


def test_a_polling_day_that_is_entered_late_withdraws() -> None:
    campaign, _ = a_political_one()
    assert states(campaign) == {Message.State.QUEUED: 2}
    assert recheck.recheck(NOON, everything=True) == 0
    PollingDay.objects.create(area=" bhopal", closes_at=NOON + 30 * HOUR)
    assert recheck.recheck(NOON, everything=True) == 2
    assert "48 hours" in Message.objects.all()[0].reason


def test_a_holiday_without_calls_that_is_entered_late_withdraws_and_calls_wait_for_the_day_after() -> None:
    campaign, xfin = at_xfin()
    holiday = Holiday.objects.create(day=NOON.astimezone(IST).date(), name="Our own")
    assert recheck.recheck(NOON, everything=True) == 0  # calls are placed, with a warning
    holiday.no_calls = True
    holiday.save()
    assert recheck.recheck(NOON, everything=True) == 2
    assert "24 Nov is a holiday without calls." in Message.objects.all()[0].reason
    withdraw.withdraw(campaign.template.account_id, clock=at(NOON), transport=xfin)
    assert not xfin.messages
    plan.plan(campaign.pk, now=NOON)
    planned = Message.objects.filter(state=Message.State.PLANNED)
    assert all(message.send_on >= evening("00:00") + timedelta(days=1) for message in planned)
    assert not campaign.recipients.filter(due_at__lt=evening("00:00") + timedelta(days=1)).exists()
    upload.upload(campaign.template.account_id, clock=at(NOON + HOUR), transport=xfin)
    assert not xfin.messages
    tomorrow = evening("11:00") + timedelta(days=1)
    plan.plan(campaign.pk, now=tomorrow)
    upload.upload(campaign.template.account_id, clock=at(tomorrow), transport=xfin)
    assert len(xfin.messages) == 2


def a_promotional_one() -> tuple[Campaign, FakeXFin]:
    campaign, xfin = make_campaign(people=2, category="promotional"), FakeXFin()
    PhoneNumber.objects.update(e164="+911401234567", series="140")
    for person in campaign.recipients.all():
        CallingBasis.objects.create(phone=person.phone, kind="consent", given_at=NOON - 24 * HOUR)
    ScrubRun.objects.create(
        campaign=campaign,
        operator="Vodafone Idea",
        reference="S-1",
        day=NOON.astimezone(IST).date(),
        scrubbed_at=NOON,
        submitted=2,
        blocked=0,
        list_hash="x",
        newest_recipient=max(campaign.recipients.values_list("pk", flat=True)),
    )
    approve(campaign)
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    return campaign, xfin


def revoke_one() -> None:
    CallingBasis.objects.filter(pk=CallingBasis.objects.order_by("pk")[0].pk).update(revoked_at=NOON)


def let_one_expire() -> None:
    CallingBasis.objects.filter(pk=CallingBasis.objects.order_by("pk")[0].pk).update(expires_at=NOON)


@pytest.mark.parametrize("ends", [revoke_one, let_one_expire])
def test_the_end_of_a_basis_withdraws_its_person_alone(ends: Callable[[], None]) -> None:
    campaign, _ = a_promotional_one()
    assert states(campaign) == {Message.State.QUEUED: 2}
    assert recheck.recheck(NOON, everything=True) == 0
    ends()
    assert recheck.recheck(NOON, everything=True) == 1
    assert Campaign.objects.get().state == Campaign.State.RUNNING


def a_scrub_ends() -> None:
    ScrubRun.objects.update(day=NOON.astimezone(IST).date() - timedelta(days=1))


def a_registration_ends() -> None:
    Registration.objects.update(valid_until=NOON.astimezone(IST).date() - timedelta(days=1))


def a_declaration_ends() -> None:
    CallerDeclaration.objects.update(valid_until=NOON.astimezone(IST).date() - timedelta(days=1))


@pytest.mark.parametrize("ends", [a_scrub_ends, a_registration_ends, a_declaration_ends])
def test_the_end_of_what_the_whole_campaign_rests_on_stops_it_and_all_is_withdrawn(
    ends: Callable[[], None],
) -> None:
    campaign, xfin = a_promotional_one()
    ends()
    recheck.recheck(NOON, everything=True)
    assert Campaign.objects.get().state == Campaign.State.STOPPED
    withdraw.mark_unwanted(NOON)
    withdraw.withdraw(campaign.template.account_id, clock=at(NOON), transport=xfin)
    assert states(campaign) == {Message.State.WITHDRAWN: 2}


def test_another_call_to_the_number_is_no_reason_to_withdraw_one_that_was_given_up_to_xfin() -> None:
    campaign, _ = at_xfin()
    first = Message.objects.order_by("pk")[0]
    other = Recipient.objects.get(pk=first.recipient_id)
    again = Campaign.objects.get(pk=campaign.pk)
    again.pk, again.name = None, "Another"
    again.save()
    other.pk, other.campaign = None, again
    other.save()
    Message.objects.create(
        recipient=other, attempt=1, send_on=NOON + HOUR, state=Message.State.DONE, disposition="answered"
    )
    assert recheck.recheck(NOON, everything=True) == 0
    assert Template.objects.count() == 1
