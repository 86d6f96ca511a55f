"""Frames written by another party, decoded to exactly the messages they mean."""

import base64
import json
from pathlib import Path

import pytest

from calls.protocol.messages import (
    Clear,
    Connected,
    Dtmf,
    Malformed,
    Mark,
    Media,
    MediaFormat,
    Problem,
    Start,
    Stop,
)
from calls.protocol.state import State
from calls.protocol.stream import AgentStream, PlatformStream

DATA = Path(__file__).parents[2] / "data" / "stream"
FOUR_SAMPLES = b"\x01\x00\xff\xff\xff\x7f\x00\x80"


def lines(name: str) -> list[str]:
    return (DATA / name).read_text(encoding="utf-8").split("\n")[:-1]


def heard(name: str, stream: AgentStream | None = None) -> list[object]:
    """Every frame of a transcript as our end reads it; problems without their wording."""
    stream = stream or AgentStream()
    return [_without_detail(stream.receive(line)) for line in lines(name)]


def _without_detail(message: object) -> object:
    return (message.problem, message.event) if isinstance(message, Malformed) else message


def begun(sid: str, call: str, parameters: dict[str, str], sequence_number: int | None = 1) -> Start:
    return Start(sid, call, MediaFormat("base64", 8000, ""), parameters, sequence_number)


def as_sent(name: str) -> list[bytes]:
    """The payloads of a transcript, read with the standard library alone."""
    frames = [json.loads(line) for line in lines(name)]
    return [base64.b64decode(f["media"]["payload"]) for f in frames if f["event"] == "media"]


def test_plain_call() -> None:
    messages = heard("plain.jsonl")
    audio = [
        Media(payload, chunk, 20 * (chunk - 1))
        for chunk, payload in enumerate(as_sent("plain.jsonl"), start=1)
    ]
    assert messages == [
        begun("MZ1", "CA1", {"FirstName": "Jane", "LastName": "Doe", "RemoteParty": "Bob"}),
        *audio,
        Dtmf("5"),
        Mark("greeting"),
        Stop(""),
    ]
    assert len(audio) == 10
    assert {len(piece.payload) for piece in audio} == {320}
    assert audio[0].payload == bytes(320)


def test_connected_after_start() -> None:
    assert heard("connected-after-start.jsonl") == [
        begun("MZ2", "CA2", {"नाम": "आशा", "amount": "125000"}),
        Connected(),
        Media(bytes(320), 1, 0),
        Media(bytes(320), 2, 20),
        Media(bytes(320), 3, 40),
        Stop(""),
    ]


def test_numbers_as_strings() -> None:
    assert heard("numbers-as-strings.jsonl") == [
        Connected(),
        Start("MZ3", "CA3", MediaFormat("base64", 8000, "16"), {}, 1),
        Media(bytes(320), 1, 0),
        Media(bytes(320), 2, 20),
        Media(bytes(320), 3, 40),
        Dtmf("#", 120),
        Stop("callended"),
    ]


def test_odd_sizes_and_no_stop() -> None:
    stream = AgentStream()
    messages = heard("odd-sizes-and-no-stop.jsonl", stream)
    payloads = as_sent("odd-sizes-and-no-stop.jsonl")
    assert messages[0] == begun("MZ4", "CA4", {})
    assert messages[1:] == [
        Media(payload, chunk, 20 * (chunk - 1)) for chunk, payload in enumerate(payloads, start=1)
    ]
    assert len({len(payload) for payload in payloads}) > 2
    assert stream.state is State.STARTED


def test_connected_before_start_and_a_stop_without_a_body() -> None:
    assert heard("connected-before-start.jsonl") == [
        Connected(),
        begun("MZ5", "CA5", {"reference": "m-abcdefghijklmnopqrstuvwxyz"}),
        Media(FOUR_SAMPLES, 1, 0),
        Stop(""),
    ]


def test_every_key_with_and_without_a_duration() -> None:
    durations = {"1": 100, "2": 120, "3": 80, "4": 100, "#": 2000}
    pressed = [Dtmf(digit, durations.get(digit)) for digit in "0123456789*#ABCD"]
    assert heard("dtmf-every-key.jsonl") == [begun("MZ6", "CA6", {}), *pressed, Stop("")]


def test_parameters_in_indian_scripts_and_of_every_json_type() -> None:
    assert heard("unicode-and-odd-parameters.jsonl") == [
        begun(
            "MZ7",
            "CA7",
            {
                "नाम": "आशा पटेल",
                "નામ": "મીરા",
                "பெயர்": "கமலா",
                "note": 'line one\nline "two" \\ ₹1,25,000 👋',
                "amount": "125000",
                "rate": "7.5",
                "vip": "true",
                "due": "",
                "phones": '["home", "work"]',
                "place": '{"शहर": "पुणे"}',
                "long": "123456789012345678901234567890",
            },
        ),
        Media(FOUR_SAMPLES, 1, 0),
        Stop("caller hung up"),
    ]


