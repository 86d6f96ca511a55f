"""What is at XFin and not wanted any more is taken back, and nothing is believed without a look."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from campaigns.compliance import suppressions
from campaigns.compliance.suppressions import SuppressionRequest
from campaigns.delivery import poll_states, turns, upload, withdraw
from campaigns.lifecycle import actions
from campaigns.models import Account, Campaign, Message, Recipient, Suppression
from campaigns.planning import plan
from campaigns.queries.campaign import withdrawal
from tests.campaigns.world import (
    NOON,
    Answer,
    FakeXFin,
    at,
    look_up_all,
    lost_after,
    lost_before,
    make_campaign,
    states,
)

pytestmark = pytest.mark.django_db
LETTER = SuppressionRequest(source=Suppression.Source.STAFF, reason="Asked by letter.")
ALL_GONE = "All withdrawn, nobody will be rung."


def at_xfin(people: int = 3, **fields: object) -> tuple[Campaign, FakeXFin]:
    """A running campaign whose people's messages wait at XFin."""
    campaign, xfin = make_campaign(people=people, **fields), FakeXFin()  # type: ignore[arg-type]
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    return campaign, xfin


def tick(xfin: FakeXFin, *, after: float = 0) -> None:
    """What the scheduler's tick does, so many seconds past noon."""
    now = NOON + timedelta(seconds=after)
    actions.withdraw_stragglers(now)
    withdraw.mark_unwanted(now)
    for account in withdraw.accounts_with_withdrawals(now):
        withdraw.withdraw(account, clock=at(now), transport=xfin)


def words(campaign: Campaign) -> str:
    """What the campaign's page says of it."""
    found = withdrawal(campaign)
    return found.words if found else ""


def people(campaign: Campaign) -> set[tuple[str, int]]:
    return set(campaign.recipients.values_list("state", "attempts"))


def lost(deleted: bool) -> Answer:
    """A deletion whose reply is lost, after or before XFin did it."""

    def answer(xfin: FakeXFin, request: httpx.Request) -> httpx.Response:
        if deleted:
            xfin.delete(request)
        raise httpx.ReadTimeout("no answer", request=request)

    return answer


def test_a_paused_campaign_is_withdrawn_and_its_people_wait_again() -> None:
    campaign, xfin = at_xfin()
    actions.pause(campaign, None)
    assert words(campaign) == "3 messages are being withdrawn from XFin; until then they may still ring."
    tick(xfin)
    assert not xfin.messages
    assert states(campaign) == {Message.State.WITHDRAWN: 3}
    assert people(campaign) == {(Recipient.State.WAITING, 0)}
    assert words(campaign) == ALL_GONE


def test_after_resuming_everybody_is_uploaded_again_under_a_new_reference_and_from_now_on() -> None:
    campaign, xfin = at_xfin()
    before = set(xfin.references())
    actions.pause(campaign, None)
    tick(xfin)
    actions.resume(campaign, None)
    later = NOON + timedelta(seconds=30)
    plan.plan(campaign.pk, now=later)
    upload.upload(campaign.template.account_id, clock=at(later), transport=xfin)
    assert len(xfin.references()) == 3
    assert not before & set(xfin.references())
    assert people(campaign) == {(Recipient.State.UNDER_WAY, 1)}
    first = Message.objects.filter(state=Message.State.QUEUED).order_by("send_on")[0]
    assert first.send_on == later


def test_what_is_planned_only_is_taken_back_with_the_pause_itself() -> None:
    campaign = make_campaign(people=2)
    plan.plan(campaign.pk, now=NOON)
    actions.pause(campaign, None)
    assert states(campaign) == {Message.State.WITHDRAWN: 2}
    assert people(campaign) == {(Recipient.State.WAITING, 0)}
    assert words(campaign) == ALL_GONE


def test_a_cancelled_campaign_leaves_nobody_open() -> None:
    campaign, xfin = at_xfin()
    actions.cancel(campaign, None)
    tick(xfin)
    assert not xfin.messages
    assert people(campaign) == {(Recipient.State.CANCELLED, 0)}


def test_who_opts_out_is_withdrawn_alone_and_is_not_called() -> None:
    campaign, xfin = at_xfin()
    person = campaign.recipients.order_by("pk")[0]
    suppressions.suppress(person.phone, LETTER)
    tick(xfin)
    person.refresh_from_db()
    assert (person.state, person.reason, person.attempts) == ("suppressed", "Asked by letter.", 0)
    assert states(campaign) == {Message.State.WITHDRAWN: 1, Message.State.QUEUED: 2}
    assert person.phone not in {message["phone_number"] for message in xfin.messages.values()}


def test_an_opt_out_in_the_call_itself_does_not_withdraw_that_call() -> None:
    campaign, xfin = at_xfin(1)
    message = Message.objects.get()
    request = SuppressionRequest(
        source=Suppression.Source.KEY, reason="Pressed 9.", message_reference=message.reference
    )
    suppressions.suppress(campaign.recipients.get().phone, request)
    assert withdraw.mark_unwanted(NOON) == 0
    assert xfin.messages


