"""The far end of a call in a test: the platform's stream, a clock, and all a conversation asked for."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from calls.agents.base import Action, Agent, AgentEvent, CallContext
from calls.audio.pcm import silence
from calls.conversation.conversation import Conversation
from calls.conversation.limits import ConversationLimits
from calls.conversation.outputs import Close, Effect, Entry, EntryKind, LoadClip, Recorded, Step, Synthesise
from calls.protocol.stream import AgentStream, PlatformStream
from sandbox.line.playout import PLAYOUTS, SLOT_S, FarEnd

FIRST_WAIT_MS = {FarEnd.PLAIN: 0, FarEnd.AUDIO_FORK: 0, FarEnd.TIME_WAITING: 80}
"""What a far end waits before it first plays."""
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
    """One call. Every step's frames, entries, effects and recording gather here.

    The far end plays what it is sent, slot by slot, and returns marks unless `keeps_marks`.
    """

    far_end: ClassVar[FarEnd] = FarEnd.AUDIO_FORK

    def __init__(self, *, limits: ConversationLimits | None = None, now: float = 1000.0) -> None:
        self.now = now
        self.platform = PlatformStream("MZ1", "CA1")
        self.talk = Conversation(AgentStream(container="raw"), limits=limits, now=now)
        self.frames: list[dict[str, Any]] = []
        self.entries: list[Entry] = []
        self.effects: list[Effect] = []
        self.recorded: list[Recorded] = []
        self._close: Close | None = None
        self.wake_at: float | None = None
        self.far, self.keeps_marks = PLAYOUTS[self.far_end](), False
        self.played = b""
        """What the person has heard of us."""
        self._slot_at, self._marks_out = now, 0
        self.keep(self.talk.wake(now))

    def keep(self, step: Step) -> Step:
        for frame in map(json.loads, step.frames):
            self.frames.append(frame)
            self._deliver(frame)
        self.entries += step.entries
        self.effects += step.effects
        self.recorded += step.recording
        self.wake_at = step.wake_at
        self._close = self._close or step.close
        return step

    def _deliver(self, frame: dict[str, Any]) -> None:
        while not self.plays_or_owes_marks and self._slot_at < self.now:
            self._slot_at = round(self._slot_at + SLOT_S, 6)
        if frame["event"] == "media":
            self.far.add_audio(base64.b64decode(frame["media"]["payload"]), self.now)
        elif frame["event"] == "mark":
            self._marks_out += 1
            self.far.add_mark(frame["mark"]["name"])
        else:
            self._return(self.far.clear())

    def _return(self, names: list[str]) -> None:
        self._marks_out -= len(names)
        for name in names if self.close is None and not self.keeps_marks else []:
            self.receive(self.platform.mark(name))

    @property
    def heard_ms(self) -> int:
        """How much of us the person has heard."""
        return len(self.played) // 16

    def play(self) -> None:
        """The far end plays every slot that begins until now."""
        while self._slot_at <= self.now + 1e-9:
            slot = self.far.play_slot(self._slot_at)
            self._slot_at = round(self._slot_at + SLOT_S, 6)
            self.played += slot.audio or b""
            self._return(slot.marks)

    @property
    def plays_or_owes_marks(self) -> bool:
        """Whether something happens at the far end by time alone."""
        return self._marks_out > 0 or self.far.buffered_ms > self.far.held_back_ms

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
        assert isinstance(wanted, Synthesise | LoadClip)
        return self.keep(self.talk.audio_ready(wanted.prompt, silence(ms), self.now))

    def marks_back(self) -> None:
        """Time passes until every mark asked for so far has come back."""
        for _ in range(1000):
            if not self._marks_out or self.close:
                return
            self.wait(SLOT_S)
        raise AssertionError("a mark never came back")

    def wait(self, seconds: float, *, hearing: bool = True) -> None:
        """Let time pass, waking when asked; `hearing`: the platform sends a frame a second meanwhile."""
        until = self.now + seconds
        next_frame = self.now + 1.0
        while self.close is None:
            slot_at = self._slot_at if self.plays_or_owes_marks else until
            due = min(self.wake_at or until, next_frame if hearing else until, slot_at, until)
            self.now = max(self.now, due)
            self.play()
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
            if self.close or not (self.plays_or_owes_marks or self.talk.doing.startswith("agent speaks")):
                return
        raise AssertionError("the audio never ended")

    def log(self, *kinds: EntryKind) -> list[str]:
        return [entry.text for entry in self.entries if not kinds or entry.kind in kinds]

    def events(self) -> list[object]:
        """The events of the frames sent, but for marks that only tell how far the audio was heard."""
        return [frame["event"] for frame in self.frames if not _is_check(frame)]


def _is_check(frame: dict[str, Any]) -> bool:
    return frame["event"] == "mark" and str(frame["mark"]["name"]).endswith("~")
