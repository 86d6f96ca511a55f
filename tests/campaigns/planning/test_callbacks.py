"""People who asked to be called at a time of their own: called then, once, and nobody forgotten."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from campaigns import call_results
from campaigns.delivery import poll_states, upload, withdraw
from campaigns.delivery.account_client import xfin_client
from campaigns.delivery.batches import release
from campaigns.errors import NotAllowed
from campaigns.ist import IST
from campaigns.lifecycle import actions
from campaigns.models import Callback, Campaign, Evidence, Message, Recipient, Suppression, UploadBatch, User
from campaigns.planning import callbacks, plan
from campaigns.planning.callbacks import CallbackRequest
from campaigns.transitions.attempt import settle_message, withdraw_answered
from campaigns.xfin.schemas import RemoteMessage
from campaigns.xfin.states import Disposition, RemoteState
from tests import cast
from tests.campaigns.world import NOON, FakeXFin, add_people, at, make_campaign

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
FIVE = datetime(2026, 11, 24, 17, 0, tzinfo=IST)
State = Callback.State


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a call brings is stored at 11:02."""
    monkeypatch.setattr("campaigns.clock.now", lambda: NOON + timedelta(minutes=2))


@pytest.fixture
def asha() -> User:
    return cast.manager()


def at_xfin(people: int = 1, **fields: Any) -> Campaign:
    """A campaign whose people all have their first call at XFin."""
    campaign = make_campaign(people=people, **fields)
    plan.plan(campaign.pk, now=NOON)
    account = campaign.template.account
    with xfin_client(account, transport=FakeXFin()) as client:
        claim = upload.claim_due(account, now=NOON)
        assert claim
        assert upload.send(claim, client, account, clock=at(NOON)) == people
    return campaign


def ends(message: Message, disposition: Disposition = Disposition.ANSWERED, *, now: datetime = NOON) -> bool:
    """XFin's news: how the attempt ended."""
    message.refresh_from_db()
    state = RemoteState.DONE if disposition == Disposition.ANSWERED else RemoteState.FAILED
    remote = RemoteMessage(
        id=1,
        phone_number=message.recipient.phone,
        state=state,
        raw_state=state.value,
        disposition=disposition,
        raw_reason="",
        duration_s=31,
        tags=(),
        send_on=message.send_on,
        values=(),
        templatelanguage=None,
        raw={},
    )
    return settle_message(message, remote, now=now)


def asks(message: Message, when: str = "at 17:00") -> Callback:
    """The person asks in the call of this attempt."""
    row = callbacks.asked_in_call(message.pk, when=when, how="key", asked_at=NOON + timedelta(minutes=2))
    assert row
    return row


def entered(
    person: Recipient, moment: datetime = FIVE, *, now: datetime = NOON, by: User | None = None
) -> Callback:
    source = Callback.Source.STAFF
    return callbacks.enter(
        person.pk, CallbackRequest(asked_for=moment, asked_at=now, source=source, by=by), now=now
    )


def of(campaign: Campaign) -> Recipient:
    return campaign.recipients.get()


def test_whoever_asks_in_a_call_waits_for_that_time_and_is_called_then_once() -> None:
    campaign = at_xfin(max_attempts=3)
    first = Message.objects.get()
    row = asks(first)
    assert (row.state, row.source, row.message_reference) == (State.WAITING, "key", first.reference)
    assert (row.asked_for, row.planned_for) == (FIVE, FIVE)
    assert of(campaign).state == Recipient.State.UNDER_WAY
    ends(first)
    person = of(campaign)
    assert (person.state, person.due_at) == (Recipient.State.WAITING, FIVE)
    assert person.reason == "Asked to be called back on 24 Nov, 17:00 IST."
    for hour in range(8):
        plan.plan(campaign.pk, now=NOON + hour * HOUR)
    call = Message.objects.exclude(pk=first.pk).get()
    assert (call.send_on, call.attempt, call.callback.pk) == (FIVE, 2, row.pk)
    row.refresh_from_db()
    assert row.state == State.UNDER_WAY


