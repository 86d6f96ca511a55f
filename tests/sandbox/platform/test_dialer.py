"""Real calls over real WebSockets to agents written by hand."""

import asyncio
import base64
import json
import tracemalloc
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calls.audio import wav as wave
from sandbox.line.leg import Ended
from sandbox.people.people import Person, PicksUp, read_cast
from sandbox.platform import clips
from sandbox.platform.agent_socket import MOST_FRAME_BYTES
from sandbox.platform.clips import Library
from sandbox.platform.dialer import Dialer, DialerSettings
from sandbox.platform.orders import Order
from sandbox.platform.outcomes import Outcome
from tests.sandbox.agents import Caller, agent, raw_server, tone, wav

QUICK = "x: {about: a, ring_s: [0, 0], picks_up: answer, patience_s: 3, script: %s}"


def person(script: str) -> Person:
    return read_cast(QUICK % script)["x"]


def order(url: str, *, script: str = "[]") -> Order:
    return Order(
        record=1, message=1, caller="+917961344101", to="+919876543210", attempt=1, language="hi",
        stream_url=url, person=person(script), seed="7", call_sid="CA1", stream_sid="MZ1",
        custom_parameters={"reference": "m-1", "FirstName": "Jane"},
    )  # fmt: skip


def dialer(folder: Path, *, longest_s: float = 10, record_to: Path | None = None) -> Dialer:
    return Dialer(Library(folder), DialerSettings(longest_s, handshake_s=0.4, record_to=record_to))


async def talk(folder: Path, given: Order, **settings: Any) -> Outcome:
    async with asyncio.timeout(15):
        return await dialer(folder, **settings).talk(given)


