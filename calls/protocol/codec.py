"""Turn frames of the media stream into messages and back (awaaz-platform.md §2).

Decoding is total: whatever text comes, the answer is a message or `Malformed`, nothing is
raised and what is kept is bounded by `Limits`. Encoding is strict: our own mistakes raise
`ProtocolError`.

Media frames, nearly all of a call, are read in one typed step (JSON and base64 together).
Every other frame, and media that does not fit that type, goes the lenient way.
"""

import json
from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

import msgspec
import pybase64

from calls.audio import wav
from calls.protocol import fields
from calls.protocol.errors import AudioError, FieldError
from calls.protocol.fields import FrameError, JsonObject
from calls.protocol.messages import (
    DEFAULT_LIMITS,
    Clear,
    Connected,
    Container,
    Dtmf,
    FromAgent,
    FromPlatform,
    Limits,
    Malformed,
    Mark,
    Media,
    MediaFormat,
    Problem,
    Start,
    Stop,
)

M = TypeVar("M")


# --- decoding ----------------------------------------------------------------------------


def decode_platform_message(text: str | bytes, limits: Limits = DEFAULT_LIMITS) -> FromPlatform | Malformed:
    """Return the message in a frame the platform sent. Never raises; order is checked in `stream`."""
    return read_platform_frame(text, limits)[0]


def decode_agent_message(text: str | bytes, limits: Limits = DEFAULT_LIMITS) -> FromAgent | Malformed:
    """Return the message in a frame an agent sent. Never raises; order is checked in `stream`."""
    return read_agent_frame(text, limits)[0]


def read_platform_frame(text: str | bytes, limits: Limits) -> tuple[FromPlatform | Malformed, str | None]:
    """Return the message, and the `stream_sid` the frame named; None where it named none."""
    return _read_media(text, limits) or _read(text, limits, _FROM_PLATFORM)


def read_agent_frame(text: str | bytes, limits: Limits) -> tuple[FromAgent | Malformed, str | None]:
    """Return the message, and the `stream_sid` the frame named; None where it named none."""
    return _read_media(text, limits) or _read(text, limits, _FROM_AGENT)


class _MediaBody(msgspec.Struct, gc=False):
    payload: bytes
    chunk: int | float | str | None = None
    timestamp: int | float | str | None = None


class _MediaFrame(msgspec.Struct, gc=False):
    event: Literal["media"]
    media: _MediaBody
    stream_sid: str | None = None


_decode_media = msgspec.json.Decoder(_MediaFrame).decode
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)


def _read_media(text: str | bytes, limits: Limits) -> tuple[Media, str | None] | None:
    """A well-formed frame of bare audio, or None: then the lenient reader decides."""
    if len(text) > limits.text_size:
        return None
    try:
        frame = _decode_media(text)
    except _UNREADABLE:
        return None
    body = frame.media
    payload = body.payload
    size = len(payload)
    if size & 1 or not 0 < size <= limits.payload_bytes or payload.startswith(b"RIFF"):
        return None
    return Media(payload, fields.count(body.chunk), fields.count(body.timestamp)), frame.stream_sid


_Readers = Mapping[str, Callable[[JsonObject, Limits], M]]


def _read(text: str | bytes, limits: Limits, readers: _Readers[M]) -> tuple[M | Malformed, str | None]:
    event = ""
    try:
        frame = _parse(text, limits)
        event = fields.event_name(named := frame.get("event"))
        if named is None:
            raise FrameError(Problem.MISSING_FIELD, "event is missing")
        if not isinstance(named, str):
            raise FrameError(Problem.WRONG_TYPE, "event is not text")
        if named not in readers:
            raise FrameError(Problem.UNKNOWN_EVENT, "no such event in this direction")
        return readers[named](frame, limits), fields.text(frame.get("stream_sid"))
    except FrameError as refused:
        return Malformed(refused.problem, refused.detail, event), None
    except RecursionError:
        return Malformed(Problem.TOO_DEEP, "nested too deeply", event), None


def _parse(text: str | bytes, limits: Limits) -> JsonObject:
    if len(text) > limits.text_size:
        raise FrameError(Problem.TOO_LARGE, f"frame of {len(text)} exceeds {limits.text_size}")
    try:
        plain = text if isinstance(text, str) else text.decode()
        value = _json_value(plain.strip("\ufeff \t\r\n"))
    except UnicodeError:
        raise FrameError(Problem.NOT_UTF8, "frame is not UTF-8 text") from None
    except ValueError:
        raise FrameError(Problem.NOT_JSON, "frame is not JSON") from None
    if not isinstance(value, dict):
        raise FrameError(Problem.NOT_AN_OBJECT, "frame is JSON but not an object")
    return value


def _json_value(text: str) -> object:
    """Read integers in C; a `parse_int` called for each of a long list makes it five times as slow."""
    try:
        return _json.decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer longer than Python converts
        return _json_with_long_integers.decode(text)


_json = json.JSONDecoder()
_json_with_long_integers = json.JSONDecoder(
    # One that Python does not convert is no counter and only has to be large.
    parse_int=lambda digits: int(digits) if len(digits) <= 1000 else float("inf")
)


def _start(frame: JsonObject, limits: Limits) -> Start:
    """The outer `stream_sid` wins over the inner: it is the one later frames repeat."""
    body = fields.body(frame, "start")
    sid = frame.get("stream_sid") or body.get("stream_sid")
    parameters, cut = fields.parameters(body.get("custom_parameters"), limits)
    form, default = fields.optional_body(body, "media_format"), MediaFormat()
    return Start(
        stream_sid=fields.name(sid, "stream_sid", limits),
        call_sid=(fields.text(body.get("call_sid")) or "")[: limits.name_size],
        media_format=MediaFormat(
            encoding=(fields.text(form.get("encoding")) or default.encoding)[: limits.name_size],
            sample_rate=fields.count(form.get("sample_rate")) or default.sample_rate,
            bit_rate=(fields.text(form.get("bit_rate")) or "")[: limits.name_size],
        ),
        custom_parameters=parameters,
        sequence_number=fields.count(frame.get("sequence_number")),
        parameters_cut=cut,
    )