def test_it_is_made_even_if_the_calls_are_used_up_and_not_after_another_answer() -> None:
    campaign = at_xfin(max_attempts=1)
    row = asks(Message.objects.get())
    ends(Message.objects.get())
    plan.plan(campaign.pk, now=FIVE)
    second = Message.objects.latest("pk")
    assert second.attempt == 2
    Message.objects.filter(pk=second.pk).update(state=Message.State.QUEUED, batch=UploadBatch.objects.get())
    ends(second, Disposition.NO_ANSWER, now=FIVE)
    row.refresh_from_db()
    assert row.state == State.MADE
    assert (of(campaign).state, of(campaign).reason) == (Recipient.State.UNREACHED, "Nobody answered.")
    assert actions.complete_finished(FIVE) == 1


def test_after_a_call_back_that_nobody_answers_the_rules_of_retries_go_on_within_the_budget() -> None:
    campaign = at_xfin(max_attempts=3, retry_gaps=[30])
    asks(Message.objects.get())
    ends(Message.objects.get())
    plan.plan(campaign.pk, now=FIVE)
    second = Message.objects.latest("pk")
    Message.objects.filter(pk=second.pk).update(state=Message.State.QUEUED, batch=UploadBatch.objects.get())
    ends(second, Disposition.BUSY, now=FIVE)
    assert (of(campaign).state, of(campaign).due_at) == (
        Recipient.State.WAITING,
        FIVE + timedelta(minutes=30),
    )


def test_outside_of_lawful_hours_it_moves_to_the_next_opening_and_says_so() -> None:
    at_xfin()
    row = asks(Message.objects.get(), "at 21:30")
    assert row.asked_for == datetime(2026, 11, 24, 21, 30, tzinfo=IST)
    assert row.planned_for == datetime(2026, 11, 25, 8, 0, tzinfo=IST)
    assert row.reason == (
        "Asked to be called back on 24 Nov, 21:30 IST. 21:30 IST is outside 08:00–19:00 IST (collections), "
        "quiet minutes included. Planned for 25 Nov, 08:00 IST."
    )


@pytest.mark.parametrize("minutes", [*range(1, 24 * 60, 97)])
def test_never_before_the_asked_moment_and_never_outside_of_the_hours(minutes: int) -> None:
    campaign = at_xfin()
    row = asks(Message.objects.get(), f"in {minutes} minutes")
    ends(Message.objects.get())
    assert row.planned_for >= row.asked_for
    plan.plan(campaign.pk, now=row.planned_for)
    call = Message.objects.latest("pk")
    assert call.send_on >= row.asked_for
    assert 8 <= call.send_on.astimezone(IST).hour < 19


def test_an_hour_later_is_an_hour_later_though_calls_nobody_asked_for_keep_four_hours_apart() -> None:
    campaign = at_xfin(max_attempts=3, retry_gaps=[60])
    first = Message.objects.get()
    row = asks(first, "in 60 minutes")
    ends(first)
    plan.plan(campaign.pk, now=row.planned_for)
    assert Message.objects.latest("pk").send_on == NOON + HOUR + timedelta(minutes=2)
    found = Evidence.objects.latest("pk").findings
    assert {"F03 gap", "F04 collections-a-day"} <= {
        one["rule"] for one in found if one["reason"] == "The person asked to be called back at this time."
    }


def test_two_calls_a_day_hold_for_call_backs_too() -> None:
    campaign = at_xfin(max_attempts=3)
    first = Message.objects.get()
    Message.objects.create(
        recipient=first.recipient, attempt=9, send_on=NOON - HOUR, state="done", disposition="busy"
    )
    row = asks(first)
    assert row.planned_for == datetime(2026, 11, 25, 8, 0, tzinfo=IST)
    assert "the cap is 2 a day" in row.reason
    assert of(campaign).due_at == row.planned_for


def test_whoever_asked_us_to_stop_is_not_called_back() -> None:
    campaign = at_xfin()
    first = Message.objects.get()
    asks(first)
    call_results.opt_out(phone=first.recipient.phone, how="key", what="9", message_reference=first.reference)
    row = Callback.objects.get()
    assert (row.state, row.reason) == (State.ENDED, "Asked us to stop: pressed 9 in a call.")
    ends(first)
    plan.plan(campaign.pk, now=FIVE)
    assert Message.objects.count() == 1
    assert asks(first).state == State.REFUSED


