"""Claiming and finishing: one call a message, concurrency, restart, deletion against dialling."""

from collections import Counter
from datetime import timedelta

import pytest

from sandbox import clock, store
from sandbox.leg import Ended
from sandbox.models import CallRecord, Message, Template
from sandbox.store import Outcome
from tests.sandbox.conftest import CALLER
from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db
NOBODY: Counter[str] = Counter()


@pytest.fixture
def office() -> Office:
    office = Office()
    office.furnish(concurrency=3)
    return office


def claim(*, live: Counter[str] = NOBODY, room: int = 100) -> list[store.Order]:
    return store.claim(clock.now(), live, room)


def test_a_message_is_claimed_once(office: Office) -> None:
    office.upload(2, name="Asha", tag1="branch")
    orders = claim()
    assert [order.to for order in orders] == ["+919876500000", "+919876500001"]
    assert claim() == []
    assert orders[0].custom_parameters == {"name": "Asha", "tag1": "branch", "tag5": "m-0"}
    assert orders[0].language == "hi"
    assert {m.state for m in Message.objects.all()} == {"in_progress"}
    assert CallRecord.objects.filter(state="ringing").count() == 2


def test_a_number_has_its_concurrency(office: Office) -> None:
    office.upload(10)
    assert len(claim(live=Counter({CALLER: 1}))) == 2
    assert claim(live=Counter({CALLER: 3})) == []
    assert len(claim(live=Counter({CALLER: 2}))) == 1


def test_room_bounds_all_numbers_together(office: Office) -> None:
    office.upload(10)
    assert len(claim(room=2)) == 2
    assert claim(room=0) == []


def test_several_numbers_share_the_calls(office: Office) -> None:
    other = "+917961344102"
    office.control("numbers", {"tenant": "demo", "phone_number": other, "stream_url": "ws://127.0.0.1:2/"})
    option = {"option": "phone_numbers", "value": f"{CALLER}, {other}, +919999999999"}
    Template.objects.update(advanced_options=[option])
    office.upload(8)
    assert Counter(order.caller for order in claim()) == {CALLER: 3, other: 5}


def test_send_on_is_indian_time_and_not_before(office: Office) -> None:
    later = clock.to_wire(clock.now() + timedelta(minutes=5))
    office.upload(1, send_on=later)
    assert claim() == []
    assert len(store.claim(clock.now() + timedelta(minutes=6), NOBODY, 9)) == 1


def test_without_a_caller_number_the_message_fails_with_a_reason(office: Office) -> None:
    Template.objects.update(advanced_options=[])
    office.upload(2)
    assert claim() == []
    assert {(m.state, m.reason_code) for m in Message.objects.all()} == {("failed", "NO_CALLER_NUMBER")}


def test_a_full_number_does_not_hold_up_another_template(office: Office) -> None:
    other = "+917961344102"
    office.control("numbers", {"tenant": "demo", "phone_number": other, "stream_url": "ws://127.0.0.1:2/"})
    options = [{"option": "phone_numbers", "value": other}]
    pk = office.call("POST", "xact/template", {"name": "B", "advanced_options": options}).json()["id"]
    office.call("POST", "xact/templatelanguage", {"template": pk, "language": "hi"})
    office.upload(5)
    office.upload(1, template="B")
    assert [order.caller for order in claim(live=Counter({CALLER: 3}))] == [other]


def test_ordered_calls_ring_at_once_with_their_person(office: Office) -> None:
    office.control("call", {"from": CALLER, "to": "9876543210", "person": "opts_out", "language": "gu"})
    [order] = claim(live=Counter({CALLER: 3}))
    assert (order.person.name, order.language, order.message) == ("opts_out", "gu", None)
    assert claim() == []


def test_finish_closes_call_and_message(office: Office) -> None:
    office.upload()
    [order] = claim()
    counted = {"digits": "1", "frames_sent": 7}
    store.finish(order, Outcome(Ended.AGENT_ENDED, "text", clock.now(), 2400, counted), clock.now())
    message, call = Message.objects.get(), CallRecord.objects.get()
    assert (message.state, message.reason_code, message.duration_ms) == ("done", "ANSWERED", 2400)
    assert message.response_value == "1"
    assert (call.state, call.disposition, call.frames_sent) == ("ended", "agent_ended", 7)


@pytest.mark.parametrize("how", list(Ended))
def test_every_ending_has_a_state_and_a_code(office: Office, how: Ended) -> None:
    office.upload()
    [order] = claim()
    store.finish(order, Outcome(how, "reason"), clock.now())
    message = Message.objects.get()
    assert message.state in ("done", "failed")
    assert message.reason_code
    assert message.reason == "reason"


def test_an_answered_voicemail_says_so(office: Office) -> None:
    office.control("people", {"weights": {"voicemail": 1}})
    office.upload()
    [order] = claim()
    store.finish(order, Outcome(Ended.AGENT_ENDED, "text"), clock.now())
    assert Message.objects.get().reason_code == "VOICEMAIL"


def test_restart_fails_what_was_mid_call_and_keeps_the_rest(office: Office) -> None:
    office.upload(5)
    office.control("call", {"from": CALLER, "to": "9876543210"})
    under_way = claim(room=3)
    assert store.recover(clock.now()) == 2
    states = Counter(Message.objects.values_list("state", "reason_code"))
    assert states == {("failed", "PLATFORM_RESTARTED"): 2, ("scheduled", ""): 3}
    assert CallRecord.objects.exclude(state="ended").count() == 0
    again = claim()
    assert {order.message for order in again}.isdisjoint({order.message for order in under_way})
    assert len(again) == 3


def test_a_late_finish_does_not_overwrite_a_final_state(office: Office) -> None:
    office.upload()
    [order] = claim()
    store.recover(clock.now())
    store.finish(order, Outcome(Ended.AGENT_ENDED, "late"), clock.now())
    assert Message.objects.get().reason_code == "PLATFORM_RESTARTED"


def test_deleted_and_changed_messages_before_dialling(office: Office) -> None:
    first, second, third = (message["id"] for message in office.upload(3))
    office.call("DELETE", "xact/message", {"ids": [first]})
    office.call("PATCH", f"xact/message/{second}", {"phone_number": "9000000000"})
    assert {(order.message, order.to) for order in claim()} == {
        (second, "+919000000000"),
        (third, "+919876500002"),
    }
    assert office.call("DELETE", f"xact/message/{second}").status_code == 409
