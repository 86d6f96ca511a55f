"""One call from the platform's side, wired to our own agent end and to frames written by hand."""

import base64
import json
import random
from itertools import repeat
from typing import Any

from calls.audio import wav
from calls.audio.dtmf import beep
from calls.audio.pcm import silence
from calls.protocol.messages import Dtmf, Mark, Media, Start, Stop
from calls.protocol.stream import AgentStream, PlatformStream
from sandbox.line.leg import MOST_PROBLEMS, Ended, Leg
from sandbox.people import people
from sandbox.people.people import ScriptRunner

PROMPT = beep(1000)


class Wire:
    """A leg on one side, `AgentStream` on the other, and slot numbers for time."""

    def __init__(self, person: str, *, longest_s: float = 60, record: bool = False) -> None:
        runner = ScriptRunner(people.cast()[person], random.Random(1))
        stream = PlatformStream("MZ1", "CA1")
        self.leg = Leg(stream, runner, lambda _clip: beep(300), longest_s=longest_s, record=record)
        self.agent = AgentStream(container="wav")
        self.slot = 0
        self.got: list[Any] = []
        self._take(self.leg.opened({"reference": "m-1"}, 0.0))

    @property
    def now(self) -> float:
        return self.slot * 0.02

    def _take(self, frames: list[str]) -> None:
        self.got += [self.agent.receive(frame) for frame in frames]

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            self._take(self.leg.tick(self.now))
            self.slot += 1

    def say(self, pcm: bytes) -> None:
        for at in range(0, len(pcm), 3200):
            self.send(self.agent.send_media(pcm[at : at + 3200]))

    def send(self, frame: str | bytes) -> None:
        self._take(self.leg.received(frame, self.now))

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.got if isinstance(message, kind)]


def test_start_comes_first_with_the_custom_parameters() -> None:
    wire = Wire("silent")
    [start] = wire.got
    assert isinstance(start, Start)
    assert (start.stream_sid, start.call_sid, start.custom_parameters) == ("MZ1", "CA1", {"reference": "m-1"})


def test_a_frame_of_320_bytes_each_slot_with_running_chunk_and_time() -> None:
    wire = Wire("silent")
    wire.run(0.1)
    media = wire.of(Media)
    assert [(m.chunk, m.timestamp_ms, len(m.payload)) for m in media] == [
        (n + 1, 20 * n, 320) for n in range(5)
    ]


def test_prompt_key_mark_and_what_was_heard() -> None:
    wire = Wire("presses_one")
    wire.run(0.1)
    wire.say(PROMPT)
    wire.send(wire.agent.send_mark("end"))
    wire.run(0.98)
    assert wire.of(Mark) == []
    wire.run(0.1)
    assert wire.of(Mark) == [Mark("end")]
    wire.run(2.5)
    assert [message.digit for message in wire.of(Dtmf)] == ["1"]
    assert wire.leg.digits == "1"
    assert wire.leg.playout.figures.heard_ms == 1000
    assert wire.leg.containers == {"wav"}


def test_clear_returns_the_marks_before_the_next_slot() -> None:
    wire = Wire("silent")
    wire.say(PROMPT)
    wire.send(wire.agent.send_mark("end"))
    wire.run(0.2)
    wire.send(wire.agent.send_clear())
    assert wire.of(Mark) == [Mark("end")]
    wire.run(0.2)
    assert wire.leg.playout.figures.heard_ms == 200
    assert wire.leg.clears == 1


def test_the_person_hangs_up_with_a_stop_and_nothing_after_it() -> None:
    wire = Wire("hangs_up_early")
    wire.run(3.0)
    assert isinstance(wire.got[-1], Stop)
    assert wire.leg.ending is not None
    assert wire.leg.ending.how is Ended.PERSON_HUNG_UP
    late = '{"event":"mark","stream_sid":"MZ1","mark":{"name":"late"}}'
    assert wire.leg.received(late, wire.now) == []
    assert wire.leg.marks_received == 0


def test_the_call_has_a_longest_time() -> None:
    wire = Wire("silent", longest_s=1.0)
    wire.run(2.0)
    assert isinstance(wire.got[-1], Stop)
    assert wire.leg.ending is not None
    assert wire.leg.ending.how is Ended.TOO_LONG
    assert wire.leg.frames_sent == 51


