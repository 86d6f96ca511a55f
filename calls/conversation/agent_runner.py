"""PURE: the agent's side of one call. Tells it what happens, carries out what it wants, keeps its timers.

Frames and closing are the conversation's; what is asked of the world gathers in `effects`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from calls.agents import base
from calls.conversation.digit_collection import DigitCollector
from calls.conversation.event_log import EventLog, how_it_ended
from calls.conversation.outputs import Effect, EntryKind, LoadClip, Synthesise
from calls.conversation.playout import Playout, PromptFinished, PromptResult
from campaigns.rules.results import Answer, CallbackAsked, OptOut, Outcome

CALL_BACK = "call_back"
"""The outcome of a call in which the person asked to be called back; the person has none yet."""
_LEAST_TIMER_S = 0.02


class AgentRunner:
    """One agent at work. `now`: seconds on the conversation's clock."""

    def __init__(self, log: EventLog, playout: Playout, *, prompt_s: float) -> None:
        self.outcome = ""
        self.language = ""
        """Of the person."""
        self.leaving = ""
        """Why the agent hung up; empty while it has not."""
        self.clear_wanted = False
        """The far end must be told to drop what it has not played."""
        self._log, self._playout, self._prompt_s = log, playout, prompt_s
        self._agent: base.Agent | None = None
        self._over = False
        self._carry_out = _ON_ACTION
        self._effects: list[Effect] = []
        self._timers: dict[str, float] = {}
        self._pending: dict[str, float] = {}
        self._barge_in: dict[str, base.BargeIn] = {}
        self._collector: DigitCollector | None = None
        self._cut_by_speech = False
        """Some prompt may be, or may have been."""

    def begin(self, agent: base.Agent, context: base.CallContext, now: float) -> None:
        """The agent takes the call."""
        self._agent, self.language = agent, context.language
        self.tell(base.CallStarted(context), now)

    def end(self, now: float) -> None:
        """The line is gone. What the person had pressed still counts; then the agent is told nothing more."""
        self._carry_out = _AT_THE_END
        self.tell(base.CallEnded(), now)
        if self._collector and (done := self._collector.conclude()):
            self._collected(done, now)
        self._over = True
        self._timers.clear()
        self._pending.clear()
        self._collector = None

    @property
    def wants_audio(self) -> bool:
        return self._agent is not None and not self._over and self._agent.wants_audio

    @property
    def wants_speech(self) -> bool:
        """Speech must be detected, for the agent or for a prompt it may cut."""
        if self._agent is None or self._over:
            return False
        return self._cut_by_speech or self._agent.wants_speech

    def tell(self, event: base.AgentEvent, now: float) -> None:
        """One event to the agent, and what it wants done. After its HangUp it is told nothing more."""
        if self._agent is None or self._over:
            return
        try:
            for action in self._agent.handle(event):
                self._carry_out[type(action)](self, action, now)
        except Exception:
            self._over = True  # one that fails is not asked at the end either
            raise

    def press(self, digit: str, now: float) -> None:
        """A key: it may cut a prompt, and belongs to a collection or to the agent."""
        if self._over:
            return
        if self._may_be_cut(now).key:
            self._drop(f"{digit} was pressed", now, by="key")
        if self._collector is None:
            self.tell(base.KeyPressed(digit), now)
        elif done := self._collector.press(digit, now):
            self._collected(done, now)

    def speech_began(self, now: float) -> None:
        """The person speaks."""
        if self._agent is not None and self._agent.wants_speech:
            self.tell(base.SpeechStarted(), now)

    def speech_ended(self, duration_ms: int, now: float) -> None:
        """The person has stopped."""
        if self._agent is not None and self._agent.wants_speech:
            self.tell(base.SpeechEnded(duration_ms), now)

    def interrupt(self, now: float, *, after_ms: int) -> None:
        """The person speaks over what is being heard, for `after_ms` by now."""
        if not self._over and self._may_be_cut(now).speech:
            self._drop("the person spoke", now, by="speech", after_ms=after_ms)

    def _may_be_cut(self, now: float) -> base.BargeIn:
        key = self._playout.unheard(now)
        return base.NO_BARGE_IN if key is None else self._barge_in.get(key, base.NO_BARGE_IN)

    def take_effects(self) -> list[Effect]:
        """What was asked of the world since the last taking."""
        taken, self._effects = self._effects, []
        return taken

    # --- time ----------------------------------------------------------------------------------------

    def catch_up(self, now: float) -> None:
        """Everything due by `now`: timers, prompts that ended, prompts that are not made ready in time."""
        self._fire_timers(now)
        self.report_ended(now)
        self._watch_collection(now)
        for key in [key for key, until in self._pending.items() if until <= now]:
            self.give_up(key, f"It was not ready within {self._prompt_s:.0f} s.", now)
        self.report_ended(now)

    def due(self) -> list[float]:
        """Moments at which something is due."""
        collecting = self._collector.due if self._collector else None
        more = () if collecting is None else (collecting,)
        return [*self._timers.values(), *self._pending.values(), *more]

    def _watch_collection(self, now: float) -> None:
        if self._collector is None:
            return
        done = self._collector.pass_time(now, quiet=self._playout.idle)
        if done:
            self._collected(done, now)
            self._watch_collection(now)

    def _collected(self, done: base.Collected, now: float) -> None:
        self._collector = None
        text = f"“{done.name}”: {_COLLECTED[done.reason].format(len(done.digits))}"
        self._log.add(EntryKind.COLLECTED, text, now, name=done.name, reason=done.reason.value)
        self.tell(done, now)

    def _fire_timers(self, now: float) -> None:
        due = sorted((at, name) for name, at in self._timers.items() if at <= now)
        for at, name in due:
            if self._timers.get(name) == at:  # not stopped or started again by one before it
                del self._timers[name]
                self.tell(base.TimerFired(name), now)

    # --- prompts -------------------------------------------------------------------------------------

    def report_ended(self, now: float) -> None:
        """Log the prompts that are over and tell the agent; a prompt without a name is not logged."""
        while ended := self._playout.take_finished():
            for prompt in ended:
                self._report(prompt, now)

    def _report(self, ended: PromptFinished, now: float) -> None:
        self._pending.pop(ended.key, None)
        self._barge_in.pop(ended.key, None)
        heard_ms, total_ms = ended.heard_ms, ended.total_ms
        if ended.name:
            data = {"name": ended.name, "ended": ended.fate.value, "heard_ms": heard_ms}
            self._log.add(EntryKind.HEARD, how_it_ended(ended), now, **data, total_ms=total_ms)
        self.tell(base.PromptEnded(ended.name, ended.fate is PromptResult.FINISHED, heard_ms, total_ms), now)

    def fill(self, key: str, pcm: bytes, now: float) -> None:
        """A prompt's audio is there. Ignored if it is not waited for any more."""
        if not pcm:
            self.give_up(key, "It has no audio.", now)
        elif self._playout.fill(key, pcm):
            self._pending.pop(key, None)

    def give_up(self, key: str, reason: str, now: float) -> None:
        """A prompt's audio will not come."""
        self._pending.pop(key, None)
        self._barge_in.pop(key, None)
        name = self._playout.fail(key)
        if name is not None:
            text = f"“{name}” could not be played. {reason}"
            self._log.add(EntryKind.PROBLEM, text, now, name=name)
            self.tell(base.PromptFailed(name, reason), now)

    # --- actions -------------------------------------------------------------------------------------

    def _play(self, action: base.Play, now: float) -> None:
        self._note_barge_in(self._playout.add(action.name, action.pcm), action.barge_in)

    def _play_clip(self, action: base.PlayClip, now: float) -> None:
        key = self._playout.add(action.name)
        self._note_barge_in(key, action.barge_in)
        self._ask(key, LoadClip(key, action.clip), now)

    def _say(self, action: base.Say, now: float) -> None:
        key = self._playout.add(action.name)
        self._note_barge_in(key, action.barge_in)
        self._ask(key, Synthesise(key, action.text, action.language), now)

    def _note_barge_in(self, key: str, barge_in: base.BargeIn) -> None:
        if barge_in != base.NO_BARGE_IN:
            self._barge_in[key] = barge_in
            self._cut_by_speech |= barge_in.speech

    def _ask(self, key: str, effect: Effect, now: float) -> None:
        self._pending[key] = now + self._prompt_s
        self._effects.append(effect)

    def _clear(self, action: base.ClearAudio, now: float) -> None:
        self._drop(action.because, now, by="agent")

    def _drop(self, because: str, now: float, **data: object) -> None:
        """Our own queue first, then the far end's, by a frame of this step."""
        if self._playout.idle:
            return
        self._log.add(EntryKind.CLEAR, f"Our audio was cleared: {because}.", now, **data)
        self.clear_wanted |= self._playout.clear(now)

    def _start_timer(self, action: base.StartTimer, now: float) -> None:
        self._timers[action.name] = now + max(_LEAST_TIMER_S, action.seconds)

    def _stop_timer(self, action: base.StopTimer, now: float) -> None:
        self._timers.pop(action.name, None)

    def _collect(self, action: base.Collect, now: float) -> None:
        self._collector = DigitCollector(action)

    def _stop_collecting(self, action: base.StopCollecting, now: float) -> None:
        self._collector = None

    def _press_keys(self, action: base.PressKeys, now: float) -> None:
        for digit in action.digits:
            self.press(digit, now)

    def _answer(self, action: base.RecordAnswer, now: float) -> None:
        text = f"{action.question}: {action.label or action.value}."
        self._log.add_result(Answer(action.question, action.value, action.label), text, now)

    def _reach(self, action: base.ReachOutcome, now: float) -> None:
        self.outcome = action.outcome
        text = f"{action.label or action.outcome}."
        self._log.add_result(Outcome(action.outcome, action.label), text, now)

    def _ask_callback(self, action: base.AskCallback, now: float) -> None:
        self.outcome = CALL_BACK
        text = f"Asked to be called back: {action.label or action.when}."
        self._log.add_result(CallbackAsked(action.when, action.label, action.how), text, now)

    def _opt_out(self, action: base.OptOut, now: float) -> None:
        how = f"pressed {action.what}" if action.how == "key" else f"said “{action.what}”"
        text = f"Asked not to be called again: {how}."
        self._log.add_result(OptOut(action.how, action.what), text, now)

    def _note(self, action: base.Note, now: float) -> None:
        self._log.add(EntryKind.NOTE, action.text, now)

    def _hang_up(self, action: base.HangUp, now: float) -> None:
        """What is still being made ready may be heard; the agent itself is done."""
        self.leaving = self.leaving or action.reason or "The agent hung up."
        self._over = True
        self._timers.clear()
        self._collector = None

    def _leave(self, action: base.Action, now: float) -> None:
        """It is of no use any more."""


