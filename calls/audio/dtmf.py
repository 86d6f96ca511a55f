"""Key tones: making them, detecting them in caller audio, and the voicemail beep.

Frequencies are those of ITU-T Q.23; the detector follows the spirit of Q.24: 40 ms or more is
a press, the two tones within 8 dB of each other, and most of the energy in those two.
"""

from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from calls.audio import pcm

ROWS_HZ: Final = (697, 770, 852, 941)
COLUMNS_HZ: Final = (1209, 1336, 1477, 1633)
KEYS: Final = ("123A", "456B", "789C", "*0#D")
DIGITS: Final = "".join(KEYS)

_RAMP_MS: Final = 5
BLOCK: Final = 205
"""Samples looked at together (26 ms): the rows then stand almost two bins apart."""
_HOP: Final = 102
"""Half a block, so that a press of 40 ms fills one block wherever it falls."""
_LEAST_DBFS: Final = -40.0
_LEAST_SHARE: Final = 0.7
"""Of the block's power that is in the two tones. At a half, steady vowels pass for keys."""
_MOST_TWIST: Final = 10 ** (8 / 10)
_LEAST_DOMINANCE: Final = 10 ** (8 / 10)
"""Power of a tone over the next in its group."""
_HITS_TO_PRESS: Final = 2
_MISSES_TO_RELEASE: Final = 3
"""A dropout of 12 ms then splits no press, and a pause of 40 ms still parts two."""
_LONGEST_HOLE: Final = 8
"""Blocks (100 ms) without the tone behind which it may still be the same press: three lost frames."""
_SAME_PHASE: Final = 0.5
"""Radians. A tone that was only not heard for a moment goes on as if it had been; by chance both tones of a
new press do so once in 40 times."""

Floats = npt.NDArray[np.float64]


def tone(digit: str, ms: int = 100, *, dbfs: float = -12.0) -> bytes:
    """Return the two tones of one key as s16le at 8 kHz; `dbfs` is the level of the pair.

    Raise ValueError for what is no key.
    """
    for row, keys in zip(ROWS_HZ, KEYS, strict=True):
        if len(digit) == 1 and digit in keys:
            return _tones((row, COLUMNS_HZ[keys.index(digit)]), ms, dbfs)
    raise ValueError("a key is one of 0-9, *, #, A-D")


def beep(ms: int = 400, *, hz: int = 1000, dbfs: float = -12.0) -> bytes:
    """Return the single tone a voicemail plays before it records, as s16le at 8 kHz."""
    return _tones((hz,), ms, dbfs)


