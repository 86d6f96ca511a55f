"""Sounds for the bench, as floats in int16 units at 8 kHz, all from a seed: voices, coughs, slams, music."""

from collections.abc import Sequence
from contextlib import closing
from functools import cache
from typing import Final

import numpy as np

from bench.echo.rooms import Floats, convolved, rms, telephone_band
from calls.audio import pcm
from calls.audio.resample import resample
from calls.speech.espeak import EspeakVoice

PROMPTS: Final = (
    ("hi", "नमस्ते, यह नवजीवन फ़ाइनेंस की ओर से एक स्वचालित कॉल है। आपकी किस्त अट्ठाईस नवंबर को देय है।"),
    (
        "en",
        "Good morning. This is an automated call from Navjivan Finance. Your instalment is due on Friday.",
    ),
    ("ta", "வணக்கம், இது நவஜீவன் நிதி நிறுவனத்தின் தானியங்கி அழைப்பு. உங்கள் தவணை வெள்ளிக்கிழமை செலுத்த வேண்டும்."),
    ("gu", "નમસ્તે, આ નવજીવન ફાઇનાન્સ તરફથી સ્વયંસંચાલિત કોલ છે. તમારો હપ્તો શુક્રવારે ભરવાનો છે."),
    ("mr", "नमस्कार, हा नवजीवन फायनान्सचा स्वयंचलित कॉल आहे. तुमचा हप्ता शुक्रवारी भरायचा आहे."),
)
ANSWERS: Final = (
    ("hi", "हाँ जी बोलिए, कौन बोल रहा है"),
    ("en", "Hello, who is this speaking please"),
    ("ta", "ஆமாம் சொல்லுங்கள், யார் பேசுவது"),
    ("gu", "હા બોલો, કોણ બોલે છે"),
    ("bn", "হ্যাঁ বলুন, কে বলছেন"),
    ("te", "అవును చెప్పండి, ఎవరు మాట్లాడుతున్నారు"),
)
_VOWELS_HZ: Final = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
    (490, 1350, 1690),
    (660, 1720, 2410),
    (440, 1020, 2240),
)
"""The first three formants of vowels (Peterson and Barney, 1952)."""
_FORMANT_WIDTHS_HZ: Final = (70, 100, 150)


def seconds(count: float) -> int:
    """Return so many seconds in samples."""
    return int(count * pcm.SAMPLE_RATE)


def at_level(sound: Floats, dbfs: float) -> Floats:
    """Return a sound at this level (dBFS), taken over its loud 20 ms only: pauses make no voice softer."""
    frames = sound[: sound.size // 160 * 160].reshape(-1, 160)
    powers = np.mean(frames**2, axis=1)
    loud = powers[powers > powers.max() / 100]
    levelled: Floats = sound * (pcm.level_of(dbfs) / np.sqrt(loud.mean()))
    return levelled


def noise(rng: np.random.Generator, samples: int, dbfs: float) -> Floats:
    """Return white noise of the telephone band."""
    made = telephone_band(rng.normal(size=samples))
    return made * (pcm.level_of(dbfs) / rms(made))


@cache
def _spoken(language: str, text: str) -> bytes:
    with closing(EspeakVoice()) as voice:
        return voice.synthesise(text, language)


def espeak(number: int, texts: Sequence[tuple[str, str]], *, pitch: float = 1.0) -> Floats:
    """Return one of `texts` as espeak-ng speaks it; `pitch` makes another speaker of it (0.8 to 1.25)."""
    language, text = texts[number % len(texts)]
    samples = pcm.to_array(_spoken(language, text))
    return resample(samples, pcm.SAMPLE_RATE, round(pcm.SAMPLE_RATE / pitch)).astype(np.float64)


def human_like(rng: np.random.Generator, length_s: float) -> Floats:
    """Return syllables with the pitch, breath and unsteadiness of a person, in the band of a telephone.

    Vowels and consonants at random: no words, but what a detector measures of a voice.
    """
    pitch = rng.uniform(95, 230)
    made: list[Floats] = []
    while sum(map(len, made)) < seconds(length_s):
        for _ in range(int(rng.integers(2, 7))):
            made.append(_consonant(rng))
            made.append(_vowel(rng, pitch * rng.uniform(0.85, 1.2)))
        made.append(np.zeros(seconds(rng.uniform(0.08, 0.35))))
    return at_level(telephone_band(np.concatenate(made)[: seconds(length_s)]), -18.0)


def _vowel(rng: np.random.Generator, pitch: float) -> Floats:
    """Pulses of the glottis whose distance and strength are never quite the same, and some breath."""
    length = seconds(rng.uniform(0.08, 0.22))
    glide = np.linspace(1.0, rng.uniform(0.85, 1.15), length)
    unsteady = 1 + 0.015 * np.cumsum(rng.normal(size=length)) / np.sqrt(np.arange(1, length + 1))
    phase = np.cumsum(pitch * glide * unsteady) / pcm.SAMPLE_RATE
    pulses = np.diff(np.floor(phase), prepend=0.0) * rng.uniform(0.85, 1.15, length)
    breath = rng.normal(size=length) * 0.02
    scale = rng.uniform(0.9, 1.2)
    sound = pulses + breath
    for hz, width in zip(_VOWELS_HZ[int(rng.integers(len(_VOWELS_HZ)))], _FORMANT_WIDTHS_HZ, strict=True):
        sound = convolved(sound, _resonance(hz * scale, width))[:length]
    swell = np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / seconds(0.02))
    return sound * swell / max(rms(sound), 1e-9) * rng.uniform(0.7, 1.0)


