"""Speech or not, by level against an adaptive noise floor.

The floor is the quietest level of the last three seconds: speech has gaps, noise has none,
so steady noise that sets in becomes the floor after that time and counts as silence.
"""

import math
from collections import deque
from typing import NamedTuple

from msgspec import Struct

from calls.audio import pcm


class SpeechStarted(NamedTuple):
    """Speech is sure. `at_ms`: where it began, in ms of audio since the first frame."""

    at_ms: int


class SpeechEnded(NamedTuple):
    """Speech is over. `at_ms`: its last loud moment; `duration_ms`: from its beginning."""

    at_ms: int
    duration_ms: int


class VadSettings(Struct, frozen=True):
    """Levels in dB or dBFS, times in ms."""

    min_speech_ms: int = 80
    """Loud audio needed before speech is sure: clicks and key presses are shorter."""
    hangover_ms: int = 300
    """Quiet that ends speech: pauses between words are shorter."""
    start_margin_db: float = 9.0
    stop_margin_db: float = 6.0
    least_level_dbfs: float = -45.0
    """Nothing below this is speech; telephone speech is around -20 to -30 dBFS."""
    first_floor_dbfs: float = -45.0
    """Highest floor assumed before three seconds have been heard."""


DEFAULT_SETTINGS = VadSettings()
_BLOCK_MS = 200
_BLOCKS = 15


class NoiseFloor:
    """The quietest level of the last three seconds, kept in blocks of 200 ms; in any unit that grows."""

    def __init__(self, first: float) -> None:
        self._blocks = deque([first], maxlen=_BLOCKS)
        self._quietest_block = first
        self._current = math.inf
        self._current_ms = 0

    def push(self, level: float, ms: int) -> float:
        """Return the floor after `ms` of audio at `level`, in the same unit."""
        current = self._current
        if level < current:
            self._current = current = level
        floor = current if current < self._quietest_block else self._quietest_block
        self._current_ms += ms
        if self._current_ms >= _BLOCK_MS:
            self._blocks.append(current)
            self._quietest_block = min(self._blocks)
            self._current, self._current_ms = math.inf, 0
        return floor


class EnergyVad:
    """Detect speech by level, frame by frame; any whole number of samples, 20 ms being usual."""

    def __init__(self, settings: VadSettings = DEFAULT_SETTINGS) -> None:
        self._settings = settings
        self._floor = NoiseFloor(settings.first_floor_dbfs)
        self._samples = 0
        self._loud_ms = 0
        self._quiet_ms = 0
        self._began_ms = 0
        self.speaking = False

    def push(self, frame: bytes) -> SpeechStarted | SpeechEnded | None:
        """Return what changed with this frame of s16le at 8 kHz; None if nothing did."""
        settings = self._settings
        before = self._samples * 1000 // pcm.SAMPLE_RATE
        self._samples += len(frame) // pcm.SAMPLE_BYTES
        after = self._samples * 1000 // pcm.SAMPLE_RATE
        margin = settings.stop_margin_db if self.speaking else settings.start_margin_db
        floor = self._floor.push(level := pcm.dbfs(frame), after - before)
        loud = level > max(settings.least_level_dbfs, floor + margin)
        if not self.speaking:
            if not loud:  # takes back what loud has gathered: one weak frame in an onset does not reset it
                self._loud_ms = max(0, self._loud_ms - (after - before))
                return None
            if not self._loud_ms:
                self._began_ms = before
            self._loud_ms += after - before
            if self._loud_ms < settings.min_speech_ms:
                return None
            self.speaking, self._loud_ms, self._quiet_ms = True, 0, 0
            return SpeechStarted(self._began_ms)
        self._quiet_ms = 0 if loud else self._quiet_ms + after - before
        if self._quiet_ms < settings.hangover_ms:
            return None
        self.speaking = False
        ended = after - self._quiet_ms
        return SpeechEnded(ended, ended - self._began_ms)
