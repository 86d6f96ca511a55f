"""Every transaction that changes messages and people locks in one order; its statements tell."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from campaigns import call_results
from campaigns.compliance import suppressions
from campaigns.compliance.suppressions import SuppressionRequest
from campaigns.delivery import poll_states, recheck, upload, withdraw
from campaigns.lifecycle import actions
from campaigns.locks import ORDER, locked
from campaigns.models import Callback, Campaign, Message, Recipient, Suppression
from campaigns.planning import callbacks, plan
from campaigns.planning.callbacks import CallbackRequest
from campaigns.transitions import attempt
from tests.campaigns.locking import Watch, watched
from tests.campaigns.outside.shop import Shop, enter, running
from tests.campaigns.world import NOON, FakeXFin, at, make_campaign

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one lock for all"),
]
LATER = NOON + timedelta(minutes=5)
LETTER = SuppressionRequest(source=Suppression.Source.STAFF, reason="Asked by letter.")


def planned() -> tuple[Campaign, FakeXFin]:
    campaign = make_campaign(people=6)
    plan.plan(campaign.pk, now=NOON)
    return campaign, FakeXFin()


def at_xfin() -> tuple[Campaign, FakeXFin]:
    campaign, xfin = planned()
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    return campaign, xfin


def ask(campaign: Campaign) -> Callback:
    request = CallbackRequest(
        asked_for=NOON + timedelta(hours=1), asked_at=NOON, source=Callback.Source.STAFF
    )
    return callbacks.enter(campaign.recipients.order_by("-pk")[0].pk, request, now=NOON)


def withdraw_all(campaign: Campaign, xfin: FakeXFin) -> None:
    Campaign.objects.update(state=Campaign.State.PAUSED)
    withdraw.mark_unwanted(NOON)
    withdraw.withdraw(campaign.template.account_id, clock=at(NOON), transport=xfin)


def settle(campaign: Campaign, xfin: FakeXFin) -> None:
    xfin.end(state="failed", reason="USER_BUSY")
    poll_states.pull_states(campaign.template.account_id, clock=at(LATER), transport=xfin)


def outcome_that_opts_out(campaign: Campaign) -> None:
    message = Message.objects.order_by("pk")[0]
    with transaction.atomic():
        call_results.record_outcome(message.pk, "do_not_call", "Do not call")


def asked_about(answer: dict[str, str]) -> None:
    campaign, xfin = planned()
    with running(Shop(answer=answer)) as shop:
        campaign.asks = enter(shop, scheme="http", host="127.0.0.1", timeout_seconds=10)
        campaign.save()
        ask(campaign)
        upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)


def several_outcomes() -> None:
    planned()
    messages = list(Message.objects.order_by("-pk").values_list("pk", flat=True))
    with transaction.atomic():
        call_results.lock_ahead(messages)
        for message in messages:
            call_results.record_outcome(message, "will_pay", "Will pay")
        call_results.calls_ended(unserved=messages[:3], served=messages[3:])


def refused_reply() -> None:
    since = NOON - timedelta(hours=1)
    campaign, xfin = make_campaign(people=12, calls_per_minute=600, state_since=since), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    xfin.refused_phones = set(campaign.recipients.values_list("phone", flat=True))
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.STOPPED


def mark() -> None:
    at_xfin()
    Campaign.objects.update(state=Campaign.State.PAUSED)
    assert withdraw.mark_unwanted(NOON)


WORK: dict[str, Callable[[], object]] = {
    "plan": lambda: plan.plan(make_campaign(people=3).pk, now=NOON),
    "claim": lambda: upload.claim_due(planned()[0].template.account, now=NOON),
    "upload": at_xfin,
    "skipped": lambda: asked_about({"answer": "skip"}),
    "put off": lambda: asked_about({"answer": "put_off", "until": LATER.isoformat()}),
    "pause": lambda: actions.pause(planned()[0], None),
    "cancel": lambda: actions.cancel(planned()[0], None),
    "stragglers": lambda: actions.withdraw_stragglers(NOON),
    "opt-out": lambda: suppressions.suppress(planned()[0].recipients.order_by("pk")[0].phone, LETTER),
    "settle": lambda: settle(*at_xfin()),
    "withdraw": lambda: withdraw_all(*at_xfin()),
    "recheck": lambda: (at_xfin(), recheck.recheck(NOON + timedelta(hours=9), everything=True)),
    "call-back": lambda: ask(planned()[0]),
    "call-back withdrawn": lambda: callbacks.withdraw(ask(planned()[0]).pk, by=None, now=NOON),
    "superseded": lambda: (ask(at_xfin()[0]), callbacks.withdraw_superseded(NOON)),
    "outcome": lambda: outcome_that_opts_out(planned()[0]),
    "several outcomes": several_outcomes,
    "refused reply": refused_reply,
    "mark": mark,
    "answered": lambda: (
        planned(),
        Recipient.objects.update(state=Recipient.State.COMPLETED),
        attempt.withdraw_answered(NOON),
    ),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK.keys())
def test_locks_are_taken_in_the_one_order(work: Callable[[], object], settings: Settings) -> None:
    settings.OUTSIDE_HTTP_ON_THIS_MACHINE = True
    with watched():
        work()


def test_the_watch_notices_locks_in_another_order_and_without_one() -> None:
    planned()
    watch = Watch()
    with connection.execute_wrapper(watch), transaction.atomic():
        list(locked(Recipient.objects.all()))
        list(locked(Message.objects.all()))
        list(Recipient.objects.order_by().select_for_update())
    assert [wrong.split(":")[0] for wrong in watch.wrong] == [
        "campaigns_message after campaigns_recipient",
        "campaigns_recipient in no order",
    ]
    assert watch.locks == 3


def test_the_order_names_tables_that_exist() -> None:
    assert set(ORDER) <= set(connection.introspection.table_names())