def test_a_moment_in_the_past_or_far_ahead_is_refused_with_the_reason_and_kept() -> None:
    campaign = at_xfin(max_attempts=1)
    first = Message.objects.get()
    past, far = asks(first, "2026-11-24T10:00"), asks(first, "in 15 days")
    assert (past.state, past.reason) == (State.REFUSED, "24 Nov, 10:00 IST had passed when it was asked for.")
    assert (far.state, far.reason) == (State.REFUSED, "9 Dec, 11:02 IST is more than 14 days ahead.")
    ends(first)
    assert of(campaign).state == Recipient.State.COMPLETED


def test_a_wish_that_was_stored_late_means_what_it_meant_when_it_was_uttered() -> None:
    at_xfin()
    row = callbacks.asked_in_call(
        Message.objects.get().pk, when="in 60 minutes", how="key", asked_at=NOON - 3 * HOUR
    )
    assert row
    assert row.asked_for == NOON - 2 * HOUR
    assert row.planned_for == NOON + timedelta(minutes=2)


def test_what_is_no_moment_is_passed_over() -> None:
    at_xfin()
    first = Message.objects.get()
    assert callbacks.asked_in_call(first.pk, when="soon", how="spoken", asked_at=NOON) is None
    assert not Callback.objects.exists()


def test_a_later_wish_takes_the_place_of_an_earlier_one() -> None:
    campaign = at_xfin()
    first = Message.objects.get()
    earlier, later = asks(first, "at 14:00"), asks(first, "at 17:00")
    earlier.refresh_from_db()
    assert (earlier.state, later.state) == (State.REPLACED, State.WAITING)
    ends(first)
    assert of(campaign).due_at == FIVE


def test_so_many_a_person_and_no_more(settings: Settings) -> None:
    settings.CALLBACKS_A_PERSON = 1
    campaign = at_xfin()
    first = Message.objects.get()
    asks(first)
    ends(first)
    assert callbacks.may_ask(first.recipient_id)
    plan.plan(campaign.pk, now=FIVE)
    assert not callbacks.may_ask(first.recipient_id)
    second = Message.objects.latest("pk")
    Message.objects.filter(pk=second.pk).update(state=Message.State.QUEUED, batch=UploadBatch.objects.get())
    again = asks(second, "tomorrow 10:00")
    assert (again.state, again.reason) == (
        State.REFUSED,
        "This person was called back once already; more is not done in one campaign.",
    )
    ends(second, now=FIVE)
    assert of(campaign).state == Recipient.State.COMPLETED


def test_news_before_the_wish_reopens_the_person_and_the_campaign() -> None:
    campaign = at_xfin(max_attempts=1)
    first = Message.objects.get()
    ends(first)
    assert of(campaign).state == Recipient.State.COMPLETED
    assert actions.complete_finished(NOON) == 1
    asks(first)
    campaign.refresh_from_db()
    assert (campaign.state, of(campaign).state) == (Campaign.State.RUNNING, Recipient.State.WAITING)
    assert campaign.reason == "A person asked in its last calls to be called back."
    assert actions.complete_finished(NOON) == 0
    plan.plan(campaign.pk, now=FIVE)
    assert Message.objects.latest("pk").send_on == FIVE


def test_a_retry_that_was_planned_meanwhile_gives_way() -> None:
    campaign = at_xfin(max_attempts=3, retry_gaps=[10])
    first = Message.objects.get()
    ends(first, Disposition.DROPPED)
    campaign.recipients.update(due_at=NOON)
    Message.objects.filter(pk=first.pk).update(send_on=NOON - 5 * HOUR)
    plan.plan(campaign.pk, now=NOON)
    retry = Message.objects.latest("pk")
    assert retry.state == Message.State.PLANNED
    asks(first)
    retry.refresh_from_db()
    assert (retry.state, retry.reason) == (
        Message.State.WITHDRAWN,
        "The person asked to be called at another time.",
    )
    person = of(campaign)
    assert (person.state, person.due_at, person.attempts) == (Recipient.State.WAITING, FIVE, 1)


def test_a_call_at_xfin_is_withdrawn_for_a_call_back_that_staff_enter(asha: User) -> None:
    campaign = at_xfin()
    row = entered(of(campaign), by=asha)
    assert of(campaign).state == Recipient.State.UNDER_WAY
    assert withdraw.mark_unwanted(NOON) == 1
    account_id, no_messages = campaign.template.account_id, FakeXFin()
    assert withdraw.withdraw(account_id, clock=at(NOON), transport=no_messages) == 1
    person = of(campaign)
    assert (person.state, person.due_at, person.attempts) == (Recipient.State.WAITING, FIVE, 0)
    plan.plan(campaign.pk, now=FIVE)
    row.refresh_from_db()
    assert row.message
    assert (row.message.send_on, row.message.attempt) == (FIVE, 1)


