"""Keys of callers who are gone at once, and keys that arrive after our close, on both servers."""

import asyncio
import json
import select
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async

from calls.models import Call, CallEvent
from campaigns.models import Agent, Campaign, Message, PhoneNumber, Recipient, Suppression
from tests.calls.agents.texts import MENU, VARIABLES, dialogue
from tests.calls.outside import OutsideCaller
from tests.calls.rows import closed_calls
from tests.calls.servers import DAPHNE, UVICORN, Server, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.system,
    pytest.mark.usefixtures("tidy_thread"),
]
ONE_BREATH = 12
SECONDS = 60.0


@pytest.fixture(params=[DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
def server(request: pytest.FixtureRequest, tmp_path: Path, message: Message) -> Iterator[Server]:
    """A server whose number takes many calls; the campaign's agent speaks a menu."""
    menu = Agent.objects.create(name="Menu", kind=Agent.Kind.DIALOGUE, configuration=dialogue(MENU))
    Campaign.objects.update(agent=menu)
    Recipient.objects.update(variables=VARIABLES)
    PhoneNumber.objects.update(max_calls=50, record_calls=False)
    with serving(tmp_path, request.param) as server:
        yield server


def ring_more_people(message: Message, count: int) -> list[str]:
    """So many more people who are called; the references of their attempts."""
    references = []
    for index in range(count):
        person = Recipient.objects.create(
            campaign=message.recipient.campaign, phone=f"+9198251{20000 + index}", variables=VARIABLES
        )
        attempt = Message.objects.create(
            recipient=person, attempt=1, send_on=message.send_on, batch=message.batch, state="queued"
        )
        references.append(attempt.reference)
    return references


async def suppressed(count: int) -> None:
    """Return once so many numbers are suppressed."""
    async with asyncio.timeout(SECONDS):
        while await Suppression.objects.acount() < count:
            await asyncio.sleep(0.1)


async def test_nine_and_a_hang_up_in_one_breath_is_an_opt_out_for_each_of_many(
    server: Server, number: PhoneNumber, message: Message
) -> None:
    references = await sync_to_async(ring_more_people)(message, ONE_BREATH)

    async def breathe(reference: str) -> None:
        async with OutsideCaller(
            server.url(number.stream_path), sid=reference, reference=reference
        ) as caller:
            await caller.start()
            await caller.press("9")
            await caller.stop()
            await caller.closed(SECONDS)

    await asyncio.gather(*map(breathe, references))
    await suppressed(ONE_BREATH)
    calls = await closed_calls(ONE_BREATH, seconds=SECONDS)
    assert {call.reference for call in calls} == set(references)
    assert {call.call_sid for call in calls} == {f"CA-{reference}" for reference in references}
    assert {call.outcome for call in calls} == {"opted_out"}
    assert await Call.objects.filter(message__isnull=True).acount() == 0


class SlowCaller:
    """A platform that has sent a key before it reads our close: a plain socket."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"
        upgrade = f"Upgrade: websocket\r\nConnection: Upgrade\r\n{key}"
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{upgrade}\r\n\r\n".encode())
        self._buffer = b""
        self.pings = 0
        """How many came; none is answered."""
        self.is_closed = False
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self._socket.recv(4096)
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        assert b" 101 " in head.split(b"\r\n")[0]

    def send(self, event: str, body: Mapping[str, object]) -> None:
        message = {"event": event, "stream_sid": "MZ9", event: body}
        text = json.dumps(message).encode()
        size = struct.pack("!H", len(text)) if len(text) > 125 else b""
        self._socket.sendall(bytes([0x81, 0x80 | min(len(text), 126)]) + size + bytes(4) + text)

    def acknowledge_close(self) -> None:
        self._socket.sendall(bytes([0x88, 0x82]) + bytes(4) + struct.pack("!H", 1000))
        self.close()

    def close(self) -> None:
        self._socket.close()

    def read_until_close(self) -> None:
        """Read our frames, and return the marks at once, until the frame that closes has come."""
        while True:
            self._take()
            if self.is_closed:
                return

    def read_for(self, seconds: float) -> None:
        """Read our frames for so long at least, each whole."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self.is_closed:
            if self._buffer or select.select([self._socket], [], [], left)[0]:
                self._take()

    def _take(self) -> None:
        opcode, payload = self._frame()
        self.pings += opcode == 9
        self.is_closed |= opcode == 8
        if opcode == 1 and (message := json.loads(payload))["event"] == "mark":
            self.send("mark", {"name": message["mark"]["name"]})

    def _frame(self) -> tuple[int, bytes]:
        first, size = self._bytes(2)
        if size == 126:
            size = int.from_bytes(self._bytes(2))
        elif size == 127:
            size = int.from_bytes(self._bytes(8))
        return first & 0x0F, self._bytes(size)

    def _bytes(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._buffer += self._socket.recv(65536)
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken


async def test_nine_that_was_under_way_when_we_closed_is_an_opt_out(
    server: Server, number: PhoneNumber, message: Message
) -> None:
    def call() -> None:
        caller = SlowCaller(server.port, number.stream_path)
        parameters = {"reference": message.reference}
        caller.send("start", {"stream_sid": "MZ9", "call_sid": "CA9", "custom_parameters": parameters})
        caller.send("dtmf", {"digit": "1"})
        caller.read_until_close()
        caller.send("dtmf", {"digit": "9"})
        caller.acknowledge_close()

    await asyncio.to_thread(call)
    await suppressed(1)
    async with asyncio.timeout(30):
        while not await Call.objects.filter(outcome="opted_out").aexists():  # an entry behind the wish
            await asyncio.sleep(0.05)
    (row,) = await closed_calls(1)
    assert row.ended_by == "agent"
    keys = [event.text async for event in CallEvent.objects.filter(kind="key").order_by("sequence")]
    assert keys[-1].startswith("9 pressed while we hung up")
    assert "Traceback" not in server.output
