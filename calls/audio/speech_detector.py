"""Does the person speak? A cheap gate on every frame, a VAD model only on what passes it.

The gate (an object passed in, WebRTC's detector in a live call) and the level cost a few microseconds.
What passes and is neither a key tone nor our own echo is a candidate; its audio is handed out for the model
(silero, in batches, away from the media loop), whose probabilities come back by `on_vad_result`. A model that
is slow or gone costs certainty, never detection: the gate then decides alone.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, NamedTuple, Protocol, TypeAlias

import numpy as np
from msgspec import Struct

from calls.audio import pcm
from calls.audio.dtmf import BLOCK, digit_in
from calls.audio.echo import EchoGuard, Origin
from calls.audio.energy_vad import NoiseFloor, SpeechEnded, SpeechStarted
from calls.audio.framing import Framer

VAD_CHUNK_SAMPLES: Final = 256
"""Audio is handed out in whole chunks of this size: what silero takes at 8 kHz (32 ms)."""
_CHUNK: Final = VAD_CHUNK_SAMPLES * pcm.SAMPLE_BYTES
_BEFORE: Final = 5
"""Frames before a candidate (100 ms) that the model is given too."""
_SEARCH_FROM, _SEARCH_EVERY, _SEARCH_RARELY = 3, 2, 10
"""Frames of a sound until an echo is looked for in it, then between one search and the next: while it is not
known if the person speaks, and afterwards."""
_PER_MS: Final = pcm.SAMPLE_RATE // 1000
_REMEMBERED: Final = 3
_DOUBTED_FRAMES: Final = 8
"""What may be an echo, or not, is doubted for so long (160 ms); then it is a person's."""


class Gate(Protocol):
    """Speech or not, by 20 ms (320 bytes) of s16le at 8 kHz. Total, no I/O, about a microsecond."""

    def fires(self, frame: bytes) -> bool:
        """Return True if the frame may be speech."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingSettings:
    """When the person is taken to speak, and when that cuts a prompt. Milliseconds, dB, probabilities."""

    min_speech_ms: int = 120
    """Speech needed before it is believed: coughs, clicks and taps are shorter."""
    hangover_ms: int = 400
    """Quiet that ends it: pauses between words are shorter."""
    start_probability: float = 0.5
    stop_probability: float = 0.35
    """Of the model. Two levels, so that a weak syllable does not end what has begun."""
    model_wait_ms: int = 80
    """So long beyond `min_speech_ms` the model is waited for; then the gate decides alone."""
    start_margin_db: float = 9.0
    """Over the line's own noise, where no model looks at what passes."""
    judged_margin_db: float = 4.0
    """The same where a model does. Speech 7 dB above its noise is lost at 9: its soft sounds end it."""
    least_level_dbfs: float = -45.0
    first_floor_dbfs: float = -45.0
    short_words_ms: Mapping[str, int] = field(default_factory=dict)
    """By language (`hi`; `*` for all others): speech shorter than this over a prompt does not cut it, e.g.
    `{"hi": 500}` lets a lone "haan ji" pass. It delays every cut by as much, so none is set at first."""

    def cut_after_ms(self, language: str) -> int:
        """Return how much speech cuts a prompt, in this language (a tag such as `hi-IN`), in milliseconds."""
        base = language.lower().replace("_", "-").partition("-")[0]
        return max(self.min_speech_ms, self.short_words_ms.get(base, self.short_words_ms.get("*", 0)))


class BargeInReached(Struct, frozen=True):
    """The person has spoken long enough to cut a prompt. `at_ms`: where the speech began."""

    at_ms: int


class VadAudio(NamedTuple):
    """Caller audio for the VAD model: whole chunks, in order. A new `utterance` begins with a new state."""

    utterance: int
    audio: bytes


Change: TypeAlias = SpeechStarted | BargeInReached | SpeechEnded
_NOTHING: Final[Sequence[Change]] = ()


class _State(Enum):
    QUIET = auto()
    CANDIDATE = auto()
    SPEAKING = auto()


