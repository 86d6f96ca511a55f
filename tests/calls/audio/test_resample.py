"""Tones keep level and pitch, and what does not fit the new rate is gone."""

import numpy as np
import pytest

from calls.audio.pcm import Samples
from calls.audio.resample import resample


def tone(hz: float, rate: int, *, seconds: float = 0.5) -> Samples:
    return (10_000 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


def level_db(samples: Samples) -> float:
    """Against the tone above, without the edges where it begins and ends."""
    middle = samples[400:-400].astype(float)
    return float(20 * np.log10(np.sqrt(np.mean(middle**2)) / (10_000 / np.sqrt(2)) + 1e-9))


def peak_hz(samples: Samples, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(spectrum.argmax() * rate / samples.size)


RATES = [(22050, 8000), (16000, 8000), (8000, 16000), (44100, 8000), (48000, 8000), (24000, 8000)]


@pytest.mark.parametrize(("source", "target"), RATES)
@pytest.mark.parametrize("hz", [300, 1000, 3000, 3400])
def test_a_tone_of_the_telephone_band_is_kept(source: int, target: int, hz: int) -> None:
    made = resample(tone(hz, source), source, target)
    assert abs(level_db(made)) < 0.2
    assert peak_hz(made, target) == pytest.approx(hz, abs=4)


@pytest.mark.parametrize(("source", "target"), [(22050, 8000), (16000, 8000), (48000, 8000)])
@pytest.mark.parametrize("hz", [4200, 4600, 5500, 7000, 7800])
def test_what_would_alias_is_suppressed(source: int, target: int, hz: int) -> None:
    assert level_db(resample(tone(hz, source), source, target)) < -60


@pytest.mark.parametrize("hz", [300, 1000, 3400])
def test_doubling_the_rate_makes_no_image(hz: int) -> None:
    made = resample(tone(hz, 8000), 8000, 16000).astype(float)
    power = np.abs(np.fft.rfft(made * np.blackman(made.size))) ** 2
    above = power[int(4200 / 8000 * power.size) :].sum()
    assert 10 * np.log10(above / power.sum()) < -60


@pytest.mark.parametrize(("source", "target"), [*RATES, (8000, 22050), (8001, 8000)])
@pytest.mark.parametrize("size", [1, 7, 441, 1001])
def test_length(source: int, target: int, size: int) -> None:
    made = resample(np.ones(size, dtype=np.int16), source, target)
    assert made.size == -(-size * target // source)
    assert made.dtype == np.int16


def test_timing_is_kept() -> None:
    click = np.zeros(4000, dtype=np.int16)
    click[2000] = 20_000
    assert resample(click, 16000, 8000).argmax() == 1000
    assert resample(click, 8000, 16000).argmax() == 4000


def test_a_constant_stays_itself_away_from_the_ends() -> None:
    made = resample(np.full(4000, 1234, dtype=np.int16), 22050, 8000)
    assert set(made[100:-100].tolist()) == {1234}


def test_full_scale_does_not_wrap_round() -> None:
    square = np.where(np.arange(4000) % 100 < 50, 32767, -32768).astype(np.int16)
    made = resample(square, 8000, 16000).astype(int)
    assert np.all(np.abs(np.diff(made)) < 60_000)


def test_the_same_rate_and_nothing_at_all() -> None:
    samples = tone(440, 8000)
    assert np.array_equal(resample(samples, 8000, 8000), samples)
    assert resample(np.empty(0, dtype=np.int16), 22050, 8000).size == 0


@pytest.mark.parametrize("rate", [0, -8000, 10**9])
def test_rates_that_cannot_be(rate: int) -> None:
    with pytest.raises(ValueError, match="cannot resample"):
        resample(tone(440, 8000), rate, 8000)


def test_the_same_clip_gives_the_same_samples_each_time() -> None:
    """Speech is cached by its text, and recordings are compared: nothing in it may be left to chance."""
    assert np.array_equal(resample(tone(440, 22050), 22050, 8000), resample(tone(440, 22050), 22050, 8000))
