"""PURE: does an agent keep the requirements of the stream? Observations in, one finding a requirement out."""

from sandbox.conformance.checks import (
    CloseCode,
    ClosesAfterStop,
    Connects,
    Farewell,
    FirstAudio,
    KeepsReading,
    Marks,
    OneContainer,
    Pacing,
    SilentAfterStop,
    StartHandled,
    WellFormed,
    WholeSamples,
)
from sandbox.conformance.interruptions import Interruption, Reaction
from sandbox.conformance.requirements import Bounds, Check, Finding
from sandbox.conformance.sound import LinearPcm, Rate
from sandbox.line.observations import Observation, PlayClock

CHECKS: tuple[type[Check], ...] = (
    Connects,
    StartHandled,
    FirstAudio,
    OneContainer,
    WholeSamples,
    LinearPcm,
    Rate,
    WellFormed,
    Pacing,
    Marks,
    Interruption,
    Reaction,
    Farewell,
    KeepsReading,
    SilentAfterStop,
    ClosesAfterStop,
    CloseCode,
)


class Inspector:
    """Check one call against all requirements. Call `note` with its observations in the order of time."""

    def __init__(self, bounds: Bounds) -> None:
        clock = self._clock = PlayClock()
        self._first_audio, self._reaction = FirstAudio(bounds, clock), Reaction(bounds, clock)
        measured: dict[type[Check], Check] = {FirstAudio: self._first_audio, Reaction: self._reaction}
        self._checks = [measured.get(kind) or kind(bounds, clock) for kind in CHECKS]

    def note(self, seen: Observation) -> None:
        """Pass an observation to the play clock and then to every check."""
        self._clock.follow(seen)
        for check in self._checks:
            check.see(seen)

    def findings(self) -> list[Finding]:
        """Return one finding for each requirement. Call it once, after the connection is closed."""
        return [check.finding() for check in self._checks]

    @property
    def first_audio_s(self) -> float | None:
        """Return the seconds from start to the first audible frame, None if there was none."""
        return self._first_audio.seconds

    @property
    def reactions_s(self) -> list[float]:
        """Return how many seconds each key or sentence that was answered waited for its answer."""
        return self._reaction.seconds
