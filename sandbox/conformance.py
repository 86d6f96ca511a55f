"""PURE: does an agent keep the requirements of the stream? Observations in, one finding a requirement out.

`Inspector.note` is fed while the call runs and keeps a bounded amount; `findings` judges when it is over.
The requirements are those of awaaz-platform.md §2 and, where that page is silent, what a caller notices.
Thresholds stand in `Bounds`; one or two seconds of them are a courtesy to agents that think.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple

from calls.protocol.messages import MAX_WAITING_MARKS, Clear, Malformed, Mark, Media, Problem
from sandbox.observations import (
    Answered,
    Closed,
    Frame,
    GivenUp,
    Observation,
    PlayClock,
    Received,
    Sent,
    frame_of,
)

MOST_REACTIONS = 1000
SIZE_PROBLEMS = {Problem.ODD_SIZE, Problem.EMPTY_PAYLOAD, Problem.PAYLOAD_TOO_LARGE}
ORDER_PROBLEMS = {Problem.BEFORE_START, Problem.MEDIA_BEFORE_START, Problem.WRONG_STREAM}
UNREACHABLE, STUCK = "unreachable", "stuck"


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
    """One requirement. Keeps the first observation of the worst that was seen."""

    name: ClassVar[str]
    requirement: ClassVar[str]

    def __init__(self, bounds: Bounds, clock: PlayClock) -> None:
        self.bounds, self.clock = bounds, clock
        self._worst: tuple[Status, str, Frame | None] = (Status.NOT_TRIED, "", None)

    def see(self, seen: Observation) -> None:
        """Take one observation; the clock has already followed it."""
        raise NotImplementedError

    def conclude(self) -> None:
        """The call is over: judge what only its end shows."""

    def found(self, status: Status, detail: str, seen: Observation | None = None) -> None:
        if SEVERITY[status] > SEVERITY[self._worst[0]]:
            frame = frame_of(seen, self.clock.began) if seen else None
            self._worst = (status, detail, frame)

    def finding(self) -> Finding:
        self.conclude()
        return Finding(self.name, self.requirement, *self._worst)


class Connects(Check):
    name = "connects"
    requirement = "The WebSocket opens."

    def see(self, seen: Observation) -> None:
        if isinstance(seen, GivenUp) and seen.how == UNREACHABLE:
            self.found(Status.FAIL, seen.reason, seen)
        elif isinstance(seen, Sent) and seen.event == "start":
            self.found(Status.PASS, "The handshake was done.")


class StartHandled(Check):
    name = "start"
    requirement = "The agent waits for start and answers on the stream it names."

    def see(self, seen: Observation) -> None:
        match seen:
            case Received(message=Malformed(problem=problem)) if problem in ORDER_PROBLEMS:
                self.found(Status.FAIL, f"The frame is out of place: {problem}.", seen)
            case Received(message=Malformed()):
                return
            case Received():
                self.found(Status.PASS, "The first frame belongs to the stream of start.", seen)
            case Closed(code=code) if self._worst[0] is Status.NOT_TRIED and self.clock.stopped_at is None:
                self.found(Status.FAIL, f"Closed ({code}) after start without one usable frame.", seen)


class FirstAudio(Check):
    name = "first_audio"
    requirement = "The person hears something soon after start."
    seconds: float | None = None

    def see(self, seen: Observation) -> None:
        if self.seconds is None and isinstance(seen, Received) and isinstance(seen.message, Media):
            if not self.clock.audible_now:
                return
            self.seconds = seen.at - self.clock.began
            status = _within(self.seconds, self.bounds.first_audio_s, self.bounds.longest_first_audio_s)
            self.found(status, f"First audio after {self.seconds:.2f} s.", seen)

    def conclude(self) -> None:
        lasted = (self.clock.stopped_at or self.clock.last_at) - self.clock.began
        if self.seconds is None and lasted >= self.bounds.longest_first_audio_s:
            self.found(Status.FAIL, f"Nothing audible in {lasted:.1f} s.")


class OneContainer(Check):
    name = "container"
    requirement = "Every payload comes in the same container, the one the number is set to."
    _first = ""
    _count = 0

    def see(self, seen: Observation) -> None:
        if not (isinstance(seen, Received) and isinstance(seen.message, Media)):
            return
        packed = seen.message.container
        self._first, self._count = self._first or packed, self._count + 1
        if self.bounds.container and packed != self.bounds.container:
            self.found(Status.FAIL, f"{packed}, but the number is set to {self.bounds.container}.", seen)
        elif packed != self._first:
            self.found(Status.FAIL, f"{packed} after {self._first}.", seen)

    def conclude(self) -> None:
        if self._count:
            self.found(Status.PASS, f"{self._first} in all {self._count} media frames.")


class WholeSamples(Check):
    name = "sizes"
    requirement = "Every payload is whole 16-bit samples, at least one, at most 64 KiB."

    def see(self, seen: Observation) -> None:
        match seen:
            case Received(message=Malformed(problem=problem, detail=detail)) if problem in SIZE_PROBLEMS:
                self.found(Status.FAIL, f"{problem}: {detail}.", seen)
            case Received(message=Media()):
                self.found(Status.PASS, "All payloads were whole samples.")


class WellFormed(Check):
    name = "frames"
    requirement = "Every frame is a text frame with one JSON object of a known event that names its stream."
    _count = 0

    def see(self, seen: Observation) -> None:
        if not isinstance(seen, Received) or self.clock.stopped_at is not None:
            return
        self._count += 1
        if isinstance(seen.message, Malformed):
            elsewhere = SIZE_PROBLEMS | ORDER_PROBLEMS
            if seen.message.problem not in elsewhere:
                self.found(Status.FAIL, f"{seen.message.problem}: {seen.message.detail}.", seen)
        elif isinstance(seen.text, bytes):
            self.found(Status.FAIL, "Sent as a binary frame; the stream is text frames.", seen)
        elif '"stream_sid"' not in seen.text:
            self.found(Status.WARN, "The frame does not name its stream_sid.", seen)

    def conclude(self) -> None:
        if self._count:
            self.found(Status.PASS, f"All {self._count} frames could be used.")


class Pacing(Check):
    name = "pacing"
    requirement = "Never more audio handed over than the bound ahead of what has been heard."
    most_s = 0.0

    def see(self, seen: Observation) -> None:
        if isinstance(seen, Received) and isinstance(seen.message, Media):
            ahead = self.clock.ahead_s(seen.at)
            self.most_s = max(self.most_s, ahead)
            if ahead > self.bounds.ahead_s:
                self.found(Status.FAIL, f"More than {self.bounds.ahead_s:g} s ahead.", seen)
            self.found(Status.PASS, "")

    def finding(self) -> Finding:
        told = super().finding()
        if told.status is Status.NOT_TRIED:
            return told
        return told._replace(detail=f"{told.detail} At most {self.most_s:.1f} s ahead.".strip())


class Marks(Check):
    name = "marks"
    requirement = f"Marks are asked for after audio, at most {MAX_WAITING_MARKS} waiting, and come back."
    _asked = _returned = 0
    _spoke = False

    def __init__(self, bounds: Bounds, clock: PlayClock) -> None:
        super().__init__(bounds, clock)
        self._waiting: list[str] = []

    def see(self, seen: Observation) -> None:
        match seen:
            case Received(message=Media()):
                self._spoke = True
            case Received(message=Mark(name=name)):
                self._ask(name, seen)
            case Sent(event="mark", name=name):
                self._returned += 1
                if name in self._waiting:
                    self._waiting.remove(name)

    def _ask(self, name: str, seen: Received) -> None:
        self._asked += 1
        if len(self._waiting) >= MAX_WAITING_MARKS:
            text = f"More than {MAX_WAITING_MARKS} marks waiting: this one will not come back."
            self.found(Status.FAIL, text, seen)
            return
        if name in self._waiting:
            self.found(Status.WARN, "The same name is already waiting: the two cannot be told apart.", seen)
        self._waiting.append(name)

    def conclude(self) -> None:
        if self._asked:
            self.found(Status.PASS, f"{self._asked} asked, {self._returned} came back while the call lasted.")
        elif self._spoke and self._had_its_say():
            self.found(Status.WARN, "No mark was asked for: the agent cannot know what has been heard.")

    def _had_its_say(self) -> bool:
        """Whether the agent came to the end of something: a call cut short in a prompt shows nothing."""
        quiet_s = self.clock.last_at - self.clock.audible_until
        return self.clock.stopped_at is None or quiet_s > self.bounds.queued_at_interruption_s


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
                self._cleared(seen, self._by)
            case Received(message=Media()) if self._by and self._fell_silent(seen.at, self._by):
                self.found(Status.PASS, "It fell silent without a clear: little was queued.", self._by)
                self._by = None
            case Sent(event="stop") | Closed():
                self._judge(self._by, seen.at)

    def _cleared(self, seen: Received, by: Sent) -> None:
        after = seen.at - by.at
        status = Status.PASS if after <= self.bounds.clear_s else Status.FAIL
        self.found(status, f"Cleared {after:.2f} s after the {_cause(by)}.", seen)
        self._by = None

    def _fell_silent(self, at: float, by: Sent) -> bool:
        short = self._queued_s <= self.bounds.queued_at_interruption_s
        return self.clock.was_quiet and short and at - by.at <= self.bounds.clear_s + self._queued_s

    def _judge(self, by: Sent | None, now: float) -> None:
        """No clear came. What was queued played on, or new audio followed without a pause."""
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
        self._judge(self._by, self.clock.last_at)


class Reaction(Check):
    name = "reaction"
    requirement = "A key or a sentence is answered soon: with audio, a clear or the end of the call."
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
                # It had its say, heard nothing of the key, and went: the check on clear tells of that.
                self._by = None
            case Received(message=Clear()) | Closed() if self._by:
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
        self._judge(by, seconds, f"The {_cause(by)} was answered after {seconds:.2f} s.", seen)

    def _judge(self, by: Sent, seconds: float, text: str, seen: Observation) -> None:
        status = _within(seconds, self.bounds.reaction_s, self.bounds.longest_reaction_s)
        if by.event != "dtmf" and status is Status.FAIL:
            # An agent that only takes keys is a good agent.
            status = Status.WARN
        self.found(status, text, seen)

    def _unanswered(self, by: Sent, now: float) -> None:
        """Whoever was still speaking over the key is the business of the check on clear."""
        self._by = None
        if now - by.at > self.bounds.longest_reaction_s and not self._speaking:
            self._judge(by, now - by.at, f"The {_cause(by)} was not answered in {now - by.at:.1f} s.", by)

    def conclude(self) -> None:
        if self._by:
            self._unanswered(self._by, self.clock.last_at)


class Farewell(Check):
    name = "farewell"
    requirement = "The agent closes only when its last words have been heard (it waits for a mark)."

    def see(self, seen: Observation) -> None:
        if not isinstance(seen, Closed) or self.clock.stopped_at is not None:
            return
        lost = self.clock.audible_s(seen.at)
        if lost > self.bounds.unheard_s:
            self.found(Status.FAIL, f"Closed with {lost:.1f} s of audio unheard.", seen)
        elif seen.code is not None:
            self.found(Status.PASS, "Everything had been heard when the agent closed.", seen)


class KeepsReading(Check):
    name = "reading"
    requirement = "The agent reads on: it answers pings and takes 50 frames a second."
    slowest_s = 0.0

    def see(self, seen: Observation) -> None:
        if isinstance(seen, GivenUp) and seen.how == STUCK:
            self.found(Status.FAIL, seen.reason, seen)
        elif isinstance(seen, Answered):
            self.slowest_s = max(self.slowest_s, seen.seconds)
            status = Status.PASS if seen.seconds <= self.bounds.pong_s else Status.WARN
            self.found(status, "", seen)

    def finding(self) -> Finding:
        told = super().finding()
        slowest = f"The slowest answer to a ping took {self.slowest_s:.2f} s."
        return told._replace(detail=told.detail or slowest) if told.status is not Status.NOT_TRIED else told


class SilentAfterStop(Check):
    name = "after_stop"
    requirement = "Nothing is sent after stop."

    def see(self, seen: Observation) -> None:
        stopped = self.clock.stopped_at
        if stopped is None:
            return
        if isinstance(seen, Received) and seen.at - stopped > self.bounds.after_stop_s:
            self.found(Status.FAIL, f"A frame {seen.at - stopped:.2f} s after stop.", seen)
        elif isinstance(seen, Sent):
            self.found(Status.PASS, "Nothing came after stop.")


class ClosesAfterStop(Check):
    name = "closes"
    requirement = "The agent closes the connection after stop."

    def see(self, seen: Observation) -> None:
        stopped = self.clock.stopped_at
        if isinstance(seen, Closed) and stopped is not None:
            after = seen.at - stopped
            status = _within(after, self.bounds.close_s, self.bounds.longest_close_s)
            self.found(status, f"Closed {after:.2f} s after stop.", seen)

    def conclude(self) -> None:
        if self.clock.stopped_at is not None and self.clock.closed_at is None:
            text = f"Still open {self.bounds.longest_close_s:g} s after stop; the platform closed."
            self.found(Status.FAIL, text)


class CloseCode(Check):
    name = "close_code"
    requirement = "The connection is closed with code 1000."

    def see(self, seen: Observation) -> None:
        if not isinstance(seen, Closed):
            return
        if seen.code == 1000:
            self.found(Status.PASS, "Closed with 1000.", seen)
        elif seen.code in (1001, 1005):
            self.found(Status.WARN, f"Closed with {seen.code}.", seen)
        elif seen.code in (None, 1006):
            self.found(Status.FAIL, "The connection was lost without a close.", seen)
        else:
            self.found(Status.FAIL, f"Closed with {seen.code}.", seen)


CHECKS: tuple[type[Check], ...] = (
    Connects,
    StartHandled,
    FirstAudio,
    OneContainer,
    WholeSamples,
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
    """All requirements over one call. `note` in the order of time."""

    def __init__(self, bounds: Bounds) -> None:
        clock = self._clock = PlayClock()
        self._first_audio, self._reaction = FirstAudio(bounds, clock), Reaction(bounds, clock)
        measured: dict[type[Check], Check] = {FirstAudio: self._first_audio, Reaction: self._reaction}
        self._checks = [measured.get(kind) or kind(bounds, clock) for kind in CHECKS]

    def note(self, seen: Observation) -> None:
        self._clock.follow(seen)
        for check in self._checks:
            check.see(seen)

    def findings(self) -> list[Finding]:
        """Call once, when the call is over and the connection closed or given up."""
        return [check.finding() for check in self._checks]

    @property
    def first_audio_s(self) -> float | None:
        return self._first_audio.seconds

    @property
    def reactions_s(self) -> list[float]:
        return self._reaction.seconds


def _within(seconds: float, good: float, longest: float) -> Status:
    if seconds <= good:
        return Status.PASS
    return Status.WARN if seconds <= longest else Status.FAIL


def _cause(by: Sent) -> str:
    return "key" if by.event == "dtmf" else "speech"
