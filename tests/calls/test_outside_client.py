"""A platform that was written only from awaaz-platform.md §2 holds calls with our consumer on a real Daphne.

`tests.calls.outside` is that platform; the files of `tests/data/stream` are its transcripts. Nothing here
imports our codec.
"""

import asyncio
import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from calls.models import Answer, Call, CallEvent, Recording
from calls.speech.voice import levelled
from campaigns.models import Account, Agent, Campaign, Content, Message, PhoneNumber, Suppression
from tests.calls.agents.texts import dialogue
from tests.calls.outside import OutsideCaller, hum
from tests.calls.rows import closed_calls, kinds
from tests.calls.servers import ROOT, Server, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.system,
    pytest.mark.usefixtures("tidy_thread"),
]

TRANSCRIPTS = ROOT / "tests" / "data" / "stream"
FROM_PLATFORM = sorted(path for path in TRANSCRIPTS.glob("*.jsonl") if not path.name.startswith("agent-"))
HOSTILE = sorted(TRANSCRIPTS.glob("hostile-*.txt"))

MENU = {
    "default_language": "en",
    "languages": {
        "en": {
            "opening": "Good day.",
            "question": "Press 1.",
            "not_understood": "Again.",
            "goodbye": "Bye.",
            "opt_out": "We will not call again.",
            "replies": {"1": "Thanks."},
        }
    },
    "choices": {"1": {"outcome": "confirmed", "label": "Will pay"}},
}


@pytest.fixture
def server(tmp_path: Path, number: PhoneNumber) -> Iterator[Server]:
    with serving(tmp_path) as server:
        yield server


@pytest.fixture
def clip(account: Account, server: Server, tmp_path: Path) -> Content:
    """A second of 440 Hz, stored where the server's storage is."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(hum(1000))
    folder = tmp_path / "media" / "contents"
    folder.mkdir(parents=True)
    (folder / "hello.wav").write_bytes(file.getvalue())
    return Content.objects.create(account=account, name="Hello", file="contents/hello.wav")


async def replay(caller: OutsideCaller, path: Path) -> None:
    """Send a file's lines as they are; a stop in it may end the call before the last of them."""
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line:
            await caller.say(line)


async def test_every_transcript_is_a_call_that_ends_in_order(server: Server, number: PhoneNumber) -> None:
    for count, path in enumerate(FROM_PLATFORM, start=1):
        async with OutsideCaller(server.url(number.stream_path)) as caller:
            try:
                await replay(caller, path)
                await caller.say(json.dumps({"event": "stop"}))
            except ConnectionClosed:
                pass
            assert await caller.closed() == 1000, path.name
        call = (await closed_calls(count))[-1]
        assert call.ended_by == "caller", path.name
        written = await kinds(call)
        assert written[0] == "connected"
        assert "start" in written, path.name
        assert written[-1] == "end" or written[-2:] == ["end", "note"], "who it was may be found out later"
    assert len(FROM_PLATFORM) >= 9
    assert "Traceback" not in server.output


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
async def test_hostile_lines_are_events_and_the_call_goes_on(
    server: Server, number: PhoneNumber, path: Path
) -> None:
    """All in one call, but that a line which means stop ends it; the rest then goes into another."""
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line]
    calls = 0
    while lines:
        calls += 1
        async with OutsideCaller(server.url(number.stream_path)) as caller:
            await caller.start()
            try:
                while lines:
                    await caller.say(lines[0])
                    await asyncio.sleep(0.3 if "stop" in lines.pop(0) else 0)
                caller.keep_speaking()
                await caller.hears(100)
                await caller.stop()
            except (ConnectionClosed, ConnectionError):
                pass
            await caller.closed()
    rows = await closed_calls(calls)
    assert {call.ended_by for call in rows} == {"caller"}
    assert calls < 10
    assert await CallEvent.objects.filter(kind="problem").aexists()
    assert "Traceback" not in server.output
    assert "ERROR" not in server.output