def test_a_call_that_is_being_dialled_goes_on_and_its_result_is_kept() -> None:
    campaign, xfin = at_xfin(2)
    ringing = xfin.messages[min(xfin.messages)]
    ringing["state"] = "in_progress"
    actions.pause(campaign, None)
    tick(xfin)
    assert states(campaign) == {Message.State.DIALLING: 1, Message.State.WITHDRAWN: 1}
    assert words(campaign).startswith("All withdrawn, nobody more will be rung. 1 person is on the line")
    xfin.end(reason="ANSWERED")
    later = at(NOON + timedelta(minutes=1))
    poll_states.pull_states(campaign.template.account_id, clock=later, transport=xfin)
    assert states(campaign) == {Message.State.DONE: 1, Message.State.WITHDRAWN: 1}
    assert words(campaign) == ALL_GONE


def test_a_call_that_ended_meanwhile_is_settled_and_not_made_again() -> None:
    campaign, xfin = at_xfin(1)
    xfin.end(reason="ANSWERED")
    actions.pause(campaign, None)
    tick(xfin)
    assert people(campaign) == {(Recipient.State.COMPLETED, 1)}


@pytest.mark.parametrize("deleted", [True, False])
def test_a_deletion_without_a_reply_is_looked_up_before_anybody_waits_again(deleted: bool) -> None:
    campaign, xfin = at_xfin()
    xfin.faults.append(lost(deleted))
    actions.pause(campaign, None)
    tick(xfin)
    assert states(campaign) == {Message.State.WITHDRAWING: 3}
    assert "may still ring" in words(campaign)
    Account.objects.update(retry_at=NOON)
    tick(xfin, after=10)
    assert not xfin.messages
    assert people(campaign) == {(Recipient.State.WAITING, 0)}


def test_a_deletion_that_xfin_confirms_and_does_not_carry_out_is_not_believed() -> None:
    campaign, xfin = at_xfin()
    xfin.faults.append(lambda _xfin, _request: httpx.Response(204))
    actions.pause(campaign, None)
    tick(xfin)
    assert states(campaign) == {Message.State.WITHDRAWING: 3}
    tick(xfin, after=10)
    assert not xfin.messages
    assert people(campaign) == {(Recipient.State.WAITING, 0)}


def test_a_call_on_the_line_that_a_shifted_page_leaves_out_is_not_taken_for_withdrawn() -> None:
    campaign, xfin = at_xfin(3)
    ringing = max(xfin.messages)
    xfin.messages[ringing]["state"] = "in_progress"
    whole = xfin.list

    def shifting(request: httpx.Request) -> httpx.Response:
        """After a deletion the pages have shifted, and the last row is on none of them."""
        page = json.loads(whole(request).content)
        if len(xfin.messages) < 3:
            page["results"] = [row for row in page["results"] if row["id"] != ringing]
        return httpx.Response(200, json=page)

    xfin.list = shifting  # type: ignore[method-assign]
    actions.pause(campaign, None)
    tick(xfin)
    assert states(campaign) == {Message.State.WITHDRAWN: 2, Message.State.DIALLING: 1}


def test_an_xfin_that_refuses_the_whole_deletion_is_asked_for_each() -> None:
    campaign, xfin = at_xfin()
    xfin.faults.append(lambda _xfin, _request: httpx.Response(409, json={"detail": "Some are dialled."}))
    actions.pause(campaign, None)
    tick(xfin)
    assert not xfin.messages
    assert words(campaign) == ALL_GONE


@pytest.mark.parametrize("fault", [lost_before, lost_after])
def test_a_batch_that_was_on_its_way_at_the_pause_is_withdrawn_when_it_is_found(fault: Answer) -> None:
    campaign, xfin = make_campaign(people=3), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    xfin.faults.append(fault)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    actions.pause(campaign, None)
    assert "3 messages are being withdrawn" in words(campaign)
    Account.objects.update(retry_at=NOON)
    look_up_all(NOON, xfin)
    tick(xfin, after=1)
    assert not xfin.messages
    assert people(campaign) == {(Recipient.State.WAITING, 0)}
    assert words(campaign) == ALL_GONE


def test_what_did_not_reach_xfin_before_a_cancellation_does_not_stay_open_for_ever() -> None:
    campaign, xfin = make_campaign(people=2), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    claim = upload.claim_due(campaign.template.account, now=NOON)
    assert claim
    actions.cancel(campaign, None)
    Message.objects.update(state=Message.State.PLANNED, batch=None)
    tick(xfin)
    assert people(campaign) == {(Recipient.State.CANCELLED, 0)}


