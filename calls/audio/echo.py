"""Is the caller's audio our own prompt coming back? Normalised cross-correlation with what was played.

Where the echo stands in time is not known beforehand: the play clock may run a little early or late, the
far end and the network add up to half a second. So the delay is searched once, on a tenth of a second of
audio at a quarter of the rate, and followed from there, which costs a fiftieth of the search.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from calls.audio import pcm

Floats: TypeAlias = npt.NDArray[np.float32]

_PER_MS: Final = pcm.SAMPLE_RATE // 1000
_EARLIEST: Final = 100 * _PER_MS
"""The play clock says "heard by then at the latest": an echo may come before it."""
_LATEST: Final = 500 * _PER_MS
_KEPT: Final = 2000 * _PER_MS
_SEARCHED: Final = 800
"""Samples of caller audio a search looks at; shorter ones find chance likeness in any two voices."""
_FOLLOWED: Final = 320
_SLACK: Final = 16
"""Samples a known delay may have moved by (2 ms) since it was last seen."""
_STEP: Final = 4
_ALIKE: Final = 0.5
"""Share of the caller's power that the delayed prompt explains, from which on it is an echo."""
_SOFTER: Final = 1.5
"""Caller audio below this many times the echo's usual power is the echo, however a codec has bent it."""
_SURE: Final = 5
"""Frames in which a delay must prove right before softer audio counts as its echo without being alike."""
_SUREST: Final = 25
"""Proofs that are counted: a delay that was right for long is given up after so many against it."""
_LEARNING: Final = 0.2
_LEAST_POWER: Final = 30.0**2
"""Prompts quieter than this (about -60 dBFS) leave no echo worth a search."""
_FRAMES_BETWEEN_SEARCHES: Final = 3
SEARCH_FRAMES: Final = 3
"""Frames of a new sound to be gathered before a search can find what it is."""


class EchoGuard:
    """Positions are samples on the call's clock. Knows the last two seconds of agent audio."""

    def __init__(self) -> None:
        self._played: pcm.Samples = np.zeros(_KEPT, np.int16)
        self._base = 0
        self._until = -_LATEST
        self._lag: int | None = None
        self._proofs = 0
        """Frames that spoke for the delay, less those that spoke against it."""
        self._return = 0.0
        """Power of the echo over power of the prompt, as learned from echoes that were sure."""
        self._rest = 0

    @property
    def delay_ms(self) -> float | None:
        """Return how long after its time by the play clock the echo was last found; None before the first."""
        return None if self._lag is None else self._lag / _PER_MS

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

    def explains(self, end: int, frames: Sequence[bytes]) -> bool:
        """Return whether caller audio that ends at `end` is the prompt's echo. `frames`: its last 100 ms."""
        heard = pcm.to_array(b"".join(frames)).astype(np.float32)[-_SEARCHED:]
        if self._lag is not None and self._follows(end, heard[-_FOLLOWED:], self._lag):
            self._rest = 0
            return True
        self._rest -= 1
        if self._rest > 0:
            return False
        self._rest = _FRAMES_BETWEEN_SEARCHES
        return self._search(end, heard)

    def _follows(self, end: int, heard: Floats, lag: int) -> bool:
        """At a known delay: alike, or, once that delay is sure, softer than the echo has always been."""
        share, found, gain = self._compare(end, heard, lag, _SLACK)
        if share >= _ALIKE:
            self._lag, self._proofs = found, min(self._proofs + 1, _SUREST)
            self._return += _LEARNING * (gain - self._return)
            return True
        if self._proofs >= _SURE:
            reference = self._slice(end - lag - heard.size - _SLACK, heard.size + 2 * _SLACK)
            if float(heard @ heard) < _SOFTER * self._return * float(reference @ reference):
                return True
        self._proofs -= 1
        if self._proofs < 0:
            self._lag = None
        return False

    def _compare(self, end: int, heard: Floats, lag: int, slack: int) -> tuple[float, int, float]:
        """(share of power explained, the delay with the most, gain in power) around one delay."""
        reference = self._slice(end - lag - heard.size - slack, heard.size + 2 * slack)
        alike = np.correlate(reference, heard, "valid")
        best = int(np.abs(alike).argmax())
        there = reference[best : best + heard.size]
        power, own = float(there @ there), float(heard @ heard)
        if power < _LEAST_POWER * heard.size or not own:
            return 0.0, lag, 0.0
        share = float(alike[best]) ** 2 / (power * own)
        return share, lag + slack - best, share * own / power

    def _search(self, end: int, heard: Floats) -> bool:
        """Look for the delay anywhere; False if nothing we played sounds like this."""
        if heard.size < _SEARCHED:
            return False
        first = end - heard.size - _LATEST
        reference = self._slice(first, heard.size + _LATEST + _EARLIEST)
        thin, own = _thinned(reference), _thinned(heard)
        squares = np.concatenate(([0.0], np.cumsum(thin.astype(np.float64) ** 2)))
        power = squares[own.size :] - squares[: -own.size]
        alike = np.correlate(thin, own, "valid").astype(np.float64) ** 2
        alike[power < _LEAST_POWER * own.size] = 0.0
        best = int((alike / np.maximum(power, 1.0)).argmax())
        lag = _LATEST - best * _STEP
        share, found, gain = self._compare(end, heard, lag, _SLACK)
        if share < _ALIKE:
            return False
        if self._lag is None or abs(found - self._lag) > 2 * _SLACK:
            self._proofs = 0
        self._lag, self._return, self._rest = found, gain, 0
        return True

    def _slice(self, first: int, size: int) -> Floats:
        """Agent audio from `first` on, silence where there was none."""
        at = first - self._base
        if at >= 0 and at + size <= _KEPT:
            return self._played[at : at + size].astype(np.float32)
        made = np.zeros(size, np.float32)
        low, high = max(0, at), min(_KEPT, at + size)
        if low < high:
            made[low - at : high - at] = self._played[low:high]
        return made


def _thinned(samples: Floats) -> Floats:
    """A quarter of the rate: the mean of every four samples. Voices have their power below 1 kHz."""
    thin: Floats = samples[: samples.size - samples.size % _STEP].reshape(-1, _STEP).mean(axis=1)
    return thin