async def test_a_peer_that_breaks_the_rules_of_websockets_is_no_error_of_ours(
    server: Server, number: PhoneNumber
) -> None:
    """Text that is no UTF-8 closes the connection at once (RFC 6455 §8.1), with echoes still to be sent."""
    async with OutsideCaller(server.url(number.stream_path)) as caller:
        await caller.start()
        caller.keep_speaking()
        await caller.hears(100)
        for _ in range(20):
            await caller.frame(hum(20))
        await caller.line.send(b"\xff\xfe", text=True)
        await caller.closed()
    (row,) = await closed_calls(1)
    assert row.ended_by == "connection"
    assert "Traceback" not in server.output
    assert "ERROR" not in server.output


async def test_the_sample_agent_plays_its_file_waits_for_the_mark_and_hangs_up(
    server: Server, number: PhoneNumber, clip: Content, echo: Agent
) -> None:
    await Agent.objects.aupdate(kind="playback", configuration={"clip": "Hello", "gather": 10})
    await PhoneNumber.objects.aupdate(container="wav")
    async with OutsideCaller(server.url(number.stream_path)) as caller:
        await caller.start()
        caller.keep_speaking()
        assert await caller.closed() == 1000
    assert bytes(caller.audio) == levelled(hum(1000))  # as loud as spoken words
    assert [name.endswith("Recording") for name in caller.marks] == [False, False, True]
    events = [message["event"] for message in caller.got]
    assert set(events) == {"media", "mark"}
    assert events[-1] == "mark"
    (call,) = await closed_calls(1)
    assert (call.ended_by, call.heard_ms) == ("agent", 1000)
    await asyncio.sleep(0.5)
    assert await Recording.objects.filter(call=call).aexists()


async def test_what_we_send_is_what_the_description_says(server: Server, number: PhoneNumber) -> None:
    async with OutsideCaller(server.url(number.stream_path), sid="MZ-7") as caller:
        await caller.start()
        caller.keep_speaking()
        await caller.hears(600)
        await caller.stop()
        await caller.closed()
    media = [message for message in caller.got if message["event"] == "media"]
    for message in media:
        assert set(message) == {"event", "sequence_number", "stream_sid", "media"}
        assert set(message["media"]) == {"chunk", "timestamp", "payload"}
        assert message["stream_sid"] == "MZ-7"
        assert isinstance(message["media"]["timestamp"], str)
    assert [message["media"]["chunk"] for message in media] == list(range(1, len(media) + 1))
    numbers = [message["sequence_number"] for message in caller.got if "sequence_number" in message]
    assert numbers == sorted(set(numbers))


@pytest.fixture
def menu_call(message: Message, echo: Agent) -> Message:
    Agent.objects.update(kind="dialogue", configuration=dialogue(MENU))
    Campaign.objects.update(agent=echo)
    return message


async def test_a_key_becomes_an_outcome(server: Server, number: PhoneNumber, menu_call: Message) -> None:
    async with OutsideCaller(server.url(number.stream_path), reference=menu_call.reference) as caller:
        await caller.start()
        caller.keep_speaking()
        await caller.hears(300)
        await caller.press("1")
        assert await caller.closed(20) == 1000
    (call,) = await closed_calls(1)
    assert (call.outcome, call.ended_by, call.direction) == ("confirmed", "agent", "outbound")
    answer = await Answer.objects.aget()
    assert (answer.value, answer.recipient_id) == ("1", menu_call.recipient_id)
    await menu_call.recipient.arefresh_from_db()
    assert menu_call.recipient.outcome == "confirmed"


async def test_a_nine_means_never_again(server: Server, number: PhoneNumber, menu_call: Message) -> None:
    async with OutsideCaller(server.url(number.stream_path), reference=menu_call.reference) as caller:
        await caller.start()
        caller.keep_speaking()
        await caller.hears(300)
        await caller.press("9")
        assert await caller.closed(20) == 1000
    await closed_calls(1)
    suppression = await Suppression.objects.aget()
    assert suppression.phone == menu_call.recipient.phone
    assert suppression.message_reference == menu_call.reference
    assert await Call.objects.filter(message=menu_call).acount() == 1