def test_a_batch_that_did_not_reach_xfin_gives_way_as_well() -> None:
    campaign = make_campaign(people=1)
    plan.plan(campaign.pk, now=NOON)
    claim = upload.claim_due(campaign.template.account, now=NOON)
    assert claim
    row = entered(of(campaign))
    release(claim.batch, "XFin could not be reached.", now=NOON)
    assert upload.claim_due(campaign.template.account, now=NOON) is None
    assert callbacks.withdraw_superseded(NOON) == 1
    person = of(campaign)
    assert (person.state, person.attempts, person.due_at) == (Recipient.State.WAITING, 0, FIVE)
    plan.plan(campaign.pk, now=FIVE)
    assert callbacks.withdraw_superseded(FIVE) == 0
    claim = upload.claim_due(campaign.template.account, now=FIVE)
    assert claim
    assert [message.callback.pk for message in claim.messages] == [row.pk]


def test_the_call_in_which_it_was_asked_is_not_withdrawn_for_it() -> None:
    at_xfin()
    asks(Message.objects.get())
    assert withdraw.mark_unwanted(NOON) == 0


def test_too_late_to_withdraw_and_answered_then_no_call_back_is_needed() -> None:
    campaign = at_xfin()
    first = Message.objects.get()
    row = entered(of(campaign))
    call_results.record_outcome(first.pk, "will_pay", "Will pay")
    ends(first)
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.ENDED, "Another call reached the person before.")
    assert of(campaign).state == Recipient.State.COMPLETED


@pytest.mark.parametrize("news_first", [True, False])
def test_an_outcome_of_the_same_call_does_not_break_the_promise(news_first: bool) -> None:
    campaign = at_xfin()
    first = Message.objects.get()
    if news_first:
        ends(first)
    asks(first)
    call_results.record_outcome(first.pk, "needs_time", "Needs time")
    if not news_first:
        ends(first)
    plan.plan(campaign.pk, now=FIVE)
    call_results.record_outcome(first.pk, "needs_time", "Needs time")
    assert withdraw_answered(FIVE) == 0
    assert Message.objects.filter(state=Message.State.PLANNED, send_on=FIVE).count() == 1


def test_whoever_answers_the_call_back_is_done() -> None:
    campaign = at_xfin()
    first = Message.objects.get()
    asks(first)
    ends(first)
    plan.plan(campaign.pk, now=FIVE)
    second = Message.objects.latest("pk")
    Message.objects.filter(pk=second.pk).update(state=Message.State.QUEUED, batch=UploadBatch.objects.get())
    call_results.record_outcome(second.pk, "will_pay", "Will pay")
    ends(second, now=FIVE)
    assert Callback.objects.get().state == State.MADE
    assert (of(campaign).state, of(campaign).outcome) == (Recipient.State.COMPLETED, "will_pay")


def test_a_paused_campaign_keeps_it_and_a_cancelled_one_ends_it(asha: User) -> None:
    campaign = at_xfin()
    first = Message.objects.get()
    row = asks(first)
    ends(first)
    plan.plan(campaign.pk, now=FIVE)
    actions.pause(campaign, asha)
    row.refresh_from_db()
    assert (row.state, row.message, of(campaign).attempts) == (State.WAITING, None, 1)
    assert plan.plan(campaign.pk, now=FIVE) == 0
    actions.resume(campaign, asha)
    assert plan.plan(campaign.pk, now=FIVE + HOUR) == 1
    row.refresh_from_db()
    assert row.planned_for == Message.objects.latest("pk").send_on == FIVE + HOUR
    actions.cancel(campaign, asha)
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.ENDED, "The campaign was cancelled.")
    assert of(campaign).state == Recipient.State.CANCELLED


def test_a_call_whose_end_nobody_knows_does_not_swallow_the_wish() -> None:
    campaign = at_xfin()
    asks(Message.objects.get(), "in 3 days")
    assert poll_states.give_up_waiting(NOON + timedelta(days=2, hours=1)) == 1
    assert of(campaign).state == Recipient.State.WAITING
    assert Callback.objects.get().state == State.WAITING