def _media(frame: JsonObject, limits: Limits) -> Media:
    body = fields.body(frame, "media")
    pcm, container = fields.audio(fields.base64(body.get("payload")), limits)
    chunk, timestamp = fields.count(body.get("chunk")), fields.count(body.get("timestamp"))
    return Media(pcm, chunk, timestamp, container)


def _dtmf(frame: JsonObject, limits: Limits) -> Dtmf:
    body = fields.body(frame, "dtmf")
    return Dtmf(fields.digit(body.get("digit")), fields.count(body.get("duration")))


def _mark(frame: JsonObject, limits: Limits) -> Mark:
    return Mark(fields.name(fields.body(frame, "mark").get("name"), "mark name", limits))


def _stop(frame: JsonObject, limits: Limits) -> Stop:
    """Whatever its body, a stop means that the call is over."""
    reason = fields.optional_body(frame, "stop").get("reason")
    return Stop((fields.text(reason) or "")[: limits.name_size])


_FROM_PLATFORM: _Readers[FromPlatform] = {
    "connected": lambda frame, limits: Connected(),
    "start": _start,
    "media": _media,
    "dtmf": _dtmf,
    "mark": _mark,
    "stop": _stop,
}
_FROM_AGENT: _Readers[FromAgent] = {"media": _media, "mark": _mark, "clear": lambda frame, limits: Clear()}


# --- encoding ----------------------------------------------------------------------------


def encode_connected() -> str:
    """Return the frame `connected`."""
    return _frame("connected")


def encode_start(start: Start) -> str:
    """Return the frame `start`. Raise FieldError for what the far end could not read back."""
    sid = sendable(start.stream_sid, "stream_sid")
    form = start.media_format
    inner = {
        "stream_sid": sid,
        "call_sid": start.call_sid,
        "media_format": {
            "encoding": form.encoding,
            "sample_rate": form.sample_rate,
            "bit_rate": form.bit_rate,
        },
        "custom_parameters": start.custom_parameters,
    }
    return _frame("start", start.sequence_number, sid, inner)


def encode_payload(pcm: bytes, *, container: Container, limit: int = DEFAULT_LIMITS.payload_bytes) -> str:
    """Return `pcm` in base64, as a WAV file for "wav". Raise AudioError unless whole samples fit."""
    size = len(pcm)
    if not size or size & 1:
        raise AudioError(f"audio of {size} bytes is not one or more whole samples")
    packed = pcm if container == "raw" else wav.wrap(pcm)
    if len(packed) > limit:
        raise AudioError(f"audio of {size} bytes does not fit one frame of {limit}")
    return pybase64.b64encode_as_string(packed)


def encode_dtmf(dtmf: Dtmf, *, stream_sid: str, sequence_number: int) -> str:
    """Return the frame `dtmf`. Raise FieldError for what is no key, or a duration out of range."""
    if dtmf.digit not in fields.DIGITS:
        raise FieldError("digit must be one of 0-9, *, #, A-D")
    body: dict[str, object] = {"digit": dtmf.digit}
    if dtmf.duration_ms is not None:
        body["duration"] = str(_counter(dtmf.duration_ms, "duration"))
    return _frame("dtmf", sequence_number, sendable(stream_sid, "stream_sid"), body)


def encode_mark(mark: Mark, *, stream_sid: str, sequence_number: int) -> str:
    """Return the frame `mark`. Raise FieldError for a name the far end could not read back."""
    body = {"name": sendable(mark.name, "mark name")}
    return _frame("mark", sequence_number, sendable(stream_sid, "stream_sid"), body)


def encode_stop(stop: Stop, *, stream_sid: str, sequence_number: int, call_sid: str = "") -> str:
    """Return the frame `stop`; empty members are left out. Raise FieldError as `encode_mark` does."""
    body = {"call_sid": call_sid, "reason": stop.reason}
    present = {key: value for key, value in body.items() if value}
    return _frame("stop", sequence_number, sendable(stream_sid, "stream_sid"), present)


def encode_clear(*, stream_sid: str) -> str:
    """Return the frame `clear`, the one frame without a sequence number (§2)."""
    return _frame("clear", None, sendable(stream_sid, "stream_sid"))


def _frame(
    event: str,
    sequence_number: int | None = None,
    stream_sid: str | None = None,
    body: Mapping[str, object] | None = None,
) -> str:
    """Keys in the order of §2; members that are None are left out."""
    frame: dict[str, object] = {"event": event}
    if sequence_number is not None:
        frame["sequence_number"] = _counter(sequence_number, "sequence_number")
    if stream_sid is not None:
        frame["stream_sid"] = stream_sid
    if body is not None:
        frame[event] = body
    try:
        return msgspec.json.encode(frame).decode()
    except (TypeError, UnicodeError, RecursionError):
        raise FieldError(f"{event} holds a value that JSON text cannot carry") from None


def _counter(value: int, what: str) -> int:
    if not 0 <= value <= fields.LARGEST_COUNT:
        raise FieldError(f"{what} is out of range")
    return value


def sendable(value: str, what: str) -> str:
    """Return `value`, a name the far end reads back unchanged. Raise FieldError for any other."""
    if not value or len(value) > DEFAULT_LIMITS.name_size or fields.clean(value) != value:
        raise FieldError(f"{what} is empty, too long, or has characters that cannot be sent")
    return value
