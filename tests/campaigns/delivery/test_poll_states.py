"""States come back: attempts end, people are done, tried again or not reached."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns import call_results
from campaigns.delivery import poll_states, reconcile, turns, upload, withdraw
from campaigns.lifecycle import actions
from campaigns.models import Account, Agent, Campaign, Message, Recipient
from campaigns.planning import plan
from campaigns.queries.notices import notices
from campaigns.transitions import attempt
from campaigns.xfin.states import write_send_on
from tests.campaigns.world import NOON, FakeXFin, at, look_up_all, lost_after, make_campaign, states

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=5)


def called(**fields: Any) -> tuple[Campaign, FakeXFin]:
    """A campaign whose two people are at XFin."""
    campaign, xfin = make_campaign(people=2, **fields), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    return campaign, xfin


def pull(campaign: Campaign, xfin: FakeXFin) -> int:
    return poll_states.pull_states(campaign.template.account_id, clock=at(LATER), transport=xfin)


def test_an_answered_call_completes_the_person_and_then_the_campaign() -> None:
    campaign, xfin = called()
    xfin.end(state="Done", reason="ANSWERED")
    assert pull(campaign, xfin) == 2
    person = campaign.recipients.first()
    assert person
    assert (person.state, person.disposition) == (Recipient.State.COMPLETED, "answered")
    assert actions.complete_finished(LATER) == 1
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.COMPLETED


def test_nothing_new_changes_nothing() -> None:
    campaign, xfin = called()
    assert pull(campaign, xfin) == 0
    assert actions.complete_finished(LATER) == 0
    assert states(campaign) == {Message.State.QUEUED: 2}


def test_a_state_that_is_not_known_is_said_and_not_taken_for_one() -> None:
    campaign, xfin = called()
    xfin.end(state="Hibernating")
    assert pull(campaign, xfin) == 0
    message = Message.objects.first()
    assert message
    assert (message.state, message.remote_state) == (Message.State.QUEUED, "Hibernating")
    assert "does not know" in message.reason
    (notice,) = notices()
    assert "“Hibernating”" in notice.title
    assert "2 calls" in notice.text
    xfin.end(state="Done", reason="ANSWERED")
    assert pull(campaign, xfin) == 2
    assert notices() == []


def test_an_end_that_one_list_tells_twice_counts_once() -> None:
    campaign, xfin = called(max_attempts=3, retry_gaps=[300])
    xfin.end(state="failed", reason="USER_BUSY")
    xfin.messages |= {-number: dict(message) for number, message in xfin.messages.items()}
    assert pull(campaign, xfin) == 2
    people = campaign.recipients.values_list("state", "attempts", "disposition")
    assert list(people) == [(Recipient.State.WAITING, 1, "busy")] * 2
    assert states(campaign) == {Message.State.FAILED: 2}


def test_an_end_does_not_undo_what_a_person_has_reached_meanwhile() -> None:
    campaign, xfin = called(max_attempts=3, retry_gaps=[300])
    campaign.recipients.update(state=Recipient.State.SUPPRESSED, reason="Asked by letter.")
    xfin.end(state="failed", reason="USER_BUSY")
    assert pull(campaign, xfin) == 2
    people = campaign.recipients.values_list("state", "reason", "disposition", "due_at")
    assert list(people) == [(Recipient.State.SUPPRESSED, "Asked by letter.", "", None)] * 2


def test_busy_is_tried_again_once_and_then_given_up() -> None:
    campaign, xfin = called(max_attempts=2, retry_gaps=[300])
    xfin.end(state="failed", reason="USER_BUSY")
    pull(campaign, xfin)
    person = campaign.recipients.first()
    assert person
    assert person.state == Recipient.State.WAITING
    assert "Call 2 of at most 2 follows" in person.reason
    assert person.due_at
    plan.plan(campaign.pk, now=person.due_at)
    upload.upload(campaign.template.account_id, clock=at(person.due_at), transport=xfin)
    xfin.end(state="failed", reason="USER_BUSY")
    poll_states.pull_states(
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
    call_results.record_outcome(message.pk, "will_pay", "Will pay")
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


def test_a_message_that_nobody_can_look_up_ends_unknown() -> None:
    campaign, _ = called()
    assert poll_states.give_up_waiting(NOON + timedelta(hours=47)) == 0
    assert poll_states.give_up_waiting(NOON + timedelta(hours=49)) == 2
    person = campaign.recipients.first()
    assert person
    assert person.state == Recipient.State.UNKNOWN
    assert "could not be asked within 48 hours" in person.reason


def test_a_batch_that_nobody_could_look_up_does_not_stay_open_for_ever() -> None:
    campaign, xfin = make_campaign(people=2), FakeXFin()
    xfin.faults.append(lost_after)
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    assert states(campaign) == {Message.State.UNCONFIRMED: 2}
    assert poll_states.give_up_waiting(NOON + timedelta(hours=47)) == 0
    late = NOON + timedelta(hours=49)
    assert poll_states.give_up_waiting(late) == 2
    assert set(campaign.recipients.values_list("state", flat=True)) == {Recipient.State.UNKNOWN}
    assert "Whether XFin has it could not be found out within 48 hours" in Message.objects.all()[0].reason
    # The account works again: the batch is closed and sends nobody a second time.
    batch = Message.objects.all()[0].batch
    assert batch
    Account.objects.update(retry_at=NOON)
    look_up_all(late, xfin)
    assert states(campaign) == {Message.State.UNKNOWN: 2}
    assert reconcile.batches_to_look_up(late + timedelta(days=1)) == []
    assert actions.complete_finished(late) == 1


def overdue(campaign: Campaign, xfin: FakeXFin) -> int:
    late = at(NOON + timedelta(hours=25))
    assert poll_states.accounts_with_overdue(NOON + timedelta(hours=23)) == []
    assert poll_states.accounts_with_overdue(late()) == [campaign.template.account_id]
    return poll_states.look_up_overdue(campaign.template.account_id, clock=late, transport=xfin)


def test_after_the_bound_each_message_is_looked_up_and_the_rest_is_unknown() -> None:
    campaign, xfin = called()
    ended, ringing = xfin.messages.values()
    ended |= {"state": "failed", "execution_state_reason_code": "USER_BUSY"}
    ringing |= {"state": "calling"}
    assert overdue(campaign, xfin) == 2
    first, second = campaign.recipients.order_by("id")
    assert (first.state, first.disposition) == (Recipient.State.UNREACHED, "busy")
    assert second.state == Recipient.State.UNKNOWN
    assert second.reason == "XFin still said “calling” 24 hours after its time; how it ended is not known."
    assert poll_states.accounts_with_overdue(NOON + timedelta(hours=25)) == []


def test_what_xfin_does_not_have_any_more_is_unknown() -> None:
    campaign, xfin = called()
    xfin.messages.clear()
    assert overdue(campaign, xfin) == 2
    reasons = set(campaign.recipients.values_list("reason", flat=True))
    assert reasons == {"XFin did not have it any more 24 hours after its time; how it ended is not known."}


def test_while_one_look_up_of_an_account_is_under_way_no_other_begins() -> None:
    campaign, xfin = called()
    xfin.requests.clear()
    held = turns.take(f"overdue:{campaign.template.account_id}")
    assert held
    assert overdue(campaign, xfin) == 0
    assert xfin.requests == []
    held.release()
    assert overdue(campaign, xfin) == 2


def test_news_after_the_bound_change_nothing() -> None:
    campaign, xfin = called(max_attempts=3)
    remembered = dict(xfin.messages)
    xfin.messages.clear()
    overdue(campaign, xfin)
    xfin.messages = remembered
    xfin.end()
    assert pull(campaign, xfin) == 0
    assert set(campaign.recipients.values_list("state", flat=True)) == {Recipient.State.UNKNOWN}


def test_states_come_in_pages() -> None:
    campaign, xfin = called()
    xfin.page_size = 1
    xfin.end()
    assert pull(campaign, xfin) == 2
    assert sum(path == "xact/message" for method, path in xfin.requests if method == "GET") == 2


def busy_then(campaign: Campaign, xfin: FakeXFin) -> tuple[Message, Recipient]:
    """The first call ended busy, says XFin, and a second one is planned."""
    xfin.end(state="failed", reason="USER_BUSY")
    pull(campaign, xfin)
    first = Message.objects.order_by("pk")[0]
    later = NOON + timedelta(hours=5)
    campaign.recipients.exclude(pk=first.recipient_id).delete()
    plan.plan(campaign.pk, now=later)
    assert states(campaign) == {Message.State.FAILED: 1, Message.State.PLANNED: 1}
    return first, first.recipient


def test_an_answer_that_comes_after_the_retry_was_planned_calls_it_off() -> None:
    campaign, xfin = called(max_attempts=3, retry_gaps=[300])
    first, person = busy_then(campaign, xfin)
    call_results.record_outcome(first.pk, "will_pay", "Will pay")
    later = NOON + timedelta(hours=5)
    upload.upload(campaign.template.account_id, clock=at(later), transport=xfin)
    assert states(campaign) == {Message.State.FAILED: 1, Message.State.PLANNED: 1}
    assert attempt.withdraw_answered(later) == 1
    person.refresh_from_db()
    assert (person.state, person.reason, person.attempts) == ("completed", "Answered: Will pay.", 1)
    assert states(campaign) == {Message.State.FAILED: 1, Message.State.WITHDRAWN: 1}


def test_an_answer_that_comes_when_the_retry_is_at_xfin_has_it_withdrawn() -> None:
    campaign, xfin = called(max_attempts=3, retry_gaps=[300])
    first, person = busy_then(campaign, xfin)
    later, account = at(NOON + timedelta(hours=5)), campaign.template.account_id
    upload.upload(account, clock=later, transport=xfin)
    call_results.record_outcome(first.pk, "will_pay", "Will pay")
    assert withdraw.mark_unwanted(later()) == 1
    assert withdraw.withdraw(account, clock=later, transport=xfin) == 1
    person.refresh_from_db()
    assert (person.state, person.reason, person.attempts) == ("completed", "Answered: Will pay.", 1)


def test_an_answer_in_a_call_that_goes_on_withdraws_nothing() -> None:
    called(max_attempts=3)
    message = Message.objects.first()
    assert message
    call_results.record_outcome(message.pk, "will_pay", "Will pay")
    assert withdraw.mark_unwanted(LATER) == 0
    assert attempt.withdraw_answered(LATER) == 0


def test_an_answer_never_takes_a_final_state_back() -> None:
    campaign, xfin = called()
    xfin.end(state="failed", reason="USER_BUSY")
    pull(campaign, xfin)
    message = Message.objects.first()
    assert message
    call_results.record_outcome(message.pk, "will_pay", "Will pay")
    person = Recipient.objects.get(pk=message.recipient_id)
    assert (person.state, person.disposition, person.outcome) == ("unreached", "busy", "will_pay")


def test_a_withdrawal_that_xfin_calls_cancelled_is_no_end() -> None:
    campaign, xfin = called()
    actions.pause(campaign, None)
    withdraw.mark_unwanted(LATER)
    xfin.end(state="cancelled")
    assert pull(campaign, xfin) == 0
    withdraw.withdraw(campaign.template.account_id, clock=at(LATER), transport=xfin)
    assert states(campaign) == {Message.State.WITHDRAWN: 2}
    assert set(campaign.recipients.values_list("state", "attempts")) == {(Recipient.State.WAITING, 0)}


# --- Pulls that are narrow ---------------------------------------------------------------------------


def lists_and_looks(xfin: FakeXFin) -> int:
    return sum(method == "GET" for method, _ in xfin.requests)


def beside_others(campaign: Campaign, xfin: FakeXFin, *, apart: timedelta, count: int) -> None:
    """Two messages without news so far apart, and as many that ended between them, of another program's."""
    first, second = Message.objects.order_by("pk")
    for message, at_time in ((first, NOON - apart), (second, NOON)):
        Message.objects.filter(pk=message.pk).update(send_on=at_time)
        xfin.messages[int(message.remote_id)]["send_on"] = write_send_on(at_time)
    for number in range(count):
        ended = dict(xfin.messages[int(first.remote_id)], state="done", id=9000 + number, tag5="", tags=[])
        ended["send_on"] = write_send_on(NOON - apart + apart * (number + 1) / (count + 2))
        xfin.messages[9000 + number] = ended