def test_nobody_who_waits_for_a_call_back_lets_the_campaign_be_completed() -> None:
    campaign = at_xfin(people=3)
    first, *others = Message.objects.order_by("pk")
    asks(first, "in 5 days")
    for message in (first, *others):
        ends(message)
    assert actions.complete_finished(NOON + timedelta(days=4)) == 0
    assert campaign.recipients.filter(state=Recipient.State.WAITING).count() == 1


def test_a_call_back_goes_before_everybody_else_and_does_not_hold_them_up() -> None:
    campaign = make_campaign(people=40, calls_per_minute=2)
    person = campaign.recipients.order_by("-pk")[0]
    plan.plan(campaign.pk, now=NOON)
    entered(person, NOON + timedelta(minutes=14))
    plan.plan(campaign.pk, now=NOON)
    assert Message.objects.get(recipient=person).send_on == NOON + timedelta(minutes=14)
    Message.objects.exclude(recipient=person).update(send_on=NOON - HOUR, state="done", settled_at=NOON)
    plan.plan(campaign.pk, now=NOON)
    assert Message.objects.filter(state="planned").order_by("send_on")[0].send_on == NOON


# --- By staff ---------------------------------------------------------------------------------------


def test_staff_enter_one_for_a_person_whom_nobody_has_called_yet(asha: User) -> None:
    campaign = make_campaign(people=1)
    entered(of(campaign), by=asha)
    assert plan.plan(campaign.pk, now=NOON) == 0
    assert plan.plan(campaign.pk, now=FIVE) == 1


@pytest.mark.parametrize(
    ("state", "why"),
    [("completed", "The campaign is completed"), ("cancelled", "The campaign is cancelled")],
)
def test_staff_are_refused_when_the_campaign_is_over_and_nothing_is_stored(state: str, why: str) -> None:
    campaign = make_campaign(people=1, state=state)
    with pytest.raises(NotAllowed, match=why):
        entered(of(campaign))
    assert not Callback.objects.exists()


def test_staff_are_refused_for_somebody_who_must_not_be_called() -> None:
    campaign = make_campaign(people=1)
    person = of(campaign)
    Suppression.objects.create(phone=person.phone, source="key", reason="Asked us to stop.")
    with pytest.raises(NotAllowed, match=r"Asked us to stop\."):
        entered(person)
    assert of(campaign).state == Recipient.State.WAITING


def test_a_withdrawn_one_leaves_the_person_to_the_campaigns_own_rules(asha: User) -> None:
    campaign = at_xfin(people=2, max_attempts=2, retry_gaps=[30])
    first, second = Message.objects.order_by("pk")
    rows = [asks(first), asks(second)]
    ends(first, Disposition.DROPPED)
    ends(second)
    for row in rows:
        callbacks.withdraw(row.pk, by=asha, now=NOON)
    dropped, answered = campaign.recipients.order_by("pk")
    assert (dropped.state, dropped.due_at) == (Recipient.State.WAITING, NOON + timedelta(minutes=30))
    assert answered.state == Recipient.State.COMPLETED
    assert set(Callback.objects.values_list("state", flat=True)) == {State.WITHDRAWN}


def test_one_that_is_planned_can_be_withdrawn(asha: User) -> None:
    campaign = make_campaign(people=1)
    row = entered(of(campaign))
    plan.plan(campaign.pk, now=FIVE)
    callbacks.withdraw(row.pk, by=asha, now=FIVE)
    assert Message.objects.get().state == Message.State.WITHDRAWN
    person = of(campaign)
    assert (person.state, person.attempts, person.due_at) == (Recipient.State.WAITING, 0, None)
    with pytest.raises(NotAllowed, match="is over: withdrawn by staff"):
        callbacks.withdraw(row.pk, by=asha, now=FIVE)


def called_back(**fields: Any) -> tuple[Campaign, Callback, FakeXFin]:
    """A person whose first call was dropped and whose call-back of five o'clock is at XFin."""
    campaign, xfin = at_xfin(**fields), FakeXFin()
    row = asks(Message.objects.get())
    ends(Message.objects.get(), Disposition.DROPPED)
    plan.plan(campaign.pk, now=FIVE)
    assert upload.upload(campaign.template.account_id, clock=at(FIVE), transport=xfin) == 1
    return campaign, row, xfin


