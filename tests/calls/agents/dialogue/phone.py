"""The rest of a call, without audio: prompts play in order and are cut, digits are taken, timers kept."""

from collections.abc import Sequence
from typing import Any

from calls.agents import base
from calls.agents.dialogue.agent import DialogueAgent
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.requests import Reply, Request


class Phone:
    """The rest of a call for one agent: plays prompts in order, cuts them, takes digits, keeps timers."""

    def __init__(self, agent: base.Agent) -> None:
        self.agent = agent
        self.playing: list[base.Say | base.SayPieces | base.Play] = []
        self.timers: set[str] = set()
        self.collect: base.Collect | None = None
        self.digits = ""
        self.is_speaking = self.is_over = False
        self.asked: list[base.Perform] = []

    def tell(self, event: base.AgentEvent) -> list[base.Action]:  # noqa: C901 - a table of actions
        actions = [] if self.is_over else list(self.agent.handle(event))
        for action in actions:
            match action:
                case base.Say() | base.SayPieces() | base.Play():
                    self.playing.append(action)
                case base.StartTimer():
                    self.timers.add(action.name)
                case base.StopTimer():
                    self.timers.discard(action.name)
                case base.Collect():
                    self.collect, self.digits = action, ""
                case base.Perform():
                    self.asked.append(action)
                case base.StopCollecting():
                    self.collect = None
                case base.PressKeys():
                    for key in action.digits:
                        actions += self.press(key)
                case base.ClearAudio():
                    actions += self.cut()
                case base.HangUp():
                    self.is_over = True
        return actions

    def cut(self) -> list[base.Action]:
        dropped, self.playing = self.playing, []
        return [a for say in dropped for a in self.tell(base.PromptEnded(say.name, False, 300, 1000))]

    def finish_collection(self, reason: base.CollectEnd) -> list[base.Action]:
        collect, self.collect = self.collect, None
        assert collect is not None
        if reason is not base.CollectEnd.NOTHING and len(self.digits) < collect.least and self.digits != "9":
            reason = base.CollectEnd.SHORT
        return self.tell(base.Collected(collect.name, self.digits, reason))

    def press(self, key: str) -> list[base.Action]:
        may_cut = bool(self.playing) and self.playing[0].barge_in.key
        actions: list[base.Action] = []
        if self.collect is None:
            playing, self.playing = (self.playing, []) if may_cut else ([], self.playing)
            actions += self.tell(base.KeyPressed(key))
            for say in playing:
                actions += self.tell(base.PromptEnded(say.name, False, 300, 1000))
            return actions
        actions += self.cut() if may_cut else []
        if key == self.collect.terminator:
            return actions + self.finish_collection(base.CollectEnd.TERMINATOR)
        self.digits += key if key.isdigit() else ""
        if len(self.digits) == self.collect.most:
            actions += self.finish_collection(base.CollectEnd.FULL)
        return actions

    def happens(self, what: str) -> list[base.Action]:  # noqa: C901 - a table of what may happen
        kind, _, key = what.partition(" ")
        match kind:
            case "key":
                return self.press(key)
            case "over" | "failed" if self.playing:
                say = self.playing.pop(0)
                over = base.PromptEnded(say.name, True, 1000, 1000)
                return self.tell(over if kind == "over" else base.PromptFailed(say.name, "No voice."))
            case "answer" | "patience" if kind in self.timers:
                self.timers.discard(kind)
                return self.tell(base.TimerFired(kind))
            case "timer" if key in self.timers:
                self.timers.discard(key)
                return self.tell(base.TimerFired(key))
            case "speaks" if self.agent.wants_speech and not self.is_speaking:
                self.is_speaking = True
                return self.tell(base.SpeechStarted())
            case "quiet" if self.is_speaking:
                self.is_speaking = False
                return self.tell(base.SpeechEnded(700))
            case "cut" if self.is_speaking and self.playing and self.playing[0].barge_in.speech:
                return self.cut()
            case "pause" if self.collect and not self.playing:
                reason = base.CollectEnd.PAUSE if self.digits else base.CollectEnd.NOTHING
                return self.finish_collection(reason)
            case "ended":
                return self.tell(base.CallEnded())
        return []


class _Logged:
    """An agent whose actions are kept."""

    wants_audio = False

    def __init__(self, agent: base.Agent, log: list[base.Action]) -> None:
        self._agent, self._log = agent, log

    @property
    def wants_speech(self) -> bool:
        return self._agent.wants_speech

    def handle(self, event: base.AgentEvent) -> Sequence[base.Action]:
        actions = self._agent.handle(event)
        self._log.extend(actions)
        return actions


class Call(Phone):
    """A call of a dialogue, told in a few words. `log`: all actions so far."""

    def __init__(self, document: DialogueConfiguration, **context: Any) -> None:
        assert document.problems() == []
        self.log: list[base.Action] = []
        super().__init__(_Logged(DialogueAgent(document), self.log))
        self.tell(base.CallStarted(base.CallContext(**({"language": "en", "name": "Asha"} | context))))

    def after(self, *happens: str) -> list[str]:
        """Let things happen and return the texts that were said meanwhile. `heard`: all prompts play."""
        place = len(self.log)
        for what in happens:
            while what == "heard" and self.playing:
                self.happens("over")
            self.happens(what)
        return texts(self.log[place:])

    def requested(self) -> Request:
        """Return the oldest request that was not answered."""
        return self.asked[0].request

    def reply(self, reply: Reply) -> list[str]:
        """Answer the oldest open request and return the texts that are said then."""
        return texts(self.tell(base.Performed(self.asked.pop(0).name, reply)))

    def results(self) -> list[base.Action]:
        """Return what was recorded so far."""
        kinds = (
            base.RecordAnswer
            | base.ReachOutcome
            | base.AskCallback
            | base.OptOut
            | base.WantPerson
            | base.EndMessage
        )
        others = base.BookSlot | base.CancelAppointment | base.EndMessage
        return [action for action in self.log if isinstance(action, kinds | others)]

    @property
    def hang_up(self) -> base.HangUp | None:
        return next((action for action in self.log if isinstance(action, base.HangUp)), None)


def texts(actions: list[base.Action]) -> list[str]:
    return [action.text for action in actions if isinstance(action, base.Say)]
