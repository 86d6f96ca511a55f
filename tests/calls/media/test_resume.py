"""A second connection of the same call, without a server: asgiref sends the frames."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import OperationalError
from pytest_django import Settings

from calls import services
from calls.consumers import CallConsumer
from calls.events.journal import journal as the_journal
from calls.media.call_registry import call_registry
from calls.models import Call, CallEvent
from calls.recordings.recorder import recording_writer
from campaigns.models import Message, PhoneNumber
from tests.calls.conftest import opened
from tests.calls.outside import hum
from tests.calls.rows import closed_calls, kinds, kinds_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tidy_thread")]


class Far:
    """One connection of the platform."""

    def __init__(self, number: PhoneNumber) -> None:
        scope = {"type": "websocket", "path": number.stream_path, "headers": []}
        self.line = ApplicationCommunicator(CallConsumer.as_asgi(), scope)

    async def connect(self) -> bool:
        """Whether it was accepted."""
        await self.line.send_input({"type": "websocket.connect"})
        return bool((await self.line.receive_output(5))["type"] == "websocket.accept")

    async def say(self, event: str, **body: object) -> None:
        text = json.dumps(
            {"event": event, event: body} | ({"stream_sid": body["stream_sid"]} if event == "start" else {})
        )
        await self.line.send_input({"type": "websocket.receive", "text": text})

    async def start(self, stream_sid: str, call_sid: str = "CA1", **parameters: str) -> None:
        await self.say("start", stream_sid=stream_sid, call_sid=call_sid, custom_parameters=parameters)

    async def speak(self, frames: int = 25) -> None:
        for _ in range(frames):
            await self.say("media", payload=base64.b64encode(hum(20)).decode())

    async def speak_until_heard(self) -> None:
        """Speak until the agent, an echo, has said something: it is there then."""
        while not self.line.output_queue.empty():
            await self.line.output_queue.get()
        async with asyncio.timeout(20):
            while self.line.output_queue.empty():
                await self.speak(1)
                await asyncio.sleep(0.02)

    async def gone(self, code: int = 1006) -> None:
        await self.line.send_input({"type": "websocket.disconnect", "code": code})

    async def next(self, kind: str) -> Any:
        """The next frame of that event, or the code of the close."""
        while True:
            message = await self.line.receive_output(5)
            if message["type"] == "websocket.close":
                return message["code"] if kind == "close" else pytest.fail("closed")
            if (
                message["type"] == "websocket.send"
                and (frame := json.loads(message["text"]))["event"] == kind
            ):
                return frame


@pytest.fixture(autouse=True)
def threads_end(folders: Path) -> Iterator[None]:
    yield
    the_journal.stop()
    recording_writer.stop()


@pytest.fixture
async def first(number: PhoneNumber) -> AsyncIterator[Far]:
    """A call that has heard its agent."""
    far = Far(number)
    assert await far.connect()
    await far.start("MZ1")
    await asyncio.sleep(0.3)
    await far.speak()
    await far.next("media")
    yield far
    await far.line.wait(5)


@pytest.fixture
async def second(number: PhoneNumber, first: Far) -> AsyncIterator[Far]:
    far = Far(number)
    yield far
    await far.line.wait(5)


async def test_a_call_that_broke_goes_on_with_a_second_connection(first: Far, second: Far) -> None:
    await first.gone()
    await first.line.wait(5)
    assert await second.connect()
    await second.start("MZ2")
    await second.speak()
    frame = await second.next("media")
    assert frame["stream_sid"] == "MZ2"
    await second.say("stop")
    assert await second.next("close") == 1000
    (call,) = await closed_calls(1)
    assert (call.ended_by, call.disposition, call.stream_sid) == ("caller", "answered", "MZ1")
    assert (await kinds(call)).count("note") == 2
    assert (await kinds(call)).count("start") == 1
    assert call.frames_in == 50
    assert call_registry.is_idle


async def test_the_newer_of_two_connections_counts_and_the_first_is_closed_cleanly(
    first: Far, second: Far
) -> None:
    assert await second.connect()
    await second.start("MZ2")
    assert await first.next("close") == 1000
    await first.gone(1000)
    await second.speak()
    await second.next("media")
    await second.say("stop")
    assert await second.next("close") == 1000
    closed = await closed_calls(1)
    assert [(call.ended_by, call.disposition, call.reason) for call in closed] == [
        ("caller", "answered", closed[0].reason)
    ]


async def test_a_call_that_stays_away_is_closed(first: Far, number: PhoneNumber) -> None:
    await first.gone()
    (call,) = await closed_calls(1, seconds=9)
    assert (call.ended_by, call.disposition) == ("connection", "dropped")
    assert "did not come back within 5 s" in call.reason
    assert call_registry.is_idle


async def test_a_good_end_without_a_stop_does_not_wait(first: Far) -> None:
    await first.gone(1000)
    (call,) = await closed_calls(1, seconds=2)
    assert call.reason == "The connection broke without a stop."


@pytest.mark.parametrize(("said", "waits"), [({"reason": ""}, True), ({}, False)], ids=["platform", "ours"])
async def test_only_our_own_server_ends_a_call_with_its_restart(
    first: Far, said: dict[str, str], waits: bool
) -> None:
    """1012 is uvicorn's word for its end, and then without a reason; a platform may restart as well."""
    await first.line.send_input({"type": "websocket.disconnect", "code": 1012, **said})
    await first.line.wait(5)
    assert call_registry.is_idle is not waits
    (call,) = await closed_calls(1, seconds=9)
    assert call.ended_by == ("connection" if waits else "server")


