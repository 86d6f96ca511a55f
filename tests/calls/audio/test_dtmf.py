"""Every key in noise and at every offset; nothing in noise, sweeps and vowels."""

import numpy as np
import numpy.typing as npt
import pytest

from calls.audio import dtmf, pcm
from calls.audio.dtmf import DIGITS, DtmfDetector, tone
from calls.audio.framing import Framer


def heard(track: bytes, *, frame_bytes: int = 320) -> str:
    detector = DtmfDetector()
    return "".join(digit for frame in Framer(frame_bytes).push(track) if (digit := detector.push(frame)))


def padded(sound: bytes, offset_samples: int = 0) -> bytes:
    return bytes(1600 + 2 * offset_samples) + sound + bytes(1600 - 2 * offset_samples)


def noise(size: int, dbfs: float) -> npt.NDArray[np.float64]:
    return np.random.default_rng(7).normal(0, 32768 * 10 ** (dbfs / 20), size)


def with_noise(track: bytes, snr_db: float) -> bytes:
    """White noise that far below the level of a key tone (-12 dBFS)."""
    samples = pcm.to_array(track).astype(float)
    return pcm.to_bytes(samples + noise(samples.size, -12 - snr_db))


def pair(low: float, high: float, *, low_db: float = -15, high_db: float = -15, ms: int = 100) -> bytes:
    time = np.arange(8 * ms) / 8000
    made = sum(
        32768 * 2**0.5 * 10 ** (db / 20) * np.sin(2 * np.pi * hz * time)
        for hz, db in ((low, low_db), (high, high_db))
    )
    return pcm.to_bytes(np.asarray(made))


def test_there_are_sixteen_keys() -> None:
    assert sorted(DIGITS) == sorted("0123456789*#ABCD")


@pytest.mark.parametrize("digit", DIGITS)
def test_every_key_once_however_long_it_is_held(digit: str) -> None:
    for ms in (40, 65, 100, 500, 2000):
        assert heard(padded(tone(digit, ms))) == digit


@pytest.mark.parametrize("digit", DIGITS)
def test_every_key_wherever_it_falls_and_in_noise(digit: str) -> None:
    for offset in range(0, 205, 17):
        assert heard(padded(tone(digit, 40), offset)) == digit
        assert heard(with_noise(padded(tone(digit, 65), offset), 10)) == digit


@pytest.mark.parametrize("level", [-35.0, -25.0, -6.0, -3.0])
def test_soft_and_loud_keys(level: float) -> None:
    assert heard(padded(tone("7", 80, dbfs=level))) == "7"


def test_a_number_typed_quickly_with_a_digit_twice() -> None:
    typed = b"".join(tone(digit, 60) + pcm.silence(60) for digit in "9987#0012")
    assert heard(padded(typed)) == "9987#0012"


def test_a_pause_of_forty_milliseconds_parts_two_presses() -> None:
    for offset in range(0, 205, 17):
        twice = tone("5", 60) + pcm.silence(40) + tone("5", 60)
        assert heard(padded(twice, offset)) == "55"


@pytest.mark.parametrize("frame_bytes", [2, 160, 318, 410, 640])
def test_the_size_of_frames_does_not_matter(frame_bytes: int) -> None:
    typed = b"".join(tone(digit, 80) + pcm.silence(80) for digit in "15A#")
    assert heard(padded(typed), frame_bytes=frame_bytes) == "15A#"


def test_later_presses_of_one_long_piece_come_with_the_next_pushes() -> None:
    detector = DtmfDetector()
    piece = padded(tone("1", 80) + pcm.silence(80) + tone("2", 80))
    assert [detector.push(piece), detector.push(b""), detector.push(b"")] == ["1", "2", None]


@pytest.mark.parametrize("dropout_ms", [2, 8, 12])
def test_a_press_survives_a_dropout(dropout_ms: int) -> None:
    for offset in range(0, 205, 17):
        sound = bytearray(tone("5", 300))
        sound[2000 : 2000 + 16 * dropout_ms] = bytes(16 * dropout_ms)
        assert heard(padded(bytes(sound), offset)) == "5"


@pytest.mark.parametrize("hole_ms", [20, 40, 60])
@pytest.mark.parametrize("digit", "159#")
def test_lost_frames_split_no_press(digit: str, hole_ms: int) -> None:
    for offset in range(0, 205, 17):
        sound = bytearray(tone(digit, 300))
        sound[16 * 100 : 16 * (100 + hole_ms)] = bytes(16 * hole_ms)
        assert heard(padded(bytes(sound), offset)) == digit


@pytest.mark.parametrize("off", [0.988, 1.012])
def test_lost_frames_split_no_press_of_a_telephone_that_is_out_of_tune(off: float) -> None:
    at = np.arange(2400) / 8000
    wave = np.sin(2 * np.pi * 770 * off * at) + np.sin(2 * np.pi * 1336 * off * at)
    sound = bytearray(pcm.to_bytes(wave * 4000))
    sound[16 * 120 : 16 * 180] = bytes(16 * 60)
    assert heard(padded(bytes(sound))) == "5"


