"""PURE: one call. Stream, agent and playout together: (event, now) -> what to send, log and do.

The shell owns the socket, the clock and the world. It makes a `Conversation` when the connection is
accepted, calls `wake(now)` once at once, then hands over every frame (`receive`), the result of every effect,
every due wake-up, and the end of the socket. It carries out each `Step` as it comes.

What a peer does wrong becomes a PROBLEM entry and the call goes on, within limits. What our own agent does
wrong is raised: the shell closes the call and says so.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from calls.agents import base
from calls.conversation.agent_runner import AgentRunner
from calls.conversation.caller_input import CallerInput
from calls.conversation.event_log import (
    EventLog,
    key_pressed,
    unexpected,
    what_was_wrong,
    who,
    without_numbers,
)
from calls.conversation.input_buffer import InputBuffer
from calls.conversation.input_timeline import InputTimeline
from calls.conversation.limits import CloseCode, ConversationLimits, Hearing
from calls.conversation.media_stats import Statistics
from calls.conversation.outputs import Close, Ending, EntryKind, Identify, Recorded, Side, Step, Summary
from calls.conversation.playout import Piece, Playout
from calls.conversation.rate_limit import RateDecision, RateLimiter
from calls.conversation.timeouts import Phase, TimedOut, Timeouts
from calls.protocol.messages import Connected, Dtmf, FromPlatform, Malformed, Mark, Media, Start, Stop
from calls.protocol.stream import AgentStream

__all__ = ["CloseCode", "Conversation", "ConversationLimits", "Hearing"]


_DROPPED = (Ending.CONNECTION, Ending.SERVER)
_DOING_SIZE = 80


class Conversation:
    """One call, from the accepted connection to the closed one. `now`: seconds of a monotonic clock."""

    def __init__(
        self,
        stream: AgentStream,
        *,
        limits: ConversationLimits | None = None,
        hearing: Hearing | None = None,
        now: float,
    ) -> None:
        self._stream = stream
        self._limits = limits or ConversationLimits()
        self._log = EventLog(now, self._limits.problems_written, self._limits.keys_written)
        self._playout = Playout(self._limits.playout)
        self._timeline, self._input_buffer = InputTimeline(), InputBuffer()
        self._statistics = Statistics(now)
        self._step = Step()
        self._latest = now
        """The latest time given: an event with an older one happens then."""
        self.still = Step(wake_at=now)
        """What `receive` gives for a frame that changes nothing."""
        self._phase = Phase.WAITING
        self._runner = AgentRunner(self._log, self._playout, prompt_s=self._limits.prompt_s)
        self._caller_input = CallerInput(hearing or Hearing(), self._log, self._playout, self._runner)
        self._timeouts = Timeouts(self._limits, now)
        self._wake_at = now
        self._started_at: float | None = None
        self._early_keys: list[str] = []
        self._malformed_in_a_row = 0
        self._first_audio_ms: int | None = None
        self._rate_limiter = RateLimiter(
            per_second=self._limits.frames_per_s, burst=self._limits.frames_burst, now=now
        )
        self._must_clear = False
        self._closed: Close | None = None
        self._closed_at = now
        self._log.add(EntryKind.CONNECTED, "The platform connected.", now)

    # --- what the shell calls ------------------------------------------------------------------------

    def receive(self, text: str | bytes, now: float) -> Step:
        """A frame of the platform, whatever it holds. `still`, this very object, if nothing changes."""
        if self._phase is Phase.CLOSED:
            return Step()
        if (pace := self._rate_limiter.take(now)) is not RateDecision.FINE:
            return self._leave_unread(pace, now)
        message = self._stream.receive(text)
        if type(message) is Media and now < self._wake_at and not self._runner.wants_audio:
            return self._take_note(message, now)
        return self._do(now, self._read, message)

    def identified(self, agent: base.Agent, context: base.CallContext, now: float) -> Step:
        """The answer to `Identify`: who talks to whom. Ignored if it comes too late."""
        return self._do(now, self._begin, agent, context)

    def unidentified(self, reason: str, now: float) -> Step:
        """The other answer to `Identify`: nobody can serve this call; `reason` is a sentence."""
        return self._do(now, self._turn_away, reason)

    def audio_ready(self, prompt: str, pcm: bytes, now: float) -> Step:
        """PCM for `Synthesise.prompt` or `LoadClip.prompt`. Ignored if it is not waited for any more."""
        return self._do(now, self._runner.fill, prompt, pcm)

    def audio_failed(self, prompt: str, reason: str, now: float) -> Step:
        """No audio for that prompt; `reason` is a sentence."""
        return self._do(now, self._runner.give_up, prompt, reason)

    def speech(self, utterance: int, probabilities: Sequence[float] | None, now: float) -> Step:
        """The judge's word on `Step.vad_audio`, a probability a chunk; None: there is no judge any more."""
        self._caller_input.judged(utterance, probabilities)
        if self._caller_input.noticed or self._phase is Phase.CLOSED:
            return self._do(now, self._react)
        return Step(wake_at=self._wake_at)

    def wake(self, now: float) -> Step:
        """The time of the last `Step.wake_at` has come (earlier or later does no harm)."""
        return self._do(now, lambda now: None)

    def closed(self, now: float) -> Step:
        """The socket is gone."""
        return self._do(now, self._close, None, Ending.CONNECTION, "The connection broke without a stop.")

    def lost(self, reason: str, now: float) -> Step:
        """The socket is there, and the platform takes nothing from us; `reason` is a sentence."""
        return self._do(now, self._close, CloseCode.POLICY, Ending.CONNECTION, reason)

    def broken(self, now: float) -> Step:
        """The socket is gone without a word: the call waits for a second one, if the platform can name it."""
        return self._do(now, self._wait_for_another)

    def resumed(self, stream: AgentStream, now: float) -> Step:
        """A second connection goes on with this call; `stream` is its, with the start message read."""
        return self._do(now, self._go_on, stream)

    def hang_up(self, reason: str, now: float) -> Step:
        """A person at our end ends the call, at once; `reason` is a sentence."""
        return self._do(now, self._close, CloseCode.NORMAL, Ending.AGENT, reason)

    def stop(self, reason: str, now: float) -> Step:
        """Our server ends the call; `reason` is a sentence."""
        return self._do(now, self._close, CloseCode.GOING_AWAY, Ending.SERVER, reason)

    def note_queue(self, depth: int) -> None:
        """So many frames wait in the shell to be sent."""
        self._statistics.queued(depth)

    def summary(self, now: float) -> Summary:
        """The call in figures, final once it is closed."""
        until = self._closed_at if self._closed else now
        return Summary(
            duration_ms=self._log.at_ms(until),
            frames_in=self._statistics.frames_in,
            frames_out=self._statistics.frames_out,
            heard_ms=self._statistics.heard_ms,
            first_audio_ms=self._first_audio_ms,
            disposition=self._disposition(),
            outcome=self._runner.outcome,
            statistics=self._statistics.totals(until),
        )

    @property
    def doing(self) -> str:
        """What happens just now, for the live page; at most 80 characters."""
        return self._doing()[:_DOING_SIZE]

    # --- one step ------------------------------------------------------------------------------------

    def _do(self, now: float, what: Callable[..., None], *args: Any) -> Step:
        """Let time pass up to `now`, handle one event, then everything that is due."""
        if self._phase is Phase.CLOSED:
            return Step()
        self._step = Step()
        self._take_in()
        self._latest = now = max(now, self._latest)
        self._playout.settle(now)
        what(*args, now)
        self._follow_up(now)
        self._step.entries = self._log.take()
        return self._step

    def _follow_up(self, now: float) -> None:
        if self._phase is not Phase.CLOSED:
            self._runner.catch_up(now)
            self._step.effects += self._runner.take_effects()
            self._send(now)
            self._look_for_hang_up(now)
            self._check_limits(now)
        self._record_heard(now)
        if self._phase is not Phase.CLOSED:
            self._step.wake_at = self._wake_at = self._next_wake(now)
            self.still = Step(wake_at=self._wake_at)
            self._input_buffer.urgent_level = self._caller_input.urgent_level

    def _send(self, now: float) -> None:
        if self._timeouts.away_until is not None:
            self._runner.clear_wanted = False  # what was cleared will not be sent
        elif self._runner.clear_wanted:
            self._runner.clear_wanted = False
            self._statistics.cleared(now)
            self._caller_input.silenced(now)
            self._step.frames.append(self._stream.send_clear())
        for sending in self._playout.pump(now):
            if isinstance(sending, Piece):
                self._send_piece(sending, now)
            else:
                self._step.frames.append(self._stream.send_mark(sending.key))

    def _send_piece(self, piece: Piece, now: float) -> None:
        self._step.frames.append(self._stream.send_media(piece.pcm))
        self._caller_input.played(piece)
        self._statistics.frame_out()
        if self._first_audio_ms is None and self._started_at is not None:
            ms = self._first_audio_ms = round((now - self._started_at) * 1000)
            self._log.add(EntryKind.FIRST_AUDIO, f"First audio {ms} ms after the start message.", now, ms=ms)
        if piece.begins and piece.name:
            text = f"“{piece.name}” begins."
            data = {"name": piece.name, "total_ms": piece.total_ms, "began_ms": self._log.at_ms(piece.at)}
            self._log.add(EntryKind.PROMPT, text, now, **data)

    def _record_heard(self, now: float) -> None:
        for heard in self._playout.take_heard():
            self._statistics.heard(heard.at, len(heard.pcm))
            self._step.recording.append(Recorded(Side.AGENT, self._log.at_ms(heard.at), heard.pcm))

    def _look_for_hang_up(self, now: float) -> None:
        """The agent hangs up: once all is heard, or as long after as a last mark may take."""
        if not self._runner.leaving:
            return
        still = self._playout.remaining_ms(now) / 1000
        if self._phase is not Phase.LEAVING or still or self._playout.preparing is not None:
            self._phase, self._timeouts.deadline = (
                Phase.LEAVING,
                now + still + self._limits.hang_up_grace_s,
            )
        if self._playout.idle or now >= self._timeouts.deadline:
            self._close(CloseCode.NORMAL, Ending.AGENT, self._runner.leaving, now)

    # --- limits --------------------------------------------------------------------------------------

    def _check_limits(self, now: float) -> None:
        if self._phase is Phase.CLOSED:
            return
        if overdue := self._timeouts.overdue(self._phase, now):
            self._give_up(overdue, now)

    def _give_up(self, overdue: TimedOut, now: float) -> None:
        if overdue.ended_by is Ending.LIMIT:
            self._log.add(EntryKind.PROBLEM, overdue.reason, now)
        self._close(overdue.code, overdue.ended_by, overdue.reason, now)

    def _next_wake(self, now: float) -> float:
        due = [*self._timeouts.due(self._phase), *self._runner.due()]
        playout = self._playout.next_wake(now)
        return min(due) if playout is None else min(playout, *due)

    def _close(self, code: CloseCode | None, ended_by: Ending, reason: str, now: float) -> None:
        """Whatever is under way ends here. What the person had pressed counts; nothing is said any more."""
        self._playout.lose(now)
        self._runner.end(now)
        self._phase = Phase.CLOSED  # not before: what fails in the agent closes the call in another way
        self._runner.report_ended(now)
        self._log.sum_up(now)
        self._log.add(EntryKind.END, reason, now, ended_by=ended_by.value)
        self._closed = Close(code=None if code is None else int(code), ended_by=ended_by, reason=reason)
        self._closed_at = now
        self._step.close = self._closed

    def _disposition(self) -> str:
        """ "failed" without a start, "dropped" when the line or our server went, else "answered"."""
        if self._closed is None:
            return ""
        if self._started_at is None:
            return "failed"
        return "dropped" if self._closed.ended_by in _DROPPED else "answered"

    # --- a connection that breaks, and another -------------------------------------------------------

    def _wait_for_another(self, now: float) -> None:
        if self._timeouts.away_until is not None:
            return
        start = self._stream.start
        if not (start and start.call_sid and self._limits.resume_s > 0):
            self._close(None, Ending.CONNECTION, "The connection broke without a stop.", now)
            return
        self._must_clear = self._playout.hold(now)
        self._timeouts.away_until = now + self._limits.resume_s
        text = f"The connection broke; the call waits {self._limits.resume_s:g} s for another."
        self._log.add(EntryKind.NOTE, text, now)

    def _go_on(self, stream: AgentStream, now: float) -> None:
        """The first connection may still be open: then the newer one wins."""
        told = self._playout.hold(now)
        if told or self._must_clear:
            self._step.frames.append(stream.send_clear())
        self._stream, self._timeouts.away_until, self._must_clear = stream, None, False
        self._timeouts.last_frame = now
        self._timeline.begin_again()
        self._statistics.begin_again()
        self._caller_input.silenced(now)
        self._playout.go_on()
        self._log.add(EntryKind.NOTE, "A second connection goes on with this call.", now)

    def _leave_unread(self, pace: RateDecision, now: float) -> Step:
        """A frame too many. It is not even looked at, so that a flood costs next to nothing."""
        if pace is RateDecision.STILL_TOO_FAST:
            return Step(wake_at=self._wake_at)
        return self._do(now, self._note_flood, pace)

    def _note_flood(self, pace: RateDecision, now: float) -> None:
        self._timeouts.last_frame = now
        rate = f"more than {self._limits.frames_per_s:.0f} frames a second"
        if pace is RateDecision.UNBEARABLE:
            reason = f"The platform sent {rate} for too long; the call was closed."
            self._give_up(TimedOut(CloseCode.POLICY, Ending.LIMIT, reason), now)
        else:
            text = f"The platform sends {rate}; what is too much is left unread. The call goes on."
            self._log.add(EntryKind.PROBLEM, text, now, problem="too_fast", event="")

    # --- frames of the platform ----------------------------------------------------------------------

    def _take_note(self, media: Media, now: float) -> Step:
        """Caller audio while nothing else is due and the agent wants none: most frames of most calls."""
        self._timeouts.last_frame = now
        if self._input_buffer.hold(media, now) and now < self._statistics.due:
            return self.still
        self._step = step = Step(wake_at=self._wake_at)
        self._take_in()
        self._input_buffer.urgent_level = self._caller_input.urgent_level
        if not self._caller_input.noticed:
            step.entries = self._log.take()
            return step
        more = self._do(now, self._react)
        more.recording[:0], more.vad_audio = step.recording, step.vad_audio
        return more

    def _take_in(self) -> None:
        """Caller audio that came since the last time, as of when each frame came."""
        arrived = self._input_buffer.take()
        if not arrived:
            return
        self._malformed_in_a_row = 0
        for at_ms, audio in self._timeline.stretches(arrived, self._log.at_ms):
            if at_ms is not None:
                self._step.recording.append(Recorded(Side.CALLER, at_ms, audio))
            self._caller_input.hear(audio, at_ms)
        self._step.vad_audio = self._caller_input.take_unjudged() or self._step.vad_audio
        self._statistics.hear(arrived)
        self._latest = max(arrived[-1].at, self._latest)
        if self._latest >= self._statistics.due:
            self._note_second(self._latest)

    def _read(self, message: FromPlatform | Malformed, now: float) -> None:
        self._timeouts.last_frame = now
        if isinstance(message, Malformed):
            self._note_problem(message, now)
            return
        self._malformed_in_a_row = 0
        _ON_MESSAGE[type(message)](self, message, now)
        self._react(now)

    def _note_problem(self, problem: Malformed, now: float) -> None:
        data = {"problem": problem.problem.value, "event": problem.event}
        self._log.add(EntryKind.PROBLEM, what_was_wrong(problem), now, **data)
        self._malformed_in_a_row += 1
        if self._malformed_in_a_row > self._limits.malformed_in_a_row:
            count = self._malformed_in_a_row
            reason = f"{count} frames in a row could not be used; the call was closed."
            self._close(CloseCode.POLICY, Ending.LIMIT, reason, now)

    def _on_connected(self, message: Connected, now: float) -> None:
        pass

    def _on_start(self, start: Start, now: float) -> None:
        self._started_at, self._phase = now, Phase.IDENTIFYING
        self._timeouts.deadline = now + self._limits.identify_s
        self._log.add(EntryKind.START, "The call was answered; the stream has started.", now)
        self._question(start, now)
        parameters = start.custom_parameters
        reference = parameters.get("reference", "")
        self._step.effects.append(Identify(reference, parameters, start.stream_sid, start.call_sid))

    def _question(self, start: Start, now: float) -> None:
        """What the start message says that we did not expect."""
        for text in unexpected(start):
            self._log.add(EntryKind.PROBLEM, text, now)

    def _on_media(self, media: Media, now: float) -> None:
        self._input_buffer.hold(media, now)
        self._take_in()
        if self._runner.wants_audio:
            self._runner.tell(base.AudioReceived(media.payload), now)

    def _react(self, now: float) -> None:
        """To what was noticed in the caller's audio."""
        digits = self._caller_input.react(now)
        if (onset_ms := self._caller_input.take_onset()) is not None:
            self._statistics.triggered(now - (self._log.at_ms(now) - onset_ms) / 1000)
        for digit in digits:
            self._press(digit, now, heard=True)

    def _note_second(self, now: float) -> None:
        figures = self._statistics.second(now)
        text = f"{figures['in']} frames in, {figures['out']} out."
        self._log.add(EntryKind.STATS, text, now, **figures)

    def _on_key(self, key: Dtmf, now: float) -> None:
        if self._caller_input.is_new(key, now):
            self._press(key.digit, now, heard=False)

    def _press(self, digit: str, now: float, *, heard: bool) -> None:
        self._statistics.triggered(now)
        self._log_key(digit, now, heard=heard)
        if self._phase is not Phase.IDENTIFYING:
            self._runner.press(digit, now)
        elif len(self._early_keys) < self._limits.keys_kept:
            self._early_keys.append(digit)

    def _log_key(self, digit: str, now: float, *, heard: bool) -> None:
        prompt = self._playout.playing(now) or ""
        text = key_pressed(digit, during=prompt, heard=heard, ignored=self._phase is Phase.LEAVING)
        self._log.add(EntryKind.KEY, text, now, digit=digit, during=prompt)

    def _on_mark(self, mark: Mark, now: float) -> None:
        if not self._playout.mark_back(mark.name, now):
            text = "A mark came back that was not waited for. The call goes on."
            self._log.add(EntryKind.PROBLEM, text, now, problem="unknown_mark", event="mark")

    def _on_stop(self, stop: Stop, now: float) -> None:
        reason = without_numbers(stop.reason)
        words = f": {reason}" if reason else ""
        self._log.add(EntryKind.STOP, f"The platform ended the call{words}.", now, reason=reason)
        self._close(CloseCode.NORMAL, Ending.CALLER, "The other side hung up.", now)

    # --- who it is -----------------------------------------------------------------------------------

    def _begin(self, agent: base.Agent, context: base.CallContext, now: float) -> None:
        if self._phase is not Phase.IDENTIFYING:
            return
        self._phase = Phase.TALKING
        self._log.add(
            EntryKind.IDENTIFIED,
            who(context.campaign, context.language),
            now,
            language=context.language,
        )
        self._runner.begin(agent, context, now)
        keys, self._early_keys = self._early_keys, []
        for digit in keys:
            self._runner.press(digit, now)

    def _turn_away(self, reason: str, now: float) -> None:
        if self._phase is Phase.IDENTIFYING:
            self._log.add(EntryKind.PROBLEM, reason, now)
            self._close(CloseCode.NORMAL, Ending.AGENT, reason, now)

    def _doing(self) -> str:
        if self._timeouts.away_until is not None and self._phase is not Phase.CLOSED:
            return "waiting for the connection to come back"
        if self._phase is not Phase.TALKING:
            return self._phase.value
        if prompt := self._playout.playing(self._latest):
            return f"agent speaks: {prompt}"
        if preparing := self._playout.preparing:
            return f"preparing: {preparing}"
        return "listening" if self._runner.wants_audio else "waiting for a key"


_ON_MESSAGE: Mapping[type, Callable[[Conversation, Any, float], None]] = {
    Connected: Conversation._on_connected,
    Start: Conversation._on_start,
    Media: Conversation._on_media,
    Dtmf: Conversation._on_key,
    Mark: Conversation._on_mark,
    Stop: Conversation._on_stop,
}
