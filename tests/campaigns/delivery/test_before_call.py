"""A service is asked before a call: no person it answers for is called, put off or left against its word."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from calls.identification import context_of
from campaigns.delivery import before_call, reconcile, upload
from campaigns.delivery.batches import Claim
from campaigns.lifecycle import actions
from campaigns.models import Account, AllowedHost, Callback, Campaign, Message, Recipient, UploadBatch
from campaigns.planning import plan
from campaigns.privacy.purge import forget_people
from campaigns.queries.campaign import Progress
from tests.campaigns.outside.shop import Shop, enter, running
from tests.campaigns.world import NOON, FakeXFin, at, lost_after, make_campaign, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(settings: Settings) -> Iterator[Shop]:
    settings.OUTSIDE_HTTP_ON_THIS_MACHINE = True
    with running(Shop(answer={"answer": "call"})) as shop:
        yield shop


def asking(shop: Shop, people: int, **fields: Any) -> Campaign:
    """A running campaign that asks the shop before each call."""
    service = enter(
        shop, scheme="http", host="127.0.0.1", timeout_seconds=10, sends=["phone", "name", "amount", "city"]
    )
    return make_campaign(people=people, asks=service, **fields)


def send(campaign: Campaign, xfin: FakeXFin, *, minutes: float = 0) -> None:
    """Plan and hand over what is due so many minutes after NOON."""
    now = NOON + timedelta(minutes=minutes)
    plan.plan(campaign.pk, now=now)
    upload.upload(campaign.template.account_id, clock=at(now), transport=xfin)


def by_number(answers: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    """An answer for each person's name; to call all others."""
    return lambda content: answers.get(content["values"]["name"], {"answer": "call"})


def test_each_person_is_called_left_or_put_off_as_the_service_says(shop: Shop) -> None:
    campaign, xfin = asking(shop, people=4), FakeXFin()
    later = (NOON + timedelta(hours=2)).isoformat()
    shop.answer = by_number(
        {
            "Person 1": {"answer": "skip", "reason": "paid on 2 November"},
            "Person 2": {"answer": "put_off", "until": later, "reason": "at the counter now"},
            "Person 3": {"answer": "call", "due": "900", "secret": "x"},
        }
    )
    send(campaign, xfin)
    called = {message["name"]: (message["amount"], message.get("due")) for message in xfin.messages.values()}
    assert called == {"Person 0": ("1,25,000", None), "Person 3": ("1,25,000", "900")}
    assert "secret" not in str(xfin.messages)
    people = {person.name: person for person in Recipient.objects.all()}
    paid, waits = people["Person 1"], people["Person 2"]
    assert (paid.state, paid.attempts) == (Recipient.State.SKIPPED, 0)
    assert paid.reason == "Not called. The service says: paid on 2 November."
    assert (waits.state, waits.attempts) == (Recipient.State.UNDER_WAY, 1)
    message = waits.messages.get()
    assert (message.state, message.send_on) == (Message.State.PLANNED, NOON + timedelta(hours=2))
    assert message.reason == "Put off until 24/11/2026 13:00. The service says: at the counter now."
    assert UploadBatch.objects.get().size == 2


def test_it_is_sent_what_it_is_entered_to_be_sent_and_nothing_else(shop: Shop) -> None:
    campaign = asking(shop, people=1)
    Recipient.objects.update(variables={"amount": "500", "aadhaar": "not yours"})
    send(campaign, FakeXFin())
    [asked], person = shop.received, Recipient.objects.get()
    assert asked["values"] == {"phone": person.phone, "name": "Person 0", "amount": "500"}
    assert (asked["event"], asked["campaign"]) == ("before_call", campaign.name)
    assert asked["reference"] == Message.objects.get().reference


def test_what_came_back_goes_before_the_list_in_this_call_alone(shop: Shop) -> None:
    shop.answer = {"answer": "call", "amount": "900"}
    campaign, xfin = asking(shop, people=1), FakeXFin()
    campaign.asks.returns = {"amount": "amount"}  # type: ignore[union-attr]
    campaign.asks.save()  # type: ignore[union-attr]
    send(campaign, xfin)
    [sent] = xfin.messages.values()
    assert sent["amount"] == "900"
    assert context_of(Message.objects.get()).variables["amount"] == "900"
    assert Recipient.objects.get().variables == {"amount": "1,25,000"}


