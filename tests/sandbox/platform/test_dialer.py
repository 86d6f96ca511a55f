"""Real calls over real WebSockets to agents written by hand."""

import asyncio
import base64
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calls.audio import wav as wave
from sandbox.line.leg import Ended
from sandbox.people.people import Person, PicksUp
from sandbox.platform import clips
from sandbox.platform.orders import Order
from tests.sandbox.agents import Caller, agent, tone, wav
from tests.sandbox.platform.calls import dialer, order, talk


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