def test_two_lost_pieces_split_no_press() -> None:
    sound = bytearray(tone("0", 500))
    for lost_ms in (100, 300):
        sound[16 * lost_ms : 16 * (lost_ms + 60)] = bytes(16 * 60)
    assert heard(padded(bytes(sound))) == "0"


@pytest.mark.parametrize("pause_ms", [60, 80, 100, 150])
@pytest.mark.parametrize("digit", "0123456789*#")
def test_a_key_pressed_twice_is_two_presses(digit: str, pause_ms: int) -> None:
    found = [
        heard(padded(tone(digit, 65) + pcm.silence(pause_ms) + tone(digit, 65), offset))
        for offset in range(0, 205, 17)
    ]
    assert set(found) == {digit * 2}


def test_a_burst_shorter_than_the_standard_asks_for_is_no_press() -> None:
    assert [offset for offset in range(0, 205, 17) if heard(padded(tone("5", 20), offset))] == []


def test_a_third_tone_beside_a_row_spoils_the_key() -> None:
    third = pcm.to_array(pair(770, 770, low_db=-30, high_db=-24)).astype(float)
    assert heard(padded(pair(697, 1209))) == "1"
    assert heard(padded(pcm.to_bytes(pcm.to_array(pair(697, 1209)) + third))) == ""


@pytest.mark.parametrize("shift", [-0.015, 0.015])
def test_frequencies_off_by_what_the_standard_allows(shift: float) -> None:
    for row, keys in zip(dtmf.ROWS_HZ, dtmf.KEYS, strict=True):
        for column, key in zip(dtmf.COLUMNS_HZ, keys, strict=True):
            assert heard(padded(pair(row * (1 + shift), column * (1 + shift)))) == key


@pytest.mark.parametrize(("low", "high"), [(-12, -18), (-18, -12)])
def test_a_twist_of_six_db_is_borne(low: float, high: float) -> None:
    assert heard(padded(pair(770, 1336, low_db=low, high_db=high))) == "5"


@pytest.mark.parametrize(
    "sound",
    [
        pair(770, 1336, low_db=-10, high_db=-22),
        pair(770, 1336, low_db=-22, high_db=-10),
        pair(697, 770),
        pair(1209, 1477),
        pair(650, 1130),
        pair(425, 425, ms=3000),
        dtmf.beep(),
        tone("5", 15),
        tone("5", 100, dbfs=-50),
    ],
    ids=["low-twist", "high-twist", "two-rows", "two-columns", "off", "dial-tone", "beep", "short", "faint"],
)
def test_what_is_no_key(sound: bytes) -> None:
    assert heard(padded(sound)) == ""


def test_nothing_in_noise_and_silence() -> None:
    for level in (-50, -30, -15):
        assert heard(pcm.to_bytes(noise(80_000, level))) == ""
    assert heard(pcm.silence(2000)) == ""


def voice(pitch: npt.NDArray[np.float64], formants: npt.NDArray[np.float64]) -> bytes:
    """A vowel: overtones of `pitch` (Hz, one value a sample) shaped by three resonances."""
    phase = 2 * np.pi * np.cumsum(pitch) / 8000
    overtones = np.arange(1, int(3800 / pitch.max()))[:, None]
    weights = sum(1 / (1 + ((overtones * pitch - formant) / 80) ** 2) for formant in formants)
    made = (weights * np.sin(overtones * phase)).sum(axis=0)
    return pcm.to_bytes(made / np.abs(made).max() * 12_000)


FORMANTS = ([250, 800, 2000], [950, 2500, 3400])


def test_nothing_in_sweeps() -> None:
    time = np.arange(40_000) / 8000
    rising = 2 * np.pi * (200 * time + 340 * time**2)
    assert heard(pcm.to_bytes(8000 * np.sin(rising))) == ""
    assert heard(pcm.to_bytes(6000 * (np.sin(rising) + np.sin(3 * rising)))) == ""


def test_nothing_in_gliding_voices() -> None:
    rng = np.random.default_rng(7)
    for low in np.linspace(80, 200, 25):
        assert heard(voice(np.linspace(low, 1.8 * low, 8000), rng.uniform(*FORMANTS))) == ""


def test_nothing_in_vowels() -> None:
    rng = np.random.default_rng(7)
    vibrato = 1 + 0.02 * np.sin(2 * np.pi * 5 * np.arange(8000) / 8000)
    for _ in range(60):
        assert heard(voice(rng.uniform(80, 350) * vibrato, rng.uniform(*FORMANTS))) == ""


def test_tones_have_the_level_and_length_asked_for() -> None:
    assert pcm.duration_ms(tone("1", 500)) == 500
    assert pcm.dbfs(tone("1", 1000, dbfs=-12)) == pytest.approx(-12, abs=0.2)
    assert pcm.dbfs(dtmf.beep(1000, dbfs=-20)) == pytest.approx(-20, abs=0.2)


@pytest.mark.parametrize("digit", ["", "12", "E", "a", "५"])
def test_only_keys_have_tones(digit: str) -> None:
    with pytest.raises(ValueError, match="a key is one of"):
        tone(digit)
