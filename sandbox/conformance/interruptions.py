"""PURE: the two checks on keys and words of the person: the agent falls silent, and it answers."""

from calls.protocol.messages import Clear, Media
from sandbox.conformance.requirements import Bounds, Check, Status, within
from sandbox.line.observations import Closed, Observation, PlayClock, Received, Sent

MOST_REACTIONS = 1000


class Interruption(Check):
    """A key or a word while the agent speaks: what was queued must not play on."""

    name = "clear"
    requirement = "When the person presses a key or speaks over the agent, what was queued is cleared."
    _by: Sent | None = None
    _queued_s = 0.0

    def see(self, seen: Observation) -> None:
        match seen:
            case Sent(event="dtmf" | "speech") if self._by is None and self.clock.audible_s(seen.at) > 0:
                self._by, self._queued_s = seen, self.clock.audible_s(seen.at)
            case Received(message=Clear()) if self._by:
                after = seen.at - self._by.at
                status = Status.PASS if after <= self.bounds.clear_s else Status.FAIL
                self.found(status, f"Cleared {after:.2f} s after the {_cause(self._by)}.", seen)
                self._by = None
            case Received(message=Media()) if self._by and self.clock.was_quiet:
                soon = seen.at - self._by.at <= self.bounds.clear_s + self._queued_s
                if soon and self._queued_s <= self.bounds.queued_at_interruption_s:
                    self.found(Status.PASS, "It fell silent without a clear: little was queued.", self._by)
                    self._by = None
            case Sent(event="stop") | Closed():
                self._end_without_clear(self._by, seen.at)

    def _end_without_clear(self, by: Sent | None, now: float) -> None:
        """Report an interruption without a clear: what was queued played on, or new audio came at once."""
        self._by = None
        if by is None or now - by.at < self.bounds.clear_s:
            return
        cause = _cause(by)
        if self._queued_s > self.bounds.queued_at_interruption_s:
            status = Status.FAIL if by.event == "dtmf" else Status.WARN
            self.found(status, f"No clear after the {cause}: {self._queued_s:.1f} s played on.", by)
        elif self.clock.audible_until > by.at + self.bounds.clear_s:
            self.found(Status.WARN, f"No clear after the {cause}, and no pause in the audio.", by)
        else:
            self.found(Status.PASS, "It fell silent without a clear: little was queued.", by)

    def conclude(self) -> None:
        self._end_without_clear(self._by, self.clock.last_at)


class Reaction(Check):
    name = "reaction"
    requirement = "A key or a sentence is answered soon: with audio or the end of the call."
    _by: Sent | None = None
    _speaking = False

    def __init__(self, bounds: Bounds, clock: PlayClock) -> None:
        super().__init__(bounds, clock)
        self.seconds: list[float] = []

    def see(self, seen: Observation) -> None:
        match seen:
            case Sent(event="dtmf" | "speech_over"):
                self._by, self._speaking = seen, self.clock.audible_s(seen.at) > 0
            case Closed() if self._speaking:
                # It spoke on over the key to its end: the check on clear reports that.
                self._by = None
            case Received(message=Clear()):  # falling silent is no answer yet
                self._speaking = False
            case Closed() if self._by:
                self._reacted(seen, self._by)
            case Received(message=Media()) if self._by and self.clock.audible_now:
                if not self._speaking or self.clock.was_quiet:
                    self._reacted(seen, self._by)
            case Sent(event="stop") if self._by:
                self._unanswered(self._by, seen.at)

    def _reacted(self, seen: Observation, by: Sent) -> None:
        self._by = None
        seconds = seen.at - by.at
        if len(self.seconds) < MOST_REACTIONS:
            self.seconds.append(seconds)
        self._report(by, seconds, f"The {_cause(by)} was answered after {seconds:.2f} s.", seen)

    def _report(self, by: Sent, seconds: float, text: str, seen: Observation) -> None:
        status = within(seconds, self.bounds.reaction_s, self.bounds.longest_reaction_s)
        if by.event != "dtmf" and status is Status.FAIL:
            # An agent that takes keys only need not answer speech.
            status = Status.WARN
        self.found(status, text, seen)

    def _unanswered(self, by: Sent, now: float) -> None:
        """Report that no answer came; the check on clear reports an agent that spoke on over the key."""
        self._by = None
        if now - by.at > self.bounds.longest_reaction_s and not self._speaking:
            self._report(by, now - by.at, f"The {_cause(by)} was not answered in {now - by.at:.1f} s.", by)

    def conclude(self) -> None:
        if self._by:
            self._unanswered(self._by, self.clock.last_at)


def _cause(by: Sent) -> str:
    return "key" if by.event == "dtmf" else "speech"
