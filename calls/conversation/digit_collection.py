"""PURE: key presses. Collect digits into one answer; drop the second report of one press."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from calls.agents.base import Collect, Collected, CollectEnd

SAME_PRESS_S: Final = 1.0
"""A press seen as a message and heard as a tone: the two are reported within this time of each other."""
_FORGOTTEN_S: Final = 10.0
_MOST_REMEMBERED: Final = 64


class DigitCollector:
    """Collect digits for one `Collect` action. `now` in seconds."""

    def __init__(self, wanted: Collect) -> None:
        self._wanted = wanted
        self._digits = ""
        self._deadline: float | None = None

    def press(self, digit: str, now: float) -> Collected | None:
        """Take one key. Return the result if it was the last, else None."""
        wanted = self._wanted
        if digit == wanted.terminator:
            return self._result(CollectEnd.TERMINATOR)
        if digit not in wanted.keys:
            return None
        self._digits += digit
        self._deadline = now + wanted.inter_digit_s
        return self._result(CollectEnd.FULL) if len(self._digits) >= wanted.most else None

    def pass_time(self, now: float, *, quiet: bool) -> Collected | None:
        """Return the result if the time is over, else None. `quiet`: nothing is played or waits to be.

        The wait for the first digit runs from the end of the question, and anew after a further prompt.
        """
        if not self._digits:
            if not quiet:
                self._deadline = None
            elif self._deadline is None:
                self._deadline = now + self._wanted.first_digit_s
        if self._deadline is None or now < self._deadline:
            return None
        return self._result(CollectEnd.PAUSE)

    def conclude(self) -> Collected | None:
        """Conclude: the line is gone. Return the result if a digit was pressed, else None."""
        return self._result(CollectEnd.PAUSE) if self._digits else None

    @property
    def due(self) -> float | None:
        """Return when time alone ends it; None while that is not known."""
        return self._deadline

    def _result(self, reason: CollectEnd) -> Collected:
        if not self._digits:
            reason = CollectEnd.NOTHING
        elif len(self._digits) < self._wanted.least:
            reason = CollectEnd.SHORT
        return Collected(self._wanted.name, self._digits, reason)


class Source(StrEnum):
    """How a press was reported."""

    MESSAGE = "message"
    TONE = "tone"


@dataclass(slots=True)
class _Press:
    digit: str
    source: Source
    at: float


class PressDeduplicator:
    """Pair messages with tones, one with one, so that a key pressed twice stays two presses."""

    def __init__(self) -> None:
        self._alone: deque[_Press] = deque(maxlen=_MOST_REMEMBERED)

    def is_new(self, digit: str, source: Source, *, now: float, duration_ms: int | None = None) -> bool:
        """Return False if the other source has reported this press. `duration_ms`: of a press that is over.

        A message may come when the key is let go, long after its tone was recognised.
        """
        while self._alone and self._alone[0].at < now - _FORGOTTEN_S:
            self._alone.popleft()
        began = now - min(duration_ms or 0, _FORGOTTEN_S * 1000) / 1000
        for press in self._alone:
            near = began - SAME_PRESS_S <= press.at <= now
            if press.digit == digit and press.source is not source and near:
                self._alone.remove(press)
                return False
        self._alone.append(_Press(digit, source, now))
        return True