def test_two_stragglers_at_opposite_ends_do_not_make_a_pull_read_what_ended_between() -> None:
    campaign, xfin = called()
    beside_others(campaign, xfin, apart=timedelta(hours=20), count=500)
    xfin.page_size = 10
    xfin.requests.clear()
    assert pull(campaign, xfin) == 0
    assert lists_and_looks(xfin) == 2
    xfin.messages[int(Message.objects.order_by("pk")[0].remote_id)]["state"] = "done"
    assert pull(campaign, xfin) == 1


def test_a_window_full_of_others_is_given_up_and_its_own_are_asked_for_by_id() -> None:
    campaign, xfin = called()
    beside_others(campaign, xfin, apart=timedelta(seconds=8), count=500)
    xfin.page_size = 10
    xfin.requests.clear()
    xfin.messages = dict(reversed(xfin.messages.items()))  # ours come last
    for message in Message.objects.all():
        xfin.messages[int(message.remote_id)]["state"] = "done"
    assert pull(campaign, xfin) == 2
    assert lists_and_looks(xfin) <= 6


def test_while_one_pull_of_an_account_is_under_way_no_other_begins() -> None:
    campaign, xfin = called()
    xfin.end()
    xfin.requests.clear()
    held = turns.take(f"pull:{campaign.template.account_id}")
    assert held
    assert pull(campaign, xfin) == 0
    assert xfin.requests == []
    held.release()
    assert pull(campaign, xfin) == 2


