"""PURE: the platform's play-out buffer, on the play clock (awaaz-platform.md §2), in three readings.

Agent audio is played one 20 ms slot at a time; a mark comes back once the slot with the last audio before it
is over; clear drops what is not yet played and gives back all waiting marks at once. When playing begins is
read in three ways, see `FarEnd`. Times are seconds on any monotonic clock.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from calls.audio.pcm import FRAME_BYTES, FRAME_MS, SAMPLE_BYTES
from calls.protocol.messages import MAX_WAITING_MARKS

BYTES_PER_MS = FRAME_BYTES // FRAME_MS
SLOT_S = FRAME_MS / 1000
FIRST_WAIT_S, LATER_WAIT_S = 0.08, 0.04
FIRST_AMOUNT, LATER_AMOUNT = 1280 * SAMPLE_BYTES, 640 * SAMPLE_BYTES
"""Bytes that mod_audio_fork waits for: at first, and from then on."""
MARKER = b"\xff\xff"
"""The sample -1, by which mod_audio_fork marks a place in the audio."""
MOST_BUFFERED_MS = 600_000
COMPACT_BYTES = 1 << 16


class FarEnd(StrEnum):
    """What the far end of an agent's audio does before it plays."""

    PLAIN = "plain"
    """Plays whatever it has."""
    AUDIO_FORK = "audio-fork"
    """Waits for an amount of audio, as mod_audio_fork does."""
    TIME_WAITING = "time-waiting"
    """Waits 80 ms before it first plays and 40 ms after it ran dry, then plays whatever it has."""


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
    """Buffer what the agent sent and the person has not heard yet, and the marks that wait for it.

    This one plays whatever it has.
    """

    def __init__(self, *, most_ms: int = MOST_BUFFERED_MS, most_marks: int = MAX_WAITING_MARKS) -> None:
        self.figures = PlayoutFigures()
        self._most_bytes = most_ms * BYTES_PER_MS
        self._most_marks = most_marks
        self._audio = bytearray()
        self._head = 0
        self._received = 0
        self._played = 0
        self._marks: deque[tuple[int, str]] = deque()
        self._placed: deque[str] = deque()
        """Marks that `ForkPlayout` gave their sample in the audio; those of `_marks` wait for audio behind
        them there."""
        self._playing = False

    @property
    def buffered_ms(self) -> int:
        """Return how many ms of audio wait to be played."""
        return self._buffered() // BYTES_PER_MS

    @property
    def held_back_ms(self) -> int:
        """Return how many ms of these will not be played unless more audio comes."""
        return 0

    def _buffered(self) -> int:
        return len(self._audio) - self._head

    def add_audio(self, pcm: bytes, now: float) -> None:
        """Queue PCM s16le 8 kHz; what exceeds ten minutes is dropped and counted in `figures`."""
        room = max(0, self._most_bytes - self._buffered())
        taken = pcm[: room - room % 2]
        self.figures.dropped_ms += (len(pcm) - len(taken)) // BYTES_PER_MS
        if taken:
            self._take(taken, now)

    def _take(self, pcm: bytes, now: float) -> None:
        self._audio += pcm
        self._received += len(pcm)

    def add_mark(self, name: str) -> bool:
        """Queue a mark behind the audio so far. Returns False if 30 wait already; it is dropped then."""
        if len(self._marks) + len(self._placed) >= self._most_marks:
            self.figures.marks_refused += 1
            return False
        self._marks.append((self._received, name))
        return True

    def clear(self) -> list[str]:
        """Drop what is not played. Returns the waiting marks, which the platform sends back at once."""
        self.figures.cleared_ms += self._buffered() // BYTES_PER_MS
        self._played = self._received
        self._audio.clear()
        self._head = 0
        self._playing = False
        names = [name for _, name in self._marks]
        self._marks.clear()
        return names

    def play_slot(self, now: float) -> Slot:
        """Return what is heard in the slot that begins at `now`; call once every 20 ms."""
        marks: list[str] = []
        while self._marks and self._marks[0][0] <= self._played:
            marks.append(self._marks.popleft()[1])
        if not self._may_play(now):
            return Slot(None, marks)
        audio = bytes(self._audio[self._head : self._head + FRAME_BYTES])
        self._pass(len(audio))
        return self._heard(audio, marks)

    def _may_play(self, now: float) -> bool:
        """Whether something is played now; notices when the buffer has run dry."""
        has_audio = self._buffered() > 0
        self.figures.underruns += self._playing and not has_audio
        self._playing = has_audio
        return has_audio

    def _pass(self, size: int) -> None:
        self._head += size
        self._played += size
        if self._head >= COMPACT_BYTES or self._head == len(self._audio):
            del self._audio[: self._head]
            self._head = 0

    def _heard(self, audio: bytes, marks: list[str]) -> Slot:
        self.figures.heard_ms += len(audio) // BYTES_PER_MS
        return Slot(audio if len(audio) == FRAME_BYTES else audio.ljust(FRAME_BYTES, b"\0"), marks)


