"""Our consumer on real servers: refused, held, broken, stopped; every row is closed."""

import asyncio
import base64
import json
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async

from calls import services
from calls.audio import wav
from calls.events import abandoned
from calls.models import Answer, Call, CallEvent, MediaProcess, Recording
from calls.recordings import files
from campaigns import clock
from campaigns.ist import IST
from campaigns.models import Agent, Callback, Campaign, Message, PhoneNumber, Recipient
from tests.calls.agents.texts import LATER, MENU, VARIABLES, dialogue
from tests.calls.outside import OutsideCaller, hum, is_refused
from tests.calls.rows import closed_calls, kinds
from tests.calls.servers import DAPHNE, UVICORN, Server, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.system,
    pytest.mark.usefixtures("tidy_thread"),
]
KIB = 1024


@pytest.fixture
def server(tmp_path: Path, number: PhoneNumber) -> Iterator[Server]:
    """The number's Daphne."""
    with serving(tmp_path) as server:
        yield server


async def test_an_echo_is_heard_and_the_call_is_in_the_database(server: Server, number: PhoneNumber) -> None:
    async with OutsideCaller(server.url(number.stream_path)) as caller:
        await caller.start()
        caller.keep_speaking()
        heard = await caller.hears(400)
        await caller.stop()
        assert await caller.closed() == 1000
    assert hum(20)[:320] in heard
    (call,) = await closed_calls(1)
    assert (call.ended_by, call.disposition, call.stream_sid) == ("caller", "answered", "MZ1")
    assert call.frames_in > 20
    assert call.heard_ms > 0
    assert (await kinds(call))[:3] == ["connected", "start", "identified"]
    assert (await kinds(call))[-2:] == ["stop", "end"]


async def test_a_call_is_recorded_on_both_sides(server: Server, number: PhoneNumber, tmp_path: Path) -> None:
    async with OutsideCaller(server.url(number.stream_path)) as caller:
        await caller.start()
        caller.keep_speaking()
        await caller.hears(1500)
        await caller.stop()
        await caller.closed()
    await closed_calls(1)
    await asyncio.sleep(0.6)
    row = await Recording.objects.aget()
    stored = wav.unwrap((tmp_path / "media" / str(row.file)).read_bytes())
    assert (stored.channels, stored.rate) == (2, 8000)
    assert row.duration_ms == len(stored.pcm) // 32
    left, right = stored.pcm[0::4], stored.pcm[2::4]
    assert any(left)
    assert any(right)


async def test_audio_that_the_disk_did_not_take_is_said_once_in_the_call_s_log(
    server: Server, number: PhoneNumber, tmp_path: Path
) -> None:
    folder = tmp_path / "recording"
    folder.rmdir()
    folder.write_text("A file stands where recordings are to be written.")
    async with OutsideCaller(server.url(number.stream_path)) as caller:
        await caller.start()
        caller.keep_speaking()
        await caller.hears(3000, within=20)
        await caller.stop()
        assert await caller.closed() == 1000
    (call,) = await closed_calls(1)
    told = CallEvent.objects.filter(call=call, kind="problem", text__startswith="The recording is not")
    assert await told.acount() == 1


async def test_only_what_follows_the_notice_is_recorded(
    server: Server, number: PhoneNumber, tmp_path: Path
) -> None:
    await PhoneNumber.objects.aupdate(announce_recording=True)
    async with OutsideCaller(server.url(number.stream_path), language="en") as caller:
        await caller.start()
        caller.keep_speaking()
        await caller.hears(4000, within=20)
        await caller.stop()
        await caller.closed()
    (call,) = await closed_calls(1)
    notice = await CallEvent.objects.aget(call=call, kind="heard", data__name="Recording notice")
    await asyncio.sleep(0.6)
    row = await Recording.objects.aget()
    pcm = wav.unwrap((tmp_path / "media" / str(row.file)).read_bytes()).pcm
    before, after = pcm[: (notice.at_ms - 60) * 32], pcm[notice.at_ms * 32 :]
    assert len(before) > 32_000
    assert not any(before[0::4] + before[1::4]), "the caller"
    assert not any(before[: -700 * 32]), "the agent, but for the notice's last word"
    assert any(after[0::4])
    assert any(after[2::4])


async def test_a_call_for_a_message_belongs_to_its_recipient(
    server: Server, number: PhoneNumber, message: Message
) -> None:
    async with OutsideCaller(server.url(number.stream_path), reference=message.reference) as caller:
        await caller.start()
        await caller.speak(0.3)
        await caller.stop()
        await caller.closed()
    (call,) = await closed_calls(1)
    assert (call.message_id, call.recipient_id) == (message.pk, message.recipient_id)
    assert (call.direction, call.language) == ("outbound", "gu")