def test_of_duplicate_keys_the_last_one_counts() -> None:
    assert heard("duplicate-keys.jsonl") == [
        begun("MZ8", "CA8b", {"a": "2"}, None),
        Media(FOUR_SAMPLES),
        Dtmf("2"),
        Stop(""),
    ]


def test_marks_returned_after_a_clear() -> None:
    stream = AgentStream()
    stream.receive(lines("marks-after-clear.jsonl")[0])
    stream.send_clear()
    rest = [stream.receive(line) for line in lines("marks-after-clear.jsonl")[1:]]
    assert rest == [
        Media(FOUR_SAMPLES, 1, 0),
        Mark("prompt-1"),
        Media(FOUR_SAMPLES, 2, 20),
        Mark("prompt-2"),
        Mark("prompt-3"),
        Media(FOUR_SAMPLES, 3, 40),
        Mark("स्वागत"),
        Stop(""),
    ]


def test_frames_out_of_their_order_are_named_and_the_call_goes_on() -> None:
    assert heard("wrong-order.jsonl") == [
        (Problem.MEDIA_BEFORE_START, "media"),
        (Problem.BEFORE_START, "dtmf"),
        (Problem.BEFORE_START, "mark"),
        begun("MZ10", "CA10", {}, 4),
        (Problem.SECOND_START, "start"),
        (Problem.WRONG_STREAM, "media"),
        (Problem.WRONG_STREAM, "stop"),
        Media(FOUR_SAMPLES, 2, 20),
        (Problem.UNKNOWN_EVENT, "clear"),
        Stop(""),
        (Problem.AFTER_STOP, "media"),
        (Problem.AFTER_STOP, "stop"),
        (Problem.AFTER_STOP, "start"),
    ]


def test_a_byte_order_mark_spare_members_and_unreadable_counters() -> None:
    assert heard("spare-members.jsonl") == [
        begun("MZ11", "11", {}, None),
        Media(FOUR_SAMPLES, 1, 20),
        Media(FOUR_SAMPLES, None, None),
        Media(FOUR_SAMPLES, None, None),
        Media(FOUR_SAMPLES, None, None),
        Stop(""),
    ]


@pytest.mark.parametrize("as_bytes", [False, True])
def test_an_agent_that_sends_wav_files(as_bytes: bool) -> None:
    platform = PlatformStream("MZ12", "CA12")
    platform.start({})
    frames = lines("agent-wav.jsonl")
    assert [platform.receive(f.encode() if as_bytes else f) for f in frames] == [
        Media(FOUR_SAMPLES, 1, 0, "wav"),
        Mark("greeting"),
        Clear(),
        Media(FOUR_SAMPLES, 2, 20, "wav"),
        Media(FOUR_SAMPLES, 3, 40, "wav"),
    ]


def test_an_agent_that_sends_bare_pcm() -> None:
    platform = PlatformStream("MZ13", "CA13")
    platform.start({})
    assert [platform.receive(line) for line in lines("agent-raw.jsonl")] == [
        Media(FOUR_SAMPLES, None, None, "raw"),
        Media(FOUR_SAMPLES * 2, 2, 0, "raw"),
        Mark("7"),
        Clear(),
        Clear(),
    ]


@pytest.mark.parametrize("name", ["hostile-lines.txt", "hostile-more.txt"])
def test_hostile_lines_leave_both_ends_working(name: str) -> None:
    for line in lines(name):
        agent, platform = AgentStream(), PlatformStream("MZ1", "CA1")
        agent.receive(platform.start({}))
        answers = [agent.receive(line), platform.receive(line)]
        assert all(len(a.detail) <= 200 for a in answers if isinstance(a, Malformed))
        if not isinstance(answers[0], Stop):
            assert agent.receive(platform.media(FOUR_SAMPLES)) == Media(FOUR_SAMPLES, 1, 0)


def test_what_is_wrong_with_each_hostile_line() -> None:
    agent = AgentStream()
    agent.receive(PlatformStream("MZ1", "CA1").start({}))
    found = [agent.receive(line) for line in lines("hostile-lines.txt")[:20]]
    assert [m.problem if isinstance(m, Malformed) else m for m in found] == [
        Problem.NOT_JSON,
        Problem.NOT_JSON,
        Problem.NOT_AN_OBJECT,
        Problem.NOT_AN_OBJECT,
        Problem.NOT_AN_OBJECT,
        Problem.WRONG_TYPE,
        Problem.MISSING_FIELD,
        Problem.MISSING_FIELD,
        Problem.WRONG_TYPE,
        Problem.BAD_BASE64,
        Media(b"\x00\x00"),
        Problem.ODD_SIZE,
        Problem.MISSING_FIELD,
        Problem.NAME_TOO_LONG,
        Problem.BAD_DIGIT,
        Problem.BAD_DIGIT,
        Stop(""),
        Problem.AFTER_STOP,
        Problem.UNKNOWN_EVENT,
        Problem.ODD_SIZE,
    ]
