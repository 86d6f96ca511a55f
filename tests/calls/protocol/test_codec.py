"""Decoding is total and bounded; encoding is strict and read back as it was."""

import base64
import json
import timeit
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calls.audio import wav
from calls.protocol import codec
from calls.protocol.codec import decode_agent_message, decode_platform_message
from calls.protocol.errors import AudioError, FieldError, ProtocolError
from calls.protocol.messages import (
    DEFAULT_LIMITS,
    Clear,
    Connected,
    Container,
    Dtmf,
    Limits,
    Malformed,
    Mark,
    Media,
    MediaFormat,
    Problem,
    Start,
    Stop,
)
from calls.protocol.stream import PlatformStream

FROM_PLATFORM = (Connected, Start, Media, Dtmf, Mark, Stop, Malformed)
FROM_AGENT = (Media, Mark, Clear, Malformed)
EVENTS = ["connected", "start", "media", "dtmf", "mark", "stop", "clear"]

# --- strategies -----------------------------------------------------------------------------

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary(max_size=60).map(lambda raw: base64.b64encode(raw).decode()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = (
    *("stream_sid", "call_sid", "chunk", "timestamp", "payload", "name", "digit", "duration", "reason"),
    *("media_format", "custom_parameters", "encoding", "sample_rate", "bit_rate"),
)
members = st.dictionaries(st.sampled_from(MEMBERS), anything, max_size=6)
frames = st.fixed_dictionaries(
    {"event": st.sampled_from(EVENTS) | anything},
    optional=dict.fromkeys([*EVENTS, "stream_sid", "sequence_number"], members | anything),
)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=64)
counts = st.integers(0, 2**53 - 1)
samples = st.binary(min_size=1, max_size=400).map(lambda raw: raw * 2).filter(lambda pcm: not wav.is_wav(pcm))
containers = st.sampled_from(["raw", "wav"])
media = st.builds(Media, samples, counts, counts, containers)
starts = st.builds(
    Start,
    names,
    names,
    st.builds(MediaFormat, names, st.integers(1, 48000), st.text("0123456789", max_size=5)),
    st.dictionaries(names, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))),
    counts,
)


def is_settled(found: object, kinds: tuple[type, ...]) -> bool:
    """One of the messages of this direction, every text in it fit for a database."""
    if isinstance(found, Malformed):
        assert len(found.detail) <= 200
        assert len(found.event) <= 32
    if isinstance(found, Start):
        " ".join([found.stream_sid, found.call_sid, *found.custom_parameters.values()]).encode()
    return isinstance(found, kinds)


def check_total(text: str | bytes) -> None:
    assert is_settled(decode_platform_message(text), FROM_PLATFORM)
    assert is_settled(decode_agent_message(text), FROM_AGENT)


# --- totality -------------------------------------------------------------------------------


@given(st.text())
@example('{"event":"mark","mark":{"name":"\ud800"}}')
def test_any_text(text: str) -> None:
    check_total(text)


@given(st.binary())
@example(b"\xff\xfe{\x00}\x00")
@example(b'{"event":"media","stream_sid":"\xff","media":{"payload":"AAA="}}')
def test_any_bytes(data: bytes) -> None:
    check_total(data)


@given(anything | frames | members)
def test_any_json(value: object) -> None:
    text = json.dumps(value)
    check_total(text)
    check_total(text.encode())