async def test_wrong_addresses_are_refused_and_no_output_shows_a_secret(
    server: Server, number: PhoneNumber
) -> None:
    wrong_secret = number.stream_path[:-2] + ("b/" if number.stream_path[-2] != "b" else "c/")
    for path in (wrong_secret, "/stream/", "/streams" + number.stream_path, "/elsewhere/", "/live/none/"):
        assert await is_refused(server.url(path)), path
    async with OutsideCaller(server.url(number.stream_path)):
        pass
    await closed_calls(1)
    assert number.stream_secret[:12] not in server.output
    assert number.e164[3:] not in server.output
    assert "Traceback" not in server.output


async def test_a_full_number_refuses_and_is_free_again(server: Server, number: PhoneNumber) -> None:
    await PhoneNumber.objects.aupdate(max_calls=2)
    url = server.url(number.stream_path)
    async with OutsideCaller(url, sid="A") as first, OutsideCaller(url, sid="B") as second:
        assert await is_refused(url, status=503)
        await first.start()
        await second.start()
        await first.stop()
        await first.closed()
        await closed_calls(1)
        assert not await is_refused(url)
    await closed_calls(3)
    assert "all 2 lines are busy" in server.output


async def test_two_calls_at_once_do_not_mix(server: Server, number: PhoneNumber) -> None:
    url = server.url(number.stream_path)
    low, high = hum(20, 200), hum(20, 1000)
    async with OutsideCaller(url, sid="LOW") as first, OutsideCaller(url, sid="HIGH") as second:
        await asyncio.gather(first.start(), second.start())
        await asyncio.gather(first.speak(0.8, low), second.speak(0.8, high))
        assert low in await first.hears(300)
        assert high in await second.hears(300)
        assert high not in first.audio
        await asyncio.gather(first.stop(), second.stop())
    calls = await closed_calls(2)
    assert {call.stream_sid for call in calls} == {"LOW", "HIGH"}


async def test_a_line_that_breaks_closes_its_row(server: Server, number: PhoneNumber) -> None:
    async with OutsideCaller(server.url(number.stream_path)) as caller:
        await caller.start()
        await caller.speak(0.2)
        caller.line.transport.abort()
    (call,) = await closed_calls(1)
    assert (call.ended_by, call.disposition) == ("connection", "dropped")
    assert "without a stop" in call.reason


async def test_much_garbage_is_an_event_and_the_call_goes_on(server: Server, number: PhoneNumber) -> None:
    async with OutsideCaller(server.url(number.stream_path)) as caller:
        await caller.start()
        await caller.say("{" * 500 * KIB)
        await caller.say(b"\xff" * 1000)
        caller.keep_speaking()
        await caller.hears(200)
        await caller.stop()
        assert await caller.closed() == 1000
    await closed_calls(1)
    problems = [event.data["problem"] async for event in CallEvent.objects.filter(kind="problem")]
    assert problems == ["too_large", "not_json"]
    assert "Traceback" not in server.output


async def test_a_number_without_an_agent_says_so_and_hangs_up(server: Server, number: PhoneNumber) -> None:
    await PhoneNumber.objects.aupdate(inbound_agent=None)
    async with OutsideCaller(server.url(number.stream_path)) as caller:
        await caller.start()
        assert await caller.closed() == 1000
    (call,) = await closed_calls(1)
    assert "no inbound agent" in call.reason


async def test_an_agent_that_cannot_be_used_is_told_in_a_sentence(
    server: Server, number: PhoneNumber, echo: Agent
) -> None:
    await Agent.objects.aupdate(configuration={"piece_ms": "many"})
    async with OutsideCaller(server.url(number.stream_path)) as caller:
        await caller.start()
        await caller.closed()
    (call,) = await closed_calls(1)
    assert "“Echo” cannot be used" in call.reason
    assert call.agent_id == echo.pk