def test_speech_of_the_person_is_in_the_frames() -> None:
    wire = Wire("says_hello_first")
    wire.run(1.0)
    loud = [media.payload != silence(20) for media in wire.of(Media)]
    assert loud.index(True) == 16
    assert sum(loud) == 15


def test_voicemail_greets_and_beeps_before_silence() -> None:
    wire = Wire("voicemail")
    wire.run(3.0)
    assert [entry["event"] for entry in wire.leg.story] == ["picked up", "said", "beeped"]
    assert sum(media.payload != silence(20) for media in wire.of(Media)) == (300 + 500) // 20


def test_bare_and_wrapped_audio_are_told_apart() -> None:
    wire = Wire("silent")
    wire.send(AgentFrames.media(PROMPT[:3200]))
    wire.send(AgentFrames.media(wav.wrap(PROMPT[:3200])))
    assert wire.leg.containers == {"raw", "wav"}
    assert wire.leg.playout.buffered_ms == 400


class AgentFrames:
    """Frames of an outside agent, written from awaaz-platform.md §2."""

    @staticmethod
    def media(payload: bytes) -> str:
        body = {"chunk": 1, "timestamp": "0", "payload": base64.b64encode(payload).decode()}
        return json.dumps({"event": "media", "sequence_number": 1, "stream_sid": "MZ1", "media": body})


def test_nonsense_is_counted_and_ends_the_call_at_last() -> None:
    wire = Wire("silent")
    for number in range(MOST_PROBLEMS - 1):
        wire.send("{" if number % 2 else '{"event":"dance"}')
    wire.run(0.02)
    assert wire.leg.frames_sent == 1
    wire.send(b"\xff\xfe")
    assert wire.leg.ending is not None
    assert wire.leg.ending.how is Ended.AGENT_NONSENSE
    assert wire.leg.problems.total() == MOST_PROBLEMS
    assert len(wire.leg.story) == 5


def test_a_flood_of_audio_is_kept_to_ten_minutes() -> None:
    wire = Wire("silent")
    frame = wire.agent.send_media(silence(2000))
    for _ in range(301):
        wire.send(frame)
    assert wire.leg.playout.buffered_ms == 600_000
    assert wire.leg.playout.figures.dropped_ms == 2000


def test_marks_beyond_thirty_are_a_problem() -> None:
    wire = Wire("silent")
    wire.say(PROMPT)
    for number in range(31):
        wire.send(wire.agent.send_mark(str(number)))
    assert wire.leg.problems == {"too_many_marks": 1}


def test_how_the_agent_closes_tells_how_it_ended() -> None:
    ways = {1000: Ended.AGENT_ENDED, 1005: Ended.AGENT_ENDED, 1006: Ended.AGENT_LOST, 1011: Ended.AGENT_LOST}
    for code, how in ways.items():
        wire = Wire("silent")
        wire.leg.agent_closed(code, 1.0)
        wire.leg.agent_closed(1006, 2.0)
        assert wire.leg.ending is not None
        assert wire.leg.ending.how is how


def test_a_recording_has_both_sides_slot_by_slot() -> None:
    wire = Wire("says_hello_first", record=True)
    wire.say(PROMPT[:3200])
    wire.run(1.0)
    recorded = wire.leg.recorded or []
    assert len(recorded) == 50
    assert b"".join(sound.heard for sound in recorded)[:3200] == PROMPT[:3200]
    assert sum(sound.said != silence(20) for sound in recorded) == 15


def test_noise_lies_under_silence_and_speech() -> None:
    noise = b"\x10\x00" * 160
    runner = ScriptRunner(people.cast()["says_hello_first"], random.Random(1))
    voice = b"\x00\x01" * 160
    leg = Leg(PlatformStream("MZ1", "CA1"), runner, lambda _: voice, longest_s=60, background=repeat(noise))
    agent = AgentStream(container="raw")
    heard = set()
    for frame in leg.opened({}, 0.0):
        agent.receive(frame)
    for slot in range(25):
        for message in map(agent.receive, leg.tick(slot * 0.02)):
            assert isinstance(message, Media)
            heard.add(bytes(message.payload))
    assert heard == {noise, b"\x10\x01" * 160}
