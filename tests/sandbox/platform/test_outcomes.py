"""Finishing: one outcome a call, redials, restart."""

from collections import Counter
from datetime import timedelta

import pytest

from sandbox import clock
from sandbox.line.leg import Ended
from sandbox.models import CallRecord, Message, Template
from sandbox.platform import orders, outcomes
from sandbox.platform.orders import Order
from sandbox.platform.outcomes import Outcome
from tests.sandbox.conftest import CALLER
from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db
NO_CALLS: Counter[str] = Counter()


@pytest.fixture
def office() -> Office:
    office = Office()
    office.furnish(concurrency=3)
    return office


def claim(*, live: Counter[str] = NO_CALLS, room: int = 100) -> list[Order]:
    return orders.claim(clock.now(), live, room)


def test_finish_closes_call_and_message(office: Office) -> None:
    office.upload()
    [order] = claim()
    counted = {"digits": "1", "frames_sent": 7}
    outcomes.finish(order, Outcome(Ended.AGENT_ENDED, "text", clock.now(), 2400, counted), clock.now())
    message, call = Message.objects.get(), CallRecord.objects.get()
    assert (message.state, message.reason_code, message.duration_ms) == ("done", "ANSWERED", 2400)
    assert message.response_value == "1"
    assert (call.state, call.disposition, call.frames_sent) == ("ended", "agent_ended", 7)


@pytest.mark.parametrize("how", list(Ended))
def test_every_ending_has_a_state_and_a_code(office: Office, how: Ended) -> None:
    office.upload()
    [order] = claim()
    outcomes.finish(order, Outcome(how, "reason"), clock.now())
    message = Message.objects.get()
    assert message.state in ("done", "failed")
    assert message.reason_code
    assert message.reason == "reason"


def test_an_answered_voicemail_says_so(office: Office) -> None:
    office.control("people", {"weights": {"voicemail": 1}})
    office.upload()
    [order] = claim()
    outcomes.finish(order, Outcome(Ended.AGENT_ENDED, "text"), clock.now())
    assert Message.objects.get().reason_code == "VOICEMAIL"


def test_restart_fails_what_was_mid_call_and_keeps_the_rest(office: Office) -> None:
    office.upload(5)
    office.control("call", {"from": CALLER, "to": "9876543210"})
    under_way = claim(room=3)
    assert outcomes.recover(clock.now()) == 2
    states = Counter(Message.objects.values_list("state", "reason_code"))
    assert states == {("failed", "PLATFORM_RESTARTED"): 2, ("scheduled", ""): 3}
    assert CallRecord.objects.exclude(state="ended").count() == 0
    again = claim()
    assert {order.message for order in again}.isdisjoint({order.message for order in under_way})
    assert len(again) == 3


def test_a_late_finish_does_not_overwrite_a_final_state(office: Office) -> None:
    office.upload()
    [order] = claim()
    outcomes.recover(clock.now())
    outcomes.finish(order, Outcome(Ended.AGENT_ENDED, "late"), clock.now())
    assert Message.objects.get().reason_code == "PLATFORM_RESTARTED"


def redialled(office: Office, count: int, gaps: str = "5,30") -> None:
    """The template dials again so often."""
    options = [
        {"option": "phone_numbers", "value": CALLER},
        {"option": "num_backups", "value": count},
        {"option": "backup_gap_minutes", "value": gaps},
    ]
    pk = Template.objects.get().pk
    assert office.call("PATCH", f"xact/template/{pk}", {"advanced_options": options}).status_code == 200


def test_who_was_not_reached_is_dialled_again_after_the_gap_and_not_more_often(office: Office) -> None:
    redialled(office, 2)
    office.upload()
    now, seen = clock.now(), []
    for gap in (0, 5, 30):
        assert orders.claim(now + timedelta(minutes=gap) - timedelta(seconds=1), NO_CALLS, 9) == []
        now += timedelta(minutes=gap)
        [order] = orders.claim(now + timedelta(seconds=1), NO_CALLS, 9)
        outcomes.finish(order, Outcome(Ended.NO_ANSWER, "Nobody picked up."), now)
        message = Message.objects.get()
        seen.append((order.attempt, message.state, message.reason_code))
    assert seen == [(1, "in_progress", ""), (2, "in_progress", ""), (3, "failed", "NO_ANSWER")]
    assert orders.claim(now + timedelta(days=9), NO_CALLS, 9) == []
    assert [call.attempt for call in CallRecord.objects.order_by("id")] == [1, 2, 3]


@pytest.mark.parametrize("how", [Ended.AGENT_ENDED, Ended.AGENT_LOST, Ended.AGENT_UNREACHABLE])
def test_who_picked_up_is_not_dialled_again(office: Office, how: Ended) -> None:
    redialled(office, 2)
    office.upload()
    [order] = claim()
    outcomes.finish(order, Outcome(how, "reason"), clock.now())
    assert Message.objects.get().finished_at is not None


def test_a_restart_keeps_what_waits_for_its_redial(office: Office) -> None:
    redialled(office, 1)
    office.upload(2)
    waiting, ringing = claim()
    outcomes.finish(waiting, Outcome(Ended.BUSY, "The line was busy."), clock.now())
    assert outcomes.recover(clock.now()) == 1
    assert Message.objects.get(phone_number=ringing.to).reason_code == "PLATFORM_RESTARTED"
    [again] = orders.claim(clock.now() + timedelta(minutes=6), NO_CALLS, 9)
    assert (again.message, again.attempt) == (waiting.message, 2)


def test_between_two_dials_a_message_can_no_longer_be_taken_back(office: Office) -> None:
    redialled(office, 1)
    [message] = office.upload()
    [order] = claim()
    outcomes.finish(order, Outcome(Ended.BUSY, "The line was busy."), clock.now())
    address = f"xact/message/{message['id']}"
    assert office.call("GET", address).json()["state"] == "in_progress"
    assert office.call("DELETE", address).status_code == 409
    assert office.call("PATCH", address, {"send_on": ""}).status_code == 409