@given(starts | media, st.data())
def test_good_frames_with_one_place_changed(message: Start | Media, data: st.DataObject) -> None:
    text = encoded(message)
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 3))
    check_total(text[:at] + data.draw(st.text(max_size=3)) + text[at + cut :])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 200_000, Problem.TOO_DEEP),
        ('{"event":"start","start":{"a":' + '{"a":' * 40_000, Problem.TOO_DEEP),
        ("x" * 2**20, Problem.TOO_LARGE),
        (b"\x00" * 2**20, Problem.TOO_LARGE),
        (b"\xff" * 1000, Problem.NOT_UTF8),
        ("\ud800", Problem.NOT_JSON),
        ("1" * 200_000, Problem.NOT_AN_OBJECT),
        (b"", Problem.NOT_JSON),
        ('{"event":"media","media":{"payload":"' + "AAAA" * 30_000 + '"}}', Problem.PAYLOAD_TOO_LARGE),
        ('{"event":"media","media":{"payload":"UklGRjAAAABXQVZF"}}', Problem.BAD_WAV),
        ('{"event":"media","media":{"payload":"\\ud800"}}', Problem.BAD_BASE64),
        ('{"event":"media","media":{"payload":""}}', Problem.EMPTY_PAYLOAD),
    ],
)
def test_the_ways_of_being_useless(text: str | bytes, problem: Problem) -> None:
    for decode in (decode_platform_message, decode_agent_message):
        found = decode(text)
        assert isinstance(found, Malformed)
        assert found.problem is problem


def test_parameters_nested_to_the_brink_are_text_or_malformed() -> None:
    for depth in (10, 500, 900, 990, 1500):
        nest = "[" * depth + "]" * depth
        start = '{"event":"start","stream_sid":"S","start":{"custom_parameters":{"a":'
        found = decode_platform_message(start + nest + "}}}")
        if isinstance(found, Malformed):
            assert found.problem is Problem.TOO_DEEP
        else:
            assert isinstance(found, Start)
            assert found.custom_parameters == {"a": nest}


def test_malformed_says_nothing_of_what_was_in_the_frame() -> None:
    secret = "+919876543210"
    for frame in (
        {"event": secret},
        {"event": "mark", "mark": {"name": secret * 40}},
        {"event": "dtmf", "dtmf": {"digit": secret}},
        {"event": "media", "media": {"payload": secret}},
    ):
        found = decode_platform_message(json.dumps(frame))
        assert isinstance(found, Malformed)
        assert secret not in repr(found)


# --- leniency -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (7, 7),
        ("7", 7),
        (" 7 ", 7),
        (7.0, 7),
        ("7.0", 7),
        (0, 0),
        (-1, None),
        ("-1", None),
        (2**53, None),
        ("9" * 30, None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        ([], None),
        (None, None),
        ("७", None),
        ("1_0", None),
        ("", None),
    ],
)
def test_counters(value: object, read: int | None) -> None:
    body = {"payload": "AAA=", "chunk": value, "timestamp": value}
    found = decode_platform_message(json.dumps({"event": "media", "media": body}))
    assert found == Media(b"\x00\x00", read, read)


@pytest.mark.parametrize(
    ("digit", "read"), [("5", "5"), (5, "5"), (5.0, "5"), ("a", "A"), ("D", "D"), (" # ", "#"), (0, "0")]
)
def test_digits(digit: object, read: str) -> None:
    assert decode_platform_message(json.dumps({"event": "dtmf", "dtmf": {"digit": digit}})) == Dtmf(read)


@pytest.mark.parametrize("digit", ["", "55", "E", "५", 10, -1, 1.5, True, [], {}])
def test_what_is_no_digit(digit: object) -> None:
    found = decode_platform_message(json.dumps({"event": "dtmf", "dtmf": {"digit": digit}}))
    assert isinstance(found, Malformed)
    assert found.problem is Problem.BAD_DIGIT


@pytest.mark.parametrize("body", [{}, None, "now", [], 5, {"reason": None}, {"reason": ["x"]}])
def test_a_stop_is_a_stop_whatever_its_body(body: object) -> None:
    assert decode_platform_message(json.dumps({"event": "stop", "stop": body})) == Stop("")


def test_start_with_nothing_but_an_identifier() -> None:
    assert decode_platform_message('{"event":"start","start":{"stream_sid":"S"}}') == Start("S", "")


def test_the_outer_identifier_is_the_one_later_frames_repeat() -> None:
    found = decode_platform_message('{"event":"start","stream_sid":"OUT","start":{"stream_sid":"IN"}}')
    assert isinstance(found, Start)
    assert found.stream_sid == "OUT"


