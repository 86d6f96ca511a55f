"""Every fault of the line really happens: a plain WebSocket server, rung by a sandbox in its own process.

That our own consumer survives each of them: tests/calls/test_line_faults.py.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError

from calls.protocol.stream import PlatformStream
from sandbox.line import faults
from sandbox.line.faults import BadLine, LineFault
from tests.sandbox.conftest import CALLER
from tests.sandbox.processes import free_port, sandbox

pytestmark = pytest.mark.system
TO = "+919876543210"


@dataclass
class Heard:
    """One connection as the agent saw it: each frame with its time, and how the connection ended."""

    frames: list[tuple[float, str | bytes]] = field(default_factory=list)
    close_code: int | None = None
    stuck: bool = False

    def events(self) -> list[str]:
        """The events of all frames that are messages."""
        return [message["event"] for message in self.messages()]

    def messages(self) -> list[dict[str, Any]]:
        return [found for _, text in self.frames if (found := self._message(text))]

    def times(self) -> list[float]:
        """When audio came."""
        return [at for at, text in self.frames if isinstance(text, str) and '"event":"media"' in text[:80]]

    def strange(self) -> list[str | bytes]:
        """Frames that are no message with an event."""
        return [text for _, text in self.frames if self._message(text) is None]

    def _message(self, text: str | bytes) -> dict[str, Any] | None:
        try:
            found = json.loads(text) if isinstance(text, str) else None
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) and isinstance(found.get("event"), str) else None


async def listen(socket: ServerConnection, heard: Heard) -> None:
    async for text in socket:
        heard.frames.append((time.monotonic(), text))


async def talk(socket: ServerConnection, heard: Heard) -> None:
    """Send much more than the kernels hold."""
    try:
        async with asyncio.timeout(3):
            for _ in range(300):
                await socket.send("x" * 40_000)
    except TimeoutError:
        heard.stuck = True
        socket.transport.abort()


@asynccontextmanager
async def agent(behave: Callable[[ServerConnection, Heard], Any]) -> AsyncIterator[tuple[str, list[Heard]]]:
    connections: list[Heard] = []

    async def handle(socket: ServerConnection) -> None:
        connections.append(heard := Heard())
        with suppress(ConnectionClosedError):
            await behave(socket, heard)
        await socket.wait_closed()
        heard.close_code = socket.close_code

    async with serve(handle, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/stream/s3cret/", connections


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    port = free_port()
    with (
        sandbox(tmp_path_factory.mktemp("sandbox"), port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
    ):
        client.post("/sandbox/tenants", json={"tenant": "demo", "email": "a@b.in", "password": "x"})
        yield client


async def ring(
    http: httpx.Client, *, behave: Callable[[ServerConnection, Heard], Any] = listen, **call: Any
) -> tuple[Heard, dict[str, Any]]:
    """One call to an agent of its own; what the agent saw, and the sandbox's record."""
    async with agent(behave) as (url, connections):
        record = await asyncio.to_thread(rung, http, url, call)
        await asyncio.sleep(0.1)
    return connections[0], record


def rung(http: httpx.Client, url: str, call: dict[str, Any]) -> dict[str, Any]:
    number = {"tenant": "demo", "phone_number": CALLER, "stream_url": url}
    http.post("/sandbox/numbers", json=number).raise_for_status()
    given = {"from": CALLER, "to": TO, "person": "hangs_up_early", **call}
    made = http.post("/sandbox/call", json=given).raise_for_status().json()
    until = time.monotonic() + 20
    while (record := http.get(f"/sandbox/calls/{made['id']}").json())["state"] != "ended":
        assert time.monotonic() < until
        time.sleep(0.05)
    return dict(record)


def late_by(heard: Heard) -> list[float]:
    return [second - first for first, second in pairwise(heard.times())]


def jitters(heard: Heard) -> None:
    gaps = late_by(heard)
    assert sum(gap < 0.005 for gap in gaps) > 0.1 * len(gaps)
    assert sum(gap > 0.035 for gap in gaps) > 0.05 * len(gaps)
    assert numbers(heard) == list(range(1, len(numbers(heard)) + 1))


def numbers(heard: Heard) -> list[int]:
    return [message["sequence_number"] for message in heard.messages()]


def comes_in_bursts(heard: Heard) -> None:
    gaps = late_by(heard)
    assert max(gaps[1:]) > 0.3 or heard.times()[0] - heard.frames[0][0] > 0.3
    assert max(len(run) for run in runs(gaps)) >= 15
    assert numbers(heard) == list(range(1, len(numbers(heard)) + 1))


def runs(gaps: list[float]) -> list[list[float]]:
    """Frames that came all at once."""
    found: list[list[float]] = [[]]
    for gap in gaps:
        if gap < 0.005:
            found[-1].append(gap)
        else:
            found.append([])
    return found


def loses(heard: Heard) -> None:
    seen = numbers(heard)
    missing = set(range(1, seen[-1])) - set(seen)
    assert 2 <= len(missing) <= 0.3 * seen[-1]
    assert heard.events()[-1] == "stop"


def is_cut(heard: Heard) -> None:
    assert "stop" not in heard.events()
    assert heard.close_code == 1006
    assert 0.8 < heard.times()[-1] - heard.frames[0][0] < 1.6


def is_cut_behind_stop(heard: Heard) -> None:
    assert heard.events()[-1] == "stop"
    assert heard.close_code == 1006


def is_closed_without_stop(heard: Heard) -> None:
    assert "stop" not in heard.events()
    assert heard.close_code == 1000


