"""What a live call tells the campaign."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from campaigns import call_results, clock
from campaigns.models import Callback, Campaign, Message, Notification, Recipient, Suppression, UploadBatch
from campaigns.planning import plan
from campaigns.rules.results import (
    NEVER_A_GOAL,
    NOT_SPOKEN,
    OPT_OUTS,
    WRONG_NUMBERS,
    CallbackAsked,
    OptOut,
    Outcome,
    Tell,
)
from campaigns.transitions import attempt
from campaigns.transitions.attempt import UNSPOKEN, settle_message
from campaigns.xfin.schemas import RemoteMessage
from campaigns.xfin.states import Disposition, RemoteState
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db
KEY = UUID(int=1)


def planned() -> Message:
    plan.plan(make_campaign(people=1).pk, now=NOON)
    return Message.objects.get()


def test_a_call_finds_its_attempt_by_reference() -> None:
    message = planned()
    campaign = message.recipient.campaign
    account = campaign.template.account
    batch = UploadBatch.objects.create(account=account, size=1, claimed_until=NOON, state="confirmed")
    Message.objects.update(batch=batch, state="queued")
    found = call_results.call_identified(message.reference, number_id=campaign.number_id, now=NOON)
    assert found is not None
    assert found.recipient.name == "Person 0"
    other = call_results.call_identified("m-somebody-else", number_id=campaign.number_id, now=NOON)
    assert other is None


def test_an_outcome_before_and_after_the_news_from_xfin() -> None:
    message = planned()
    call_results.record_outcome(message.pk, "will_pay", "Will pay")
    person = Recipient.objects.get()
    assert (person.outcome, person.state) == ("will_pay", Recipient.State.UNDER_WAY)
    Recipient.objects.update(state=Recipient.State.COMPLETED, reason="Answered.")
    call_results.record_outcome(message.pk, "has_paid", "Has paid")
    assert Recipient.objects.get().reason == "Answered: Has paid."


def ended(message: Message) -> None:
    """XFin says that the call was answered and is over."""
    message.refresh_from_db()
    if message.state not in Message.AT_XFIN:
        account = message.recipient.campaign.template.account
        batch = UploadBatch.objects.create(account=account, size=1, claimed_until=NOON, state="confirmed")
        Message.objects.filter(pk=message.pk).update(batch=batch, state=Message.State.QUEUED)
        message.refresh_from_db()
    remote = RemoteMessage(
        id=1,
        phone_number=message.recipient.phone,
        state=RemoteState.DONE,
        raw_state="done",
        disposition=Disposition.ANSWERED,
        raw_reason="",
        duration_s=6,
        tags=(),
        send_on=message.send_on,
        values=(),
        templatelanguage=None,
        raw={},
    )
    assert settle_message(message, remote, now=NOON)


@pytest.mark.parametrize("news_first", [True, False])
@pytest.mark.parametrize("calls", [1, 2])
def test_a_call_in_which_nothing_could_be_said_is_failed_and_may_be_made_again(
    news_first: bool, calls: int
) -> None:
    message = planned()
    Campaign.objects.update(max_attempts=calls, retry_gaps=[30])
    if news_first:
        ended(message)
    call_results.record_outcome(message.pk, NOT_SPOKEN, "Our words could not be spoken")
    if not news_first:
        ended(message)
    message.refresh_from_db()
    person = Recipient.objects.get()
    assert (message.state, message.disposition) == (Message.State.FAILED, Disposition.FAILED)
    assert (person.outcome, person.disposition) == ("", Disposition.FAILED)
    if calls == 1:
        assert (person.state, person.reason) == (Recipient.State.FAILED, UNSPOKEN)
    else:
        assert person.state == Recipient.State.WAITING
        assert person.due_at is not None
        assert person.reason == f"{UNSPOKEN} Call 2 of at most 2 follows."


def test_an_answer_given_before_our_words_failed_stays() -> None:
    message = planned()
    call_results.record_outcome(message.pk, "will_pay", "Will pay")
    call_results.record_outcome(message.pk, NOT_SPOKEN, "Our words could not be spoken")
    ended(message)
    person = Recipient.objects.get()
    assert (person.state, person.outcome) == (Recipient.State.COMPLETED, "will_pay")


def test_an_opt_out_is_kept_once_and_says_how() -> None:
    message = planned()
    phone = message.recipient.phone
    assert call_results.opt_out(phone=phone, how="key", what="9", message_reference=message.reference)
    assert not call_results.opt_out(phone=phone, how="spoken", what="band karo")
    row = Suppression.objects.get()
    assert row.reason == "Asked us to stop: pressed 9 in a call."
    assert (row.scope, row.source, row.message_reference) == ("organisation", "key", message.reference)


@pytest.mark.parametrize("outcome", OPT_OUTS)
def test_an_answer_whose_outcome_is_an_opt_out_stops_all_calls(outcome: str) -> None:
    message = planned()
    other = make_copy(message)
    call_results.record_outcome(message.pk, outcome, "Asked for no more calls")
    row = Suppression.objects.get()
    assert (row.phone, row.message_reference) == (message.recipient.phone, message.reference)
    assert row.reason == "Asked us to stop: chose “Asked for no more calls” in a call."
    other.refresh_from_db()
    assert (other.state, other.reason) == (Recipient.State.SUPPRESSED, row.reason)
    assert outcome in NEVER_A_GOAL


def test_nine_says_it_first_and_its_words_stay() -> None:
    message = planned()
    phone = message.recipient.phone
    call_results.opt_out(phone=phone, how="key", what="9", message_reference=message.reference)
    call_results.record_outcome(message.pk, "opted_out", "Asked not to be called again")
    assert Suppression.objects.get().reason == "Asked us to stop: pressed 9 in a call."


def test_no_opt_out_is_lost_because_of_how_an_agent_calls_it() -> None:
    message = planned()
    assert call_results.opt_out(phone=message.recipient.phone, how="asr", what="band karo")
    row = Suppression.objects.get()
    assert (row.source, row.reason) == ("spoken", "Asked us to stop: said “band karo” in a call.")


def test_a_wrong_number_is_not_called_again_in_any_campaign() -> None:
    message = planned()
    other = make_copy(message)
    call_results.record_outcome(message.pk, "wrong_person", "This is not me")
    row = Suppression.objects.get()
    assert row.phone == message.recipient.phone
    assert row.reason == "Wrong number: somebody else chose “This is not me” in a call."
    other.refresh_from_db()
    assert other.state == "suppressed"


def test_each_result_of_an_attempt_is_acted_on() -> None:
    message = planned()
    whose: dict[str, Any] = {"message_id": message.pk, "recipient_id": message.recipient_id}
    asked = CallbackAsked("in 3 days", "In three days", "spoken")
    for result in (Outcome("will_pay", "Will pay"), asked, OptOut("key", "9")):
        assert call_results.apply(result, **whose, at=NOON, key=KEY) == ""
    row = Callback.objects.get()
    assert (row.asked_for, row.source) == (NOON + timedelta(days=3), "spoken")
    assert Recipient.objects.get().outcome == "will_pay"
    suppression = Suppression.objects.get()
    assert (suppression.source, suppression.message_reference) == ("key", message.reference)


def test_what_a_service_is_to_be_told_waits_for_it_or_says_that_there_is_none() -> None:
    message = planned()
    whose: dict[str, Any] = {"message_id": message.pk, "recipient_id": message.recipient_id}
    undone = call_results.apply(Tell("shop", {"paid": "yes"}), **whose, at=NOON, key=KEY)
    assert undone == "a service is to be told that does not exist: “shop”."
    row = Notification.objects.get()
    assert (row.key, row.state, row.reference) == (KEY, "given_up", message.reference)


def test_a_person_who_calls_us_has_no_attempt() -> None:
    person = planned().recipient
    whose: dict[str, Any] = {"message_id": None, "recipient_id": person.pk}
    assert call_results.apply(Outcome("will_pay", "Will pay"), **whose, at=NOON, key=KEY) == ""
    assert Recipient.objects.get().outcome == ""
    asked = CallbackAsked("in 1 hour", "", "key")
    assert "campaign we do not know" in call_results.apply(asked, **whose, at=NOON, key=KEY)
    assert call_results.apply(Outcome("do_not_call", "No more"), **whose, at=NOON, key=KEY) == ""
    assert Suppression.objects.get().source == "inbound"


def rings_back(message: Message, result: Outcome | CallbackAsked) -> str:
    """What a call brings in which the person of an attempt rings back, begun a minute before."""
    whose: dict[str, Any] = {"message_id": None, "recipient_id": message.recipient_id}
    began = clock.now() - timedelta(minutes=1)
    return call_results.apply(result, **whose, at=clock.now(), key=KEY, rang_back_at=began)


@pytest.mark.parametrize("state", ["waiting", "under_way", "unreached", "failed", "unknown", "completed"])
def test_who_rings_back_and_answers_is_done(state: str) -> None:
    message = planned()
    Recipient.objects.update(state=state)
    assert rings_back(message, Outcome("will_pay", "Will pay")) == ""
    person = Recipient.objects.get()
    assert (person.state, person.outcome) == ("completed", "will_pay")
    assert person.reason == "Answered when calling us: Will pay."
    attempt.withdraw_answered(clock.now())
    message.refresh_from_db()
    assert message.state == "withdrawn"


@pytest.mark.parametrize("state", ["suppressed", "blocked", "cancelled"])
def test_who_is_not_called_any_more_keeps_that_end(state: str) -> None:
    message = planned()
    Recipient.objects.update(state=state)
    rings_back(message, Outcome("will_pay", "Will pay"))
    assert Recipient.objects.get().state == state


def test_words_that_could_not_be_spoken_to_a_caller_change_nothing() -> None:
    message = planned()
    before = Recipient.objects.values().get()
    assert rings_back(message, Outcome(NOT_SPOKEN, "A value is missing")) == ""
    assert Recipient.objects.values().get() == before


def test_who_rings_back_as_a_wrong_number_is_not_called_any_more() -> None:
    message = planned()
    rings_back(message, Outcome(WRONG_NUMBERS[0], "This is not me"))
    assert Suppression.objects.get().phone == message.recipient.phone
    assert Recipient.objects.get().outcome == WRONG_NUMBERS[0]


def test_an_answer_of_a_caller_ends_earlier_wishes_and_keeps_one_of_this_call() -> None:
    message = planned()
    asked = CallbackAsked("in 60 minutes", "In an hour", "key")
    rings_back(message, asked)
    earlier = Callback.objects.get()
    assert (earlier.state, Recipient.objects.get().state) == ("waiting", "waiting")
    Callback.objects.update(asked_at=clock.now() - timedelta(hours=1))
    rings_back(message, Outcome("will_pay", "Will pay"))
    earlier.refresh_from_db()
    assert (earlier.state, Recipient.objects.get().state) == ("ended", "completed")
    rings_back(message, asked)
    rings_back(message, Outcome("more_time", "Needs time"))
    assert Callback.objects.filter(state="waiting").count() == 1
    assert (Recipient.objects.get().state, Recipient.objects.get().outcome) == ("waiting", "more_time")


@pytest.mark.parametrize("result", [OptOut("key", "9"), Outcome("opt_out", "No more")])
def test_an_opt_out_from_an_unknown_number_says_why_it_is_not_kept(result: OptOut | Outcome) -> None:
    said = call_results.apply(result, message_id=None, recipient_id=None, at=NOON, key=KEY)
    assert said == "somebody whose number we do not know asked not to be called."
    assert not Suppression.objects.exists()


def make_copy(message: Message) -> Recipient:
    """The same person in another campaign."""
    campaign = Campaign.objects.get()
    campaign.pk, campaign.name = None, "Another campaign"
    campaign.save()
    return Recipient.objects.create(campaign=campaign, phone=message.recipient.phone, language="hi")


def test_an_opt_out_of_one_category_leaves_the_others() -> None:
    call_results.opt_out(phone="+919876543210", how="key", what="9", category="promotional")
    call_results.opt_out(phone="+919876543210", how="key", what="9")
    assert Suppression.objects.count() == 2