class TimeWaitingPlayout(Playout):
    """Waits for a time before it plays, whatever amount of audio it has."""

    _wait_s = FIRST_WAIT_S
    _begins_at: float | None = None

    def _take(self, pcm: bytes, now: float) -> None:
        if self._begins_at is None:
            self._begins_at = now + self._wait_s
        super()._take(pcm, now)

    def _may_play(self, now: float) -> bool:
        if self._begins_at is None or now < self._begins_at - 1e-9:
            return False
        self._wait_s = LATER_WAIT_S
        if not super()._may_play(now):
            self._begins_at = None
        return self._playing

    def clear(self) -> list[str]:
        """Drop what is not played; see `Playout.clear`."""
        self._begins_at = None
        return super().clear()


class ForkPlayout(Playout):
    """Waits for an amount of audio, as mod_audio_fork does, and marks places by the sample -1."""

    def __init__(self, *, most_ms: int = MOST_BUFFERED_MS, most_marks: int = MAX_WAITING_MARKS) -> None:
        super().__init__(most_ms=most_ms, most_marks=most_marks)
        self._prebuffer = bytearray()
        self._amount = FIRST_AMOUNT

    @property
    def held_back_ms(self) -> int:
        """Return how many ms of audio will not be played unless more comes."""
        return len(self._prebuffer) // BYTES_PER_MS

    def _buffered(self) -> int:
        return super()._buffered() + len(self._prebuffer)

    def _take(self, pcm: bytes, now: float) -> None:
        self._prebuffer += pcm
        if len(self._prebuffer) < self._amount:
            return
        self._amount = LATER_AMOUNT
        self._audio += MARKER * len(self._marks) + self._prebuffer
        self._placed += [name for _, name in self._marks]
        self._marks.clear()
        self._prebuffer.clear()

    def clear(self) -> list[str]:
        """Drop what is not played; see `Playout.clear`."""
        placed, self._placed = list(self._placed), deque()
        self._prebuffer.clear()
        return placed + super().clear()

    def play_slot(self, now: float) -> Slot:
        """Return what is heard in the slot that begins at `now`; call once every 20 ms."""
        if self._head == len(self._audio):
            self.figures.underruns += self._playing
            self._playing = False
            return Slot(None, [self._marks.popleft()[1]] if self._marks else [])
        self._playing = True
        audio, marks = bytearray(), []
        while len(audio) < FRAME_BYTES and self._head < len(self._audio):
            part = bytes(self._audio[self._head : self._head + FRAME_BYTES - len(audio)])
            at = _marker_in(part) if self._placed else len(part)
            audio += part[:at]
            if at < len(part):
                marks.append(self._placed.popleft())
                at += SAMPLE_BYTES
            self._pass(at)
        return self._heard(bytes(audio), marks) if audio else Slot(None, marks)


def _marker_in(audio: bytes) -> int:
    """Return where the first sample of -1 begins; the length of the audio where there is none."""
    at = audio.find(MARKER)
    while at > 0 and at % SAMPLE_BYTES:
        at = audio.find(MARKER, at + 1)
    return len(audio) if at < 0 else at


PLAYOUTS: Mapping[FarEnd, type[Playout]] = {
    FarEnd.PLAIN: Playout,
    FarEnd.AUDIO_FORK: ForkPlayout,
    FarEnd.TIME_WAITING: TimeWaitingPlayout,
}
