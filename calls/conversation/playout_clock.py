"""PURE: when handed-over audio is heard, in samples and seconds, as far as it can be known from here.

Two clocks run by time alone. The *pace* says when audio would be over at a far end that plays at once and
that nothing has to travel to: it decides when more is sent, so a slow way never leaves the far end without
audio. The *heard* clock says what the person had heard when the frames that arrive now were sent: it is the
pace, later by the round trip and by what the far end waits before it plays (awaaz-platform.md §2: nothing, or
80 ms at first and 40 ms after its buffer ran dry). Both are measured by marks. Positions count samples handed
over since the call began.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from calls.audio.pcm import SAMPLE_RATE

UNKNOWN_WAIT_S: Final = 0.03
"""Until it is measured: in the middle of what far ends are known to wait, so wrong by 40 ms at most."""
MOST_WAIT_S: Final = 0.12
EARLY_S: Final = 0.06
"""A mark may be so much before its earliest time: three slots of 20 ms, for what the way of a frame varies
by."""
_QUICKEST_OF: Final = 3
_STALL_S: Final = 0.4
_ROUNDING: Final = 1e-3
"""Of a sample: so that the moment computed for a position reaches that position."""


def samples_of(ms: int) -> int:
    """Return how many samples there are in so many milliseconds, rounded down."""
    return ms * SAMPLE_RATE // 1000


@dataclass(slots=True)
class _Anchor:
    """A position and the moment at which it is reached; from it time and position follow from each other."""

    time: float = 0.0
    position: int = 0

    def at(self, now: float) -> int:
        """Return the position at `now`, not before the anchor's own."""
        return self.position + max(0, int((now - self.time) * SAMPLE_RATE + _ROUNDING))

    def time_of(self, position: int) -> float:
        """Return when the position is reached, or was."""
        return self.time + (position - self.position) / SAMPLE_RATE


class Belief(Enum):
    """What a mark that came back is worth."""

    BELIEVED = auto()
    DOUBTED = auto()
    """As if it had not waited for its audio: it took as long as one that measures the way."""
    IMPOSSIBLE = auto()
    """The audio before it cannot have been played, however short the way."""