def test_parameters_beyond_the_limits_are_cut_and_counted() -> None:
    limits = Limits(parameter_count=3, parameter_name_size=4, parameter_value_size=5)
    parameters = {"a": "123456", "long name": "x", "b": "12345", "left": "out"}
    frame = {"event": "start", "stream_sid": "S", "start": {"custom_parameters": parameters}}
    found = decode_platform_message(json.dumps(frame), limits)
    assert isinstance(found, Start)
    assert found.custom_parameters == {"a": "12345", "b": "12345"}
    assert found.parameters_cut == 3


def test_lone_surrogates_and_nul_become_replacement_characters() -> None:
    found = decode_platform_message(r'{"event":"mark","mark":{"name":"a\ud800b\u0000c"}}')
    assert found == Mark("a\ufffdb\ufffdc")


@pytest.mark.parametrize("payload", ["AQD//w", "AQD//w==", "AQD/\n/w==", " AQ D/ /w "])
def test_base64_with_line_breaks_or_without_padding(payload: str) -> None:
    frame = {"event": "media", "media": {"payload": payload}}
    assert decode_platform_message(json.dumps(frame)) == Media(b"\x01\x00\xff\xff")


def test_a_wav_from_the_platform_is_unwrapped_too() -> None:
    payload = base64.b64encode(wav.wrap(b"\x01\x00")).decode()
    found = decode_platform_message(json.dumps({"event": "media", "media": {"payload": payload}}))
    assert found == Media(b"\x01\x00", container="wav")


@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (8000, 2)])
def test_a_wav_the_far_end_would_play_wrong(rate: int, channels: int) -> None:
    payload = base64.b64encode(wav.wrap(bytes(8), rate, channels=channels)).decode()
    found = decode_agent_message(json.dumps({"event": "media", "media": {"payload": payload}}))
    assert isinstance(found, Malformed)
    assert found.problem is Problem.UNSUPPORTED_AUDIO


def test_payload_limit_is_exact() -> None:
    limits = Limits(payload_bytes=8)
    fits, over = (json.dumps({"event": "media", "media": {"payload": p}}) for p in ("A" * 10, "A" * 14))
    assert decode_platform_message(fits.replace("A" * 10, "AAAAAAAAAAA="), limits) == Media(bytes(8))
    found = decode_platform_message(over, limits)
    assert isinstance(found, Malformed)
    assert found.problem is Problem.PAYLOAD_TOO_LARGE


# --- encoding -------------------------------------------------------------------------------


def encode_media(media: Media, *, stream_sid: str, sequence_number: int) -> str:
    """A media frame with counters of the test's choice; a stream counts for itself."""
    body = {"chunk": media.chunk or 0, "timestamp": str(media.timestamp_ms or 0)}
    body["payload"] = codec.encode_payload(media.payload, container=media.container)
    frame = {"event": "media", "sequence_number": sequence_number, "stream_sid": stream_sid, "media": body}
    return json.dumps(frame)


def encoded(message: Any) -> str:
    with_sid: dict[type, Callable[..., str]] = {
        Media: encode_media,
        Dtmf: codec.encode_dtmf,
        Mark: codec.encode_mark,
        Stop: codec.encode_stop,
    }
    if isinstance(message, Start):
        return codec.encode_start(message)
    return with_sid[type(message)](message, stream_sid="S", sequence_number=1)


@given(
    starts
    | media
    | st.builds(Dtmf, st.sampled_from("0123456789*#ABCD"), st.none() | counts)
    | st.builds(Mark, names)
    | st.builds(Stop, st.just("") | names)
)
def test_the_platforms_messages_come_back_as_they_were(message: object) -> None:
    text = encoded(message)
    assert decode_platform_message(text) == message
    assert decode_platform_message(text.encode()) == message


@given(media | st.builds(Mark, names))
def test_the_agents_messages_come_back_as_they_were(message: object) -> None:
    assert decode_agent_message(encoded(message)) == message


