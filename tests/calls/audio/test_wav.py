"""WAV files as we write them and as others do."""

import io
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.audio import wav
from calls.audio.wav import Wav, WavError

PCM = bytes(range(64))
FORMAT = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    declared = len(body) if size is None else size
    return name + struct.pack("<I", declared) + body + b"\0" * (len(body) & 1)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_the_header_is_44_bytes_and_the_standard_library_reads_it() -> None:
    data = wav.wrap(PCM, 16000)
    assert len(data) == 44 + len(PCM)
    with wave.open(io.BytesIO(data)) as file:
        assert file.getparams()[:4] == (1, 2, 16000, len(PCM) // 2)
        assert file.readframes(1000) == PCM


@given(st.binary(max_size=400).map(lambda raw: raw * 4), st.sampled_from([8000, 22050]), st.integers(1, 2))
def test_unwrap_gives_back_what_was_wrapped(pcm: bytes, rate: int, channels: int) -> None:
    assert wav.unwrap(wav.wrap(pcm, rate, channels=channels)) == Wav(pcm, rate, channels)


def test_a_file_of_the_standard_library() -> None:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(PCM)
    assert wav.unwrap(buffer.getvalue()) == Wav(PCM, 44100, 2)


@pytest.mark.parametrize(
    "data",
    [
        riff(chunk(b"fmt ", FORMAT), chunk(b"LIST", b"odd"), chunk(b"data", PCM)),
        riff(chunk(b"JUNK", bytes(28)), chunk(b"fmt ", FORMAT), chunk(b"data", PCM), chunk(b"LIST", b"INFO")),
        riff(chunk(b"fmt ", FORMAT + b"\0\0"), chunk(b"data", PCM)),
        riff(chunk(b"fmt ", FORMAT), chunk(b"data", PCM, 0xFFFFFFFF)),
        riff(chunk(b"fmt ", FORMAT), chunk(b"data", PCM, 0)),
        riff(chunk(b"fmt ", FORMAT), chunk(b"data", PCM, 9999)),
        riff(chunk(b"fmt ", FORMAT), chunk(b"data", PCM + b"x")),
        riff(
            chunk(b"fmt ", b"\xfe\xff" + FORMAT[2:] + struct.pack("<HHIH", 22, 16, 4, 1) + bytes(14)),
            chunk(b"data", PCM),
        ),
    ],
    ids=["list", "junk", "long-format", "streaming", "zero", "beyond", "half-sample", "extensible"],
)
def test_other_writers_files(data: bytes) -> None:
    assert wav.unwrap(data) == Wav(PCM, 8000, 1)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no RIFF"),
        (PCM, "no RIFF"),
        (b"RIFF\0\0\0\0WAVE", "no data chunk"),
        (riff(chunk(b"fmt ", FORMAT)), "no data chunk"),
        (riff(chunk(b"data", PCM)), "before its format"),
        (riff(chunk(b"fmt ", b"\1\0"), chunk(b"data", PCM)), "too short"),
        (riff(chunk(b"fmt ", b"\7\0" + FORMAT[2:]), chunk(b"data", PCM)), "not 16-bit PCM"),
        (riff(chunk(b"fmt ", FORMAT[:-2] + b"\x08\0"), chunk(b"data", PCM)), "not 16-bit PCM"),
        (riff(chunk(b"fmt ", b"\1\0\0\0" + FORMAT[4:]), chunk(b"data", PCM)), "no channel"),
        (riff(*[chunk(b"JUNK", b"")] * 5000), "more chunks"),
    ],
)
def test_what_is_no_wav(data: bytes, says: str) -> None:
    with pytest.raises(WavError, match=says):
        wav.unwrap(data)


@given(st.binary(max_size=100), st.integers(0, 43), st.binary(max_size=4))
def test_damaged_files_raise_nothing_else(extra: bytes, at: int, change: bytes) -> None:
    data = wav.wrap(PCM)
    damaged = data[:at] + change + data[at + len(change) :] + extra
    try:
        found = wav.unwrap(damaged)
    except WavError:
        return
    assert found.pcm in damaged
