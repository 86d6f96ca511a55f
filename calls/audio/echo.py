"""Our own prompt coming back in the caller's audio: found once, then cancelled as long as it comes.

A caller's sound during a prompt is looked for in what was played (`calls.audio.echo_search`). Where it is
found, the line has an echo, and from then on every frame passes WebRTC's echo canceller (AEC3) while
prompts play: what is left is the person. Lines without an echo, which are most, pay for the search alone, and
only when the person makes a sound.
"""

from collections import deque
from enum import Enum, auto
from typing import Final

import numpy as np
from pywebrtc_audio import AudioProcessor

from calls.audio import pcm
from calls.audio.echo_search import place_in

_PER_MS: Final = pcm.SAMPLE_RATE // 1000
_FRAME: Final = pcm.FRAME_BYTES // pcm.SAMPLE_BYTES
_EARLIEST: Final = 100 * _PER_MS
"""The play clock says "heard by then at the latest": an echo may come before it."""
_LATEST: Final = 500 * _PER_MS
_KEPT: Final = 2000 * _PER_MS
_SEARCHED_FRAMES: Final = 10
"""Frames of caller audio a search looks at (200 ms)."""
_SECOND_PEAK, _CLEAR_PEAK = 11.0, 7.5
"""So clear (`Likeness.peak`) must be the second search that finds the same delay, and each further one. The
first is not enough: parts of one synthetic voice are alike for moments. Only an echo keeps its delay. With 9
for the second, 7 of 97 callers of espeak-ng in a voice a tenth higher than the prompt's were taken for its
echo and heard 0.5 s late; with 11 it is 4, and rooms cut as many prompts."""
_REMEMBERED: Final = 6
_DOUBTFUL_PEAK, _WEAK_PEAK = 6.5, 4.5
"""Above the first, or at the same delay again above the second, it is decided by the next search."""
_SAME: Final = 2 * _PER_MS
_HEAD_START: Final = 20 * _PER_MS
"""The canceller is given the prompt so much before its echo, which may begin before its strongest part."""
_MOVED: Final = 15 * _PER_MS
"""An echo that comes so much earlier or later than it did needs another beginning."""
_FIRST_CHECK, _CHECKED_FRAMES = 10, 25
"""Frames of a prompt until it is asked again if its echo is there: first when none of those in which it was
found are looked at any more, then each half second."""
_STILL_THERE_PEAK: Final = 4.5
_MOST_MISSED: Final = 3
"""Checks in a row that did not find the echo: the line has none any more. The first check is enough alone."""
_LOUD: Final = pcm.level_of(-30.0)


class Origin(Enum):
    """Where a caller's sound comes from."""

    ECHO = auto()
    DOUBTFUL = auto()
    """More audio will tell."""
    PERSON = auto()


