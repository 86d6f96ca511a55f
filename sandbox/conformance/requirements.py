"""PURE: what a requirement is: its bounds, the finding about it, and the base class of the checks."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple

from sandbox.line.observations import Frame, Observation, PlayClock, frame_of


class Status(StrEnum):
    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    NOT_TRIED = "not-tried"


SEVERITY = {Status.NOT_TRIED: 0, Status.PASS: 1, Status.WARN: 2, Status.FAIL: 3}


class Finding(NamedTuple):
    """How one requirement was kept in one call."""

    check: str
    requirement: str
    status: Status
    detail: str
    frame: Frame | None = None


@dataclass(frozen=True)
class Bounds:
    """Seconds. `…_s` is what passes, `longest_…_s` what only warns."""

    ahead_s: float = 10.0
    first_audio_s: float = 2.0
    longest_first_audio_s: float = 6.0
    reaction_s: float = 2.0
    longest_reaction_s: float = 5.0
    clear_s: float = 1.0
    queued_at_interruption_s: float = 0.5
    """With no more than this queued, an agent may fall silent without a clear."""
    unheard_s: float = 0.4
    after_stop_s: float = 0.5
    """Frames that were on their way when stop was sent."""
    close_s: float = 2.0
    longest_close_s: float = 5.0
    pong_s: float = 1.0
    stuck_s: float = 5.0
    container: str = ""
    """The container the phone number is set to, if it is known."""


class Check:
    """Check one requirement over one call; of equally bad observations the first is kept for the finding."""

    name: ClassVar[str]
    requirement: ClassVar[str]

    def __init__(self, bounds: Bounds, clock: PlayClock) -> None:
        self.bounds, self.clock = bounds, clock
        self._worst: tuple[Status, str, Frame | None] = (Status.NOT_TRIED, "", None)

    def see(self, seen: Observation) -> None:
        """Take one observation; the clock has already followed it."""
        raise NotImplementedError

    def conclude(self) -> None:
        """Report what only the end of the call shows."""

    def found(self, status: Status, detail: str, seen: Observation | None = None) -> None:
        """Keep a status and the observation that shows it, if it is worse than what was found before."""
        if SEVERITY[status] > SEVERITY[self._worst[0]]:
            frame = frame_of(seen, self.clock.began) if seen else None
            self._worst = (status, detail, frame)

    def finding(self) -> Finding:
        """Return the worst that was found, NOT_TRIED if nothing was. Call it once, after the call."""
        self.conclude()
        return Finding(self.name, self.requirement, *self._worst)


def within(seconds: float, good: float, longest: float) -> Status:
    """Return PASS up to `good` seconds, WARN up to `longest`, else FAIL."""
    if seconds <= good:
        return Status.PASS
    return Status.WARN if seconds <= longest else Status.FAIL