@pytest.mark.parametrize("command", [DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
async def test_a_server_that_is_told_to_stop_closes_its_calls_and_files_its_recordings(
    tmp_path: Path, number: PhoneNumber, command: list[str]
) -> None:
    with serving(tmp_path, command) as server:
        url = server.url(number.stream_path)
        async with OutsideCaller(url, sid="A") as first, OutsideCaller(url, sid="B") as second:
            await asyncio.gather(first.start(), second.start())
            await asyncio.gather(first.speak(1.2), second.speak(1.2))
            assert await sync_to_async(server.terminate)() is not None
            calls = await closed_calls(2, seconds=1)
    for call in calls:
        assert (call.ended_by, call.reason) == ("server", "Our server was stopped during the call.")
        assert (await kinds(call))[-1] == "end"
        assert call.frames_in > 50
    assert await Recording.objects.acount() == 2
    assert (await MediaProcess.objects.aget()).stopped_at is not None
    assert number.stream_secret[:12] not in server.output
    assert "Traceback" not in server.output


async def test_stopping_beside_an_open_page_and_a_refused_call_closes_the_calls_too(
    server: Server, number: PhoneNumber
) -> None:
    """Daphne's own shutdown stumbles over connections whose application has ended already."""
    with socket.create_connection(("127.0.0.1", server.port)) as browser:
        browser.sendall(b"GET /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        async with OutsideCaller(server.url(number.stream_path)) as caller:
            await caller.start()
            await caller.speak(0.2)
            assert await is_refused(server.url("/stream/a-b/"))
            await sync_to_async(server.terminate)()
    (call,) = await closed_calls(1, seconds=1)
    assert call.ended_by == "server"


async def test_a_killed_servers_calls_are_closed_by_others(
    server: Server, number: PhoneNumber, tmp_path: Path, watched: None
) -> None:
    async with OutsideCaller(server.url(number.stream_path)) as caller:
        await caller.start()
        await caller.speak(1.5)
        await sync_to_async(server.kill)()
    call = await Call.objects.aget()
    assert call.state == "live"
    assert await sync_to_async(abandoned.close_abandoned)(clock.now()) == []
    for seconds in (7, 14):
        assert await sync_to_async(services.record_watch)(clock.now() + timedelta(seconds=seconds))
    later = clock.now() + timedelta(seconds=20)
    assert await sync_to_async(abandoned.close_abandoned)(later) == [call.pk]
    assert (await kinds(call))[-1] == "end"
    left = tmp_path / "recording" / f"{call.pk}.wav"
    assert len(wav.unwrap(left.read_bytes()).pcm) >= 32_000
    assert files.path_of(call.pk).name == left.name


class DeafCaller:
    """Speaks and never reads. Small buffers and segments, so that the kernels hold little for it."""

    def __init__(self, port: int, path: str) -> None:
        self.over = threading.Event()
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        self._socket.connect(("127.0.0.1", port))
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"
        upgrade = f"Upgrade: websocket\r\nConnection: Upgrade\r\n{key}"
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{upgrade}\r\n\r\n".encode())
        assert b"101" in self._socket.recv(512)

    def talk(self) -> None:
        """Start, then a frame every 20 ms until the line is cut."""
        payload = base64.b64encode(hum(20)).decode()
        start = {"event": "start", "stream_sid": "D", "start": {"stream_sid": "D", "call_sid": "D"}}
        media = {"event": "media", "stream_sid": "D", "media": {"payload": payload}}
        try:
            self._send(start)
            while not self.over.wait(0.02):
                self._send(media)
        except OSError:
            return
        finally:
            self._socket.close()

    def _send(self, message: Mapping[str, object]) -> None:
        text = json.dumps(message).encode()
        size = struct.pack("!H", len(text)) if len(text) > 125 else b""
        unmasked = bytes(4)
        self._socket.sendall(bytes([0x81, 0x80 | min(len(text), 126)]) + size + unmasked + text)


@pytest.mark.parametrize("command", [DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
async def test_a_peer_that_reads_nothing_is_given_up_and_cut_off(
    tmp_path: Path, number: PhoneNumber, command: list[str]
) -> None:
    """It sends, so the server pings nobody; it takes nothing, so our audio would pile up, and a server that
    waits for it to take the rest never ends."""
    with serving(tmp_path, command, SEND_SECONDS="0.5") as server:
        deaf = DeafCaller(server.port, number.stream_path)
        talking = threading.Thread(target=deaf.talk, daemon=True)
        talking.start()
        (call,) = await closed_calls(1, seconds=60)
        await asyncio.to_thread(talking.join, 15)
        is_cut_off = not talking.is_alive()
        await sync_to_async(server.terminate)()
        deaf.over.set()
    assert is_cut_off
    assert "Traceback" not in server.output
    assert call.ended_by == "connection"
    assert "took no audio" in call.reason


async def test_whoever_presses_later_and_a_time_waits_for_it_with_the_calls_event(
    server: Server, number: PhoneNumber, message: Message
) -> None:
    menu = await Agent.objects.acreate(
        name="Menu", kind=Agent.Kind.DIALOGUE, configuration=dialogue(MENU | LATER)
    )
    await Campaign.objects.aupdate(agent=menu, state=Campaign.State.RUNNING)
    await Message.objects.aupdate(state=Message.State.REJECTED)
    await Recipient.objects.aupdate(variables=VARIABLES, state=Recipient.State.UNREACHED)
    async with OutsideCaller(server.url(number.stream_path), reference=message.reference) as caller:
        await caller.start()
        caller.keep_speaking()
        await caller.hears(300)
        await caller.press("4")
        await caller.press("3")
        assert await caller.closed() == 1000
    (call,) = await closed_calls(1)
    assert (call.outcome, call.reason) == ("call_back", "We hung up after saying when we call back.")
    event = await CallEvent.objects.aget(call=call, kind="callback")
    assert event.text == "Asked to be called back: Tomorrow at ten."
    row = await Callback.objects.select_related("recipient").aget()
    local = row.asked_for.astimezone(IST)
    assert (local.hour, local.date()) == (10, row.asked_at.astimezone(IST).date() + timedelta(days=1))
    assert (row.state, row.message_reference) == (Callback.State.WAITING, message.reference)
    assert (row.recipient.state, row.recipient.due_at) == (Recipient.State.WAITING, row.planned_for)
    answer = await Answer.objects.aget(call=call)
    assert (answer.question, answer.value, answer.label) == ("call_back", "3", "Tomorrow at ten")