def test_messages_without_content() -> None:
    assert decode_platform_message(codec.encode_connected()) == Connected()
    assert decode_agent_message(codec.encode_clear(stream_sid="S")) == Clear()
    assert codec.encode_clear(stream_sid="S") == '{"event":"clear","stream_sid":"S"}'


def test_start_has_exactly_the_documented_members() -> None:
    start = Start("MZ1", "CA1", custom_parameters={"FirstName": "Jane"}, sequence_number=1)
    assert json.loads(codec.encode_start(start)) == {
        "event": "start",
        "sequence_number": 1,
        "stream_sid": "MZ1",
        "start": {
            "stream_sid": "MZ1",
            "call_sid": "CA1",
            "media_format": {"encoding": "base64", "sample_rate": 8000, "bit_rate": ""},
            "custom_parameters": {"FirstName": "Jane"},
        },
    }


def test_media_has_exactly_the_documented_members() -> None:
    platform = PlatformStream("MZ1", "CA1")
    platform.start({})
    platform.media(bytes(640))
    assert json.loads(platform.media(b"\x01\x00")) == {
        "event": "media",
        "sequence_number": 3,
        "stream_sid": "MZ1",
        "media": {"chunk": 2, "timestamp": "40", "payload": "AQA="},
    }


@pytest.mark.parametrize("container", ["raw", "wav"])
@pytest.mark.parametrize("pcm", [b"", b"\x00", bytes(321), bytes(2**20)])
def test_audio_we_must_not_send(pcm: bytes, container: Container) -> None:
    with pytest.raises(AudioError):
        codec.encode_payload(pcm, container=container)


@pytest.mark.parametrize("name", ["", "x" * 257, "a\0b", "\ud800"])
def test_names_we_must_not_send(name: str) -> None:
    with pytest.raises(FieldError):
        codec.encode_mark(Mark(name), stream_sid="S", sequence_number=1)
    with pytest.raises(FieldError):
        codec.encode_clear(stream_sid=name)


@pytest.mark.parametrize("digit", ["", "a", "55", "E"])
def test_digits_we_must_not_send(digit: str) -> None:
    with pytest.raises(FieldError):
        codec.encode_dtmf(Dtmf(digit), stream_sid="S", sequence_number=1)


@pytest.mark.parametrize("number", [-1, 2**53])
def test_counters_we_must_not_send(number: int) -> None:
    with pytest.raises(FieldError):
        codec.encode_mark(Mark("m"), stream_sid="S", sequence_number=number)


def test_text_that_no_frame_can_carry_is_our_mistake() -> None:
    with pytest.raises(ProtocolError):
        codec.encode_start(Start("S", "C", custom_parameters={"a": "\ud800"}))


_ROOM = DEFAULT_LIMITS.text_size - 100
EXPENSIVE = {
    "integers": '{"event":"mark","x":[' + ",".join(["1"] * (_ROOM // 2)) + "]}",
    "a key of a quarter million letters": '{"event":"dtmf","dtmf":{"digit":"' + "ß" * _ROOM + '"}}',
    "a name of another script": '{"event":"mark","mark":{"name":"' + "ä" * _ROOM + '"}}',
    "surrogates": '{"event":"mark","mark":{"name":"' + "\\ud800" * (_ROOM // 6) + '"}}',
}


@pytest.mark.parametrize("text", EXPENSIVE.values(), ids=EXPENSIVE)
def test_no_frame_costs_much_more_than_reading_its_json(text: str) -> None:
    """One hostile call must not hold up the others of its process. In this machine's own time: what reading
    the JSON three times takes, and looking at each letter once."""
    reading = min(timeit.repeat(lambda: json.loads(text), repeat=7, number=1))
    looking = min(timeit.repeat(lambda: sum(map(ord, text)), repeat=7, number=1))
    decoding = min(timeit.repeat(lambda: decode_platform_message(text), repeat=7, number=1))
    assert decoding < 3 * reading + looking
