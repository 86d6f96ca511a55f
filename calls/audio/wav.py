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
    """Return `pcm` (s16le) behind a 44-byte header, the form awaaz-platform.md §2 (LK) asks for."""
    return header(len(pcm), rate, channels=channels) + pcm


def header(size: int, rate: int = 8000, *, channels: int = 1) -> bytes:
    """Return the 44 bytes that go before `size` bytes of s16le PCM."""
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
    """Return whether `data` begins as a WAV file does; nothing else of it is read."""
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def unwrap(data: bytes) -> Wav:
    """Return the PCM of a WAV file.

    Lenient about extra chunks before and after the data, about sizes that are zero, 0xFFFFFFFF
    or beyond the end (a streaming writer cannot know them), and about half a sample at the end.
    Raise WavError for anything that is not 16-bit PCM.
    """
    if not is_wav(data):
        raise WavError("no RIFF/WAVE header")
    found_format: tuple[int, int] | None = None
    position = 12
    for _ in range(_MOST_CHUNKS):
        name, body = data[position : position + 4], position + 8
        if body > len(data):
            raise WavError("no data chunk")
        size = int.from_bytes(data[position + 4 : body], "little")
        if name == b"fmt ":
            found_format = _read_format(data[body : body + size])
        elif name == b"data":
            if found_format is None:
                raise WavError("data before its format")
            rate, channels = found_format
            end = body + size if size else len(data)  # zero: a streaming writer's unfilled header
            frame = SAMPLE_BYTES * channels
            whole = (min(end, len(data)) - body) // frame * frame
            return Wav(data[body : body + whole], rate, channels)
        position = body + size + (size & 1)
    raise WavError("more chunks than a WAV file has before its data")


def _read_format(body: bytes) -> tuple[int, int]:
    """Return (rate, channels) of a `fmt ` chunk."""
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
