"""Wishes that come while others plan, settle, withdraw and complete: nobody missed, nobody called twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection

from campaigns.delivery import withdraw
from campaigns.lifecycle import actions
from campaigns.models import Callback, Campaign, Message, Recipient
from campaigns.planning import callbacks, plan
from tests.campaigns.planning.test_callbacks import FIVE, asks, at_xfin, ends
from tests.campaigns.world import NOON

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS, PEOPLE = 8, 12


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a call brings is stored at 11:02."""
    monkeypatch.setattr("campaigns.clock.now", lambda: NOON + timedelta(minutes=2))


def at_once(*works: Callable[[], object]) -> None:
    """Each in a thread with a connection of its own; raises what any of them raises."""

    def one(work: Callable[[], object]) -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        list(pool.map(one, works))


def test_a_wish_and_the_end_of_the_campaign() -> None:
    campaign = at_xfin()
    message = Message.objects.get()
    ends(message)
    for _ in range(ROUNDS):
        Callback.objects.all().delete()
        campaign.recipients.update(state=Recipient.State.COMPLETED, due_at=None)
        Campaign.objects.update(state=Campaign.State.RUNNING)
        at_once(lambda: asks(message), lambda: actions.complete_finished(NOON))
        campaign.refresh_from_db()
        assert Callback.objects.get().state == Callback.State.WAITING
        assert campaign.recipients.get().state == Recipient.State.WAITING
        assert campaign.state == Campaign.State.RUNNING


def test_wishes_of_many_while_everything_else_goes_on() -> None:
    campaign = at_xfin(people=PEOPLE, max_attempts=2, retry_gaps=[1])
    messages = list(Message.objects.order_by("pk"))

    def keep_on(work: Callable[[datetime], object]) -> Callable[[], object]:
        return lambda: [work(NOON + timedelta(minutes=minute)) for minute in range(10)]

    def tidy(now: datetime) -> None:
        withdraw.mark_unwanted(now)
        callbacks.withdraw_superseded(now)
        actions.complete_finished(now)

    at_once(
        lambda: [asks(message) for message in messages],
        lambda: [ends(message) for message in reversed(messages)],
        keep_on(lambda now: plan.plan(campaign.pk, now=now)),
        keep_on(tidy),
    )
    assert set(Callback.objects.values_list("state", "asked_for")) == {(Callback.State.WAITING, FIVE)}
    assert set(campaign.recipients.values_list("state", "due_at")) == {(Recipient.State.WAITING, FIVE)}
    assert plan.plan(campaign.pk, now=FIVE) == PEOPLE
    assert plan.plan(campaign.pk, now=FIVE) == 0
    made = Message.objects.exclude(state=Message.State.WITHDRAWN)
    assert made.count() == 2 * PEOPLE
    assert set(made.filter(callback__isnull=False).values_list("send_on", flat=True)) == {FIVE}
