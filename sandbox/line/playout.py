"""PURE: the platform's play-out buffer, on the play clock (awaaz-platform.md §2).

Agent audio is played one 20 ms slot at a time. The buffer waits for 80 ms before it first plays and for 40 ms
after it ran dry; a mark comes back once the slot with the last audio before it is over; clear drops what is
not yet played and gives back all waiting marks at once. Times are seconds on any monotonic clock.
"""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from calls.audio.pcm import FRAME_BYTES, FRAME_MS
from calls.protocol.messages import MAX_WAITING_MARKS

BYTES_PER_MS = FRAME_BYTES // FRAME_MS
SLOT_S = FRAME_MS / 1000
FIRST_BUFFER_MS = 80
LATER_BUFFER_MS = 40
STALE_AFTER_S = 0.2
"""Audio too short for the threshold is played after this long, so that it does not wait for ever."""
MOST_BUFFERED_MS = 600_000
COMPACT_BYTES = 1 << 16


class Slot(NamedTuple):
    """One 20 ms slot: the 320 bytes heard in it (None: nothing) and the marks that came due before it."""

    audio: bytes | None
    marks: list[str]


@dataclass
class PlayoutFigures:
    heard_ms: int = 0
    dropped_ms: int = 0
    cleared_ms: int = 0
    underruns: int = 0
    marks_refused: int = 0


class Playout:
    """Buffer what the agent sent and the person has not heard yet, and the marks that wait for it."""

    def __init__(self, *, most_ms: int = MOST_BUFFERED_MS, most_marks: int = MAX_WAITING_MARKS) -> None:
        self.figures = PlayoutFigures()
        self._most_bytes = most_ms * BYTES_PER_MS
        self._most_marks = most_marks
        self._audio = bytearray()
        self._head = 0
        self._received = 0
        self._played = 0
        self._marks: deque[tuple[int, str]] = deque()
        self._playing = False
        self._threshold_ms = FIRST_BUFFER_MS
        self._waiting_since: float | None = None

    @property
    def buffered_ms(self) -> int:
        """Return how many ms of audio wait to be played."""
        return self._buffered() // BYTES_PER_MS

    def _buffered(self) -> int:
        return len(self._audio) - self._head

    def add_audio(self, pcm: bytes, now: float) -> None:
        """Queue PCM s16le 8 kHz; what exceeds ten minutes is dropped and counted in `figures`."""
        room = max(0, self._most_bytes - self._buffered())
        taken = pcm[: room - room % 2]
        self.figures.dropped_ms += (len(pcm) - len(taken)) // BYTES_PER_MS
        self._audio += taken
        self._received += len(taken)
        if taken and self._waiting_since is None:
            self._waiting_since = now

    def add_mark(self, name: str) -> bool:
        """Queue a mark behind the audio so far. Returns False if 30 wait already; it is dropped then."""
        if len(self._marks) >= self._most_marks:
            self.figures.marks_refused += 1
            return False
        self._marks.append((self._received, name))
        return True

    def clear(self) -> list[str]:
        """Drop what is not played. Returns the waiting marks, which the platform sends back at once."""
        self.figures.cleared_ms += self._buffered() // BYTES_PER_MS
        self._played += self._buffered()
        self._audio.clear()
        self._head = 0
        names = [name for _, name in self._marks]
        self._marks.clear()
        self._run_dry()
        return names

    def play_slot(self, now: float) -> Slot:
        """Return what is heard in the slot that begins at `now`; call once every 20 ms."""
        marks: list[str] = []
        while self._marks and self._marks[0][0] <= self._played:
            marks.append(self._marks.popleft()[1])
        buffered = self._buffered()
        if not self._playing:
            since = self._waiting_since
            is_stale = since is not None and buffered > 0 and now - since >= STALE_AFTER_S
            self._playing = is_stale or buffered >= self._threshold_ms * BYTES_PER_MS
        if not self._playing:
            return Slot(None, marks)
        if not buffered:
            self.figures.underruns += 1
            self._run_dry()
            return Slot(None, marks)
        audio = bytes(self._audio[self._head : self._head + FRAME_BYTES])
        self._head += len(audio)
        self._played += len(audio)
        self.figures.heard_ms += len(audio) // BYTES_PER_MS
        if self._head >= COMPACT_BYTES or self._head == len(self._audio):
            del self._audio[: self._head]
            self._head = 0
        return Slot(audio if len(audio) == FRAME_BYTES else audio.ljust(FRAME_BYTES, b"\0"), marks)

    def _run_dry(self) -> None:
        if self._playing:
            self._threshold_ms = LATER_BUFFER_MS
        self._playing, self._waiting_since = False, None