def taken_back(campaign: Campaign, xfin: FakeXFin) -> int:
    withdraw.mark_unwanted(FIVE)
    return withdraw.withdraw(campaign.template.account_id, clock=at(FIVE), transport=xfin)


def test_one_at_xfin_is_taken_back_from_there_and_the_rules_of_retries_go_on(asha: User) -> None:
    campaign, row, xfin = called_back(max_attempts=2, retry_gaps=[300])
    withdrawn = callbacks.withdraw(row.pk, by=asha, now=FIVE)
    assert (withdrawn.state, withdrawn.reason) == (State.WITHDRAWN, callbacks.TAKEN_BACK)
    assert of(campaign).state == Recipient.State.UNDER_WAY  # until XFin has let go of it
    assert taken_back(campaign, xfin) == 1
    assert not xfin.messages
    person = of(campaign)
    assert (person.state, person.attempts) == (Recipient.State.WAITING, 1)
    assert person.due_at == FIVE + timedelta(minutes=300)
    again = entered(person, FIVE + HOUR, now=FIVE, by=asha)
    assert again.state == State.WAITING


def test_one_that_xfin_dials_before_it_is_taken_back_was_made(asha: User) -> None:
    campaign, row, xfin = called_back(max_attempts=2, retry_gaps=[300])
    callbacks.withdraw(row.pk, by=asha, now=FIVE)
    xfin.messages[next(iter(xfin.messages))]["state"] = "calling"
    assert taken_back(campaign, xfin) == 0
    message = Message.objects.latest("pk")
    assert message.state == Message.State.DIALLING
    ends(message, now=FIVE)
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.MADE, "The call was made.")
    assert of(campaign).state == Recipient.State.COMPLETED


def test_one_that_is_being_dialled_can_not_be_withdrawn(asha: User) -> None:
    _, row, _ = called_back()
    Message.objects.filter(state="queued").update(state="dialling")
    with pytest.raises(NotAllowed, match="Its call is being dialled"):
        callbacks.withdraw(row.pk, by=asha, now=FIVE)


def test_one_whose_batch_did_not_arrive_is_not_sent_again(asha: User) -> None:
    campaign, row, _ = called_back(max_attempts=2, retry_gaps=[300])
    Message.objects.filter(state="queued").update(state="unconfirmed")
    callbacks.withdraw(row.pk, by=asha, now=FIVE)
    Message.objects.filter(state="unconfirmed").update(state="planned", batch=None)
    assert callbacks.withdraw_superseded(FIVE) == 1
    person = of(campaign)
    assert (person.state, person.attempts) == (Recipient.State.WAITING, 1)
    assert person.due_at == FIVE + timedelta(minutes=300)


def test_withdrawing_while_the_person_is_on_the_line_waits_for_the_end_of_the_call(asha: User) -> None:
    campaign = at_xfin(max_attempts=1)
    first = Message.objects.get()
    row = asks(first)
    callbacks.withdraw(row.pk, by=asha, now=NOON)
    assert of(campaign).state == Recipient.State.UNDER_WAY
    ends(first)
    assert of(campaign).state == Recipient.State.COMPLETED


def test_the_hand_over_puts_off_what_the_rules_forbid_meanwhile_and_the_row_says_so() -> None:
    campaign = make_campaign(people=1)
    row = entered(of(campaign), FIVE)
    plan.plan(campaign.pk, now=FIVE - timedelta(minutes=10))
    late = datetime(2026, 11, 24, 19, 30, tzinfo=IST).astimezone(UTC)
    assert upload.claim_due(campaign.template.account, now=late) is None
    row.refresh_from_db()
    assert row.planned_for == Message.objects.get().send_on == datetime(2026, 11, 25, 8, 0, tzinfo=IST)
    assert "Planned for 25 Nov, 08:00 IST." in row.reason


def test_other_people_are_planned_as_ever() -> None:
    campaign = at_xfin(people=2)
    first, second = Message.objects.order_by("pk")
    asks(first)
    ends(first)
    ends(second)
    add_people(campaign, 3)
    assert plan.plan(campaign.pk, now=NOON) == 3
