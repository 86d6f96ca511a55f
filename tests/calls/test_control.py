"""The consumer without a server: control messages, own errors, dead ends. asgiref sends the frames."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from asgiref.testing import ApplicationCommunicator
from autobahn.exception import Disconnected
from channels.layers import get_channel_layer
from pytest_django import Settings

from calls.agents import registry
from calls.agents.base import Action, AgentEvent, BargeIn, CallEnded, CallStarted, OptOut, Play
from calls.audio.framing import Framer
from calls.audio.pcm import silence
from calls.audio.speech_detector import HearingSettings
from calls.consumers import CallConsumer, hearing
from calls.events.journal import journal as the_journal
from calls.media.servers.asgi import find_server, send_within
from calls.models import Call
from calls.protocol.stream import PlatformStream
from calls.recordings.recorder import recording_writer
from campaigns.models import PhoneNumber
from tests.calls.rows import closed_calls, kinds
from tests.calls.telephone import spoken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tidy_thread")]

STOP = json.dumps({"event": "stop", "stream_sid": "MZ1", "stop": {"reason": ""}})
START = json.dumps({"event": "start", "stream_sid": "MZ1", "start": {"stream_sid": "MZ1", "call_sid": "CA1"}})


@pytest.fixture(autouse=True)
def threads_end(folders: Path) -> Iterator[None]:
    yield
    the_journal.stop()
    recording_writer.stop()


@pytest.fixture
async def line(number: PhoneNumber) -> AsyncIterator[ApplicationCommunicator]:
    """An accepted connection."""
    scope = {"type": "websocket", "path": number.stream_path, "headers": []}
    line = ApplicationCommunicator(CallConsumer.as_asgi(), scope)
    await line.send_input({"type": "websocket.connect"})
    assert (await line.receive_output(5))["type"] == "websocket.accept"
    yield line
    await line.wait(5)


async def say(line: ApplicationCommunicator, text: str) -> None:
    await line.send_input({"type": "websocket.receive", "text": text})


async def close_code(line: ApplicationCommunicator) -> int:
    while True:
        message = await line.receive_output(5)
        if message["type"] == "websocket.close":
            return int(message["code"])


async def test_staff_may_end_a_call(line: ApplicationCommunicator) -> None:
    await say(line, START)
    call = await Call.objects.aget()
    layer = get_channel_layer()
    await asyncio.sleep(0.1)
    await layer.group_send(f"call.{call.pk}", {"type": "call.hang_up"})
    assert await close_code(line) == 1000
    (call,) = await closed_calls(1)
    assert (call.ended_by, call.disposition) == ("agent", "answered")
    assert call.reason == "A member of staff ended the call."


class BrokenAgent:
    """An agent with a mistake in it."""

    wants_audio = True
    wants_speech = False

    def __init__(self, configuration: object) -> None:
        pass

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        raise ZeroDivisionError


async def test_a_mistake_of_our_own_ends_the_call_and_is_told(
    line: ApplicationCommunicator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = registry.Kind(registry.KINDS["echo"].configuration, BrokenAgent)
    monkeypatch.setattr(registry, "KINDS", {"echo": broken})
    await say(line, START)
    assert await close_code(line) == 4001
    (call,) = await closed_calls(1)
    assert (call.ended_by, call.disposition) == ("server", "dropped")
    assert call.reason == "An error in our own program ended the call."
    assert (await kinds(call))[-1] == "end"
    assert "ZeroDivisionError" in caplog.text


class CarelessAgent(BrokenAgent):
    """An agent that does what it should, and then something that does not exist."""

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        return [Play("Greeting", bytes(32_000)), OptOut("spoken", "stop"), cast("Action", "whistle")]


class LateAgent(BrokenAgent):
    """An agent that fails when the call is over."""

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        if isinstance(event, CallEnded):
            raise ZeroDivisionError
        return [Play("Greeting", bytes(3200)), OptOut("spoken", "stop")]


async def test_a_mistake_of_our_own_at_the_end_loses_nothing(
    line: ApplicationCommunicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = registry.Kind(registry.KINDS["echo"].configuration, LateAgent)
    monkeypatch.setattr(registry, "KINDS", {"echo": late})
    await say(line, START)
    await line.receive_output(5)  # the greeting: the agent has the call
    await say(line, STOP)
    assert await close_code(line) == 4001
    (call,) = await closed_calls(1)
    told = await kinds(call)
    assert {"opt_out", "stop"} <= set(told)
    assert told[-1] == "end"


async def test_what_happened_before_a_mistake_of_our_own_is_kept(
    line: ApplicationCommunicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    careless = registry.Kind(registry.KINDS["echo"].configuration, CarelessAgent)
    monkeypatch.setattr(registry, "KINDS", {"echo": careless})
    await say(line, START)
    assert await close_code(line) == 4001
    (call,) = await closed_calls(1)
    assert (await kinds(call))[-3:] == ["opt_out", "heard", "end"]
    assert call.reason == "An error in our own program ended the call."


def test_what_a_call_hears_with_is_a_matter_of_settings(settings: Settings) -> None:
    assert hearing().settings == HearingSettings()
    settings.SPEECH_SHORT_WORDS_MS = {"hi": 500}
    settings.SPEECH_HANGOVER_MS = 700
    figures = hearing().settings
    assert (figures.cut_after_ms("hi-IN"), figures.cut_after_ms("ta")) == (500, 120)
    assert figures.hangover_ms == 700


async def test_a_cancelled_application_closes_its_call(line: ApplicationCommunicator) -> None:
    await say(line, START)
    await asyncio.sleep(0.1)
    line.future.cancel()
    (call,) = await closed_calls(1)
    assert (call.ended_by, call.reason) == ("server", "Our server was stopped during the call.")


async def test_a_binary_frame_is_malformed(line: ApplicationCommunicator) -> None:
    await line.send_input({"type": "websocket.receive", "bytes": START.encode()})
    await say(line, START)
    await say(line, json.dumps({"event": "stop"}))
    assert await close_code(line) == 1000
    (call,) = await closed_calls(1)
    assert (await kinds(call))[:3] == ["connected", "problem", "start"]


async def test_nothing_but_silence_ends_by_a_limit(number: PhoneNumber, settings: Settings) -> None:
    settings.MAX_CALL_SECONDS = 1
    scope = {"type": "websocket", "path": number.stream_path, "headers": []}
    line = ApplicationCommunicator(CallConsumer.as_asgi(), scope)
    await line.send_input({"type": "websocket.connect"})
    assert await close_code(line) == 1000
    (call,) = await closed_calls(1)
    assert call.ended_by == "limit"
    await line.wait(5)


class TalkingAgent(BrokenAgent):
    """An agent that speaks for a minute."""

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        return [Play("Story", bytes(960_000))] if isinstance(event, CallStarted) else []


async def test_a_send_that_never_returns_ends_the_call(
    number: PhoneNumber, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on uvicorn, whose `send` waits for the peer."""
    talking = registry.Kind(registry.KINDS["echo"].configuration, TalkingAgent)
    monkeypatch.setattr(registry, "KINDS", {"echo": talking})
    settings.SEND_SECONDS = 0.2
    frames: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] != "websocket.accept":
            await asyncio.sleep(60)

    scope = {"type": "websocket", "path": number.stream_path, "headers": []}
    application = asyncio.create_task(CallConsumer()(scope, frames.get, send))
    frames.put_nowait({"type": "websocket.connect"})
    frames.put_nowait({"type": "websocket.receive", "text": START})
    media = json.dumps({"event": "media", "media": {"payload": "AAAA" * 800}})
    while not application.done() and not await Call.objects.filter(state="ended").aexists():
        frames.put_nowait({"type": "websocket.receive", "text": media})
        await asyncio.sleep(0.02)
    (call,) = await closed_calls(1)
    assert "took no audio" in call.reason
    assert (await kinds(call))[-2:] == ["heard", "end"], "the prompt was lost with the call"
    await asyncio.wait_for(application, 10)


