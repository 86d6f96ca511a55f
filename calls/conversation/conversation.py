"""PURE: one call. Stream, agent and playout together: (event, now) -> a `Step`: what to send, log and do.

The shell owns the socket, the clock and the world. It makes a `Conversation` when the connection is
accepted, calls `wake(now)` once at once, then hands over every frame (`receive`), the result of every effect,
every due wake-up, and the end of the socket. It carries out each `Step` as it comes.

What a peer does wrong becomes a PROBLEM entry and the call goes on, within limits. What our own agent does
wrong is raised: the shell closes the call and says so.
"""

from collections.abc import Callable, Sequence
from typing import Any

from calls.agents import base
from calls.agents.requests import Reply
from calls.conversation import hold
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
from calls.conversation.media_stats import MediaStats
from calls.conversation.outputs import (
    NO_AGENT,
    Close,
    Ending,
    EntryKind,
    Identify,
    Recorded,
    Side,
    Step,
    Summary,
)
from calls.conversation.playout import MarkRequest, MarkReturn, Piece, Playout
from calls.conversation.rate_limit import RateDecision, RateLimiter
from calls.conversation.timeouts import Phase, TimedOut, Timeouts
from calls.protocol.messages import Dtmf, FromPlatform, Malformed, Mark, Media, Start, Stop
from calls.protocol.stream import AgentStream

__all__ = ["CloseCode", "Conversation", "ConversationLimits", "Hearing"]


