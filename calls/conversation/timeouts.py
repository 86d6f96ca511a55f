"""PURE: what a call waits for, how long, and what it says when that does not come. Times in seconds."""

from enum import StrEnum
from typing import NamedTuple

from calls.conversation.limits import CloseCode, ConversationLimits
from calls.conversation.outputs import Ending


class Phase(StrEnum):
    """How far a call has come; the value is shown on the live page."""

    WAITING = "waiting for the start message"
    IDENTIFYING = "finding out who this is"
    TALKING = ""
    """The playout and the agent say what happens then."""
    LEAVING = "hanging up"
    CLOSED = "ended"


class TimedOut(NamedTuple):
    """Something did not come in time: the call ends."""

    code: CloseCode | None
    """To close the connection with; None: there is none any more."""
    ended_by: Ending
    reason: str


class Timeouts:
    """Watch the deadlines of one call. Times in seconds."""

    def __init__(self, limits: ConversationLimits, now: float) -> None:
        self.deadline = now + limits.start_s
        """Of the phase: for start, for who it is, for hanging up; unused while talking."""
        self.last_frame_at = now
        self.away_until: float | None = None
        """The connection broke; so long the call waits for another. None: it did not."""
        self._limits = limits
        self._ends_at = now + limits.call_s

    def due(self, phase: Phase) -> list[float]:
        """Return the moments at which something may run out."""
        due = [self._ends_at, self._idle_until(phase)]
        return due if phase is Phase.TALKING else [*due, self.deadline]

    def expired(self, phase: Phase, now: float) -> TimedOut | None:
        """Return what has run out by `now`, the most telling first; None if nothing has."""
        limits = self._limits
        if self.away_until is not None and now >= self.away_until:
            wait = f"{limits.resume_s:g} s"
            reason = f"The connection broke without a stop, and did not come back within {wait}."
            return TimedOut(None, Ending.CONNECTION, reason)
        if now >= self._ends_at:
            code, reason = CloseCode.NORMAL, f"The call reached its limit of {limits.call_s:.0f} s."
        elif phase is Phase.WAITING and now >= self.deadline:
            wait = f"{limits.start_s:.0f} s"
            code, reason = CloseCode.NO_START, f"No start message came within {wait}; the call was closed."
        elif phase is Phase.IDENTIFYING and now >= self.deadline:
            wait = f"{limits.identify_s:.0f} s"
            code = CloseCode.NORMAL
            reason = f"Who this call is for was not found out within {wait}; we hung up."
        elif now >= self._idle_until(phase):
            wait = f"{limits.idle_s:.0f} s"
            code, reason = CloseCode.POLICY, f"The platform sent nothing for {wait}; the call was closed."
        else:
            return None
        return TimedOut(code, Ending.LIMIT, reason)

    def _idle_until(self, phase: Phase) -> float:
        if self.away_until is not None:
            return self.away_until
        return self.deadline if phase is Phase.WAITING else self.last_frame_at + self._limits.idle_s