async def test_start_comes_first_and_is_as_documented(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("media")

    async with agent(behave) as (url, callers):
        await talk(tmp_path, order(url))
    [caller] = callers
    assert caller.path == "/stream/s3cret/"
    assert caller.frames[0] == {
        "event": "start",
        "sequence_number": 1,
        "stream_sid": "MZ1",
        "start": {
            "stream_sid": "MZ1",
            "call_sid": "CA1",
            "media_format": {"encoding": "base64", "sample_rate": 8000, "bit_rate": ""},
            "custom_parameters": {"reference": "m-1", "FirstName": "Jane"},
        },
    }


async def test_frames_come_every_20_ms_without_drift(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        for _ in range(101):
            await caller.next("media")

    async with agent(behave) as (url, callers):
        outcome = await talk(tmp_path, order(url))
    arrived = [
        at
        for at, frame in zip(callers[0].arrived, callers[0].frames, strict=True)
        if frame["event"] == "media"
    ]
    assert arrived[100] - arrived[0] == pytest.approx(2.0, abs=0.25)
    assert outcome.how is Ended.AGENT_ENDED
    assert [frame["sequence_number"] for frame in callers[0].frames] == list(range(1, 103))


@pytest.mark.parametrize("container", ["raw", "wav"])
async def test_an_agent_speaks_marks_and_closes(tmp_path: Path, container: str) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("start")
        for _ in range(5):
            await caller.say(wav(tone(200)) if container == "wav" else tone(200))
        await caller.mark("end")
        await caller.next("mark")

    async with agent(behave) as (url, callers):
        outcome = await talk(tmp_path, order(url))
    assert outcome.how is Ended.AGENT_ENDED
    assert outcome.counted["heard_ms"] == 1000
    assert outcome.counted["containers"] == container
    assert (outcome.counted["marks_received"], outcome.counted["marks_returned"]) == (1, 1)
    assert callers[0].of("mark")[0]["mark"] == {"name": "end"}
    assert 1.0 <= callers[0].arrived[-1] - callers[0].arrived[0] < 3.0


async def test_clear_gives_the_mark_back_early(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("start")
        await caller.say(tone(2000))
        await caller.mark("end")
        for _ in range(10):
            await caller.next("media")
        await caller.send({"event": "clear"})
        await caller.next("mark")

    async with agent(behave) as (url, callers):
        outcome = await talk(tmp_path, order(url))
    assert callers[0].arrived[-1] - callers[0].arrived[0] < 1.5
    assert outcome.counted["heard_ms"] < 400
    assert outcome.counted["clears"] == 1


async def test_closing_after_a_mark_drops_the_rest(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("start")
        await caller.say(tone(400))
        await caller.mark("half")
        await caller.say(tone(1000))
        await caller.next("mark")

    async with agent(behave) as (url, _):
        outcome = await talk(tmp_path, order(url))
    assert outcome.how is Ended.AGENT_ENDED
    assert outcome.counted["heard_ms"] < 600


async def test_a_key_is_pressed_after_the_prompt(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("start")
        await caller.say(tone(500))
        await caller.next("dtmf")

    async with agent(behave) as (url, callers):
        outcome = await talk(tmp_path, order(url, script='[{listen: 9}, {press: "5"}]'))
    assert callers[0].of("dtmf")[0]["dtmf"]["digit"] == "5"
    assert outcome.counted["digits"] == "5"


async def test_an_echo_agent_gives_the_person_back_what_was_said(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("start")
        async for text in caller.socket:
            frame = json.loads(text)
            if frame["event"] == "media":
                await caller.send({"event": "media", "media": frame["media"]})

    async with agent(behave) as (url, _):
        outcome = await talk(tmp_path, order(url, script="[{say: hello}, {wait: 1.5}, {hang_up: true}]"),
                             record_to=tmp_path / "recorded")  # fmt: skip
    assert outcome.how is Ended.PERSON_HUNG_UP
    recorded = wave.unwrap((tmp_path / "recorded" / outcome.counted["recording"]).read_bytes())
    samples = memoryview(recorded.pcm).cast("h")
    heard, said = samples[0::2].tolist(), samples[1::2].tolist()
    first_said, first_heard = (next(n for n, s in enumerate(side) if abs(s) > 500) for side in (said, heard))
    assert recorded.channels == 2
    assert 0.08 <= (first_heard - first_said) / 8000 < 0.3
    assert heard[first_heard : first_heard + 800] == said[first_said : first_said + 800]


async def test_the_person_hangs_up_with_stop_then_close(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.read_to_the_end()

    async with agent(behave) as (url, callers):
        outcome = await talk(tmp_path, order(url, script="[{wait: 0.2}, {hang_up: true}]"))
        await asyncio.sleep(0.05)
    assert outcome.how is Ended.PERSON_HUNG_UP
    assert callers[0].frames[-1]["event"] == "stop"
    assert callers[0].closed
    assert callers[0].socket.close_code == 1000


async def test_the_longest_time_ends_the_call(tmp_path: Path) -> None:
    async with agent(Caller.read_to_the_end) as (url, callers):
        outcome = await talk(tmp_path, order(url), longest_s=0.3)
    assert outcome.how is Ended.TOO_LONG
    assert outcome.duration_ms == pytest.approx(300, abs=80)
    assert len(callers[0].of("stop")) == 1


async def test_a_connection_lost_or_broken_off_is_an_agent_error(tmp_path: Path) -> None:
    async def vanish(caller: Caller) -> None:
        await caller.next("media")
        caller.socket.transport.abort()

    async def fail(caller: Caller) -> None:
        await caller.next("media")
        await caller.socket.close(1011, "broken")

    for behave, word in ((vanish, "lost"), (fail, "1011")):
        async with agent(behave) as (url, _):
            outcome = await talk(tmp_path, order(url))
        assert outcome.how is Ended.AGENT_LOST
        assert word in outcome.reason


async def test_a_flood_of_audio_and_garbage_is_bounded_and_noted(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("start")
        for _ in range(320):
            await caller.say(b"\1\0" * 16_000)
        for _ in range(100):
            await caller.socket.send(b"\xff\xfe garbage")
        await caller.mark("end")
        await caller.read_to_the_end()

    async with agent(behave) as (url, _):
        outcome = await talk(tmp_path, order(url, script="[{wait: 60}]"), longest_s=3)
    assert outcome.how is Ended.TOO_LONG
    assert outcome.counted["dropped_ms"] > 30_000
    assert outcome.counted["problems"]["not_utf8"] == 100


async def test_an_agent_that_only_talks_nonsense_loses_the_call(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        while True:
            await caller.socket.send("nonsense")
            await asyncio.sleep(0)

    async with agent(behave) as (url, _):
        outcome = await talk(tmp_path, order(url))
    assert outcome.how is Ended.AGENT_NONSENSE


async def test_a_frame_beyond_all_measure_is_not_taken_into_memory(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("start")
        await caller.socket.send("x" * (MOST_FRAME_BYTES + 1))
        await caller.read_to_the_end()

    async with agent(behave) as (url, _):
        outcome = await talk(tmp_path, order(url))
    assert outcome.how is Ended.AGENT_LOST
    assert "lost" in outcome.reason or "1009" in outcome.reason


async def test_an_agent_that_never_says_a_word_is_hung_up_on(tmp_path: Path) -> None:
    async with agent(Caller.read_to_the_end) as (url, callers):
        outcome = await talk(tmp_path, order(url))
    assert outcome.how is Ended.PERSON_HUNG_UP
    assert "hearing nothing for 3 seconds" in outcome.reason
    assert callers[0].of("stop")


async def test_ten_minutes_at_once_cost_the_memory_of_ten_minutes(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        await caller.next("start")
        for _ in range(1200):
            await caller.say(b"\1\0" * 16_000)
        await caller.read_to_the_end()

    async with agent(behave) as (url, _):
        tracemalloc.start()
        outcome = await talk(tmp_path, order(url, script="[{wait: 60}]"), longest_s=6)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert outcome.how is Ended.TOO_LONG
    assert outcome.counted["media_received"] > 400
    assert peak < 4 * 600_000 * 16


HTML = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (HTML, "HTTP 200"),
        (FORBIDDEN, "HTTP 403"),
        (b"SSH-2.0-x\r\n\r\n", "handshake"),
        (b"", "handshake"),
        (None, "0.4 seconds"),
    ],
    ids=["page", "refused", "other protocol", "closes", "hangs"],
)  # fmt: skip
async def test_an_agent_that_cannot_be_reached_has_a_readable_reason(
    tmp_path: Path, reply: bytes | None, word: str
) -> None:
    async with raw_server(reply) as url:
        outcome = await talk(tmp_path, order(url))
    assert outcome.how is Ended.AGENT_UNREACHABLE
    assert word in outcome.reason
    assert "s3cret" not in outcome.reason


@pytest.mark.parametrize(
    "url", ["ws://127.0.0.1:1/s3cret", "ws://no-such-host.invalid/s3cret", "nonsense", ""]
)
async def test_an_address_where_nobody_listens(tmp_path: Path, url: str) -> None:
    outcome = await talk(tmp_path, order(url))
    assert outcome.how is Ended.AGENT_UNREACHABLE
    assert "s3cret" not in outcome.reason


async def test_parameters_that_cannot_be_sent_fail_the_call_and_nothing_else(tmp_path: Path) -> None:
    given = order("")
    async with agent(Caller.read_to_the_end) as (url, _):
        bad = Order(**{**vars(given), "stream_url": url, "custom_parameters": {"x": object()}})
        outcome = await talk(tmp_path, bad)
    assert outcome.how is Ended.PLATFORM_FAILED
    assert outcome.reason.startswith("The start message cannot be sent")


async def test_cancelling_tells_the_agent_and_still_reports(tmp_path: Path) -> None:
    async with agent(Caller.read_to_the_end) as (url, callers):
        task = asyncio.create_task(dialer(tmp_path).talk(order(url)))
        while not (callers and callers[0].of("media")):
            await asyncio.sleep(0.01)
        task.cancel()
        outcome = await task
        await asyncio.sleep(0.05)
    assert outcome.how is Ended.PLATFORM_RESTARTED
    assert outcome.counted["frames_sent"] > 0
    assert callers[0].frames[-1]["event"] == "stop"


@pytest.mark.parametrize(
    ("picks_up", "how"),
    [("busy", Ended.BUSY), ("no_answer", Ended.NO_ANSWER), ("switched_off", Ended.SWITCHED_OFF)],
)
async def test_nobody_picks_up(tmp_path: Path, picks_up: str, how: Ended) -> None:
    given = order("ws://127.0.0.1:1/")
    absent = Person(**{**vars(given.person), "picks_up": PicksUp(picks_up)})
    outcome = await dialer(tmp_path).ring(Order(**{**vars(given), "person": absent}))
    assert outcome is not None
    assert outcome.how is how
    assert await dialer(tmp_path).ring(given) is None


async def test_forty_calls_at_once_keep_their_pace(tmp_path: Path) -> None:
    async def behave(caller: Caller) -> None:
        for _ in range(50):
            await caller.next("media")

    async with agent(behave) as (url, callers):
        phone = dialer(tmp_path)
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(30):
            outcomes = await asyncio.gather(*(phone.talk(order(url)) for _ in range(40)))
    assert {outcome.how for outcome in outcomes} == {Ended.AGENT_ENDED}
    for caller in callers:
        arrived = caller.arrived[1:]
        # Never ahead of real time; how far behind is a question of the machine, and of the benchmark.
        assert arrived[-1] - began > 0.97
        assert all(later >= earlier for earlier, later in pairwise(arrived))


async def test_a_person_speaks_a_language_of_its_own_over_a_noisy_line(tmp_path: Path) -> None:
    for language, level in (("hi", 1), ("ta", 2)):
        path = clips.path_of(tmp_path, "hello", language)
        path.parent.mkdir(parents=True)
        path.write_bytes(wav(bytes([level * 16, 16]) * 800))
    given = replace(order("", script="[{say: hello}]"))
    given = replace(given, person=replace(given.person, language="ta", noise_dbfs=-50.0))

    async def behave(caller: Caller) -> None:
        for _ in range(12):
            await caller.next("media")

    async with agent(behave) as (url, callers):
        await talk(tmp_path, replace(given, stream_url=url))
    heard = b"".join(base64.b64decode(frame["media"]["payload"]) for frame in callers[0].of("media"))
    voice, noise = np.frombuffer(heard[:1600], np.int16), np.frombuffer(heard[-320:], np.int16)
    assert np.mean(voice) == pytest.approx(16 * 256 + 32, abs=140)
    assert 0 < np.std(noise) < 400
