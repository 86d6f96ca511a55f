"""Rooms for the bench: how a loudspeaker and a microphone in them change a sound. 8 kHz, all from a seed."""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from calls.audio import pcm

Floats: TypeAlias = npt.NDArray[np.float64]

SPEED_OF_SOUND: Final = 343.0
RT60_S: Final = 0.35
"""After this time a sound in the room has become 60 dB softer: a furnished room of a flat."""
LOWEST_HZ, HIGHEST_HZ = 300.0, 3400.0
"""What a telephone line carries."""
_TAIL_S: Final = 0.4


def reflecting_room(rng: np.random.Generator, *, rt60_s: float = RT60_S) -> Floats:
    """Return the impulse response of a box with hard walls, by image sources (Allen and Berkley, 1979).

    Microphone and loudspeaker are 0.2 to 2.5 m apart, at random places. The direct sound is the first sample.
    """
    size = rng.uniform((2.6, 2.4, 2.3), (5.5, 4.5, 2.9))
    microphone = rng.uniform(0.15, 0.85, 3) * size
    towards = rng.normal(size=3)
    far = rng.uniform(0.2, 2.5) * towards / np.linalg.norm(towards)
    source = np.clip(microphone + far, 0.1, size - 0.1)
    surface = 2 * float(size @ np.roll(size, 1))
    absorbed = 1 - np.exp(-0.161 * float(size.prod()) / (surface * rt60_s))  # Eyring
    reflected = np.sqrt(1 - absorbed)
    reach = [int(np.ceil(_TAIL_S * SPEED_OF_SOUND / length / 2)) for length in size]
    squares, bounces = np.zeros(1), np.zeros(1)
    for axis in range(3):
        order = np.arange(-reach[axis], reach[axis] + 1)
        mirrored = np.concatenate(
            (2 * order * size[axis] + source[axis], 2 * order * size[axis] - source[axis])
        )
        hits = np.concatenate((2 * np.abs(order), np.abs(2 * order - 1)))
        squares = (squares[:, None] + (mirrored - microphone[axis])[None] ** 2).ravel()
        bounces = (bounces[:, None] + hits[None]).ravel()
        near = squares < (_TAIL_S * SPEED_OF_SOUND) ** 2
        squares, bounces = squares[near], bounces[near]
    distance = np.sqrt(squares)
    delay = (distance - distance.min()) / SPEED_OF_SOUND * pcm.SAMPLE_RATE
    return _pulses(delay, reflected**bounces / np.maximum(distance, 0.1))


def _pulses(delay: Floats, strength: Floats) -> Floats:
    """Add pulses between samples: each is shared by its two neighbours."""
    whole = delay.astype(np.int64)
    part = delay - whole
    made = np.zeros(int(_TAIL_S * pcm.SAMPLE_RATE) + 2)
    keep = whole < made.size - 1
    np.add.at(made, whole[keep], (strength * (1 - part))[keep])
    np.add.at(made, whole[keep] + 1, (strength * part)[keep])
    return made


def decaying_noise(rng: np.random.Generator, *, rt60_s: float = RT60_S) -> Floats:
    """Return a direct pulse followed by noise that decays: a room's response without its geometry.

    The direct pulse has -9 to 6 dB of the power of all that follows.
    """
    time = np.arange(int(_TAIL_S * pcm.SAMPLE_RATE)) / pcm.SAMPLE_RATE
    made: Floats = rng.normal(size=time.size) * 10 ** (-3 * time / rt60_s)
    made[: int(0.002 * pcm.SAMPLE_RATE)] = 0
    made[0] = np.sqrt(float(made @ made) * 10 ** (rng.uniform(-9, 6) / 10))
    return made


def through_room(sound: Floats, response: Floats, *, to: float) -> Floats:
    """Return a sound as a room gives it back, as long as it was and `to` times as strong (RMS)."""
    heard = convolved(sound, response)[: sound.size]
    return heard * (to * rms(sound) / max(rms(heard), 1e-9))


def convolved(sound: Floats, response: Floats) -> Floats:
    """Return the full convolution of two signals."""
    size = sound.size + response.size - 1
    padded = 1 << (size - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(sound, padded) * np.fft.rfft(response, padded), padded)[:size]


def telephone_band(sound: Floats) -> Floats:
    """Return a sound with what a telephone line carries of it, 300 to 3400 Hz."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(sound.size, 1 / pcm.SAMPLE_RATE)
    low = 1 / (1 + (LOWEST_HZ / np.maximum(hz, 1.0)) ** 8)
    high = 1 / (1 + (hz / HIGHEST_HZ) ** 24)
    return np.fft.irfft(spectrum * np.sqrt(low * high), sound.size)


def rms(sound: Floats) -> float:
    """Return the root mean square, 0 for no samples."""
    return float(np.sqrt(np.mean(sound**2))) if sound.size else 0.0