def test_many_stragglers_take_their_share_of_a_pull_and_the_next_one_goes_on_behind_them() -> None:
    people = poll_states.PULL_REQUESTS + 15
    campaign, xfin = make_campaign(people=people), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    for number, message in enumerate(Message.objects.order_by("pk")):
        Message.objects.filter(pk=message.pk).update(send_on=NOON - timedelta(minutes=20 + number))
    xfin.requests.clear()
    pull(campaign, xfin)
    asked = [path for method, path in xfin.requests if method == "GET"]
    assert len(asked) <= poll_states.PULL_REQUESTS
    pull(campaign, xfin)
    again = [path for method, path in xfin.requests if method == "GET"]
    assert len(set(again)) == people, "none of them is asked for before all others were"


# --- Retries ---------------------------------------------------------------------------------------


def called_through(campaign: Campaign, xfin: FakeXFin, *, days: int, **end: Any) -> None:
    """Everything the scheduler does, every third hour of so many days; every call ends the same way."""
    account = campaign.template.account_id
    for hour in range(0, days * 24, 3):
        now = at(NOON + timedelta(hours=hour))
        plan.plan(campaign.pk, now=now())
        upload.upload(account, clock=now, transport=xfin)
        xfin.end(**end)
        for _ in range(2):
            poll_states.pull_states(account, clock=at(now() + timedelta(minutes=30)), transport=xfin)


