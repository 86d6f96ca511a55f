"""Single values of a frame from outside, read leniently: a value or None, or `FrameError`."""

import json
import math
import re
import string
from typing import Any, TypeAlias

import pybase64

from calls.audio import wav
from calls.protocol.messages import SAMPLE_RATE, Container, Limits, Problem

JsonObject: TypeAlias = dict[str, Any]

DIGITS = frozenset("0123456789*#ABCD")
LARGEST_COUNT = 2**53 - 1
"""The largest number every JSON reader agrees on; beyond it a counter is taken as unknown."""

_LONGEST_COUNT_TEXT = 20
_SURELY_A_COUNT = len(str(LARGEST_COUNT)) - 1
_EVENT_LETTERS = frozenset(string.ascii_letters + "_-.")
_LONGEST_EVENT = 32
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
_LONGEST_DIGIT_TEXT = 20
_WHITESPACE = str.maketrans("", "", " \t\r\n")


class FrameError(Exception):
    """This frame cannot be used; becomes a `Malformed`. Never leaves the codec."""

    def __init__(self, problem: Problem, detail: str) -> None:
        super().__init__(problem, detail)
        self.problem = problem
        self.detail = detail


def count(value: object) -> int | None:
    """Return a counter, milliseconds or rate, given as number or text; None if it is not one."""
    if type(value) is int:
        return value if 0 <= value <= LARGEST_COUNT else None
    if type(value) is str and len(value) <= _SURELY_A_COUNT and value.isascii() and value.isdecimal():
        return int(value)  # as nearly all come
    if isinstance(value, str) and len(value) <= _LONGEST_COUNT_TEXT:
        whole, _, fraction = value.strip().partition(".")
        decimal = whole.isascii() and whole.isdecimal() and (fraction or "0").isdecimal()
        return count(int(whole)) if decimal else None
    if isinstance(value, float) and math.isfinite(value):
        return count(int(value))
    return None


def text(value: object) -> str | None:
    """Return a name or reason: text, or a number as text; None for anything else."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def clean(value: str) -> str:
    """Return `value` with what UTF-8 or a database text cannot carry (lone surrogates, NUL) as U+FFFD."""
    return _UNKEEPABLE.sub("\ufffd", value)


def name(value: object, what: str, limits: Limits) -> str:
    """Return a mark name or identifier. Raise FrameError if empty or above `limits.name_size`."""
    if value is None:
        raise FrameError(Problem.MISSING_FIELD, f"{what} is missing")
    if isinstance(value, str) and len(value) > limits.name_size:  # before it is cleaned: that takes its time
        raise FrameError(Problem.NAME_TOO_LONG, f"{what} has {len(value)} characters")
    read = text(value)
    if read is None:
        raise FrameError(Problem.WRONG_TYPE, f"{what} is neither text nor a number")
    if not read:
        raise FrameError(Problem.MISSING_FIELD, f"{what} is empty")
    if len(read) > limits.name_size:
        raise FrameError(Problem.NAME_TOO_LONG, f"{what} has {len(read)} characters")
    return read


def body(frame: JsonObject, event: str) -> JsonObject:
    """Return the object of the same name as the event. Raise FrameError if there is none."""
    value = frame.get(event)
    if value is None:
        raise FrameError(Problem.MISSING_FIELD, f"{event} is missing")
    if not isinstance(value, dict):
        raise FrameError(Problem.WRONG_TYPE, f"{event} is not an object")
    return value


def optional_body(frame: JsonObject, key: str) -> JsonObject:
    """Return the object under `key`; an empty one where there is none."""
    value = frame.get(key)
    return value if isinstance(value, dict) else {}


def digit(value: object) -> str:
    """Return one key; letters come in either case, digits also as numbers. Raise FrameError for others."""
    if value is None:
        raise FrameError(Problem.MISSING_FIELD, "digit is missing")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    read = text(value) or ""
    if len(read) > _LONGEST_DIGIT_TEXT or (read := read.strip().upper()) not in DIGITS:
        raise FrameError(Problem.BAD_DIGIT, "digit is not one of 0-9, *, #, A-D")
    return read


def parameters(value: object, limits: Limits) -> tuple[dict[str, str], int]:
    """Return custom parameters as texts, and how many were left out or shortened."""
    if not isinstance(value, dict):
        return {}, 0
    kept: dict[str, str] = {}
    cut = max(0, len(value) - limits.parameter_count)
    for key, item in list(value.items())[: limits.parameter_count]:
        shown = parameter_text(item)
        if len(key) > limits.parameter_name_size:
            cut += 1
            continue
        cut += len(shown) > limits.parameter_value_size
        kept[clean(key)] = shown[: limits.parameter_value_size]
    return kept, cut


def parameter_text(value: object) -> str:
    """Return text as it is, null as empty, everything else as its JSON text."""
    if isinstance(value, str):
        return clean(value)
    return "" if value is None else clean(json.dumps(value, ensure_ascii=False))


def base64(value: object) -> bytes:
    """Return payload bytes; line breaks and missing padding are forgiven. Raise FrameError for the rest."""
    if value is None:
        raise FrameError(Problem.MISSING_FIELD, "payload is missing")
    if not isinstance(value, str):
        raise FrameError(Problem.WRONG_TYPE, "payload is not text")
    packed = value.translate(_WHITESPACE)
    padding = "" if packed.endswith("=") else "=" * (-len(packed) % 4)
    try:
        return pybase64.b64decode(packed + padding, validate=True)
    except ValueError:
        raise FrameError(Problem.BAD_BASE64, "payload is not base64") from None


def audio(payload: bytes, limits: Limits) -> tuple[bytes, Container]:
    """Return (PCM, container) of a decoded payload; a WAV file is unwrapped wherever it comes from.

    Raise FrameError for what is not whole 16-bit samples, mono, 8 kHz, within `limits.payload_bytes`.
    """
    if len(payload) > limits.payload_bytes:
        raise FrameError(Problem.PAYLOAD_TOO_LARGE, f"payload has {len(payload)} bytes")
    container: Container = "wav" if wav.is_wav(payload) else "raw"
    pcm = payload
    if container == "wav":
        try:
            pcm, rate, channels = wav.unwrap(payload)
        except wav.WavError as error:
            raise FrameError(Problem.BAD_WAV, str(error)) from None
        if (rate, channels) != (SAMPLE_RATE, 1):
            raise FrameError(Problem.UNSUPPORTED_AUDIO, f"WAV of {rate} Hz with {channels} channels")
    if not pcm:
        raise FrameError(Problem.EMPTY_PAYLOAD, "payload has no audio")
    if len(pcm) % 2:
        raise FrameError(Problem.ODD_SIZE, f"payload has {len(pcm)} bytes, not whole samples")
    return pcm, container


def event_name(value: object) -> str:
    """Return an event name fit for a log: short and of plain letters, else empty."""
    if isinstance(value, str) and len(value) <= _LONGEST_EVENT and _EVENT_LETTERS.issuperset(value):
        return value
    return ""