_TAKES_NOTHING = "The platform took no audio from us: no mark came back for {:g} s. The line counts as lost."
_DROPPED = (Ending.CONNECTION, Ending.SERVER)
_DOING_SIZE = 80
_LARGEST_LATE_FRAME = 1000
"""Characters: a key's frame has about 100."""


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
        self._stats = MediaStats(now)
        self._step = Step()
        self._latest = now
        """The latest time given: an event with an older one happens then."""
        self.still = Step(wake_at=now)
        """What `receive` returns for a frame that changes nothing."""
        self._phase = Phase.WAITING
        self._runner = AgentRunner(self._log, self._playout, prompt_s=self._limits.prompt_s)
        self._caller_input = CallerInput(hearing or Hearing(), self._log, self._playout, self._runner)
        self._timeouts = Timeouts(self._limits, now)
        self._wake_at = now
        self._started_at: float | None = None
        self._hold_at: float | None = None
        """When the caller is asked to wait; None once it is known who it is."""
        self._language = ""
        """As the start message has it."""
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
        """Take a frame of the platform, whatever is in it. Return `still`, that object, if nothing changes.

        Most frames of most calls are audio while nothing else is due and the agent wants none. Of those that
        come after our close only keys count.
        """
        if self._phase is Phase.CLOSED:
            return self._receive_late(text, now)
        if (decision := self._rate_limiter.take(now)) is not RateDecision.ACCEPT:
            # Not even looked at, so that a flood costs next to nothing.
            if decision is RateDecision.DROP:
                return Step(wake_at=self._wake_at)
            return self._do(now, self._on_flood, decision)
        message = self._stream.receive(text)
        if type(message) is Mark and now < self._wake_at and self._playout.is_only_check(message.name):
            self._timeouts.last_frame_at = now
            self._on_mark(message, max(now, self._latest))
            return self.still
        if type(message) is not Media or now >= self._wake_at or self._runner.wants_audio:
            return self._do(now, self._on_message, message)
        self._timeouts.last_frame_at, self._malformed_in_a_row = now, 0
        waits = self._input_buffer.push(message, now)
        if waits and (now < self._stats.due or self._input_buffer.gathers(now)):
            return self.still
        return self._take_audio_alone(now)

    def identified(self, agent: base.Agent, context: base.CallContext, now: float) -> Step:
        """Take the answer to `Identify`: who talks to whom. Ignored if it comes too late."""
        return self._do(now, self._begin, agent, context)

    def unidentified(self, reason: str, now: float) -> Step:
        """Take the other answer to `Identify`: this call cannot be served; `reason` is a sentence."""
        return self._do(now, self._turn_away, reason)

    def audio_ready(self, prompt: str, pcm: bytes, now: float) -> Step:
        """Take PCM for `Synthesise.prompt` or `LoadClip.prompt`. Ignored if it is not waited for any more."""
        return self._do(now, self._runner.fill, prompt, pcm)

    def audio_failed(self, prompt: str, reason: str, now: float) -> Step:
        """Give that prompt up: it gets no audio; `reason` is a sentence."""
        return self._do(now, self._runner.give_up, prompt, reason)

    def performed(self, key: int, reply: Reply, now: float) -> Step:
        """Take the reply to `Carry.key`. Ignored if it is not waited for any more."""
        return self._do(now, self._runner.answer, key, reply)

    def speech(self, utterance: int, probabilities: Sequence[float] | None, now: float) -> Step:
        """Take VAD probabilities (0 to 1, one per 32 ms chunk) for an utterance. None: the model is gone."""
        self._caller_input.on_vad_result(utterance, probabilities)
        if self._caller_input.noticed or self._phase is Phase.CLOSED:
            return self._do(now, self._react)
        return Step(wake_at=self._wake_at)

    def wake(self, now: float) -> Step:
        """Do what is due: the time of the last `Step.wake_at` has come (earlier or later does no harm)."""
        return self._do(now, lambda now: None)

    def closed(self, now: float) -> Step:
        """End the call: the socket is gone."""
        return self._do(now, self._close, None, Ending.CONNECTION, "The connection broke without a stop.")

    def lost(self, reason: str, now: float) -> Step:
        """End the call: the socket is open, but the platform reads nothing; `reason` is a sentence."""
        return self._do(now, self._lose, reason)

    def broken(self, now: float) -> Step:
        """Wait for a second connection, if the platform can name the call: the first broke without a stop."""
        return self._do(now, self._wait_for_connection)

    def resumed(self, stream: AgentStream, now: float) -> Step:
        """Go on with a second connection; `stream` is its, with the start message read."""
        return self._do(now, self._change_connection, stream)

    def hang_up(self, reason: str, now: float) -> Step:
        """End the call at once, as a person at our end asked; `reason` is a sentence."""
        return self._do(now, self._close, CloseCode.NORMAL, Ending.AGENT, reason)

    def stop(self, reason: str, now: float) -> Step:
        """End the call because our server must; `reason` is a sentence."""
        return self._do(now, self._close, CloseCode.GOING_AWAY, Ending.SERVER, reason)

    def note_queue(self, depth: int) -> None:
        """Record the send queue's length, in frames."""
        self._stats.record_queue_depth(depth)

    def summary(self, now: float) -> Summary:
        """Return the call in figures, final once it is closed."""
        until = self._closed_at if self._closed else now
        disposition = ""  # while the call lasts
        if self._closed is not None and not self._runner.has_begun:
            disposition = NO_AGENT  # no agent served it: no start, or it was not found out who it is
        elif self._closed is not None:
            was_dropped = self._closed.ended_by in _DROPPED  # the line or our server went
            disposition = "dropped" if was_dropped else self._runner.disposition or "answered"
        return Summary(
            duration_ms=self._log.at_ms(until),
            frames_in=self._stats.frames_in,
            frames_out=self._stats.frames_out,
            heard_ms=self._stats.heard_ms,
            first_audio_ms=self._first_audio_ms,
            disposition=disposition,
            outcome=self._runner.outcome,
            statistics=self._stats.totals(until),
        )

    @property
    def unserved_keys(self) -> str:
        """Return the keys of a caller to whom no agent was given, in order; empty if there are none."""
        return "".join(self._early_keys)

    @property
    def doing(self) -> str:
        """Return what happens just now, for the live page; 1 to 80 characters."""
        if self._timeouts.away_until is not None and self._phase is not Phase.CLOSED:
            return "waiting for the connection to come back"
        if self._phase is not Phase.TALKING:
            return self._phase.value
        if prompt := self._playout.playing(self._latest):
            return f"agent speaks: {prompt}"[:_DOING_SIZE]
        if preparing := self._playout.preparing:
            return f"preparing: {preparing}"[:_DOING_SIZE]
        return "listening" if self._runner.wants_audio else "waiting for a key"

    # --- one step ------------------------------------------------------------------------------------

    def _do(self, now: float, handle: Callable[..., None], *args: Any) -> Step:
        """Let time pass up to `now`, handle one event, then everything that is due."""
        if self._phase is Phase.CLOSED:
            return Step()
        self._step = step = Step()
        if not self._input_buffer.gathers(now):
            self._take_audio()
        self._latest = now = max(now, self._latest)
        self._playout.settle(now)
        handle(*args, now)
        if step.close is None:
            if self._hold_at is not None and now >= self._hold_at:
                # It takes long to find out who it is, and a silent line is hung up on: "one moment".
                self._hold_at = now + hold.AGAIN_AFTER_S
                self._runner.prompts.add(hold.prompt(self._language), now)
            self._runner.catch_up(now)
            step.effects += [*self._runner.prompts.take_effects(), *self._runner.requests.take_effects()]
            self._send(now)
            self._close_if_due(now)
        for heard in self._playout.take_heard():
            self._stats.add_agent_audio(heard.at, len(heard.pcm))
            step.recording.append(Recorded(Side.AGENT, self._log.at_ms(heard.at), heard.pcm))
        if step.close is None:
            due = [*self._timeouts.due(self._phase), *self._runner.due()]
            due += [at for at in (self._playout.next_wake(now), self._hold_at) if at is not None]
            step.wake_at = self._wake_at = min(due)
            self.still = Step(wake_at=self._wake_at)
            self._input_buffer.urgent_level = self._caller_input.urgent_level
        step.entries = self._log.take()
        return step

    def _send(self, now: float) -> None:
        if self._runner.clear_wanted and self._timeouts.away_until is None:
            self._stats.on_clear(now)
            self._caller_input.on_agent_silent(now)
            self._step.frames.append(self._stream.send_clear())
        self._runner.clear_wanted = False  # while the connection is away: what was cleared will not be sent
        for sending in self._playout.pump(now):
            if isinstance(sending, MarkRequest):
                self._step.frames.append(self._stream.send_mark(sending.key))
            elif isinstance(sending, Piece):
                self._step.frames.append(self._stream.send_media(sending.pcm))
                self._caller_input.on_agent_audio(sending)
                self._stats.frames_out += 1
                if self._first_audio_ms is None and self._started_at is not None:
                    ms = self._first_audio_ms = round((now - self._started_at) * 1000)
                    text = f"First audio {ms} ms after the start message."
                    self._log.add(EntryKind.FIRST_AUDIO, text, now, ms=ms)
            elif name := sending.name:
                data = {"total_ms": sending.total_ms, "began_ms": self._log.at_ms(sending.at)}
                self._log.add(EntryKind.PROMPT, f"“{name}” begins.", now, name=name, **data)

    def _close_if_due(self, now: float) -> None:
        """The agent hangs up once all is heard, or as long after as a last mark may take; then the limits."""
        overdue = self._playout.overdue(now)
        if self._runner.leaving:
            left_s = self._playout.remaining_ms(now) / 1000
            if self._phase is not Phase.LEAVING or left_s or self._playout.preparing is not None:
                self._phase = Phase.LEAVING
                self._timeouts.deadline = now + left_s + self._limits.hang_up_grace_s
            if self._playout.idle or overdue or now >= self._timeouts.deadline:
                self._close(CloseCode.NORMAL, Ending.AGENT, self._runner.leaving, now)
                return
        if overdue:
            self._lose(_TAKES_NOTHING.format(self._limits.playout.confirm_s), now)
        elif timed_out := self._timeouts.expired(self._phase, now):
            self._time_out(timed_out, now)

    def _time_out(self, timed_out: TimedOut, now: float) -> None:
        if timed_out.ended_by is Ending.LIMIT:
            self._log.add(EntryKind.PROBLEM, timed_out.reason, now)
        self._close(timed_out.code, timed_out.ended_by, timed_out.reason, now)

    def _close(self, code: CloseCode | None, ended_by: Ending, reason: str, now: float) -> None:
        """Whatever is under way ends here. What the person had pressed counts; nothing is said any more."""
        self._take_audio()  # what was still gathered belongs to the recording
        self._playout.lose(now, only_confirmed=self._playout.overdue(now))  # after `_lose` there is none left
        self._runner.end(now)
        self._phase = Phase.CLOSED  # not before: what fails in the agent closes the call in another way
        self._runner.report_ended(now)
        self._log.sum_up(now)
        self._log.add(EntryKind.END, reason, now, ended_by=ended_by.value)
        self._closed = Close(code=None if code is None else int(code), ended_by=ended_by, reason=reason)
        self._closed_at = now
        self._step.close = self._closed

    def _lose(self, reason: str, now: float) -> None:
        """The platform takes nothing: only what it confirmed was heard."""
        self._playout.lose(now, only_confirmed=True)
        self._close(CloseCode.POLICY, Ending.CONNECTION, reason, now)

    # --- a connection that breaks, and another -------------------------------------------------------

    def _wait_for_connection(self, now: float) -> None:
        if self._timeouts.away_until is not None:
            return
        start = self._stream.start
        if not (start and start.call_sid and self._limits.resume_s > 0):
            self._close(None, Ending.CONNECTION, "The connection broke without a stop.", now)
            return
        self._must_clear = self._playout.suspend(now)
        self._timeouts.away_until = now + self._limits.resume_s
        text = f"The connection broke; the call waits {self._limits.resume_s:g} s for another."
        self._log.add(EntryKind.NOTE, text, now)

    def _change_connection(self, stream: AgentStream, now: float) -> None:
        """The first connection may still be open: then the newer one wins."""
        if self._playout.suspend(now) or self._must_clear:
            self._step.frames.append(stream.send_clear())
        self._stream, self._timeouts.away_until, self._must_clear = stream, None, False
        self._timeouts.last_frame_at = now
        self._timeline.restart()
        self._input_buffer.gather()
        self._stats.restart_stream()
        self._caller_input.on_agent_silent(now)
        self._playout.resume()
        self._log.add(EntryKind.NOTE, "A second connection goes on with this call.", now)

    # --- caller audio --------------------------------------------------------------------------------

    def _take_audio_alone(self, now: float) -> Step:
        """Take in caller audio while nothing else is due; a full step only if something was noticed in it."""
        self._step = step = Step(wake_at=self._wake_at)
        self._take_audio()
        self._input_buffer.urgent_level = self._caller_input.urgent_level
        if not self._caller_input.noticed:
            step.entries = self._log.take()
            return step
        more = self._do(now, self._react)
        more.recording[:0], more.vad_audio = step.recording, step.vad_audio
        return more

    def _take_audio(self) -> None:
        """Take in caller audio that came since the last time, as of when each frame came."""
        frames = self._input_buffer.take()
        if not frames:
            return
        for at_ms, audio in self._timeline.place_all(frames, self._log.at_ms):
            if at_ms is not None:
                self._step.recording.append(Recorded(Side.CALLER, at_ms, audio))
            self._caller_input.push(audio, at_ms)
        self._step.vad_audio = self._caller_input.take_vad_audio() or self._step.vad_audio
        self._stats.add_frames(frames)
        self._latest = now = max(frames[-1].at, self._latest)
        self._caller_input.pass_time(now)
        if now >= self._stats.due:
            figures = self._stats.second(now)
            text = f"{figures['in']} frames in, {figures['out']} out."
            self._log.add(EntryKind.STATS, text, now, **figures)

    def _react(self, now: float) -> None:
        """React to what was noticed in the caller's audio."""
        digits = self._caller_input.react(now)
        if (onset_ms := self._caller_input.take_onset()) is not None:
            self._stats.on_trigger(now - (self._log.at_ms(now) - onset_ms) / 1000)
        for digit in digits:
            self._press(digit, now, heard=True)

    def _press(self, digit: str, now: float, *, heard: bool) -> None:
        self._stats.on_trigger(now)
        prompt = self._playout.playing(now) or ""
        is_late = self._phase in (Phase.LEAVING, Phase.CLOSED)
        text = key_pressed(digit, during=prompt, heard=heard, late=is_late)
        self._log.add(EntryKind.KEY, text, now, digit=digit, during=prompt)
        if self._runner.has_begun:
            self._runner.press(digit, now)
        elif len(self._early_keys) < self._limits.keys_kept:
            self._early_keys.append(digit)

    def _receive_late(self, text: str | bytes, now: float) -> Step:
        """Take a key that was pressed before the platform read our close; other frames are left unread."""
        if len(text) > _LARGEST_LATE_FRAME:
            return Step()
        message = self._stream.receive(text)
        if isinstance(message, Dtmf) and self._caller_input.is_new(message, now):
            self._latest = now = max(now, self._latest)
            self._press(message.digit, now, heard=False)
        return Step(entries=self._log.take())

    # --- frames of the platform ----------------------------------------------------------------------

    def _on_message(self, message: FromPlatform | Malformed, now: float) -> None:
        self._timeouts.last_frame_at = now
        if isinstance(message, Malformed):
            self._on_malformed(message, now)
            return
        self._malformed_in_a_row = 0
        match message:  # `Connected` says nothing that matters here
            case Media():
                self._push(message, now)
                if self._runner.wants_audio:
                    self._runner.tell(base.AudioReceived(message.payload), now)
            case Mark():
                self._on_mark(message, now)
            case Dtmf() if self._caller_input.is_new(message, now):
                self._press(message.digit, now, heard=False)
            case Start():
                self._on_start(message, now)
            case Stop():
                reason = without_numbers(message.reason)
                words = f": {reason}" if reason else ""
                self._log.add(EntryKind.STOP, f"The platform ended the call{words}.", now, reason=reason)
                self._close(CloseCode.NORMAL, Ending.CALLER, "The other side hung up.", now)
        self._react(now)

    def _push(self, message: Media, now: float) -> None:
        self._input_buffer.push(message, now)
        if not self._input_buffer.gathers(now):
            self._take_audio()

    def _on_malformed(self, problem: Malformed, now: float) -> None:
        data = {"problem": problem.problem.value, "event": problem.event}
        self._log.add(EntryKind.PROBLEM, what_was_wrong(problem), now, **data)
        self._malformed_in_a_row += 1
        if self._malformed_in_a_row > self._limits.malformed_in_a_row:
            count = self._malformed_in_a_row
            reason = f"{count} frames in a row could not be used; the call was closed."
            self._close(CloseCode.POLICY, Ending.LIMIT, reason, now)

    def _on_mark(self, mark: Mark, now: float) -> None:
        returned = self._playout.mark_back(mark.name, now)
        if returned is MarkReturn.EARLY:
            text = "A mark came back before its audio can have been heard; it is not believed."
            self._log.add(EntryKind.PROBLEM, text, now, problem="early_mark", event="mark")
        elif returned is MarkReturn.UNKNOWN:
            text = "A mark came back that was not waited for. The call goes on."
            self._log.add(EntryKind.PROBLEM, text, now, problem="unknown_mark", event="mark")

    def _on_start(self, start: Start, now: float) -> None:
        self._started_at, self._phase = now, Phase.IDENTIFYING
        self._input_buffer.gather()
        self._timeouts.deadline = now + self._limits.identify_s
        self._hold_at, self._language = now + hold.FIRST_AFTER_S, start.custom_parameters.get("language", "")
        self._log.add(EntryKind.START, "The call was answered; the stream has started.", now)
        for text in unexpected(start):
            self._log.add(EntryKind.PROBLEM, text, now)
        parameters = start.custom_parameters
        reference = parameters.get("reference", "")
        self._step.effects.append(Identify(reference, parameters, start.stream_sid, start.call_sid))

    def _on_flood(self, decision: RateDecision, now: float) -> None:
        self._timeouts.last_frame_at = now
        rate = f"more than {self._limits.frames_per_s:.0f} frames a second"
        if decision is RateDecision.CLOSE:
            reason = f"The platform sent {rate} for too long; the call was closed."
            self._time_out(TimedOut(CloseCode.POLICY, Ending.LIMIT, reason), now)
        else:
            text = f"The platform sends {rate}; what is too much is left unread. The call goes on."
            self._log.add(EntryKind.PROBLEM, text, now, problem="too_fast", event="")

    # --- who it is -----------------------------------------------------------------------------------

    def _begin(self, agent: base.Agent, context: base.CallContext, now: float) -> None:
        if self._phase is not Phase.IDENTIFYING:
            return
        self._phase, self._hold_at = Phase.TALKING, None
        text = who(context.campaign, context.language)
        self._log.add(EntryKind.IDENTIFIED, text, now, language=context.language)
        self._runner.begin(agent, context, now)
        keys, self._early_keys = self._early_keys, []
        for digit in keys:
            self._runner.press(digit, now)

    def _turn_away(self, reason: str, now: float) -> None:
        if self._phase is Phase.IDENTIFYING:
            self._log.add(EntryKind.PROBLEM, reason, now)
            self._close(CloseCode.NORMAL, Ending.AGENT, reason, now)
