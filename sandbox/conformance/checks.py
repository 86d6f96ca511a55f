"""PURE: the requirements of the stream, a check each; those on interruptions are in `interruptions.py`.

They are those of awaaz-platform.md §2 and, where that page is silent, what a caller notices. Thresholds stand
in `requirements.Bounds`.
"""

from calls.protocol.messages import MAX_WAITING_MARKS, Malformed, Mark, Media, Problem
from sandbox.conformance.requirements import Bounds, Check, Finding, Status, within
from sandbox.line.observations import (
    STUCK,
    UNREACHABLE,
    Answered,
    Closed,
    GivenUp,
    Observation,
    PlayClock,
    Received,
    Sent,
    odd_wav_data,
)

SIZE_PROBLEMS = {Problem.ODD_SIZE, Problem.EMPTY_PAYLOAD, Problem.PAYLOAD_TOO_LARGE}
ORDER_PROBLEMS = {Problem.BEFORE_START, Problem.MEDIA_BEFORE_START, Problem.WRONG_STREAM}


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
            status = within(self.seconds, self.bounds.first_audio_s, self.bounds.longest_first_audio_s)
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
            case Received(text=text, message=Media(container="wav")) if size := odd_wav_data(text):
                self.found(Status.FAIL, f"A WAV file with {size} bytes of audio: half a sample.", seen)
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
        found = super().finding()
        if found.status is Status.NOT_TRIED:
            return found
        return found._replace(detail=f"{found.detail} At most {self.most_s:.1f} s ahead.".strip())


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
            case Received(message=Mark()) if len(self._waiting) >= MAX_WAITING_MARKS:
                self._asked += 1
                text = f"More than {MAX_WAITING_MARKS} marks waiting: this one will not come back."
                self.found(Status.FAIL, text, seen)
            case Received(message=Mark(name=name)):
                self._asked += 1
                if name in self._waiting:
                    text = "The same name is already waiting: the two cannot be told apart."
                    self.found(Status.WARN, text, seen)
                self._waiting.append(name)
            case Sent(event="mark", name=name):
                self._returned += 1
                if name in self._waiting:
                    self._waiting.remove(name)

    def conclude(self) -> None:
        quiet_s = self.clock.last_at - self.clock.audible_until
        # A call cut short in a prompt does not show whether the agent asks for marks.
        had_its_say = self.clock.stopped_at is None or quiet_s > self.bounds.queued_at_interruption_s
        if self._asked:
            self.found(Status.PASS, f"{self._asked} asked, {self._returned} came back while the call lasted.")
        elif self._spoke and had_its_say:
            self.found(Status.WARN, "No mark was asked for: the agent cannot know what has been heard.")


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
        found = super().finding()
        if found.status is Status.NOT_TRIED:
            return found
        slowest = f"The slowest answer to a ping took {self.slowest_s:.2f} s."
        return found._replace(detail=found.detail or slowest)


class SilentAfterStop(Check):
    name = "after_stop"
    requirement = "Nothing is sent after stop (the platform's documents do not ask it: this only warns)."

    def see(self, seen: Observation) -> None:
        stopped = self.clock.stopped_at
        if stopped is None:
            return
        if isinstance(seen, Received) and seen.at - stopped > self.bounds.after_stop_s:
            self.found(Status.WARN, f"A frame {seen.at - stopped:.2f} s after stop.", seen)
        elif isinstance(seen, Sent):
            self.found(Status.PASS, "Nothing came after stop.")


class ClosesAfterStop(Check):
    name = "closes"
    requirement = "The agent closes after stop (the platform's documents do not ask it: this only warns)."

    def see(self, seen: Observation) -> None:
        stopped = self.clock.stopped_at
        if isinstance(seen, Closed) and stopped is not None:
            after = seen.at - stopped
            status = Status.PASS if after <= self.bounds.close_s else Status.WARN
            self.found(status, f"Closed {after:.2f} s after stop.", seen)

    def conclude(self) -> None:
        if self.clock.stopped_at is not None and self.clock.closed_at is None:
            text = f"Still open {self.bounds.longest_close_s:g} s after stop; the platform closed."
            self.found(Status.WARN, text)


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
