"""WAV files in memory: 16-bit PCM written with the plain 44-byte header, read leniently."""

import struct
from typing import NamedTuple

HEADER_BYTES = 44
SAMPLE_BYTES = 2
FORMAT_PCM = 1
FORMAT_EXTENSIBLE = 0xFFFE
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_FORMAT = struct.Struct("<HHIIHH")
_MOST_CHUNKS = 64


class WavError(ValueError):
    """The bytes are not a WAV file of 16-bit PCM. The text says what is wrong with them."""


class Wav(NamedTuple):
    """`pcm` is s16le, channels interleaved, whole frames; `rate` is in Hz."""

    pcm: bytes
    rate: int
    channels: int


def wrap(pcm: bytes, rate: int = 8000, *, channels: int = 1) -> bytes:
    """`pcm` (s16le) behind a 44-byte header, the form awaaz-platform.md §2 (LK) asks for."""
    return header(len(pcm), rate, channels=channels) + pcm


def header(size: int, rate: int = 8000, *, channels: int = 1) -> bytes:
    """The 44 bytes that go before `size` bytes of s16le PCM."""
    block = SAMPLE_BYTES * channels
    return _HEADER.pack(
        b"RIFF",
        HEADER_BYTES - 8 + size,
        b"WAVE",
        b"fmt ",
        16,
        FORMAT_PCM,
        channels,
        rate,
        rate * block,
        block,
        8 * SAMPLE_BYTES,
        b"data",
        size,
    )


def is_wav(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def unwrap(data: bytes) -> Wav:
    """The PCM of a WAV file.

    Lenient about extra chunks before and after the data, about sizes that are zero, 0xFFFFFFFF
    or beyond the end (a streaming writer cannot know them), and about half a sample at the end.
    Raises WavError for anything that is not 16-bit PCM.
    """
    if not is_wav(data):
        raise WavError("no RIFF/WAVE header")
    found_format: tuple[int, int] | None = None
    position = 12
    for _ in range(_MOST_CHUNKS):
        name, size = data[position : position + 4], _size_at(data, position + 4)
        body = position + 8
        if name == b"fmt ":
            found_format = _read_format(data[body : body + size])
        elif name == b"data":
            return _wav_of(_data_chunk(data, body, size), found_format)
        position = body + size + (size & 1)
    raise WavError("more chunks than a WAV file has before its data")


def _size_at(data: bytes, position: int) -> int:
    raw = data[position : position + 4]
    if len(raw) < 4:
        raise WavError("no data chunk")
    return int.from_bytes(raw, "little")


def _read_format(body: bytes) -> tuple[int, int]:
    """(rate, channels) of a `fmt ` chunk."""
    if len(body) < _FORMAT.size:
        raise WavError("format chunk too short")
    tag, channels, rate, _, _, bits = _FORMAT.unpack_from(body)
    if tag == FORMAT_EXTENSIBLE and len(body) >= 26:
        tag = int.from_bytes(body[24:26], "little")
    if tag != FORMAT_PCM or bits != 8 * SAMPLE_BYTES:
        raise WavError(f"format {tag} with {bits} bits a sample is not 16-bit PCM")
    if not channels or not rate:
        raise WavError("format chunk with no channel or no rate")
    return rate, channels


def _data_chunk(data: bytes, body: int, size: int) -> bytes:
    """A size of zero with bytes behind it is a streaming writer's unfilled header."""
    rest = data[body:]
    return rest[:size] if size else rest


def _wav_of(pcm: bytes, found_format: tuple[int, int] | None) -> Wav:
    if found_format is None:
        raise WavError("data before its format")
    rate, channels = found_format
    spare = len(pcm) % (SAMPLE_BYTES * channels)
    return Wav(pcm[: len(pcm) - spare] if spare else pcm, rate, channels)