def test_a_claim_keeps_others_away_for_a_while_and_not_for_ever() -> None:
    campaign, _ = at_xfin()
    account = campaign.template.account
    actions.pause(campaign, None)
    withdraw.mark_unwanted(NOON)
    assert len(withdraw.claim(account, now=NOON)) == 3
    assert withdraw.claim(account, now=NOON) == []
    assert len(withdraw.claim(account, now=NOON + withdraw.CLAIM)) == 3


def test_all_are_deleted_before_any_is_confirmed_and_who_opts_out_meanwhile_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(withdraw, "MANY", 1000)  # threads would not see what this test has not committed
    people = withdraw.CHUNK + 40
    campaign, xfin = at_xfin(people, calls_per_minute=60)
    other = Campaign.objects.get(pk=campaign.pk)
    other.pk, other.name, other.state = None, "Another", Campaign.State.RUNNING
    other.save()
    waiting = Message.objects.filter(state=Message.State.QUEUED).order_by("send_on")
    last = waiting.reverse()[0]
    Recipient.objects.filter(pk=last.recipient_id).update(campaign=other)
    actions.pause(campaign, None)
    late = NOON - timedelta(minutes=1)
    withdraw.mark_unwanted(late)
    asked: list[str] = []
    one = xfin.one

    def opts_out_first(request: httpx.Request, number: int) -> httpx.Response:
        if not asked:
            suppressions.suppress(last.recipient.phone, LETTER)
            withdraw.mark_unwanted(late)
        asked.append(str(number))
        return one(request, number)

    xfin.one = opts_out_first  # type: ignore[method-assign]
    xfin.requests.clear()
    withdraw.withdraw(campaign.template.account_id, clock=at(late), transport=xfin)
    kinds = [method for method, path in xfin.requests if path.startswith("xact/message")]
    assert not xfin.messages
    assert (
        states(campaign)[Message.State.WITHDRAWN]
        == Message.objects.filter(recipient__campaign=campaign, remote_id__gt="").count()
    )
    assert Message.objects.get(pk=last.pk).state == Message.State.WITHDRAWN
    deletions = [place for place, kind in enumerate(kinds) if kind == "DELETE"]
    assert deletions[0] == 0
    assert len(deletions) >= 2
    assert deletions[-1] < len(kinds) - 40, "the last deletion came before the rest was confirmed"


@pytest.mark.django_db(transaction=True)
def test_many_are_asked_for_at_the_same_time_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withdraw, "MANY", 5)
    campaign, xfin = at_xfin(29)
    ringing = xfin.messages[min(xfin.messages)]
    ringing["state"] = "in_progress"
    actions.pause(campaign, None)
    xfin.requests.clear()
    tick(xfin)
    assert states(campaign) == {Message.State.DIALLING: 1, Message.State.WITHDRAWN: 28}
    asked = Counter(path for method, path in xfin.requests if method == "GET")
    assert len(asked) == 29


def test_an_account_that_pauses_after_failures_is_withdrawn_from_all_the_same() -> None:
    campaign, xfin = at_xfin()
    Account.objects.update(state=Account.State.BROKEN, failures=7, retry_at=NOON + timedelta(minutes=5))
    actions.pause(campaign, None)
    tick(xfin)
    assert not xfin.messages
    assert words(campaign) == ALL_GONE
    assert Account.objects.get().state == Account.State.BROKEN, "uploads wait for their trial"


def test_the_pause_that_xfin_asks_for_is_kept_by_withdrawals_too() -> None:
    campaign, xfin = at_xfin()
    xfin.faults.append(lambda _xfin, _request: httpx.Response(429, headers={"retry-after": "40"}))
    actions.pause(campaign, None)
    tick(xfin)
    asked = len(xfin.requests)
    tick(xfin, after=39)
    assert len(xfin.requests) == asked
    tick(xfin, after=41)
    assert not xfin.messages


def test_another_worker_that_withdraws_keeps_the_turn() -> None:
    campaign, xfin = at_xfin()
    actions.pause(campaign, None)
    held = turns.take(f"withdraw:{campaign.template.account_id}")
    assert held
    tick(xfin)
    assert len(xfin.messages) == 3
    held.release()
    tick(xfin)
    assert not xfin.messages


def test_a_pause_that_is_taken_back_at_once_loses_nobody() -> None:
    campaign, xfin = at_xfin()
    actions.pause(campaign, None)
    withdraw.mark_unwanted(NOON)
    actions.resume(campaign, None)
    tick(xfin)
    assert people(campaign) == {(Recipient.State.WAITING, 0)}
    plan.plan(campaign.pk, now=NOON)
    assert people(campaign) == {(Recipient.State.UNDER_WAY, 1)}


@pytest.mark.parametrize("halt", [actions.pause, actions.cancel])
def test_a_running_campaign_says_nothing_of_withdrawals(halt: Callable[[Campaign, None], None]) -> None:
    campaign, _ = at_xfin(1)
    assert words(campaign) == ""
    halt(campaign, None)
    assert words(campaign)