@pytest.mark.parametrize("breaks", [True, False], ids=["the first broke", "the first goes on"])
async def test_a_call_sid_that_comes_twice_does_not_hand_a_conversation_to_another_person(
    number: PhoneNumber, message: Message, breaks: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A platform that repeats an id: the second call is that of a person with another reference."""
    first, second = Far(number), Far(number)
    assert await first.connect()
    await first.start("MZ1", reference=message.reference)
    await first.speak_until_heard()
    if breaks:
        await first.gone()
        await first.line.wait(5)
    assert await second.connect()
    await second.start("MZ2", reference="m-of-another-person")
    await second.speak_until_heard()
    assert (await second.next("media"))["stream_sid"] == "MZ2"
    await second.say("stop")
    assert await second.next("close") == 1000
    if not breaks:
        await first.speak_until_heard()
        assert (await first.next("media"))["stream_sid"] == "MZ1"
        await first.say("stop")
        assert await first.next("close") == 1000
    calls = await closed_calls(2, seconds=9)
    assert [call.message_id for call in calls] == [message.pk, None]
    assert {call.call_sid for call in calls} == {"CA1"}
    assert "both are served apart" in caplog.text
    for far in (first, second):
        await far.line.wait(5)


async def test_another_call_is_another_call(first: Far, second: Far) -> None:
    await first.gone()
    assert await second.connect()
    await second.start("MZ2", "CA2")
    await asyncio.sleep(0.3)
    await second.speak()
    await second.next("media")
    await second.say("stop")
    await second.next("close")
    calls = await closed_calls(2, seconds=9)
    assert [call.call_sid for call in calls] == ["CA1", "CA2"]


async def test_on_a_full_number_a_broken_call_may_come_back_and_nobody_else(
    first: Far, second: Far, number: PhoneNumber
) -> None:
    await PhoneNumber.objects.aupdate(max_calls=1)
    other, third = Far(number), Far(number)
    assert not await other.connect()
    await first.gone()
    await first.line.wait(5)
    assert await third.connect()
    await third.start("MZ3", "CA3")
    assert await third.next("close") == 4008
    await closed_calls(1)
    assert await second.connect()
    await second.start("MZ2")
    await second.speak()
    await second.next("media")
    await second.say("stop")
    await second.next("close")
    calls = await closed_calls(2)
    assert [call.ended_by for call in calls] == ["caller", "limit"]
    assert "All lines are busy" in calls[1].reason
    await third.line.wait(5)
    await other.line.wait(5)


async def test_without_grace_a_broken_call_is_over(number: PhoneNumber, settings: Settings) -> None:
    settings.RESUME_SECONDS = 0
    far = Far(number)
    await far.connect()
    await far.start("MZ1")
    await far.gone()
    (call,) = await closed_calls(1, seconds=2)
    assert call.ended_by == "connection"
    await far.line.wait(5)


async def test_a_row_that_cannot_be_withdrawn_is_closed(
    first: Far, second: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(call_id: object) -> None:
        raise OperationalError

    monkeypatch.setattr(services, "withdraw_call", fails)
    await first.gone()
    assert await second.connect()
    await second.start("MZ2")
    await second.speak()
    await second.next("media")
    await second.say("stop")
    await second.next("close")
    calls = await closed_calls(2)
    assert [call.reason for call in calls] == [
        "The other side hung up.",
        "This connection went on with a call that was there already.",
    ]


async def test_a_call_that_waits_is_closed_when_the_server_stops(first: Far) -> None:
    await first.gone()
    await first.line.wait(5)
    await asyncio.sleep(0.2)
    the_journal.stop()
    (call,) = await closed_calls(1)
    assert (call.ended_by, call.reason) == ("server", "Our server was stopped during the call.")
    assert await CallEvent.objects.filter(kind="note").acount() == 1


def test_only_a_row_without_events_is_withdrawn(number: PhoneNumber, call_id: Any) -> None:
    CallEvent.objects.create(
        call_id=call_id, sequence=1, at_ms=0, kind="connected", text="The platform connected."
    )
    services.withdraw_call(call_id)
    assert kinds_of(Call.objects.get()) == ["connected"]
    other = opened(number, Call.objects.get().process_id)
    services.withdraw_call(other)
    assert Call.objects.get().pk == call_id
