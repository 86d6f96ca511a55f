"""PURE: what a call waits for, how long, and what it says when that does not come. Times in seconds."""

from enum import StrEnum
from typing import NamedTuple

from calls.conversation.limits import CloseCode, ConversationLimits
from calls.conversation.outputs import Ending


class Phase(StrEnum):
    """How far a call has come; the value says it to people who look on."""

    WAITING = "waiting for the start message"
    IDENTIFYING = "finding out who this is"
    TALKING = ""
    """What happens then, others know."""
    LEAVING = "hanging up"
    CLOSED = "ended"


class TimedOut(NamedTuple):
    """Something did not come in time: the call ends."""

    code: CloseCode | None
    """To close the connection with; None: there is none any more."""
    ended_by: Ending
    reason: str


class Timeouts:
    """One call's."""

    def __init__(self, limits: ConversationLimits, now: float) -> None:
        self.deadline = now + limits.start_s
        """Of the phase: for start, for who it is, for hanging up; unused while talking."""
        self.last_frame = now
        self.away_until: float | None = None
        """The connection broke; so long the call waits for another."""
        self._limits = limits
        self._ends_at = now + limits.call_s

    def due(self, phase: Phase) -> list[float]:
        """Moments at which something may be overdue."""
        due = [self._ends_at, self._idle_until(phase)]
        return due if phase is Phase.TALKING else [*due, self.deadline]

    def overdue(self, phase: Phase, now: float) -> TimedOut | None:
        """What ran out, if anything did."""
        limits = self._limits
        if self.away_until is not None and now >= self.away_until:
            reason = (
                f"The connection broke without a stop, and did not come back within {limits.resume_s:g} s."
            )
            return TimedOut(None, Ending.CONNECTION, reason)
        if now >= self._ends_at:
            return _limit(CloseCode.NORMAL, f"The call reached its limit of {limits.call_s:.0f} s.")
        if phase is Phase.WAITING and now >= self.deadline:
            reason = f"No start message came within {limits.start_s:.0f} s; the call was closed."
            return _limit(CloseCode.NO_START, reason)
        if phase is Phase.IDENTIFYING and now >= self.deadline:
            wait = f"{limits.identify_s:.0f} s"
            return _limit(
                CloseCode.NORMAL, f"Who this call is for was not found out within {wait}; we hung up."
            )
        if now >= self._idle_until(phase):
            wait = f"{limits.idle_s:.0f} s"
            return _limit(CloseCode.POLICY, f"The platform sent nothing for {wait}; the call was closed.")
        return None

    def _idle_until(self, phase: Phase) -> float:
        if self.away_until is not None:
            return self.away_until
        return self.deadline if phase is Phase.WAITING else self.last_frame + self._limits.idle_s


def _limit(code: CloseCode, reason: str) -> TimedOut:
    return TimedOut(code, Ending.LIMIT, reason)