@pytest.mark.parametrize(
    ("when_silent", "person", "message"),
    [
        ("call", "under_way", "queued"),
        ("skip", "skipped", "withdrawn"),
        ("put_off", "under_way", "planned"),
    ],
)
@pytest.mark.parametrize("manner", ["fails", "redirects", "half", "huge"])
def test_without_an_answer_the_campaign_says_what_follows(
    shop: Shop, manner: str, when_silent: str, person: str, message: str
) -> None:
    shop.manner = manner
    campaign = asking(shop, people=2, when_silent=when_silent)
    send(campaign, FakeXFin())
    assert set(Recipient.objects.values_list("state", flat=True)) == {person}
    assert states(campaign) == {message: 2}
    if when_silent == "put_off":
        assert {each.send_on for each in Message.objects.all()} == {NOON + before_call.SILENT_PAUSE}


def test_a_service_that_may_not_be_asked_gives_no_answer(shop: Shop) -> None:
    campaign = asking(shop, people=1, when_silent="skip")
    AllowedHost.objects.all().delete()
    send(campaign, FakeXFin())
    reason = f"Not called. “127.0.0.1:{shop.port}” is not among the allowed hosts."
    assert (Recipient.objects.get().reason, shop.received) == (reason, [])


def test_a_batch_of_which_no_person_is_called_is_not_sent_and_is_no_failure_of_xfin(shop: Shop) -> None:
    shop.answer = {"answer": "skip", "reason": "paid"}
    campaign, xfin = asking(shop, people=12, chunk_size=2), FakeXFin()
    send(campaign, xfin)
    assert (xfin.messages, UploadBatch.objects.count()) == ({}, 0)
    assert Account.objects.get().state == Account.State.READY
    people = Counter(Recipient.objects.values_list("state", flat=True))
    assert people == {Recipient.State.SKIPPED: 12}
    actions.complete_finished(NOON)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.COMPLETED
    progress = Progress(people=12, by_state=tuple(people.items()))
    assert (progress.finished, [part.count for part in progress.bar]) == (12, [0, 0, 0, 0, 12])


def test_many_are_asked_about_at_once_and_never_more_than_may_be(shop: Shop) -> None:
    campaign = asking(shop, people=90)
    send(campaign, FakeXFin())
    assert (len(shop.received), states(campaign)) == (90, {"queued": 90})
    assert 1 < shop.most_at_once <= before_call.AT_ONCE


def test_what_there_was_no_time_for_is_asked_next_and_nobody_is_missed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(before_call, "LONGEST_SECONDS", 1.0)
    shop.manners = ["good"] * 3 + ["sleeps"] * 20
    campaign, xfin = asking(shop, people=30), FakeXFin()
    send(campaign, xfin)
    assert states(campaign) == {"queued": 30}
    assert set(xfin.references().values()) == {1}
    assert UploadBatch.objects.count() > 1
    assert len(shop.received) >= 30 + 20 - 3