class PlayClock:
    """One call's. Positions never run backwards; `sent` is the end of what was handed over, `confirmed` of
    what a mark said was played."""

    def __init__(self) -> None:
        self.sent = self.confirmed = 0
        self.round_trip = 0.0
        """In seconds, as last measured; 0 until then."""
        self._pace, self._heard, self._expected = _Anchor(), _Anchor(), _Anchor()
        self._floor = 0
        self._run_start = 0
        """Where the audio begins that is played without a break."""
        self._measured = False
        """Whether a mark has come back for that audio."""
        self._trips, self._delays = deque[float](maxlen=_QUICKEST_OF), deque[float](maxlen=_QUICKEST_OF)
        """The last round trips, and by how much the last marks of this audio were behind the pace."""
        self._waits = [UNKNOWN_WAIT_S, UNKNOWN_WAIT_S]
        """Of the far end: before it first plays, and after it ran dry; in seconds."""
        self._runs = 0
        """How often the far end of this connection began to play."""
        self._cleared = False
        """Whether its buffer was emptied since it was given audio."""
        self._unproved = True
        """Nothing of this connection has come back: nothing of what it was given counts as heard."""

    # --- pace -------------------------------------------------------------------------------------------

    def ahead(self, now: float) -> int:
        """Return how many samples a far end that plays at once still has, if a frame sent now reaches it
        now."""
        return max(0, self.sent - self._pace.at(now))

    def pace_of(self, position: int) -> float:
        """Return when that far end has played up to `position` (seconds)."""
        return self._pace.time_of(position)

    def is_dry(self, now: float) -> bool:
        """Return whether the far end has nothing to play when a frame sent now arrives."""
        if self._cleared or not self._runs:
            return True
        is_over = self._heard.time_of(self.sent) <= now + self.round_trip
        return is_over and self._pace.time_of(self.sent) <= now

    @property
    def is_first(self) -> bool:
        """Return whether nothing was handed over on this connection."""
        return not self._runs

    @property
    def _wait(self) -> float:
        return self._waits[self._runs > 1]

    def hand_over(self, samples: int, now: float) -> float:
        """Count audio that is sent now. Return when it is heard, as far as is known (seconds).

        Audio that is played without a break is one piece where its echo is looked for: what marks say in its
        middle changes the answer from the next break on.
        """
        dry = self.is_dry(now)
        if dry or self._pace.time_of(self.sent) <= now:
            self._pace = _Anchor(now, self.sent)
        if dry:
            self._runs += 1
            self._run_start, self._measured, self._cleared = self.sent, False, False
            self._heard = _Anchor(now + self.round_trip + self._wait, self.sent)
            self._expected = _Anchor(self._heard.time, self.sent)
        position = self.sent
        self.sent += samples
        return self._expected.time_of(position)

    # --- heard ------------------------------------------------------------------------------------------

    def heard(self, now: float) -> int:
        """Return the position heard by the person when a frame that arrives now was sent."""
        position = self._run_start if self._unproved else self._heard.at(now)
        self._floor = max(self._floor, min(self.sent, position))
        return self._floor

    def heard_at_clear(self, now: float) -> int:
        """Return the position heard by the person when a frame that is sent now arrives."""
        return max(self._floor, min(self.sent, self._heard.at(now + self.round_trip)))

    def time_of(self, position: int) -> float:
        """Return when a position is heard, or was, by the heard clock (seconds)."""
        return self._heard.time_of(position)

    def surely_heard_at(self, position: int) -> float:
        """Return when a position is heard even if the far end waits as long as any (seconds)."""
        return self.time_of(position) + (0.0 if self._measured else MOST_WAIT_S - self._wait)

    # --- marks ------------------------------------------------------------------------------------------

    def came_round(self, sent_at: float, now: float) -> None:
        """Take a mark back that was sent at `sent_at` to a far end without audio: it measures the round
        trip."""
        self._trips.append(max(0.0, now - sent_at))
        self.round_trip = min(self._trips)
        self._unproved = False
        if not self._measured:
            start = self._pace.time_of(self._run_start)
            self._heard = _Anchor(start + self.round_trip + self._wait, self._run_start)

    def reached(self, position: int, *, due: float, sent_at: float, now: float) -> Belief:
        """Take a mark back that was sent at `sent_at` behind `position`, which by pace was over at `due`.

        Return what it is worth; only one that is believed changes anything. A way that proves shorter than it
        was measured, because a frame was held back then, is taken as such.
        """
        if now < due - EARLY_S:
            return Belief.IMPOSSIBLE
        if now < due + self.round_trip - EARLY_S:
            if abs(now - sent_at - self.round_trip) <= EARLY_S:
                return Belief.DOUBTED
            self.round_trip = max(0.0, now - due)
            self._trips.clear()
        self.confirm(position)
        self._unproved = False
        if position > self._run_start:
            self._follow(position, due, now - due)
        return Belief.BELIEVED

    def _follow(self, position: int, due: float, delay: float) -> None:
        """Set the heard clock by a mark of what is being played, `delay` behind the pace.

        A frame is held back at times, by the network or by a busy machine, and never comes early: the
        quickest of the last marks counts, so that one late mark changes nothing and a way that became slow is
        followed. One that is later than audio is sent ahead tells that the far end ran dry.
        """
        if self._delays and delay > min(self._delays) + _STALL_S:
            self._delays.clear()
        if not self._measured:  # the first mark behind audio that began in an empty buffer tells the wait
            self._measured = True
            self._delays.clear()
            wait = self._waits[self._runs > 1] = min(max(0.0, delay - self.round_trip), MOST_WAIT_S)
            if self._runs == 1:
                self._waits[1] = wait / 2
        self._delays.append(delay)
        self._heard = _Anchor(due + min(self._delays), position)

    def confirm(self, position: int) -> None:
        """Count everything up to `position` as played."""
        self.confirmed = max(self.confirmed, min(position, self.sent))

    # --- breaks -----------------------------------------------------------------------------------------

    def cut(self, position: int) -> None:
        """Drop everything handed over behind `position`, and count all before it as heard."""
        self.sent = self._floor = position
        self.confirmed = min(self.confirmed, position)
        self._run_start = min(self._run_start, position)
        self._cleared = True

    def restart(self) -> None:
        """Reckon with a new far end, whose buffer is empty."""
        self._runs, self._unproved, self._run_start = 0, True, self.sent