_COLLECTED: Mapping[base.CollectEnd, str] = {
    base.CollectEnd.FULL: "{} digits were pressed.",
    base.CollectEnd.TERMINATOR: "{} digits were pressed and confirmed.",
    base.CollectEnd.PAUSE: "{} digits were pressed, then no more came.",
    base.CollectEnd.SHORT: "only {} digits were pressed.",
    base.CollectEnd.NOTHING: "no digit was pressed.",
}

_ON_ACTION: Mapping[type, Callable[[AgentRunner, Any, float], None]] = {
    base.Play: AgentRunner._play,
    base.PlayClip: AgentRunner._play_clip,
    base.Say: AgentRunner._say,
    base.ClearAudio: AgentRunner._clear,
    base.StartTimer: AgentRunner._start_timer,
    base.StopTimer: AgentRunner._stop_timer,
    base.Collect: AgentRunner._collect,
    base.StopCollecting: AgentRunner._stop_collecting,
    base.PressKeys: AgentRunner._press_keys,
    base.RecordAnswer: AgentRunner._answer,
    base.ReachOutcome: AgentRunner._reach,
    base.AskCallback: AgentRunner._ask_callback,
    base.OptOut: AgentRunner._opt_out,
    base.Note: AgentRunner._note,
    base.HangUp: AgentRunner._hang_up,
}

_STILL_COUNTS = {
    *(base.RecordAnswer, base.ReachOutcome, base.AskCallback, base.OptOut, base.Note),
    *(base.Collect, base.StopCollecting, base.PressKeys),
}
"""Once the line is gone: what is kept, and what digits mean."""
_AT_THE_END = {kind: act if kind in _STILL_COUNTS else AgentRunner._leave for kind, act in _ON_ACTION.items()}
