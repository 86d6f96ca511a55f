"""Speech as bursts of tone and of noise, over quiet lines and loud ones."""

import numpy as np
import pytest

from calls.audio import pcm
from calls.audio.energy_vad import EnergyVad, SpeechEnded, SpeechStarted, VadSettings
from calls.audio.framing import Framer

Event = SpeechStarted | SpeechEnded


def noise(ms: int, dbfs: float, *, seed: int = 1) -> bytes:
    spread = 32768 * 10 ** (dbfs / 20)
    return pcm.to_bytes(np.random.default_rng(seed).normal(0, spread, 8 * ms))


def voice(ms: int, dbfs: float = -20.0) -> bytes:
    """A low tone with overtones, at the level given."""
    time = np.arange(8 * ms) / 8000
    wave = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 12))
    return pcm.to_bytes(wave / np.sqrt(np.mean(wave**2)) * 32768 * 10 ** (dbfs / 20))


def over(background: bytes, voiced: bytes, at_ms: int) -> bytes:
    track = pcm.to_array(background).astype(float)
    track[8 * at_ms : 8 * at_ms + len(voiced) // 2] += pcm.to_array(voiced)
    return pcm.to_bytes(track)


def events(track: bytes, vad: EnergyVad | None = None) -> list[Event]:
    vad = vad or EnergyVad()
    return [event for frame in Framer().push(track) if (event := vad.push(frame))]


@pytest.mark.parametrize("floor", [-96.0, -70.0, -55.0, -45.0])
def test_a_burst_of_speech_is_found_where_it_is(floor: float) -> None:
    track = over(noise(3000, floor), voice(600), 1000)
    assert events(track) == [SpeechStarted(1000), SpeechEnded(1600, 600)]


def test_it_is_told_after_the_least_speech_and_ends_after_the_hangover() -> None:
    vad = EnergyVad()
    told = [vad.push(frame) for frame in Framer().push(voice(200) + pcm.silence(400))]
    assert [20 * (at + 1) for at, event in enumerate(told) if event] == [80, 500]


def test_a_weak_frame_in_the_onset_does_not_begin_it_anew() -> None:
    halting = voice(60) + pcm.silence(20) + voice(400)
    assert events(over(noise(2000, -60), halting, 500)) == [SpeechStarted(500), SpeechEnded(980, 480)]


def test_speaking_tells_the_state_between_events() -> None:
    vad = EnergyVad()
    seen = [(vad.push(frame), vad.speaking)[1] for frame in Framer().push(voice(200) + pcm.silence(400))]
    assert seen == [False] * 3 + [True] * 21 + [False] * 6


@pytest.mark.parametrize("ms", [20, 40, 60])
def test_a_click_is_not_speech(ms: int) -> None:
    assert events(over(noise(2000, -60), voice(ms, -10), 1000)) == []


def test_pauses_between_words_do_not_end_speech() -> None:
    track = noise(3000, -60)
    for at in (500, 900, 1300):
        track = over(track, voice(200), at)
    assert events(track) == [SpeechStarted(500), SpeechEnded(1500, 1000)]


def test_two_sentences_are_two() -> None:
    track = over(over(noise(4000, -60), voice(400), 500), voice(400), 2000)
    assert events(track) == [
        SpeechStarted(500),
        SpeechEnded(900, 400),
        SpeechStarted(2000),
        SpeechEnded(2400, 400),
    ]


@pytest.mark.parametrize("level", [-96.0, -60.0, -46.0, -40.0])
def test_steady_noise_is_never_speech(level: float) -> None:
    assert events(noise(10_000, level)) == []


def test_noise_that_sets_in_becomes_the_floor_and_speech_over_it_is_heard() -> None:
    line = noise(2000, -65) + noise(10_000, -34, seed=2)
    found = events(over(line, voice(500, -15), 8000))
    assert found[:2] == [SpeechStarted(2000), SpeechEnded(found[1].at_ms, found[1].at_ms - 2000)]
    assert found[1].at_ms < 5500
    assert found[2:] == [SpeechStarted(8000), SpeechEnded(8500, 500)]


def test_quiet_speech_is_heard_on_a_quiet_line_only() -> None:
    quiet = voice(500, -38)
    assert events(over(noise(2000, -70), quiet, 1000)) == [SpeechStarted(1000), SpeechEnded(1500, 500)]
    assert events(over(noise(2000, -42), quiet, 1000)) == []


def test_settings_decide() -> None:
    vad = EnergyVad(VadSettings(min_speech_ms=200, hangover_ms=100))
    assert events(over(noise(2000, -60), voice(160), 500), vad) == []
    assert events(over(noise(2000, -60), voice(300), 500), vad) == [
        SpeechStarted(2500),
        SpeechEnded(2800, 300),
    ]


def test_frames_of_any_size() -> None:
    track = over(noise(3000, -60), voice(600), 1000)
    vad = EnergyVad()
    found = [event for frame in Framer(498).push(track) if (event := vad.push(frame))]
    assert [type(event) for event in found] == [SpeechStarted, SpeechEnded]
    assert found[0].at_ms == pytest.approx(1000, abs=32)
    assert found[1].at_ms == pytest.approx(1600, abs=32)


def test_an_empty_frame_changes_nothing() -> None:
    vad = EnergyVad()
    assert vad.push(b"") is None
    assert events(over(noise(2000, -60), voice(500), 1000), vad) == [
        SpeechStarted(1000),
        SpeechEnded(1500, 500),
    ]