class EchoGuard:
    """Positions are samples on the call's clock. Knows the last two seconds of agent audio."""

    def __init__(self) -> None:
        self._played: pcm.Samples = np.zeros(_KEPT, np.int16)
        self._base = 0
        self._until = -_LATEST
        self.recent: deque[bytes] = deque(maxlen=_SEARCHED_FRAMES)
        """The last frames of caller audio, as they came."""
        self._canceller: AudioProcessor | None = None
        """None while the line has no echo."""
        self._lag = self._unchecked = self._missed = 0
        self._delays: deque[int] = deque(maxlen=_REMEMBERED)
        """Those that the last searches found."""

    @property
    def delay_ms(self) -> float | None:
        """Return how long after its time by the play clock the echo comes; None if the line has none."""
        return None if self._canceller is None else self._lag / _PER_MS

    def played(self, at: int, audio: bytes) -> None:
        """Take agent audio that is heard from `at` on. A later piece replaces what it overlaps."""
        samples = pcm.to_array(audio)[-_KEPT:]
        at = max(0, at + len(audio) // pcm.SAMPLE_BYTES - samples.size)
        end = at + samples.size
        if end > self._base + _KEPT:  # keep a second before `end`; what was never played is silence
            base = end - _KEPT // 2
            kept = self._played[base - self._base :].copy()
            self._played[:] = 0
            self._played[: kept.size] = kept
            self._base = base
        first = max(0, at - self._base)
        self._played[first : first + samples.size] = samples[-(self._played.size - first) :]
        self._until = max(self._until, end)

    def may_return(self, end: int) -> bool:
        """Return whether agent audio can come back in caller audio that ends at `end`."""
        return end - self._until < _LATEST

    def push(self, end: int, frame: bytes) -> bytes:
        """Take caller audio that ends at `end`, 20 ms. Return it without its echo, if the line has one.

        It costs nothing before an echo was found, and about 0.15 ms afterwards while a prompt is heard.
        """
        self.recent.append(frame)
        if self._canceller is None or not self.may_return(end):
            return frame
        prompt = self._slice(end - _FRAME - self._lag + _HEAD_START, _FRAME)
        cancelled = self._canceller.process(pcm.to_array(frame), prompt)
        self._check_now_and_then(end, prompt)
        return pcm.to_bytes(cancelled)

    def origin(self, end: int) -> Origin:
        """Return where the caller audio up to `end`, the last that was pushed, comes from. Costs 0.25 ms.

        Of a line whose echo is known it is a person's: the echo has been cancelled.
        """
        if self._canceller is not None:
            return Origin.PERSON
        lag, peak = self._search(end)
        same = 1 + sum(abs(lag - delay) < _SAME for delay in self._delays)
        if peak > _WEAK_PEAK:
            self._delays.append(lag)
        if same < 2 or peak < (_SECOND_PEAK if same == 2 else _CLEAR_PEAK):
            return (
                Origin.DOUBTFUL
                if peak > _DOUBTFUL_PEAK or (same > 1 and peak > _WEAK_PEAK)
                else Origin.PERSON
            )
        self._begin(lag, end)
        return Origin.ECHO

    def _search(self, end: int) -> tuple[int, float]:
        """Return the likeliest delay and how clear it is, see `Likeness`."""
        heard = pcm.to_array(b"".join(self.recent)).astype(np.float32)
        reference = self._slice(end - heard.size - _LATEST, heard.size + _LATEST + _EARLIEST)
        at, peak = place_in(heard, reference.astype(np.float32))
        return _LATEST - at, peak

    def _begin(self, lag: int, end: int) -> None:
        """The canceller learns from what the search has seen already."""
        self._lag = lag
        self._missed, self._unchecked = _MOST_MISSED - 1, _CHECKED_FRAMES - _FIRST_CHECK
        self._canceller = AudioProcessor(pcm.SAMPLE_RATE, echo_cancellation=True)
        seen = pcm.to_array(b"".join(self.recent))
        self._canceller.process(seen, self._slice(end - seen.size - lag + _HEAD_START, seen.size))

    def _check_now_and_then(self, end: int, prompt: pcm.Samples) -> None:
        """Give the echo up when it is not found any more, as when the telephone is at the ear again."""
        self._unchecked += 1
        if self._unchecked < _CHECKED_FRAMES or pcm.loudness(prompt.tobytes()) < _LOUD:
            return
        self._unchecked = 0
        lag, peak = self._search(end)
        if abs(lag - self._lag) < _MOVED and peak > _STILL_THERE_PEAK:
            self._missed = 0
            return
        self._missed += 1
        if peak > _DOUBTFUL_PEAK and self._delays and abs(lag - self._delays[-1]) < _SAME:
            self._begin(lag, end)
        elif self._missed >= _MOST_MISSED:
            self._canceller = None
        self._delays.append(lag)

    def _slice(self, first: int, size: int) -> pcm.Samples:
        """Return agent audio from `first` on, silence where there was none."""
        at = first - self._base
        made = np.zeros(size, np.int16)
        low, high = max(0, at), min(_KEPT, at + size)
        if low < high:
            made[low - at : high - at] = self._played[low:high]
        return made
