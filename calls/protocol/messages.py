"""The messages of the media stream, both ways, and the limits on what we read.

Wire form and sources: awaaz-platform.md §2. Every message is frozen; counters that were
missing or unreadable are None.
"""

from enum import StrEnum
from typing import Literal, TypeAlias

from msgspec import Struct, field

SAMPLE_RATE = 8000
"""Samples a second of all stream audio (§2: 16-bit little-endian mono PCM at 8 kHz)."""

BYTES_PER_MS = 16
"""Bytes of stream audio in one millisecond: 8 samples of 2 bytes."""

MAX_WAITING_MARKS = 30
"""Marks the far end keeps at once (§2, source AF); more must never be outstanding."""

Container = Literal["raw", "wav"]
"""How a media payload is packed: bare PCM, or a WAV file of its own."""


class Problem(StrEnum):
    """Why a frame from outside could not be used."""

    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    NOT_AN_OBJECT = "not_an_object"
    UNKNOWN_EVENT = "unknown_event"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    NAME_TOO_LONG = "name_too_long"
    BAD_DIGIT = "bad_digit"
    BAD_BASE64 = "bad_base64"
    EMPTY_PAYLOAD = "empty_payload"
    ODD_SIZE = "odd_size"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    BAD_WAV = "bad_wav"
    UNSUPPORTED_AUDIO = "unsupported_audio"
    MEDIA_BEFORE_START = "media_before_start"
    BEFORE_START = "before_start"
    SECOND_START = "second_start"
    AFTER_STOP = "after_stop"
    WRONG_STREAM = "wrong_stream"


class Limits(Struct, frozen=True):
    """The most we read from outside. Sizes of text are in characters (bytes for bytes)."""

    text_size: int = 256 * 1024
    payload_bytes: int = 64 * 1024
    """Decoded payload with its container; 64 KiB is four seconds."""
    name_size: int = 256
    """Mark names, stream and call identifiers."""
    parameter_count: int = 256
    parameter_name_size: int = 128
    parameter_value_size: int = 8 * 1024


DEFAULT_LIMITS = Limits()


class MediaFormat(Struct, frozen=True):
    """How the audio travels, as the start message says it."""

    encoding: str = "base64"
    sample_rate: int = SAMPLE_RATE
    bit_rate: str = ""


class Connected(Struct, frozen=True):
    """The socket is up. May come before start, after it, or never (§2, source LK)."""


class Start(Struct, frozen=True):
    """The call begins. `custom_parameters` carries what was uploaded with the message."""

    stream_sid: str
    call_sid: str
    media_format: MediaFormat = MediaFormat()
    custom_parameters: dict[str, str] = field(default_factory=dict)
    sequence_number: int | None = None
    parameters_cut: int = 0
    """Custom parameters left out or shortened because they exceeded `Limits`."""


class Media(Struct, frozen=True, gc=False):
    """Audio. `payload` is PCM s16le, 8 kHz, mono, whole samples, container removed."""

    payload: bytes
    chunk: int | None = None
    timestamp_ms: int | None = None
    container: Container = "raw"


class Dtmf(Struct, frozen=True, gc=False):
    """A key was pressed: one of 0-9, *, #, A-D."""

    digit: str
    duration_ms: int | None = None


class Mark(Struct, frozen=True, gc=False):
    """To the platform: send this back when you get here. From it: finished, or dropped by clear."""

    name: str


class Stop(Struct, frozen=True, gc=False):
    """The call has ended. `reason` is the platform's own word, often empty."""

    reason: str = ""


class Clear(Struct, frozen=True, gc=False):
    """Drop all audio sent but not yet played."""


class Malformed(Struct, frozen=True, gc=False):
    """A frame from outside that could not be used.

    `detail` is our own wording (at most 200 characters), never the frame's content. `event`
    is the frame's event name where it had a plain one, else empty.
    """

    problem: Problem
    detail: str = ""
    event: str = ""


FromPlatform: TypeAlias = Connected | Start | Media | Dtmf | Mark | Stop
FromAgent: TypeAlias = Media | Mark | Clear