@pytest.mark.parametrize("reason", ["USER_BUSY", "NO_ANSWER"])
def test_told_to_retry_once_it_calls_twice_and_never_more(reason: str) -> None:
    rules = {"busy": {"gaps": [10]}, "no_answer": {"gaps": [10], "another_hour": True}}
    campaign, xfin = called(max_attempts=5, retry_rules=rules)
    called_through(campaign, xfin, days=3, state="failed", reason=reason)
    assert states(campaign) == {Message.State.FAILED: 4}
    assert set(campaign.recipients.values_list("state", "attempts")) == {(Recipient.State.UNREACHED, 2)}


def test_the_budget_bounds_every_rule() -> None:
    campaign, xfin = called(max_attempts=2, retry_rules={"busy": {"gaps": [10, 10, 10]}})
    called_through(campaign, xfin, days=4, state="failed", reason="USER_BUSY")
    assert states(campaign) == {Message.State.FAILED: 4}


def test_a_reason_with_another_hour_waits_for_it() -> None:
    campaign, xfin = called(max_attempts=2, retry_rules={"busy": {"gaps": [30], "another_hour": True}})
    xfin.end(state="failed", reason="USER_BUSY")
    pull(campaign, xfin)
    person = campaign.recipients.first()
    assert person
    assert person.due_at
    assert timedelta(hours=3) <= person.due_at - NOON < timedelta(hours=4)


def test_a_dialogue_that_broke_off_is_taken_up_again_where_a_rule_says_so() -> None:
    campaign, xfin = called(max_attempts=2, retry_rules={"unfinished": {"gaps": [300]}})
    message = Message.objects.first()
    assert message
    call_results.record_outcome(message.pk, "will_pay", "Will pay")
    xfin.end()
    pull(campaign, xfin)
    done, other = campaign.recipients.order_by("-outcome")
    assert done.state == Recipient.State.COMPLETED
    assert other.state == Recipient.State.WAITING
    assert other.reason == "Answered, but the dialogue broke off before its end. Call 2 of at most 2 follows."
    called_through(campaign, xfin, days=2)
    other.refresh_from_db()
    assert (other.state, other.attempts, other.disposition) == (Recipient.State.COMPLETED, 2, "answered")
    assert "broke off" in other.reason


def test_an_answered_call_of_an_agent_that_asks_nothing_is_finished() -> None:
    campaign, xfin = called(max_attempts=2, retry_rules={"unfinished": {"gaps": [300]}})
    Agent.objects.filter(pk=campaign.agent_id).update(kind=Agent.Kind.PLAYBACK)
    xfin.end()
    pull(campaign, xfin)
    assert set(campaign.recipients.values_list("state", flat=True)) == {Recipient.State.COMPLETED}
