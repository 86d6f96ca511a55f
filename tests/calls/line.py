"""The far end of a call in a test: the platform's stream, a clock, and all a conversation asked for."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from calls.agents.base import Action, Agent, AgentEvent, CallContext
from calls.audio.pcm import silence
from calls.conversation.conversation import Conversation
from calls.conversation.limits import ConversationLimits
from calls.conversation.outputs import Close, Effect, Entry, EntryKind, Identify, Recorded, Step
from calls.protocol.stream import AgentStream, PlatformStream

CONTEXT = CallContext(language="hi", name="Asha", campaign="EMI reminder")


@dataclass
class Script:
    """An agent that does what the test says and remembers what it was told."""

    actions: dict[type, list[Action]] = field(default_factory=dict)
    wants_audio: bool = False
    wants_speech: bool = False
    told: list[AgentEvent] = field(default_factory=list)

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        self.told.append(event)
        return self.actions.get(type(event), [])

    def told_of(self, kind: type) -> list[AgentEvent]:
        return [event for event in self.told if isinstance(event, kind)]


class Line:
    """One call. Every step's frames, entries, effects and recording gather here."""

    def __init__(self, *, limits: ConversationLimits | None = None, now: float = 1000.0) -> None:
        self.now = now
        self.platform = PlatformStream("MZ1", "CA1")
        self.talk = Conversation(AgentStream(container="raw"), limits=limits, now=now)
        self.frames: list[dict[str, object]] = []
        self.entries: list[Entry] = []
        self.effects: list[Effect] = []
        self.recorded: list[Recorded] = []
        self._close: Close | None = None
        self.wake_at: float | None = None
        self._returned: set[str] = set()
        self.keep(self.talk.wake(now))

    def keep(self, step: Step) -> Step:
        self.frames += [json.loads(frame) for frame in step.frames]
        self.entries += step.entries
        self.effects += step.effects
        self.recorded += step.recording
        self.wake_at = step.wake_at
        self._close = self._close or step.close
        return step

    @property
    def close(self) -> Close | None:
        """How the call was closed, None while it is open."""
        return self._close

    def is_open(self) -> bool:
        return self._close is None

    def receive(self, text: str | bytes) -> Step:
        return self.keep(self.talk.receive(text, self.now))

    def start(self, **parameters: str) -> Step:
        return self.receive(self.platform.start(parameters))

    def begin(self, agent: Agent, context: CallContext = CONTEXT) -> None:
        """Start, and the call is identified at once."""
        self.start(reference="m-1")
        self.keep(self.talk.identified(agent, context, self.now))

    def key(self, digit: str) -> Step:
        return self.receive(self.platform.dtmf(digit))

    def hear(self, ms: int = 20) -> Step:
        return self.receive(self.platform.media(silence(ms)))

    def ready(self, ms: int, *, effect: int = -1) -> Step:
        """The audio of the last effect (or another) is made."""
        wanted = self.effects[effect]
        assert not isinstance(wanted, Identify)
        return self.keep(self.talk.audio_ready(wanted.prompt, silence(ms), self.now))

    def marks_back(self) -> None:
        """Every mark asked for so far comes back, once."""
        for name in [frame["mark"]["name"] for frame in self.frames if frame["event"] == "mark"]:  # type: ignore[index]
            if name not in self._returned:
                self._returned.add(name)
                self.receive(self.platform.mark(name))

    def wait(self, seconds: float, *, hearing: bool = True) -> None:
        """Let time pass, waking when asked; `hearing`: the platform sends a frame a second meanwhile."""
        until = self.now + seconds
        next_frame = self.now + 1.0
        while self.close is None:
            due = min(self.wake_at or until, next_frame if hearing else until, until)
            self.now = max(self.now, due)
            if hearing and self.now >= next_frame:
                next_frame += 1.0
                self.hear()
            else:
                self.keep(self.talk.wake(self.now))
            if self.now >= until:
                return

    def play_out(self) -> None:
        """Time passes and marks come back until nothing is queued any more."""
        for _ in range(200):
            self.wait(0.2)
            self.marks_back()
            if self.close or not self.talk.doing.startswith("agent speaks"):
                return
        raise AssertionError("the audio never ended")

    def log(self, *kinds: EntryKind) -> list[str]:
        return [entry.text for entry in self.entries if not kinds or entry.kind in kinds]

    def events(self) -> list[object]:
        return [frame["event"] for frame in self.frames]
