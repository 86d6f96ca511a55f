"""PURE: agent audio that has been sent, and from it what has been heard and when: for the recording."""

from collections import deque
from dataclasses import dataclass

from calls.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from calls.conversation.playout_clock import PlayClock

_JITTER_S = 0.2
"""Audio handed over without a break is heard without one, unless its far end fell silent for longer. A mark
is late by the way of the network, and stops the clock: that puts no hole into the middle of a word."""


@dataclass(frozen=True, slots=True)
class Heard:
    """PCM that was heard from `at` (seconds) on."""

    at: float
    pcm: bytes


class HeardAudio:
    """One call's. Positions in samples as the play clock counts them, times in seconds."""

    def __init__(self, clock: PlayClock) -> None:
        self._clock = clock
        self._unheard_audio: deque[tuple[int, bytes]] = deque()
        self._heard: list[Heard] = []
        self._until = 0.0
        self._dry_at = 0
        """Position of the last piece that found the far end's buffer dry."""

    def hand_over(self, pcm: bytes, now: float) -> float:
        """Take audio that is sent now, and move the clock on. Return when it is heard, as far as is known."""
        if not self._unheard_audio:
            # Nothing is heard before it was sent, whatever a mark that comes too early says.
            self._until = max(self._until, now)
        position = self._clock.sent
        if self._clock.heard(now) >= position:
            self._dry_at = position
        self._unheard_audio.append((position, pcm))
        self._clock.hand_over(len(pcm) // SAMPLE_BYTES, now)
        return self._clock.time_of(position)

    def settle(self, now: float) -> None:
        """Let time pass: what was heard by `now` is kept for `take`."""
        position = self._clock.heard(now)
        while self._unheard_audio and self._unheard_audio[0][0] < position:
            start, pcm = self._unheard_audio.popleft()
            size = (position - start) * SAMPLE_BYTES
            if size < len(pcm):
                self._unheard_audio.appendleft((position, pcm[size:]))
            at = max(self._clock.time_of(start), self._until)
            if start != self._dry_at and at < self._until + _JITTER_S:
                at = self._until
            self._heard.append(Heard(at, pcm[:size]))
            self._until = at + len(pcm[:size]) / SAMPLE_BYTES / SAMPLE_RATE

    def cut(self, now: float) -> int:
        """Drop what is not heard by `now`, here and on the clock. Return the position of the cut."""
        self.settle(now)
        self._unheard_audio.clear()
        return self._clock.cut(now)

    def take(self) -> list[Heard]:
        """Return what was heard since the last call (as of the last `settle`), in order, no overlap."""
        taken, self._heard = self._heard, []
        return taken
