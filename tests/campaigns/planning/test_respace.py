"""After an outage nobody is rung faster than the pace."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.db import connections

from campaigns.delivery import upload
from campaigns.ist import IST
from campaigns.models import Account, Callback, Campaign, Message
from campaigns.planning import callbacks, plan
from campaigns.planning.callbacks import CallbackRequest
from tests.campaigns.world import (
    NOON,
    FakeXFin,
    at,
    look_up_all,
    lost_before,
    make_campaign,
    states,
    unreachable,
)

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def tick(campaign: Campaign, xfin: FakeXFin, now: datetime) -> None:
    """One run of planning and one of hand-over, whatever the account waits for."""
    plan.plan(campaign.pk, now=now)
    upload.upload(campaign.template.account_id, clock=at(now), transport=xfin)


def rung(xfin: FakeXFin, *, not_before: datetime) -> list[datetime]:
    """When XFin dials: at the time given, or as soon as it has the message."""
    given = (datetime.fromisoformat(message["send_on"]) for message in xfin.messages.values())
    return sorted(max(at.replace(tzinfo=IST), not_before) for at in given)


def most_in_a_minute(times: list[datetime]) -> int:
    return max(sum(at <= other < at + MINUTE for other in times) for at in times)


@pytest.mark.parametrize("chunk_size", [5000, 7])
def test_after_an_outage_the_calls_follow_at_the_pace(chunk_size: int) -> None:
    campaign, xfin = make_campaign(people=100, calls_per_minute=4, chunk_size=chunk_size), FakeXFin()
    for minutes in range(0, 120, 10):
        plan.plan(campaign.pk, now=NOON + minutes * MINUTE)
    assert states(campaign) == {Message.State.PLANNED: 60}  # the horizon's, not two hours'
    back = NOON + timedelta(hours=2)
    order = list(Message.objects.order_by("send_on", "pk").values_list("pk", flat=True))
    for minutes in range(40):
        tick(campaign, xfin, back + minutes * MINUTE)
    times = rung(xfin, not_before=back)
    assert len(times) == 100
    assert most_in_a_minute(times) <= 4
    assert times[0] == back
    assert times[-1] <= back + 26 * MINUTE
    same = Message.objects.filter(pk__in=order).order_by("send_on", "pk").values_list("pk", flat=True)
    assert list(same) == order


@pytest.mark.django_db(transaction=True)
def test_uploads_side_by_side_keep_the_pace_together() -> None:
    campaign = make_campaign(people=60, calls_per_minute=4, chunk_size=20)
    plan.plan(campaign.pk, now=NOON)
    account, back, together = campaign.template.account, NOON + timedelta(hours=2), Barrier(3)

    def claim() -> None:
        try:
            together.wait()
            upload.claim_due(account, now=back)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        for thread in [pool.submit(claim) for _ in range(3)]:
            thread.result()
    times = list(Message.objects.filter(state=Message.State.SENDING).values_list("send_on", flat=True))
    assert len(times) >= 40
    assert most_in_a_minute(times) <= 4


def test_what_ends_outside_the_hours_waits_for_the_morning_and_does_not_ring_all_at_once() -> None:
    campaign, xfin = make_campaign(people=60, calls_per_minute=4), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    evening = NOON + timedelta(hours=7, minutes=50)  # 18:50; the last dial is before 18:55
    tick(campaign, xfin, evening)
    times = rung(xfin, not_before=evening)
    assert len(times) == 20
    assert max(times) < evening + 5 * MINUTE
    assert states(campaign) == {Message.State.QUEUED: 20, Message.State.PLANNED: 40}
    morning = NOON + timedelta(hours=21)  # 08:00
    for minutes in range(-10, 15):
        tick(campaign, xfin, morning + minutes * MINUTE)
    later = [at for at in rung(xfin, not_before=evening) if at > evening + MINUTE * 10]
    assert len(later) == 40
    assert min(later) == morning
    assert most_in_a_minute(later) <= 4


def test_a_batch_that_xfin_never_got_follows_at_the_pace() -> None:
    campaign, xfin = make_campaign(people=30, calls_per_minute=10), FakeXFin()
    xfin.faults.append(lost_before)
    tick(campaign, xfin, NOON)
    assert states(campaign) == {Message.State.UNCONFIRMED: 30}
    late = NOON + timedelta(hours=1)
    Account.objects.update(retry_at=NOON)
    look_up_all(late, xfin)
    tick(campaign, xfin, late)
    times = rung(xfin, not_before=late)
    assert len(times) == 30
    assert most_in_a_minute(times) <= 10
    assert Message.objects.filter(reason__startswith="At XFin").count() == 30


def test_an_ordinary_hand_over_moves_nothing_but_what_is_late_by_seconds_and_rings_now() -> None:
    campaign, xfin = make_campaign(people=50, calls_per_minute=60), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    before = dict(Message.objects.values_list("pk", "send_on"))
    now = NOON + timedelta(seconds=9)
    upload.upload(campaign.template.account_id, clock=at(now), transport=xfin)
    after = dict(Message.objects.values_list("pk", "send_on"))
    assert after == {pk: max(send_on, now) for pk, send_on in before.items()}
    assert len(xfin.messages) == 50


def test_an_outage_at_xfin_leaves_one_horizon_of_plans() -> None:
    campaign, xfin = make_campaign(people=200, calls_per_minute=2), FakeXFin()
    xfin.faults.extend([unreachable] * 60)
    for minutes in range(60):
        tick(campaign, xfin, NOON + minutes * MINUTE)
    assert states(campaign) == {Message.State.PLANNED: 30}


def test_a_call_back_keeps_its_time_however_much_is_overdue() -> None:
    campaign, xfin = make_campaign(people=31, calls_per_minute=4), FakeXFin()
    asking = campaign.recipients.order_by("pk").last()
    assert asking
    back = NOON + timedelta(hours=2)
    request = CallbackRequest(asked_for=back + 3 * MINUTE, asked_at=NOON, source=Callback.Source.STAFF)
    callbacks.enter(asking.pk, request, now=NOON)
    plan.plan(campaign.pk, now=NOON)
    for minutes in range(3):
        tick(campaign, xfin, back + minutes * MINUTE)
    assert Message.objects.get(recipient=asking).send_on == back + 3 * MINUTE
    assert len(xfin.messages) > 1
