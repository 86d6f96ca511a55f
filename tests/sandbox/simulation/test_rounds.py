"""The virtual platform on a real database: rounds, restarts, cancelling, and what the API shows."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from sandbox import clock, serve
from sandbox.clock import ClockConflict, from_wire
from sandbox.models import CallRecord, Message, Template, VirtualClock
from sandbox.pacing import Window
from sandbox.simulation import rounds
from tests.sandbox.conftest import CALLER
from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db(transaction=True)
START = "2026-11-24T10:00:00"


@pytest.fixture
def office(settings: Any) -> Office:
    """A template with two redials, on a clock that stands at ten."""
    settings.SANDBOX_VIRTUAL_CLOCK, settings.CLOCK_OFFSET = True, 0.0
    with time_machine.travel(from_wire(START), tick=False):
        serve.choose_clock()
        office = Office()
        office.furnish(concurrency=5)
        turn(office, rate=0)
    office.login()  # the real clock is past the hour of that morning's token
    options = [
        {"option": "phone_numbers", "value": CALLER},
        {"option": "num_backups", "value": 2},
        {"option": "backup_gap_minutes", "value": "30"},
    ]
    office.call("PATCH", f"xact/template/{template()}", {"advanced_options": options})
    return office


def template() -> int:
    return Template.objects.get().pk


def turn(office: Office, **body: object) -> Any:
    """Turn the clock by the control API; its answer."""
    return office.control("clock", body)


def work() -> None:
    """Rounds until nothing is left for now."""
    while not rounds.work():
        pass


def shown(office: Office) -> str:
    return str(office.control("clock", method="GET").json()["now"])


def test_a_campaign_runs_through_days_in_a_moment(office: Office, settings: Any) -> None:
    settings.SANDBOX_WINDOW, settings.SANDBOX_ROUND_MESSAGES = Window.read("09:00-21:00"), 7
    office.upload(40, send_on="2026-11-26T22:00:00")
    turn(office, jumps=True)
    work()
    listed = office.call("GET", "xact/message").json()["results"]
    assert {message["state"] for message in listed} <= {"done", "failed"}
    assert all(m["execution_state_reason_code"] for m in listed)
    assert not Message.objects.filter(due_at__isnull=False).exists()
    first = CallRecord.objects.order_by("ordered_at").first()
    assert first is not None
    assert clock.to_wire(first.ordered_at) == "2026-11-27T09:00:00"
    assert shown(office) == clock.to_wire(
        max(call.ended_at for call in CallRecord.objects.all() if call.ended_at)
    )
    keys = Message.objects.filter(reason_code="ANSWERED").values_list("response_value", flat=True)
    assert {"1", ""} <= set(keys)


def test_a_call_in_progress_is_one_and_goes_on_over_a_restart(office: Office) -> None:
    office.control("people", {"weights": {"presses_one": 1}})
    office.upload(1, send_on=START)
    turn(office, now="2026-11-24T10:00:10")
    work()
    call = CallRecord.objects.get()
    assert (call.state, call.ended_at, call.disposition) == ("live", None, "")
    assert office.call("GET", "xact/message").json()["results"][0]["state"] == "in_progress"
    serve.choose_clock()
    turn(office, now="2026-11-24T10:01:00")
    work()
    call, message = CallRecord.objects.get(), Message.objects.get()
    assert (call.state, call.disposition, call.digits) == ("ended", "agent_ended", "1")
    assert call.ended_at is not None
    assert from_wire(START) < call.ended_at < from_wire("2026-11-24T10:00:30")
    assert (message.state, message.reason_code, message.response_value) == ("done", "ANSWERED", "1")
    assert (message.duration_ms, message.finished_at) == (call.duration_ms, call.ended_at)


def test_redials_are_dialled_when_the_clock_gets_there(office: Office) -> None:
    office.control("people", {"weights": {"busy": 1}})
    [message] = office.upload(1, send_on=START)
    seen = []
    for moment in ("10:01", "10:29", "10:31", "11:02", "23:00"):
        turn(office, now=f"2026-11-24T{moment}:00")
        work()
        seen.append((CallRecord.objects.count(), Message.objects.get().state))
    assert seen == [(1, "in_progress"), (1, "in_progress"), (2, "in_progress"), (3, "failed"), (3, "failed")]
    story = office.control(f"messages?reference={message['tag5']}", method="GET").json()[0]
    assert [(call["attempt"], call["disposition"]) for call in story["calls"]] == [
        (n, "busy") for n in (1, 2, 3)
    ]
    assert story["reason_code"] == "BUSY"


def test_messages_are_changed_and_cancelled_until_they_are_dialled(office: Office) -> None:
    kept, gone = (message["id"] for message in office.upload(2, send_on="2026-11-24T12:00:00"))
    assert office.call("PATCH", f"xact/message/{kept}", {"send_on": "2026-11-24T14:00:00"}).status_code == 200
    assert office.call("DELETE", f"xact/message/{gone}").status_code == 204
    turn(office, now="2026-11-24T13:59:59")
    work()
    assert CallRecord.objects.count() == 0
    turn(office, now="2026-11-24T14:00:00")
    work()
    assert office.call("DELETE", f"xact/message/{kept}").status_code == 409
    assert CallRecord.objects.get().message_id == kept


def test_a_round_that_breaks_has_not_been(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.upload(3, send_on=START)
    turn(office, jumps=True)

    def breaks(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rounds, "fail_unroutable", breaks)
        with pytest.raises(KeyboardInterrupt):
            rounds.work()
    assert (CallRecord.objects.count(), shown(office)) == (0, START)
    work()
    assert Counter(Message.objects.values_list("state", flat=True))["scheduled"] == 0


def test_without_a_number_messages_fail_when_due(office: Office) -> None:
    office.call("PATCH", f"xact/template/{template()}", {"advanced_options": []})
    office.upload(1, send_on="2026-11-24T12:00:00")
    turn(office, jumps=True)
    work()
    message = Message.objects.get()
    assert (message.reason_code, message.finished_at) == (
        "NO_CALLER_NUMBER",
        from_wire("2026-11-24T12:00:00"),
    )


def test_a_fast_clock_goes_on_over_a_restart_and_never_back(office: Office) -> None:
    with time_machine.travel(from_wire(START), tick=False) as real:
        turn(office, rate=1440)
        real.shift(1)
        assert shown(office) == "2026-11-24T10:24:00"
        serve.choose_clock()
        assert shown(office) == "2026-11-24T10:24:00"
        work()
        real.shift(-3600)
        assert shown(office) == "2026-11-24T10:24:00"


def test_an_upload_is_due_from_the_virtual_moment_of_its_arrival(office: Office) -> None:
    turn(office, now="2026-11-25T09:00:00")
    office.upload(1)
    assert office.call("GET", "xact/message?send_on__gt=2026-11-25T08:59:59").json()["results"]
    work()
    assert CallRecord.objects.get().ordered_at == from_wire("2026-11-25T09:00:00")


def test_a_token_lives_by_the_real_clock(office: Office) -> None:
    with time_machine.travel(from_wire(START), tick=False):
        office.login()
    turn(office, now="2027-11-24T10:00:00")
    with time_machine.travel(from_wire(START) + timedelta(minutes=59), tick=False):
        assert office.call("GET", "xact/message").status_code == 200
    with time_machine.travel(from_wire(START) + timedelta(minutes=61), tick=False):
        assert office.call("GET", "xact/message").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"now": "2026-11-24T09:59:59"}, 409),
        ({"now": "tomorrow"}, 400),
        ({"rate": -1}, 400),
        ({"rate": 5, "jumps": True}, 400),
        ({"jumps": "yes"}, 400),
    ],
)
def test_a_turn_that_cannot_be_made_is_refused(office: Office, body: dict[str, object], status: int) -> None:
    assert turn(office, **body).status_code == status
    assert shown(office) == START


def test_no_stream_is_promised_on_a_virtual_clock(office: Office) -> None:
    reply = office.control("call", {"from": CALLER, "to": "9876543210"})
    assert reply.status_code == 409
    assert "no stream is opened" in reply.json()["detail"]


def test_a_sandbox_in_real_time_says_how_to_get_a_virtual_clock() -> None:
    office = Office()
    assert office.control("clock", method="GET").json()["mode"] == "real"
    reply = turn(office, rate=60)
    assert reply.status_code == 409
    assert "SANDBOX_VIRTUAL_CLOCK=1" in reply.json()["detail"]
    assert not VirtualClock.objects.exists()


def test_a_virtual_database_is_not_taken_up_in_real_time(office: Office, settings: Any) -> None:
    settings.SANDBOX_VIRTUAL_CLOCK = False
    with pytest.raises(ClockConflict, match="runs on a virtual clock, which shows 2026-11-24T10:00:00"):
        serve.choose_clock()


def test_a_shifted_clock_and_a_virtual_one_do_not_go_together(settings: Any) -> None:
    settings.SANDBOX_VIRTUAL_CLOCK, settings.CLOCK_OFFSET = True, 3600.0
    with pytest.raises(ClockConflict, match="CLOCK_OFFSET"):
        serve.choose_clock()


def test_calls_with_real_streams_end_when_the_clock_becomes_virtual(settings: Any) -> None:
    office = Office()
    office.furnish()
    office.control("call", {"from": CALLER, "to": "9876543210"})
    settings.SANDBOX_VIRTUAL_CLOCK, settings.CLOCK_OFFSET = True, 0.0
    serve.choose_clock()
    call = CallRecord.objects.get()
    assert (call.state, call.disposition, call.reason) == ("ended", "platform_failed", rounds.NOT_OPENED)