def _tones(frequencies: tuple[int, ...], ms: int, dbfs: float) -> bytes:
    time = np.arange(pcm.SAMPLE_RATE * ms // 1000) / pcm.SAMPLE_RATE
    waves = np.sin(2 * np.pi * np.outer(frequencies, time)).sum(axis=0)
    edge = np.minimum(time, time[::-1]) * 1000 / _RAMP_MS
    level = pcm.FULL_SCALE * 10 ** (dbfs / 20) * np.sqrt(2 / len(frequencies))
    return pcm.to_bytes(level * waves * np.minimum(1.0, edge))


_WINDOW: Final[Floats] = np.hanning(BLOCK + 2)[1:-1]
_ANGLES: Final[Floats] = 2 * np.pi * np.outer(np.arange(BLOCK), ROWS_HZ + COLUMNS_HZ) / pcm.SAMPLE_RATE
_BINS: Final[Floats] = np.hstack([np.cos(_ANGLES), np.sin(_ANGLES)]) * _WINDOW[:, None]
"""(205, 16): cosines of the eight frequencies, then their sines, windowed."""
_TONE_SCALE: Final = 2 / float(_WINDOW.sum()) ** 2
_POWER_SCALE: Final = 1 / float((_WINDOW**2).sum())
_LEAST_POWER: Final = (pcm.FULL_SCALE * 10 ** (_LEAST_DBFS / 20)) ** 2


def digit_in(block: Floats) -> str | None:
    """Return the key whose two tones make up these 205 samples (int16 units); None if there is none."""
    shaped = block * _WINDOW
    power = float(shaped @ shaped) * _POWER_SCALE
    if power < _LEAST_POWER:
        return None
    parts = (block @ _BINS) ** 2
    powers = (parts[:8] + parts[8:]) * _TONE_SCALE
    row, column = int(powers[:4].argmax()), int(powers[4:].argmax())
    low, high = float(powers[row]), float(powers[4 + column])
    if low + high < _LEAST_SHARE * power or max(low, high) > _MOST_TWIST * min(low, high):
        return None
    dominant = _dominates(powers[:4], low) and _dominates(powers[4:], high)
    return KEYS[row][column] if dominant else None


def _dominates(group: Floats, strongest: float) -> bool:
    return strongest > _LEAST_DOMINANCE * float(np.partition(group, 2)[2])


class _Course:
    """How the phases of a press's two tones advance from block to block."""

    def __init__(self, digit: str, number: int, block: Floats) -> None:
        """`number`: which block of the call this is, the first in which the press was found."""
        self.digit = digit
        row = next(row for row, keys in enumerate(KEYS) if digit in keys)
        self._bins = (row, 4 + KEYS[row].index(digit))
        frequencies = np.array([(ROWS_HZ + COLUMNS_HZ)[at] for at in self._bins])
        self._step = 2 * np.pi * frequencies * _HOP / pcm.SAMPLE_RATE
        self._number, self._phases, self._steps = number, self._phases_of(block), 0

    def extend(self, number: int, block: Floats) -> None:
        """Take a further block of this press. Real tones are up to 1.5 % off: their own step is learned."""
        phases = self._phases_of(block)
        if number == self._number + 1:
            self._steps += 1
            self._step += _wrapped(phases - self._phases - self._step) / self._steps
        self._number, self._phases = number, phases

    def leads_to(self, number: int, block: Floats) -> bool:
        """Return whether these tones, not heard for a moment, would be as they are in this block."""
        steps = number - self._number
        if steps > _LONGEST_HOLE:
            return False
        expected = self._phases + steps * self._step
        return bool((np.abs(_wrapped(self._phases_of(block) - expected)) < _SAME_PHASE).all())

    def _phases_of(self, block: Floats) -> Floats:
        parts = block @ _BINS
        found: Floats = np.array([np.arctan2(-parts[8 + at], parts[at]) for at in self._bins])
        return found


def _wrapped(angles: Floats) -> Floats:
    """Return angles between -pi and pi."""
    wrapped: Floats = (angles + np.pi) % (2 * np.pi) - np.pi
    return wrapped


class DtmfDetector:
    """Streaming detector: each press is reported once, however long it lasts."""

    def __init__(self) -> None:
        self._rest = np.empty(0)
        self._pressed: str | None = None
        self._candidate: str | None = None
        self._hits = 0
        self._misses = 0
        self._number = 0
        """Blocks looked at."""
        self._blocks = 0
        """In which the tone of the latest press was found."""
        self._course: _Course | None = None
        """Of the press that was found last."""
        self._found: deque[str] = deque()

    @property
    def held(self) -> str | None:
        """Return the key whose tone lasts, or has ended less than 40 ms ago; None if there is none."""
        return self._pressed

    @property
    def heard_ms(self) -> float:
        """Return how much of the tone of the latest press has been found, in ms; 0 before the first."""
        return (BLOCK + _HOP * (self._blocks - 1)) * 1000 / pcm.SAMPLE_RATE if self._blocks else 0

    def push(self, frame: bytes) -> str | None:
        """Return the key recognised with this frame of s16le at 8 kHz; None if there is none.

        A frame of up to 40 ms has room for one press at most. Of a longer one with several, the
        later presses are returned by the next calls (an empty frame will do).
        """
        heard = np.concatenate([self._rest, pcm.to_array(frame)])
        at = 0
        while at + BLOCK <= heard.size:
            block = heard[at : at + BLOCK]
            self._debounce(digit_in(block), block)
            at += _HOP
        self._rest = heard[at:]
        return self._found.popleft() if self._found else None

    def _debounce(self, digit: str | None, block: Floats) -> None:
        """A press begins with two equal hits and ends with three blocks without it."""
        self._number += 1
        self._hits = self._hits + 1 if digit and digit == self._candidate else int(bool(digit))
        self._candidate = digit
        self._misses = 0 if digit == self._pressed else self._misses + 1
        if self._misses >= _MISSES_TO_RELEASE:
            self._pressed = None
        course = self._course
        if digit and self._hits >= _HITS_TO_PRESS and digit != self._pressed:
            self._pressed, self._misses = digit, 0
            if course is None or course.digit != digit or not course.leads_to(self._number, block):
                self._found.append(digit)
                self._blocks = self._hits
                self._course = _Course(digit, self._number, block)
                return
        if digit and course is not None and digit == self._pressed:
            self._blocks += 1
            course.extend(self._number, block)
