"""Levels and lengths, and mu-law against the values of G.711."""

import importlib
import math
import warnings
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.audio import pcm

EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16).tobytes()
EVERY_CODE = bytes(range(256))


def sine(hz: float, ms: int, *, amplitude: float = 10_000.0) -> bytes:
    time = np.arange(8 * ms) / 8000
    return pcm.to_bytes(amplitude * np.sin(2 * np.pi * hz * time))


def reference_audioop() -> ModuleType:
    """The standard library's own mu-law, which Python 3.13 no longer has."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
        try:
            return importlib.import_module("audioop")
        except ModuleNotFoundError:
            pytest.skip("this Python has no audioop")


def test_a_frame_is_twenty_milliseconds() -> None:
    assert pcm.FRAME_BYTES == 320
    assert pcm.duration_ms(bytes(pcm.FRAME_BYTES)) == pcm.FRAME_MS
    assert pcm.silence(20) == bytes(320)
    assert pcm.duration_ms(bytes(44100), 22050) == 1000


def test_bytes_are_little_endian_samples() -> None:
    assert pcm.to_array(b"\x01\x00\xff\xff\xff\x7f\x00\x80").tolist() == [1, -1, 32767, -32768]
    assert pcm.to_bytes(np.array([1, -1], dtype=np.int16)) == b"\x01\x00\xff\xff"


def test_floats_are_rounded_and_clipped() -> None:
    made = pcm.to_bytes(np.array([0.6, -0.6, 1e9, -1e9, math.nan]))
    assert pcm.to_array(made).tolist() == [1, -1, 32767, -32768, 0]


def test_half_a_sample_is_an_error() -> None:
    with pytest.raises(ValueError, match="buffer size"):
        pcm.to_array(b"\x00\x00\x00")


def test_level_of_a_sine() -> None:
    full = sine(1000, 200, amplitude=32767)
    assert pcm.rms(full) == pytest.approx(32767 / math.sqrt(2), rel=1e-3)
    assert pcm.dbfs(full) == pytest.approx(-3.01, abs=0.02)
    assert pcm.dbfs(sine(1000, 200, amplitude=3276.7)) == pytest.approx(-23.01, abs=0.02)


def test_level_of_nothing() -> None:
    assert pcm.rms(b"") == 0
    assert pcm.dbfs(pcm.silence(20)) == pcm.dbfs(b"") == pcm.SILENT_DBFS


@given(st.binary(max_size=400).map(lambda raw: raw * 2))
def test_arrays_and_bytes_are_each_others_reverse(data: bytes) -> None:
    assert pcm.to_bytes(pcm.to_array(data)) == data


# Decision values of G.711 table 2a (positive half, 14-bit), shifted to 16 bits.
@pytest.mark.parametrize(
    ("code", "sample"),
    [
        (0xFF, 0),
        (0xFE, 8),
        (0xF0, 120),
        (0xEF, 132),
        (0xE0, 372),
        (0xDF, 396),
        (0xC0, 1884),
        (0xA0, 7932),
        (0x9F, 8316),
        (0x8F, 16764),
        (0x80, 32124),
        (0x7F, 0),
        (0x00, -32124),
        (0x0F, -16764),
        (0x70, -120),
    ],
)
def test_mu_law_values_of_the_standard(code: int, sample: int) -> None:
    assert pcm.to_array(pcm.decode_ulaw(bytes([code]))).tolist() == [sample]


def test_mu_law_of_loud_samples_saturates() -> None:
    assert pcm.encode_ulaw(pcm.to_bytes(np.array([32767, -32768], dtype=np.int16))) == b"\x80\x00"


def test_mu_law_survives_a_round_trip_but_for_the_second_zero() -> None:
    again = pcm.encode_ulaw(pcm.decode_ulaw(EVERY_CODE))
    assert again == EVERY_CODE.replace(b"\x7f", b"\xff")


def test_mu_law_error_is_within_half_a_step() -> None:
    before = pcm.to_array(EVERY_SAMPLE).astype(int)
    after = pcm.to_array(pcm.decode_ulaw(pcm.encode_ulaw(EVERY_SAMPLE))).astype(int)
    inside = np.abs(before) < 32124
    step = np.maximum(8, (np.abs(before) + 132) / 16)
    assert np.all(np.abs(after - before)[inside] <= step[inside])


def test_mu_law_equals_the_standard_librarys() -> None:
    audioop = reference_audioop()
    assert pcm.encode_ulaw(EVERY_SAMPLE) == audioop.lin2ulaw(EVERY_SAMPLE, 2)
    assert pcm.decode_ulaw(EVERY_CODE) == audioop.ulaw2lin(EVERY_CODE, 2)


def test_a_sample_of_minus_one_is_replaced_and_nothing_else() -> None:
    samples = np.array([-1, 0, -2, 255, -256, -1, 32767], np.int16)
    cleaned = pcm.to_array(pcm.without_marker(pcm.to_bytes(samples)))
    assert cleaned.tolist() == [-2, 0, -2, 255, -256, -2, 32767]


def test_audio_without_minus_one_is_not_copied() -> None:
    audio = pcm.to_bytes(np.array([-2, 255, -256, 0], np.int16))
    assert pcm.without_marker(audio) is audio
