"""PURE: the agent's side of one call. Tells it what happens, carries out what it wants, keeps its timers.

Frames and closing are the conversation's; what is asked of the world gathers in `effects`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from calls.agents import base
from calls.logbook import Logbook, how_it_ended
from calls.playout import Ended, Fate, Playout
from calls.steps import Effect, EntryKind, LoadClip, Synthesise

_LEAST_TIMER_S = 0.02


class Dialogue:
    """One agent at work. The conversation sets `now` (seconds) before every step."""

    def __init__(self, log: Logbook, playout: Playout, *, prompt_s: float, now: float) -> None:
        self.now = now
        self.outcome = ""
        self.leaving = ""
        """Why the agent hung up; empty while it has not."""
        self.clear_wanted = False
        """The far end must be told to drop what it has not played."""
        self._log, self._playout, self._prompt_s = log, playout, prompt_s
        self._agent: base.Agent | None = None
        self._over = False
        self._effects: list[Effect] = []
        self._timers: dict[str, float] = {}
        self._pending: dict[str, float] = {}

    def begin(self, agent: base.Agent, context: base.CallContext) -> None:
        """The agent takes the call."""
        self._agent = agent
        self.tell(base.CallStarted(context))

    def end(self) -> None:
        """The agent is told nothing more."""
        self._over = True
        self._timers.clear()
        self._pending.clear()

    @property
    def wants_audio(self) -> bool:
        return self._agent is not None and not self._over and self._agent.wants_audio

    def tell(self, event: base.AgentEvent) -> None:
        """One event to the agent, and what it wants done. After its HangUp it is told nothing more."""
        if self._agent is not None and not self._over:
            for action in self._agent.handle(event):
                _ON_ACTION[type(action)](self, action)

    def take_effects(self) -> list[Effect]:
        """What was asked of the world since the last taking."""
        taken, self._effects = self._effects, []
        return taken

    # --- time ----------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Everything due by `now`: timers, prompts that ended, prompts that are not made ready in time."""
        self._fire_timers()
        self.report_ended()
        for key in [key for key, until in self._pending.items() if until <= self.now]:
            self.give_up(key, f"It was not ready within {self._prompt_s:.0f} s.")
        self.report_ended()

    def due(self) -> list[float]:
        """Moments at which something is due."""
        return [*self._timers.values(), *self._pending.values()]

    def _fire_timers(self) -> None:
        due = sorted((at, name) for name, at in self._timers.items() if at <= self.now)
        for at, name in due:
            if self._timers.get(name) == at:  # not stopped or started again by one before it
                del self._timers[name]
                self.tell(base.TimerFired(name))

    # --- prompts -------------------------------------------------------------------------------------

    def report_ended(self) -> None:
        """Log the prompts that are over and tell the agent; a prompt without a name is not logged."""
        while ended := self._playout.take_ended():
            for prompt in ended:
                self._report(prompt)

    def _report(self, ended: Ended) -> None:
        self._pending.pop(ended.key, None)
        heard_ms, total_ms = ended.heard_ms, ended.total_ms
        if ended.name:
            data = {"name": ended.name, "ended": ended.fate.value, "heard_ms": heard_ms}
            self._log.add(EntryKind.HEARD, how_it_ended(ended), self.now, **data, total_ms=total_ms)
        self.tell(base.PromptEnded(ended.name, ended.fate is Fate.FINISHED, heard_ms, total_ms))

    def fill(self, key: str, pcm: bytes) -> None:
        """A prompt's audio is there. Ignored if it is not waited for any more."""
        if not pcm:
            self.give_up(key, "It has no audio.")
        elif self._playout.fill(key, pcm):
            self._pending.pop(key, None)

    def give_up(self, key: str, reason: str) -> None:
        """A prompt's audio will not come."""
        self._pending.pop(key, None)
        name = self._playout.fail(key)
        if name is not None:
            text = f"“{name}” could not be played. {reason}"
            self._log.add(EntryKind.PROBLEM, text, self.now, name=name)
            self.tell(base.PromptFailed(name, reason))

    # --- actions -------------------------------------------------------------------------------------

    def _play(self, action: base.Play) -> None:
        self._playout.add(action.name, action.pcm)

    def _play_clip(self, action: base.PlayClip) -> None:
        key = self._playout.add(action.name)
        self._ask(key, LoadClip(key, action.clip))

    def _say(self, action: base.Say) -> None:
        key = self._playout.add(action.name)
        self._ask(key, Synthesise(key, action.text, action.language))

    def _ask(self, key: str, effect: Effect) -> None:
        self._pending[key] = self.now + self._prompt_s
        self._effects.append(effect)

    def _clear(self, action: base.ClearAudio) -> None:
        if self._playout.idle:
            return
        self._log.add(EntryKind.CLEAR, f"Our audio was cleared: {action.because}.", self.now)
        self.clear_wanted |= self._playout.clear(self.now)

    def _start_timer(self, action: base.StartTimer) -> None:
        self._timers[action.name] = self.now + max(_LEAST_TIMER_S, action.seconds)

    def _stop_timer(self, action: base.StopTimer) -> None:
        self._timers.pop(action.name, None)

    def _answer(self, action: base.RecordAnswer) -> None:
        data = {"question": action.question, "value": action.value, "label": action.label}
        text = f"{action.question}: {action.label or action.value}."
        self._log.add(EntryKind.ANSWER, text, self.now, **data)

    def _reach(self, action: base.ReachOutcome) -> None:
        self.outcome = action.outcome
        data = {"outcome": action.outcome, "label": action.label}
        self._log.add(EntryKind.OUTCOME, f"{action.label or action.outcome}.", self.now, **data)

    def _opt_out(self, action: base.OptOut) -> None:
        how = f"pressed {action.what}" if action.how == "key" else f"said “{action.what}”"
        text = f"Asked not to be called again: {how}."
        self._log.add(EntryKind.OPT_OUT, text, self.now, how=action.how, what=action.what)

    def _note(self, action: base.Note) -> None:
        self._log.add(EntryKind.NOTE, action.text, self.now)

    def _hang_up(self, action: base.HangUp) -> None:
        """What is still being made ready may be heard; the agent itself is done."""
        self.leaving = self.leaving or action.reason or "The agent hung up."
        self._over = True
        self._timers.clear()


_ON_ACTION: Mapping[type, Callable[[Dialogue, Any], None]] = {
    base.Play: Dialogue._play,
    base.PlayClip: Dialogue._play_clip,
    base.Say: Dialogue._say,
    base.ClearAudio: Dialogue._clear,
    base.StartTimer: Dialogue._start_timer,
    base.StopTimer: Dialogue._stop_timer,
    base.RecordAnswer: Dialogue._answer,
    base.ReachOutcome: Dialogue._reach,
    base.OptOut: Dialogue._opt_out,
    base.Note: Dialogue._note,
    base.HangUp: Dialogue._hang_up,
}