class SpeechDetector:
    """Detect one caller's speech. Times are milliseconds on the call's clock, as passed in."""

    def __init__(self, gate: Gate, *, settings: HearingSettings, has_model: bool, language: str = "") -> None:
        """`has_model`: a VAD model takes what `take_vad_audio` returns; otherwise the gate decides alone."""
        self._gate, self._settings, self._has_model = gate, settings, has_model
        self._cut_after = settings.cut_after_ms(language)
        self._least_level = pcm.level_of(settings.least_level_dbfs)
        self._over_floor = pcm.ratio_of(settings.judged_margin_db if has_model else settings.start_margin_db)
        self._framer = Framer()
        self._floor = NoiseFloor(pcm.level_of(settings.first_floor_dbfs))
        self._echo = EchoGuard()
        self._before: deque[bytes] = deque(maxlen=_BEFORE)
        self._state = _State.QUIET
        self._onset = self._last_voiced = self._voiced_ms = self._frames = 0
        self._reached_barge_in = self._is_doubtful = False
        self._search_at = 0
        self._utterance = 0
        self._vad_audio = b""
        self._probabilities: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def speaking(self) -> bool:
        """Return True between `SpeechStarted` and `SpeechEnded`."""
        return self._state is _State.SPEAKING

    @property
    def urgent_level(self) -> float:
        """Return the level (RMS) under which a 20 ms frame changes only what is known of the line's noise."""
        is_quiet = self._state is _State.QUIET and not self._framer.waiting
        return self._least_level if is_quiet else 0.0

    def played(self, at_ms: int, audio: bytes) -> None:
        """Take agent audio that is heard from `at_ms` on: it may come back as an echo."""
        self._echo.played(at_ms * _PER_MS, audio)

    def push(self, audio: bytes, at_ms: int) -> Sequence[Change]:
        """Take caller audio from `at_ms` on. Return what changed with it, in order; mostly nothing."""
        at_ms -= self._framer.waiting // (_PER_MS * pcm.SAMPLE_BYTES)
        changes: Sequence[Change] = _NOTHING
        for frame in self._framer.push(audio):
            at_ms += pcm.FRAME_MS
            if found := self._take_frame(frame, at_ms):
                changes = [*changes, *found]
        return changes

    def take_vad_audio(self) -> VadAudio | None:
        """Return audio for the model since the last call; None while there is no whole chunk."""
        whole = len(self._vad_audio) - len(self._vad_audio) % _CHUNK
        if not whole or not self._has_model:
            return None
        audio, self._vad_audio = self._vad_audio[:whole], self._vad_audio[whole:]
        return VadAudio(self._utterance, audio)

    def on_vad_result(self, utterance: int, probabilities: Sequence[float] | None) -> Sequence[Change]:
        """Take the model's probabilities (0 to 1) for chunks of an utterance, in order. Return what changed.

        None: the model is unavailable from now on. Those of an utterance that is over are ignored.
        """
        if probabilities is None:
            self._has_model = False
            self._over_floor = pcm.ratio_of(self._settings.start_margin_db)
            self._probabilities.clear()
        elif utterance == self._utterance:
            self._probabilities.extend(probabilities)
        return self._look_for_start()

    # --- one frame -----------------------------------------------------------------------------------

    def _take_frame(self, frame: bytes, end: int) -> Sequence[Change]:
        frame = self._echo.push(end * _PER_MS, frame)
        self._before.append(frame)
        level = pcm.loudness(frame)
        threshold = self._floor.push(level, pcm.FRAME_MS) * self._over_floor
        fires = self._gate.fires(frame)  # every frame: it learns the line's noise
        loud = fires and level > threshold and level > self._least_level
        if self._state is _State.QUIET:
            if loud and not self._is_key():
                self._state, self._utterance = _State.CANDIDATE, self._utterance + 1
                self._onset, self._last_voiced = end - pcm.FRAME_MS, end
                self._voiced_ms, self._frames, self._reached_barge_in = pcm.FRAME_MS, 1, False
                self._search_at, self._is_doubtful = _SEARCH_FROM, False
                self._probabilities.clear()
                self._vad_audio = b"".join(self._before)
            return _NOTHING
        self._frames += 1
        if self._has_model:
            self._vad_audio += frame
        if loud and self._is_echo(end):
            return self._continue(end, voiced=False)
        return self._continue(end, voiced=loud and not self._is_key())

    def _is_echo(self, end: int) -> bool:
        """Look, now and then, for the sound in what we play. A candidate that is found there is dropped."""
        position = end * _PER_MS
        if self._frames < self._search_at or not self._echo.may_return(position):
            return False
        self._search_at = self._frames + (_SEARCH_RARELY if self.speaking else _SEARCH_EVERY)
        origin = self._echo.origin(position)
        self._is_doubtful = origin is Origin.DOUBTFUL
        if origin is Origin.ECHO and not self.speaking:
            self._voiced_ms = 0
        return origin is Origin.ECHO

    def _is_key(self) -> bool:
        """Return whether this is a key of the telephone, which is loud all the same."""
        if self._state is _State.SPEAKING:
            return False
        recent = pcm.to_array(b"".join(list(self._echo.recent)[-2:]))
        return recent.size >= BLOCK and digit_in(recent[-BLOCK:].astype(np.float64)) is not None

    def _continue(self, end: int, *, voiced: bool) -> Sequence[Change]:
        if not self.speaking:
            if voiced:
                self._voiced_ms, self._last_voiced = self._voiced_ms + pcm.FRAME_MS, end
            else:  # quiet takes back what speech has gathered, so that one weak frame does not reset it
                self._voiced_ms -= pcm.FRAME_MS
            if self._voiced_ms > 0:
                return self._look_for_start()
            self._state, self._vad_audio = _State.QUIET, b""
            return _NOTHING
        # The latest probability is a chunk old; it counts all the same, or noise would keep speech open.
        doubted = bool(self._probabilities) and self._probabilities[-1] < self._settings.stop_probability
        if voiced and not doubted:
            self._last_voiced = end
            return self._look_for_barge_in()
        if end - self._last_voiced < self._settings.hangover_ms:
            return _NOTHING
        self._state, self._vad_audio = _State.QUIET, b""
        return [SpeechEnded(self._last_voiced, self._last_voiced - self._onset)]

    def _look_for_start(self) -> Sequence[Change]:
        enough = self._state is _State.CANDIDATE and self._voiced_ms >= self._settings.min_speech_ms
        doubtful = self._is_doubtful and self._frames < _DOUBTED_FRAMES
        if not enough or doubtful or not self._is_believed():
            return _NOTHING
        self._state = _State.SPEAKING
        return [SpeechStarted(self._onset), *self._look_for_barge_in()]

    def _is_believed(self) -> bool:
        if not self._has_model:
            return True
        if self._probabilities:
            return max(self._probabilities) >= self._settings.start_probability
        return self._voiced_ms >= self._settings.min_speech_ms + self._settings.model_wait_ms

    def _look_for_barge_in(self) -> Sequence[Change]:
        if self._reached_barge_in or self._last_voiced - self._onset < self._cut_after:
            return _NOTHING
        self._reached_barge_in = True
        return [BargeInReached(self._onset)]