def says_garbage(heard: Heard) -> None:
    assert len(heard.strange()) >= 3
    assert not any(isinstance(text, bytes) for text in heard.strange())
    assert heard.events()[-1] == "stop"


def has_wrong_types(heard: Heard) -> None:
    bad = [text for _, text in heard.frames if text in faults.GARBAGE[LineFault.WRONG_TYPES]]
    assert len(bad) >= 3
    assert heard.events()[-1] == "stop"


def has_huge_numbers(heard: Heard) -> None:
    bad = [text for _, text in heard.frames if text in faults.GARBAGE[LineFault.HUGE_NUMBERS]]
    assert len(bad) >= 3
    assert heard.events()[-1] == "stop"


def is_binary(heard: Heard) -> None:
    assert sum(isinstance(text, bytes) for _, text in heard.frames) >= 3
    assert heard.events()[-1] == "stop"


def speaks_before_start(heard: Heard) -> None:
    assert heard.events()[:6] == ["media"] * 5 + ["start"]


def starts_twice(heard: Heard) -> None:
    starts = [place for place, event in enumerate(heard.events()) if event == "start"]
    assert starts[0] == 0
    assert starts[1] > 20


def stops_twice(heard: Heard) -> None:
    assert heard.events()[-3:] == ["media", "stop", "stop"]


def takes_nothing(heard: Heard) -> None:
    assert heard.stuck


SEEN: dict[LineFault, Callable[[Heard], None]] = {
    LineFault.JITTER: jitters,
    LineFault.BURSTS: comes_in_bursts,
    LineFault.LOSS: loses,
    LineFault.CUT: is_cut,
    LineFault.STOP_THEN_CUT: is_cut_behind_stop,
    LineFault.CLOSE_WITHOUT_STOP: is_closed_without_stop,
    LineFault.NOT_JSON: says_garbage,
    LineFault.WRONG_TYPES: has_wrong_types,
    LineFault.HUGE_NUMBERS: has_huge_numbers,
    LineFault.BINARY: is_binary,
    LineFault.MEDIA_BEFORE_START: speaks_before_start,
    LineFault.SECOND_START: starts_twice,
    LineFault.STOP_TWICE: stops_twice,
    LineFault.READS_NOTHING: takes_nothing,
}
CUT_OFF = {LineFault.CUT, LineFault.STOP_THEN_CUT, LineFault.CLOSE_WITHOUT_STOP}


def test_every_fault_is_seen_from_outside() -> None:
    assert set(SEEN) == set(LineFault)


@pytest.mark.parametrize("fault", LineFault)
async def test_the_fault_happens(http: httpx.Client, fault: LineFault) -> None:
    behave = talk if fault is LineFault.READS_NOTHING else listen
    heard, record = await ring(http, behave=behave, faults=fault.value)
    SEEN[fault](heard)
    assert record["faults"].startswith(f"{fault.value}=")
    assert (record["disposition"] == "line_cut") == (fault in CUT_OFF)


async def test_who_reads_takes_all_of_what_the_deaf_does_not(http: httpx.Client) -> None:
    heard, _ = await ring(http, behave=talk)
    assert not heard.stuck


async def test_the_third_call_to_a_number_drops_its_socket_without_stop(http: httpx.Client) -> None:
    http.delete("/sandbox/line-faults")
    http.post("/sandbox/line-faults", json={"behaviour": "cut", "nth": 3, "to": TO}).raise_for_status()
    elsewhere = "+919876500000"
    calls = [await ring(http, to=to) for to in (TO, elsewhere, TO, TO, TO)]
    assert ["stop" in heard.events() for heard, _ in calls] == [True, True, True, False, True]
    assert [record["faults"] for _, record in calls] == ["", "", "", "cut=1", ""]
    [switch] = http.get("/sandbox/line-faults").json()
    assert (switch["to"], switch["seen"], switch["fired"]) == (TO, 4, 1)
    assert http.delete("/sandbox/line-faults").status_code == 204


# Which calls, without calling


def frames(line: BadLine, seconds: float = 2.0) -> list[str | bytes]:
    platform = PlatformStream("MZ1", "CA1")
    left = line.pass_on([platform.start({})], 0.0)
    for slot in range(round(seconds * 50)):
        left += line.pass_on([platform.media(bytes(320))], slot * 0.02)
    return left + line.pass_on([platform.stop("over")], seconds)


@pytest.mark.parametrize("fault", LineFault)
def test_the_same_seed_spoils_the_same_frames(fault: LineFault) -> None:
    def once(seed: str) -> list[str | bytes]:
        return frames(BadLine(faults.read(fault.value), random.Random(seed)))

    assert once("7") == once("7")


def test_without_faults_nothing_changes() -> None:
    platform = PlatformStream("MZ1", "CA1")
    sent = [platform.start({}), platform.media(bytes(320)), platform.stop("over")]
    line = BadLine((), random.Random(1))
    assert [frame for one in sent for frame in line.pass_on([one], 0.0)] == sent


def test_late_frames_lose_nothing_and_keep_their_order() -> None:
    spoilt = frames(BadLine(faults.read("jitter=500+bursts=900"), random.Random(1)))
    assert spoilt == frames(BadLine((), random.Random(1)))


def test_faults_are_read_and_written() -> None:
    assert faults.write(faults.read("jitter + loss=20+cut=2.5")) == "jitter=100+loss=20+cut=2.5"
    assert faults.read("") == ()
    for wrong in ("melt", "loss=much", "loss=-1", "loss=nan", "loss=1e9"):
        with pytest.raises(ValueError, match=r"There is no fault|A number from 0 to"):
            faults.read(wrong)