def test_campaigns_that_ask_go_up_apart_from_those_that_do_not(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(before_call, "MOST_TOGETHER", 2)
    campaign, xfin = asking(shop, people=5), FakeXFin()
    other = Campaign.objects.get()
    other.pk, other.name, other.asks = None, "Without a question", None
    other.save()
    campaign.declaration.pk, campaign.declaration.campaign = None, other
    campaign.declaration.save()
    Recipient.objects.bulk_create(
        Recipient(campaign=other, phone=f"+9199250{number:05d}", language="hi") for number in range(5)
    )
    plan.plan(other.pk, now=NOON)
    send(campaign, xfin)
    assert states(campaign) == states(other) == {"queued": 5}
    for batch in UploadBatch.objects.all():
        asks = set(batch.messages.values_list("recipient__campaign__asks", flat=True))
        assert len(asks) == 1
        assert batch.size <= (2 if asks != {None} else 5)


def claimed(campaign: Campaign) -> Claim:
    plan.plan(campaign.pk, now=NOON)
    claim = upload.claim_due(campaign.template.account, now=NOON)
    assert claim
    return claim


def test_a_worker_that_died_while_it_asked_is_made_good_and_nobody_is_called_twice(shop: Shop) -> None:
    campaign, xfin = asking(shop, people=5), FakeXFin()
    claimed(campaign)  # and no word of it any more
    UploadBatch.objects.update(claimed_until=datetime.fromisoformat("2001-01-01T00:00:00Z"))
    assert reconcile.abandon_dead_claims(NOON) == 1
    for _ in range(3):
        past = datetime.fromisoformat("2001-01-01T00:00:00Z")
        UploadBatch.objects.filter(state__in=UploadBatch.TO_LOOK_UP).update(look_up_after=past)
        for batch in reconcile.batches_to_look_up(NOON):
            reconcile.reconcile(batch, clock=at(NOON), transport=xfin)
    send(campaign, xfin, minutes=1)
    assert states(campaign) == {"queued": 5}
    assert set(xfin.references().values()) == {1}


def test_a_worker_that_comes_back_too_late_changes_nothing_and_sends_nothing(shop: Shop) -> None:
    shop.answer = {"answer": "skip", "reason": "paid"}
    campaign = asking(shop, people=2)
    claim = claimed(campaign)
    UploadBatch.objects.update(claimed_until=datetime.fromisoformat("2001-01-01T00:00:00Z"))
    assert before_call.ask(claim, clock=at(NOON)) is None
    assert states(campaign) == {"sending": 2}
    assert set(Recipient.objects.values_list("state", flat=True)) == {"under_way"}


def test_a_reply_of_xfin_that_was_lost_stays_looked_up_first(shop: Shop) -> None:
    campaign, xfin = asking(shop, people=3), FakeXFin()
    xfin.faults.append(lost_after)
    send(campaign, xfin)
    assert states(campaign) == {"unconfirmed": 3}
    asked = len(shop.received)
    send(campaign, xfin, minutes=1)
    assert (len(shop.received), len(xfin.messages)) == (asked, 3)


def test_one_put_off_too_often_fails_with_the_reason(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(before_call, "MOST_PUT_OFFS", 2)
    campaign, xfin = asking(shop, people=1), FakeXFin()
    times = iter([(NOON + timedelta(minutes=minute)).isoformat() for minute in (10, 20, 30)])
    shop.answer = lambda _: {"answer": "put_off", "until": next(times), "reason": "not yet"}
    for minute in (0, 10, 20):
        send(campaign, xfin, minutes=minute)
    person = Recipient.objects.get()
    assert (person.state, person.attempts) == (Recipient.State.FAILED, 0)
    assert person.reason == "Put off 2 times. The service says: not yet."
    assert xfin.messages == {}


def test_a_call_back_is_put_off_with_its_call(shop: Shop) -> None:
    later = NOON + timedelta(hours=3)
    shop.answer = {"answer": "put_off", "until": later.isoformat(), "reason": "in a meeting"}
    campaign = asking(shop, people=1)
    plan.plan(campaign.pk, now=NOON)
    message = Message.objects.get()
    Callback.objects.create(
        recipient=message.recipient,
        message=message,
        state=Callback.State.UNDER_WAY,
        asked_for=NOON,
        asked_at=NOON - timedelta(hours=1),
        planned_for=NOON,
        source=Callback.Source.KEY,
    )
    send(campaign, FakeXFin())
    row = Callback.objects.get()
    assert (row.planned_for, row.state) == (later, Callback.State.UNDER_WAY)
    assert row.reason == "Put off until 24/11/2026 14:00. The service says: in a meeting."


def test_a_campaign_that_asks_nothing_costs_no_request(shop: Shop) -> None:
    campaign, xfin = make_campaign(people=3), FakeXFin()
    send(campaign, xfin)
    assert (states(campaign), shop.received) == ({"queued": 3}, [])


def test_phone_numbers_are_not_in_reasons(shop: Shop) -> None:
    campaign = asking(shop, people=1, when_silent="skip")
    shop.manner = "fails"
    send(campaign, FakeXFin())
    assert Recipient.objects.get().phone not in json.dumps(
        [
            *Recipient.objects.values_list("reason", flat=True),
            *Message.objects.values_list("reason", flat=True),
        ]
    )


def test_what_came_back_goes_with_its_person(shop: Shop) -> None:
    shop.answer = {"answer": "call", "due": "900"}
    send(asking(shop, people=1), FakeXFin())
    assert Message.objects.get().fetched == {"due": "900"}
    forget_people([Recipient.objects.get().pk])
    assert Message.objects.get().fetched == {}