def _consonant(rng: np.random.Generator) -> Floats:
    """A short hiss, or the silence of a stop and its burst."""
    if rng.random() < 0.5:
        hiss = rng.normal(size=seconds(rng.uniform(0.04, 0.09)))
        return np.diff(hiss, prepend=0.0) * 0.12
    burst = rng.normal(size=seconds(0.012)) * 0.4
    return np.concatenate((np.zeros(seconds(rng.uniform(0.02, 0.05))), burst))


def _resonance(hz: float, width_hz: float) -> Floats:
    time = np.arange(seconds(0.03)) / pcm.SAMPLE_RATE
    ringing: Floats = np.exp(-np.pi * width_hz * time) * np.sin(2 * np.pi * hz * time)
    return ringing


def cough(rng: np.random.Generator) -> Floats:
    """Return one to three coughs: a burst of air, then a hoarse, sinking voice."""
    made: list[Floats] = []
    for _ in range(int(rng.integers(1, 4))):
        burst = rng.normal(size=seconds(rng.uniform(0.03, 0.07)))
        tail = _vowel(rng, rng.uniform(110, 200))[: seconds(rng.uniform(0.06, 0.15))]
        hoarse = tail + rng.normal(size=tail.size) * rng.uniform(0.4, 1.2)
        fading = hoarse * np.linspace(1.0, 0.1, hoarse.size)
        made += [burst, fading, np.zeros(seconds(rng.uniform(0.12, 0.3)))]
    shaped = convolved(np.concatenate(made), _resonance(rng.uniform(600, 1300), 400))
    return at_level(telephone_band(shaped), rng.uniform(-30, -18))


def slam(rng: np.random.Generator) -> Floats:
    """Return a door that falls shut: a thud of low tones, a rattle, and the room."""
    time = np.arange(seconds(0.5)) / pcm.SAMPLE_RATE
    thud = sum(
        np.exp(-time * rng.uniform(12, 40)) * np.sin(2 * np.pi * rng.uniform(60, 700) * time)
        for _ in range(8)
    )
    rattle = rng.normal(size=time.size) * np.exp(-time * rng.uniform(15, 50)) * rng.uniform(0.3, 1.0)
    return at_level(telephone_band(thud + rattle), rng.uniform(-26, -12))


def music(rng: np.random.Generator, length_s: float) -> Floats:
    """Return a melody over chords, with struck or blown tones, as from a radio in the room."""
    made = np.zeros(seconds(length_s))
    root, struck = rng.uniform(130, 260), rng.random() < 0.6
    beat = rng.uniform(0.18, 0.45)
    for at in np.arange(0.0, length_s, beat):
        steps = (
            (0, 4, 7) if round(at / beat) % 4 == 0 else (int(rng.choice([0, 2, 4, 5, 7, 9, 11, 12])) + 12,)
        )
        for step in steps:
            time = np.arange(seconds(beat * rng.uniform(0.9, 2.2))) / pcm.SAMPLE_RATE
            hz = root * 2 ** (step / 12)
            tone = sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, 6))
            fading = np.exp(-time * 4) if struck else np.hanning(time.size)
            piece = (tone * fading)[: made.size - seconds(at)]
            made[seconds(at) : seconds(at) + piece.size] += piece
    return at_level(telephone_band(made), rng.uniform(-34, -22))
