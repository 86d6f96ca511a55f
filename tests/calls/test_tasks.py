"""Calls that nobody holds any more are closed, once, with a reason; calls that are held are left alone."""

from datetime import timedelta

import pytest

from calls.events import abandoned
from calls.models import Call, CallEvent, MediaProcess
from calls.tasks import close_abandoned_calls
from campaigns import clock
from campaigns.models import PhoneNumber

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("watched")]


def call_of(number: PhoneNumber, *, silent: float, age: float = 60) -> Call:
    """A live call, `age` seconds old, of a process that was last seen `silent` seconds ago."""
    now = clock.now()
    process = MediaProcess.objects.create(alive_at=now - timedelta(seconds=silent))
    return Call.objects.create(number=number, process=process, started_at=now - timedelta(seconds=age))


def test_the_calls_of_a_silent_process_are_closed_with_a_last_event(number: PhoneNumber) -> None:
    call = call_of(number, silent=20)
    CallEvent.objects.create(call=call, sequence=1, at_ms=0, kind="connected", text="Connected.")
    close_abandoned_calls()
    call.refresh_from_db()
    assert (call.state, call.ended_by, call.disposition) == ("ended", "server", "dropped")
    assert "stopped without notice" in call.reason
    assert call.ended_at == call.process.alive_at
    assert call.duration_ms is not None
    assert 39_900 <= call.duration_ms <= 40_100
    assert list(call.events.values_list("sequence", "kind")) == [(1, "connected"), (2, "end")]


def test_a_process_that_said_good_bye_leaves_no_call_open(number: PhoneNumber) -> None:
    call = call_of(number, silent=0)
    MediaProcess.objects.update(stopped_at=clock.now())
    close_abandoned_calls()
    assert Call.objects.get(pk=call.pk).state == "ended"


def test_a_call_of_a_living_process_goes_on(number: PhoneNumber) -> None:
    call = call_of(number, silent=10)
    close_abandoned_calls()
    assert Call.objects.get(pk=call.pk).state == "live"


@pytest.mark.parametrize("age", [661, 3600, -3600], ids=["long", "an hour on", "an hour back"])
def test_a_clock_that_jumps_closes_no_call_of_a_living_process(number: PhoneNumber, age: float) -> None:
    """The row's age says nothing: the clock by which it was written may have jumped since."""
    call = call_of(number, silent=0, age=age)
    close_abandoned_calls()
    assert Call.objects.get(pk=call.pk).state == "live"


def test_a_call_is_closed_once(number: PhoneNumber) -> None:
    call = call_of(number, silent=20)
    assert abandoned.close_abandoned(clock.now()) == [call.pk]
    assert abandoned.close_abandoned(clock.now()) == []
    assert call.events.count() == 1
