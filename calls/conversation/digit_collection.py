"""PURE: key presses. Collect digits into one answer; drop the second report of one press."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from calls.agents.base import Collect, Collected, CollectEnd

SAME_PRESS_S: Final = 1.0
"""A press seen as a message and heard as a tone: the two are reported within this time of each other."""
_BEGINNINGS_APART_S: Final = 0.3
"""The message of a press's end tells, by its duration, when it began: to this from the first message."""
_TONE_JUST_OVER_S: Final = 0.2
"""A message so soon after the tone tells its end. A second press in that time is heard as a tone."""
_WHOLE_TONE_MS: Final = 80
"""A tone of this length is no leak of one that the platform cuts out of the audio: the next press will be
heard as well, so a message within `SAME_PRESS_S` of its end tells its end."""
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
    """One press, as far as it has been reported. Times in seconds."""

    digit: str
    at: float
    tone_until: float | None = None
    """When its tone was last heard; None: it has not been heard."""
    tone_ms: float = 0
    message_at: float | None = None
    """When its message came, if that may have been sent as the press began; None: there was none."""
    has_message: bool = False


class PressDeduplicator:
    """Pair the reports of one press, one with one, so that a key pressed twice stays two presses.

    A press may be heard as a tone, be told by a message as it begins, and by another as it ends.
    """

    def __init__(self) -> None:
        self._presses: deque[_Press] = deque(maxlen=_MOST_REMEMBERED)

    def is_new(self, digit: str, source: Source, *, now: float, duration_ms: int | None = None) -> bool:
        """Return False if this press has been reported. `duration_ms`: of a press that is over.

        A message may come when the key is let go, long after its tone was recognised.
        """
        while self._presses and self._presses[0].at < now - _FORGOTTEN_S:
            self._presses.popleft()
        same_key = [press for press in self._presses if press.digit == digit]
        if source is Source.TONE:
            for press in same_key:
                if press.tone_until is None and press.at >= now - SAME_PRESS_S:
                    press.tone_until = now
                    return False
            self._presses.append(_Press(digit, now, tone_until=now))
            return True
        return self._is_new_message(digit, same_key, now, duration_ms or 0)

    def hold(self, digit: str, now: float, *, heard_ms: float) -> None:
        """Note that the tone of this key lasts, `heard_ms` of it by now."""
        for press in reversed(self._presses):
            if press.digit == digit and press.tone_until is not None:
                press.tone_until, press.tone_ms = max(press.tone_until, now), heard_ms
                return

    def _is_new_message(self, digit: str, same_key: Sequence[_Press], now: float, duration_ms: int) -> bool:
        began = now - min(duration_ms / 1000, _FORGOTTEN_S)
        for press in same_key:
            if press.tone_until is None or press.has_message:
                continue
            if began - SAME_PRESS_S <= press.at or now - SAME_PRESS_S <= press.tone_until:
                press.has_message, press.message_at = True, None if duration_ms else now
                return False
        for press in same_key:
            if _is_its_end(press, began, now):
                press.message_at = None
                return False
        self._presses.append(_Press(digit, now, message_at=None if duration_ms else now, has_message=True))
        return True


def _is_its_end(press: _Press, began: float, now: float) -> bool:
    """Return whether a second message tells the end of a press whose beginning a first one has told.

    Either its duration says so, or the tone of the key has lasted all the while.
    """
    if press.message_at is None:
        return False
    by_duration = began < now and abs(began - press.message_at) <= _BEGINNINGS_APART_S
    if press.tone_until is None:
        return by_duration
    longest = SAME_PRESS_S if press.tone_ms >= _WHOLE_TONE_MS else _TONE_JUST_OVER_S
    return by_duration or now - press.tone_until <= longest
