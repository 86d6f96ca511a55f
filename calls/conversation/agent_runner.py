"""PURE: the agent's side of one call. Hands events to the agent, carries out its actions, keeps its timers.

Frames and closing are the conversation's; what is asked of the world waits in `prompts`.
"""

from collections.abc import Mapping
from typing import assert_never

from calls.agents import base
from calls.agents.requests import Failed, Reply
from calls.conversation import hold
from calls.conversation.digit_collection import DigitCollector
from calls.conversation.event_log import EventLog, how_it_ended, result_of, seconds
from calls.conversation.open_requests import OpenRequests
from calls.conversation.outputs import EntryKind
from calls.conversation.playout import Playout, PromptResult
from calls.conversation.prompts import Prompts
from campaigns.rules.results import Answer, AnswerKind

CALL_BACK = "call_back"
"""The outcome of a call in which the person asked to be called back; the person has none yet."""
_LEAST_TIMER_S = 0.02

_LineAction = (
    base.Play
    | base.PlayClip
    | base.Say
    | base.SayPieces
    | base.ClearAudio
    | base.StartTimer
    | base.StopTimer
    | base.Perform
    | base.HangUp
)
"""Actions that are of no use once the line is gone."""


class AgentRunner:
    """One agent at work. `now`: seconds on the conversation's clock."""

    def __init__(self, log: EventLog, playout: Playout, *, prompt_s: float) -> None:
        self.outcome = ""
        self.language = ""
        """Of the person."""
        self.leaving = ""
        """Why the agent hung up; empty while it has not."""
        self.disposition = ""
        """How the agent says that the call ended; empty where it was simply answered."""
        self.clear_wanted = False
        """The far end must be sent a clear, to drop what it has not played."""
        self.prompts = Prompts(playout, wait_s=prompt_s)
        self.requests = OpenRequests()
        self._log, self._playout = log, playout
        self._agent: base.Agent | None = None
        self._over = False
        self._has_failed = False
        self._line_gone = False
        self._timers: dict[str, float] = {}
        self._collector: DigitCollector | None = None
        self._message_from: int | None = None
        """The position at which a message of the person began."""

    def begin(self, agent: base.Agent, context: base.CallContext, now: float) -> None:
        """Give the call to the agent."""
        self._agent, self.language = agent, context.language
        self.tell(base.CallStarted(context), now)

    def end(self, now: float) -> None:
        """Conclude: the line is gone. What the person had pressed still counts; then no event follows."""
        self._line_gone = True
        self.tell(base.CallEnded(), now)
        if self._collector and (done := self._collector.conclude()):
            self._finish_collection(done, now)
        self._over = True
        self._timers.clear()
        self.prompts.drop_deadlines()
        self.requests.drop()
        self._collector = None

    @property
    def has_begun(self) -> bool:
        """Return whether the call was given to an agent."""
        return self._agent is not None

    @property
    def wants_audio(self) -> bool:
        """Whether the agent takes every frame of caller audio."""
        return self._agent is not None and not self._over and self._agent.wants_audio

    @property
    def wants_speech(self) -> bool:
        """Whether speech must be detected, for the agent or for a prompt it may cut."""
        if self._agent is None or self._over:
            return False
        return self.prompts.cut_by_speech or self._agent.wants_speech

    def tell(self, event: base.AgentEvent, now: float) -> None:
        """Hand one event to the agent and carry out its actions. After its HangUp it is handed none.

        Raise what the agent raises; such an agent is not asked again.
        """
        if self._agent is None or self._over:
            return
        try:
            for action in self._agent.handle(event):
                self._carry_out(action, now)
        except Exception:
            self._over = self._has_failed = True  # one that fails is not asked at the end either
            raise

    def press(self, digit: str, now: float) -> None:
        """Take a key: it may cut a prompt, and belongs to a collection or to the agent."""
        if self._over:
            self._press_late(digit, now)
            return
        if self.prompts.barge_in(now).key:
            self._clear(f"{digit} was pressed", now, by="key")
        if self._collector is None:
            self.tell(base.KeyPressed(digit), now)
        elif done := self._collector.press(digit, now):
            self._finish_collection(done, now)

    def _press_late(self, digit: str, now: float) -> None:
        """Take a key after the agent hung up or the line was closed: what it means to the agent counts.

        The agent is told of the end once more, for one that keeps keys until it knows what they are for. A
        prompt, timer or clear that it asks for is not carried out. Raises what the agent raises.
        """
        if self._agent is None or self._has_failed:
            return
        was_gone, was_over = self._line_gone, self._over
        self._line_gone, self._over = True, False
        self.tell(base.KeyPressed(digit), now)
        self.tell(base.CallEnded(), now)
        if self._collector and (done := self._collector.conclude()):
            self._finish_collection(done, now)
        self._line_gone, self._over = was_gone, was_over

    def on_speech(self, event: base.SpeechStarted | base.SpeechEnded, now: float) -> None:
        """Hand the person's speech to the agent, if it wants that."""
        if self._agent is not None and self._agent.wants_speech:
            self.tell(event, now)

    def interrupt(self, now: float, *, after_ms: int) -> None:
        """Cut what is being heard, if speech may; the person has spoken over it for `after_ms`."""
        if not self._over and self.prompts.barge_in(now).speech:
            self._clear("the person spoke", now, by="speech", after_ms=after_ms)

    # --- time ----------------------------------------------------------------------------------------

    def catch_up(self, now: float) -> None:
        """Do everything due by `now`: timers, prompts that ended, prompts that are not made in time."""
        due = sorted((at, name) for name, at in self._timers.items() if at <= now)
        for at, name in due:
            if self._timers.get(name) == at:  # not stopped or started again by one before it
                del self._timers[name]
                self.tell(base.TimerFired(name), now)
        self.report_ended(now)
        while self._collector and (done := self._collector.pass_time(now, quiet=self._playout.idle)):
            self._finish_collection(done, now)
        for key in self.prompts.late(now):
            self.give_up(key, f"It was not ready within {self.prompts.wait_s:.0f} s.", now)
        for performed in self.requests.take_late(now):
            self._finish_request(performed, now)
        self.report_ended(now)

    def due(self) -> list[float]:
        """Return the moments at which something is due, in no order."""
        due = [*self._timers.values(), *self.prompts.deadlines(), *self.requests.deadlines()]
        if self._collector and self._collector.due is not None:
            due.append(self._collector.due)
        return due

    def _finish_collection(self, done: base.Collected, now: float) -> None:
        self._collector = None
        text = f"“{done.name}”: {_COLLECTED[done.reason].format(len(done.digits))}"
        self._log.add(EntryKind.COLLECTED, text, now, name=done.name, reason=done.reason.value)
        self.tell(done, now)

    def answer(self, key: int, reply: Reply, now: float) -> None:
        """Take the reply to a request. Ignored if it is not waited for any more."""
        if performed := self.requests.answer(key, reply):
            self._finish_request(performed, now)

    def _finish_request(self, performed: base.Performed, now: float) -> None:
        if isinstance(performed.reply, Failed):
            text = f"“{performed.name}” failed. {performed.reply.reason}"
            self._log.add(EntryKind.PROBLEM, text, now, request=performed.name)
        self.tell(performed, now)

    # --- prompts -------------------------------------------------------------------------------------

    def report_ended(self, now: float) -> None:
        """Log the prompts that are over and tell the agent; a prompt without a name is not logged."""
        while finished := self.prompts.take_finished():
            for prompt in finished:
                name, heard_ms, total_ms = prompt.name, prompt.heard_ms, prompt.total_ms
                if name:
                    data = {"name": name, "ended": prompt.result.value, "heard_ms": heard_ms}
                    self._log.add(EntryKind.HEARD, how_it_ended(prompt), now, **data, total_ms=total_ms)
                if name != hold.NAME:  # not the agent's, who may have begun meanwhile
                    whole = prompt.result is PromptResult.FINISHED
                    self.tell(base.PromptEnded(name, whole, heard_ms, total_ms), now)

    def fill(self, key: str, pcm: bytes, now: float) -> None:
        """Take a prompt's audio. Ignored if it is not waited for any more."""
        if pcm:
            self.prompts.fill(key, pcm)
        else:
            self.give_up(key, "It has no audio.", now)

    def give_up(self, key: str, reason: str, now: float) -> None:
        """Take a prompt out of the queue: its audio will not come; `reason` is a sentence."""
        name = self.prompts.fail(key)
        if name is not None:
            text = f"“{name}” could not be played. {reason}"
            self._log.add(EntryKind.PROBLEM, text, now, name=name)
            if name != hold.NAME:
                self.tell(base.PromptFailed(name, reason), now)

    def _clear(self, because: str, now: float, **data: object) -> None:
        """Our own queue first, then the far end's, by a frame of this step."""
        if self._playout.idle:
            return
        self._log.add(EntryKind.CLEAR, f"Our audio was cleared: {because}.", now, **data)
        self.clear_wanted |= self._playout.clear(now)

    # --- actions -------------------------------------------------------------------------------------

    def _carry_out(self, action: base.Action, now: float) -> None:
        """What digits mean, and what the call brought, count when the line is gone; all else needs a line."""
        match action:
            case base.Collect() | base.StopCollecting():
                self._collector = DigitCollector(action) if isinstance(action, base.Collect) else None
            case base.PressKeys():
                for digit in action.digits:
                    self.press(digit, now)
            case (
                base.RecordAnswer()
                | base.QuestionHeard()
                | base.ReachOutcome()
                | base.AskCallback()
                | base.BookSlot()
                | base.CancelAppointment()
                | base.OptOut()
                | base.WantPerson()
                | base.AddTag()
                | base.KeepLanguage()
                | base.Tell()
            ):
                if isinstance(action, base.ReachOutcome | base.AskCallback):
                    self.outcome = action.outcome if isinstance(action, base.ReachOutcome) else CALL_BACK
                result, text = result_of(action)
                self._log.add_result(result, text, now)
            case base.BeginMessage() | base.EndMessage():
                self._take_message(action, now)
            case base.Note():
                self._log.add(EntryKind.NOTE, action.text, now)
            case _:
                self._act_on_line(action, now)

    def _take_message(self, message: base.BeginMessage | base.EndMessage, now: float) -> None:
        """Note where a message begins; at its end log it as an answer whose value is where it lies in the
        call's recording, in milliseconds."""
        if isinstance(message, base.BeginMessage):
            self._message_from = self._log.at_ms(now)
            return
        begins, self._message_from = self._message_from, None
        if message.kept and begins is not None:
            ends = max(begins, self._log.at_ms(now - message.quiet_s))
            length = f"{seconds(ends - begins)} s"
            kind = AnswerKind.RECORDING
            spoken = Answer(message.question, f"{begins}-{ends}", length, kind, message.step)
            self._log.add_result(spoken, f"{message.question}: a message of {length}.", now)

    def _act_on_line(self, action: _LineAction, now: float) -> None:
        if self._line_gone:
            return
        match action:
            case base.Play() | base.PlayClip() | base.Say() | base.SayPieces():
                self.prompts.add(action, now)
            case base.ClearAudio():
                self._clear(action.because, now, by="agent")
            case base.StartTimer():
                self._timers[action.name] = now + max(_LEAST_TIMER_S, action.seconds)
            case base.StopTimer():
                self._timers.pop(action.name, None)
            case base.Perform():
                self.requests.add(action, now)
            case base.HangUp():  # what is still being made may be heard; the agent itself is done
                self.leaving = self.leaving or action.reason or "The agent hung up."
                self.disposition = self.disposition or action.disposition
                self._over = True
                self._timers.clear()
                self.requests.drop()
                self._collector = None
            case _:
                assert_never(action)


_COLLECTED: Mapping[base.CollectEnd, str] = {
    base.CollectEnd.FULL: "{} digits were pressed.",
    base.CollectEnd.TERMINATOR: "{} digits were pressed and confirmed.",
    base.CollectEnd.PAUSE: "{} digits were pressed, then no more came.",
    base.CollectEnd.SHORT: "only {} digits were pressed.",
    base.CollectEnd.NOTHING: "no digit was pressed.",
}
