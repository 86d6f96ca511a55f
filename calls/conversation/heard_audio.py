"""PURE: agent audio that has been sent, and from it what has been heard and when: for the recording."""

from collections import deque
from dataclasses import dataclass

from calls.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from calls.conversation.playout_clock import PlayClock

_JITTER_S = 0.2
"""Audio handed over without a break is heard without one, unless its far end fell silent for longer. A mark
is late by the way of the network, and moves the clock: that puts no hole into the middle of a word."""


@dataclass(frozen=True, slots=True)
class Heard:
    """PCM that was heard from `at` (seconds) on."""

    at: float
    pcm: bytes


class HeardAudio:
    """One call's. Positions in samples as the play clock counts them, times in seconds."""

    def __init__(self, clock: PlayClock) -> None:
        self._clock = clock
        self._waiting: deque[tuple[int, bytes]] = deque()
        """Pieces by position that are not known to have been heard."""
        self._heard: list[Heard] = []
        self._until = 0.0
        self._dry_at = 0
        """Position of the last piece that found the far end's buffer dry."""

    def hand_over(self, pcm: bytes, now: float) -> float:
        """Take audio that is sent now, and move the clock on. Return when it is heard, as far as is known."""
        position = self._clock.sent
        if self._clock.is_dry(now):
            self.release(position)  # by the clock as it stands: it is set anew now
            self._dry_at = position
        if not self._waiting:
            # Nothing is heard before it was sent, whatever a mark that comes too early says.
            self._until = max(self._until, now)
        self._waiting.append((position, pcm))
        return self._clock.hand_over(len(pcm) // SAMPLE_BYTES, now)

    def release(self, position: int) -> None:
        """Count audio before `position` as heard, at the moments of the clock; it is kept for `take`."""
        while self._waiting and self._waiting[0][0] < position:
            start, pcm = self._waiting.popleft()
            size = (position - start) * SAMPLE_BYTES
            if size < len(pcm):
                self._waiting.appendleft((position, pcm[size:]))
            at = max(self._clock.time_of(start), self._until)
            if start != self._dry_at and at < self._until + _JITTER_S:
                at = self._until
            self._heard.append(Heard(at, pcm[:size]))
            self._until = at + len(pcm[:size]) / SAMPLE_BYTES / SAMPLE_RATE

    def cut(self, position: int) -> None:
        """Count what lies before `position` as heard and drop the rest, here and on the clock."""
        self.release(position)
        self._waiting.clear()
        self._clock.cut(position)

    def take(self) -> list[Heard]:
        """Return what was heard since the last call, in order, no overlap."""
        taken, self._heard = self._heard, []
        return taken