async def test_a_peer_that_is_gone_before_it_is_accepted_leaves_no_open_row(number: PhoneNumber) -> None:
    async def receive() -> Mapping[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Mapping[str, Any]) -> None:
        raise ConnectionResetError

    await CallConsumer()({"type": "websocket", "path": number.stream_path}, receive, send)
    (call,) = await closed_calls(1)
    assert (call.ended_by, call.disposition) == ("connection", "failed")


async def test_a_frame_that_daphne_cannot_send_any_more_is_a_connection_that_is_gone() -> None:
    async def send(protocol: object, message: Mapping[str, Any]) -> None:
        raise Disconnected("Attempt to send on a closed protocol")

    with pytest.raises(ConnectionError):
        await send_within(1, find_server(partial(send, object())), {"type": "websocket.send", "text": "{}"})


TRANSPORT = SimpleNamespace(dataBuffer=b"x" * 100, offset=30, _tempDataLen=7)
"""The parts of a Twisted transport that say how much waits."""


async def reply(protocol: object, message: Mapping[str, Any]) -> None:
    """Daphne's `Server.handle_reply`, as far as it matters."""


def test_what_daphne_holds_back_is_seen_and_other_servers_are_trusted() -> None:
    assert find_server(partial(reply, SimpleNamespace(transport=TRANSPORT))).unsent_bytes() == 77
    assert find_server(partial(reply)).unsent_bytes() == 0
    assert find_server(partial(reply, object())).unsent_bytes() == 0


class SpeakingAgent:
    """Says something long that speech may cut."""

    wants_audio = False
    wants_speech = True

    def __init__(self, configuration: object) -> None:
        pass

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        if isinstance(event, CallStarted):
            return [Play("Prompt", silence(8000), BargeIn(speech=True))]
        return []


async def test_speech_is_judged_beside_the_loop_and_clears_the_line(
    line: ApplicationCommunicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real gate, the real judge in its thread, and frames as the platform sends them."""
    speaking = registry.Kind(registry.KINDS["echo"].configuration, SpeakingAgent)
    monkeypatch.setattr(registry, "KINDS", {"echo": speaking})
    platform = PlatformStream("MZ1", "CA1")
    await say(line, platform.start({}))
    sent = [json.loads((await line.receive_output(5))["text"])["event"] for _ in range(2)]
    assert sent == ["mark", "media"]
    for frame in Framer().push(silence(300) + spoken("हाँ जी बोलिए कौन बोल रहा है", "hi")):
        await asyncio.sleep(0.02)
        await say(line, platform.media(frame))
    await say(line, platform.stop())
    assert await close_code(line) == 1000
    (call,) = await closed_calls(1)
    assert {"speech", "clear"} <= set(await kinds(call))
