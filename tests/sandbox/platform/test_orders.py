"""Claiming: one call a message, concurrency, deletion against dialling."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox import clock
from sandbox.api import fault_switches
from sandbox.models import CallerNumber, CallRecord, LineFault, Message, Template
from sandbox.pacing import Window
from sandbox.people.people import PicksUp
from sandbox.platform import orders
from sandbox.platform.orders import Order
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


def test_a_message_is_claimed_once(office: Office) -> None:
    office.upload(2, name="Asha", tag1="branch")
    claimed = claim()
    assert [order.to for order in claimed] == ["+919876500000", "+919876500001"]
    assert claim() == []
    assert claimed[0].custom_parameters == {"name": "Asha", "tag1": "branch", "tag5": "m-0"}
    assert claimed[0].language == "hi"
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
    assert len(orders.claim(clock.now() + timedelta(minutes=6), NO_CALLS, 9)) == 1


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


def test_deleted_and_changed_messages_before_dialling(office: Office) -> None:
    first, second, third = (message["id"] for message in office.upload(3))
    office.call("DELETE", "xact/message", {"ids": [first]})
    office.call("PATCH", f"xact/message/{second}", {"phone_number": "9000000000"})
    assert {(order.message, order.to) for order in claim()} == {
        (second, "+919000000000"),
        (third, "+919876500002"),
    }
    assert office.call("DELETE", f"xact/message/{second}").status_code == 409


def test_a_number_has_its_calls_a_second(office: Office) -> None:
    office.furnish_number(concurrency=9, calls_per_second=2)
    office.upload(5)
    now, second = clock.now(), timedelta(seconds=1)
    assert len(orders.claim(now, NO_CALLS, 9)) == 2
    assert orders.claim(now + second * 0.9, NO_CALLS, 9) == []
    assert len(orders.claim(now + second, NO_CALLS, 9)) == 2


def test_outside_the_window_messages_wait_and_ordered_calls_ring(office: Office, settings: Any) -> None:
    settings.SANDBOX_WINDOW = Window.read("09:00-21:00")
    office.upload(2, send_on="2030-11-24T20:59:00")
    office.control("call", {"from": CALLER, "to": "9876543210"})

    def dialled(wall: str) -> list[int | None]:
        return [order.message for order in orders.claim(clock.from_wire(wall), NO_CALLS, 9)]

    assert dialled("2030-11-24T21:00:00") == [None]
    assert dialled("2030-11-25T08:59:59") == []
    assert len(dialled("2030-11-25T09:00:00")) == 2


def test_a_changed_send_on_is_when_it_is_dialled(office: Office) -> None:
    [message] = office.upload(1, send_on="2030-11-24T10:00:00")
    office.call("PATCH", f"xact/message/{message['id']}", {"send_on": "2030-11-25T10:00:00"})
    assert orders.claim(clock.from_wire("2030-11-25T09:59:59"), NO_CALLS, 9) == []
    assert len(orders.claim(clock.from_wire("2030-11-25T10:00:00"), NO_CALLS, 9)) == 1


@pytest.mark.parametrize(
    "filters",
    [{"reference": "m-1"}, {"to": "+919876500001"}, {"from": CALLER, "reference": "m-1"}],
)
def test_a_fault_of_the_line_is_for_whom_its_filters_say(office: Office, filters: dict[str, str]) -> None:
    assert office.control("line-faults", {"behaviour": "loss", **filters}).status_code == 201
    office.upload(3)
    assert [order.faults for order in claim()] == ["", "loss=10", ""]


def test_a_fault_of_the_line_is_for_a_person(office: Office) -> None:
    office.control("people", {"assigned": {"+919876500002": "busy"}, "weights": {"silent": 1}})
    office.control("line-faults", {"behaviour": "cut", "person": "silent", "times": 5})
    office.upload(3)
    assert [order.faults for order in claim()] == ["cut=1", "cut=1", ""]
    assert LineFault.objects.get().remaining == 3


def test_faults_of_the_line_by_chance_repeat_with_their_seed() -> None:
    def struck(seed: str) -> list[str]:
        LineFault.objects.all().delete()
        LineFault.objects.create(pk=1, behaviour="cut=1", probability=0.3, seed=seed)
        call = CallRecord(from_number=CALLER, to_number="+919876500000")
        return [fault_switches.of_call(call) for _ in range(100)]

    assert struck("7") == struck("7") != struck("8")
    assert 15 < struck("7").count("cut=1") < 45


def test_of_two_faults_that_are_due_the_older_acts_and_both_have_seen_the_call(office: Office) -> None:
    office.control("line-faults", {"script": "ok, cut"})
    office.control("line-faults", {"behaviour": "loss", "times": 2})
    office.upload(3)
    assert [order.faults for order in claim()] == ["loss=10", "cut=1", "loss=10"]
    assert list(LineFault.objects.values_list("seen", "fired")) == [(3, 1), (3, 2)]


def answering(claimed: list[Order]) -> int:
    return sum(order.person.picks_up is PicksUp.ANSWER for order in claimed)


def at(text: str) -> datetime:
    return clock.from_wire(f"2099-11-24T{text}:00")


def test_people_are_met_at_the_hour_of_the_call(office: Office) -> None:
    office.control("people", {"weights": {"evenings_only": 1}})
    office.upload(100)
    CallerNumber.objects.update(concurrency=50)
    assert answering(orders.claim(at("12:00"), NO_CALLS, 50)) < 20
    assert answering(orders.claim(at("19:00"), NO_CALLS, 50)) > 40


def test_a_person_ordered_by_name_is_there_at_any_hour(office: Office) -> None:
    ordered = {"from": CALLER, "to": "9876543210", "person": "office_hours"}
    assert office.control("call", ordered).status_code == 202
    CallRecord.objects.update(ordered_at=at("03:00"))
    [order] = claim()
    assert order.person.picks_up == "answer"


def test_the_stored_mix_is_what_is_drawn_from(office: Office) -> None:
    assert orders.stored_casting().mix == "everyday"
    office.control("people", {"mix": "hospital"})
    assert orders.stored_casting().mix == "hospital"


def call_in(office: Office) -> None:
    body = {"from": "9876543210", "to": CALLER, "person": "presses_one"}
    assert office.control("call-in", body).status_code == 202


def test_who_calls_in_is_connected_to_the_numbers_stream(office: Office) -> None:
    call_in(office)
    [order] = claim()
    assert (order.caller, order.to, order.inbound) == (CALLER, "+919876543210", True)
    assert order.stream_url == "ws://127.0.0.1:1/"
    assert order.custom_parameters == {}


def test_who_calls_in_takes_a_line_and_hears_busy_when_all_are_taken(office: Office) -> None:
    office.upload(10)
    for _ in range(2):
        call_in(office)
    claimed = claim(live=Counter({CALLER: 2}))
    assert [order.inbound for order in claimed] == [True]
    turned_away = CallRecord.objects.get(state="ended")
    assert (turned_away.disposition, turned_away.reason) == ("busy", "All lines of the number were taken.")
    assert turned_away.ended_at is not None
