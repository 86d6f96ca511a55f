"""Real agents on a whole call, against the sandbox's play-out buffer as the far end."""

import json
from pathlib import Path

import pytest

import calls.agents
from calls.agents.base import (
    Action,
    AgentEvent,
    BookSlot,
    CallContext,
    CallEnded,
    CancelAppointment,
)
from calls.agents.registry import build
from calls.audio.pcm import FRAME_BYTES, duration_ms, silence
from calls.conversation.agent_runner import AgentRunner
from calls.conversation.conversation import Conversation
from calls.conversation.event_log import EventLog
from calls.conversation.outputs import (
    Close,
    Ending,
    Entry,
    EntryKind,
    Identify,
    LoadClip,
    Side,
    Step,
    Synthesise,
)
from calls.conversation.playout import Playout
from calls.protocol.messages import Clear, Mark, Media
from calls.protocol.stream import AgentStream, PlatformStream
from campaigns.rules.results import Booking
from sandbox.line.playout import Playout as FarEnd
from tests.calls.agents.texts import dialogue

EXAMPLE = json.loads((Path(calls.agents.__file__).parent / "examples" / "emi-reminder.json").read_text())
ASHA = CallContext(
    language="gu", name="આશા", campaign="EMI", variables={"amount": "1,25,000", "due_date": "28/11/2026"}
)
SLOT_S = 0.02
SPEECH_S = 0.06
"""What a voice takes here; one letter is 50 ms of audio."""


class Call:
    """Both ends, 20 ms at a time. The network takes `latency` slots each way."""

    def __init__(self, kind: str, configuration: dict[str, object], *, latency: int = 2) -> None:
        self.now = 50.0
        self.platform, self.far = PlatformStream("MZ1", "CA1"), FarEnd()
        self.talk = Conversation(AgentStream(container="wav"), now=self.now)
        self.agent = build(kind, configuration)
        self.latency = latency
        self.to_us: list[tuple[float, str]] = []
        self.to_platform: list[tuple[float, str]] = []
        self.speech: list[tuple[float, str, bytes]] = []
        self.entries: list[Entry] = []
        self.close: Close | None = None
        self.heard = self.recorded = 0
        self.wake_at: float | None = self.now
        self.send(self.platform.start({"reference": "m-1"}))

    def send(self, text: str) -> None:
        self.to_us.append((self.now + self.latency * SLOT_S, text))

    def take(self, step: Step) -> None:
        self.entries += step.entries
        self.wake_at, self.close = step.wake_at, self.close or step.close
        self.to_platform += [(self.now + self.latency * SLOT_S, frame) for frame in step.frames]
        self.recorded += sum(duration_ms(r.pcm) for r in step.recording if r.side is Side.AGENT)
        for effect in step.effects:
            if isinstance(effect, Identify):
                self.take(self.talk.identified(self.agent, ASHA, self.now))
            elif isinstance(effect, Synthesise):
                made = silence(50 * len(effect.text))
                self.speech.append((self.now + SPEECH_S, effect.prompt, made))
            elif isinstance(effect, LoadClip):
                self.speech.append((self.now + SPEECH_S, effect.prompt, silence(1500)))

    def slot(self) -> None:
        """One slot of the far end, then whatever has arrived at either side."""
        audio, marks = self.far.play_slot(self.now)
        self.heard += len(audio or b"") // 16
        for name in marks:
            self.send(self.platform.mark(name))
        self.send(self.platform.media(bytes(FRAME_BYTES)))
        for text in self._due(self.to_platform):
            self._far_end_reads(text)
        for text in self._due(self.to_us):
            self.take(self.talk.receive(text, self.now))
        for due in [entry for entry in self.speech if entry[0] <= self.now]:
            self.speech.remove(due)
            self.take(self.talk.audio_ready(due[1], due[2], self.now))
        if self.wake_at is not None and self.wake_at <= self.now:
            self.take(self.talk.wake(self.now))
        self.now = round(self.now + SLOT_S, 6)

    def _due(self, queue: list[tuple[float, str]]) -> list[str]:
        due = [text for at, text in queue if at <= self.now]
        queue[:] = [entry for entry in queue if entry[0] > self.now]
        return due

    def _far_end_reads(self, text: str) -> None:
        message = self.platform.receive(text)
        if isinstance(message, Media):
            self.far.add_audio(message.payload, self.now)
        elif isinstance(message, Mark):
            assert self.far.add_mark(message.name)
        elif isinstance(message, Clear):
            for name in self.far.clear():
                self.send(self.platform.mark(name))

    def run(self, seconds: float = 120.0) -> None:
        until = self.now + seconds
        while self.close is None and self.now < until:
            self.slot()

    def log(self, *kinds: EntryKind) -> list[str]:
        return [entry.text for entry in self.entries if entry.kind in kinds]


@pytest.mark.parametrize("latency", [0, 2, 5])
def test_an_answered_reminder(latency: int) -> None:
    call = Call("dialogue", dialogue(EXAMPLE), latency=latency)
    while call.talk.doing != "agent speaks: Choose 1, 2, 3 or 4":
        call.slot()
    call.run(1.0)
    call.send(call.platform.dtmf("1"))
    call.run()
    assert call.close == Close(code=1000, ended_by=Ending.AGENT, reason="We hung up after the reply.")
    assert call.log(EntryKind.OUTCOME, EntryKind.ANSWER) == [
        "payment: Will pay before the due date.",
        "Will pay before the due date.",
    ]
    heard = call.log(EntryKind.HEARD)
    assert [text.split("”")[0] for text in heard] == [
        "“Opening",
        "“Message",
        "“Choose 1, 2, 3 or 4",
        "“Reply",
    ]
    assert heard[2].endswith("the rest was cleared.")
    assert call.log(EntryKind.PROBLEM) == []
    # What we believe was heard is what the far end played, to within the network's delay and its first wait.
    assert call.talk.summary(call.now).heard_ms == pytest.approx(call.heard, abs=80 + 2 * latency * 20 + 20)
    assert call.recorded == call.talk.summary(call.now).heard_ms
    assert call.far.figures.underruns <= 4  # one where a sentence waited for its voice, one at each end


def test_silence_ends_with_goodbye() -> None:
    call = Call("dialogue", dialogue(EXAMPLE))
    call.run()
    assert call.close is not None
    assert call.close.reason == "We hung up after goodbye: no key was pressed."
    assert [text.split("”")[0] for text in call.log(EntryKind.HEARD)] == [
        "“Opening",
        "“Message",
        "“Choose 1, 2, 3 or 4",
        "“Message",
        "“Choose 1, 2, 3 or 4",
        "“Goodbye",
    ]
    # The far end fills the last slot of each of the three stretches of speech up to 20 ms.
    assert call.talk.summary(call.now).heard_ms == pytest.approx(call.heard, abs=3 * 20)


def test_nine_during_the_first_words() -> None:
    call = Call("dialogue", dialogue(EXAMPLE))
    call.run(0.5)
    call.send(call.platform.dtmf("9"))
    call.run()
    assert call.log(EntryKind.OPT_OUT) == ["Asked not to be called again: pressed 9."]
    assert call.talk.summary(call.now).outcome == "opted_out"


def test_the_sample_of_the_mission() -> None:
    call = Call("playback", {"clip": "welcome", "gather": 50})
    call.run()
    assert call.close is not None
    assert call.close.reason == "We hung up after the recording."
    assert call.log(EntryKind.HEARD) == ["“Recording” heard in full, 1.5 s."]
    first = next(entry for entry in call.entries if entry.kind is EntryKind.FIRST_AUDIO)
    assert first.at_ms == pytest.approx(40 + 50 * 20 + 60, abs=40)


def test_an_echo_keeps_up() -> None:
    call = Call("echo", {})
    call.run(10.0)
    assert call.heard > 9000
    assert call.log(EntryKind.PROBLEM, EntryKind.PROMPT, EntryKind.HEARD) == []


class Clerk:
    """Books a slot at the end of the call, and gives it back."""

    wants_audio = wants_speech = False

    def handle(self, event: AgentEvent) -> list[Action]:
        if not isinstance(event, CallEnded):
            return []
        return [
            BookSlot("Eye clinic", 7, "Monday at ten"),
            BookSlot("Eye clinic", 8, ""),
            CancelAppointment("Eye clinic"),
        ]


def test_a_slot_that_is_taken_counts_when_the_line_is_gone() -> None:
    log = EventLog(0.0, problems=0, keys=0)
    runner = AgentRunner(log, Playout(), prompt_s=0.0)
    runner.begin(Clerk(), ASHA, 0.0)
    runner.end(1.0)
    assert [(entry.kind, entry.text, entry.payload) for entry in log.take()] == [
        (
            EntryKind.BOOKING,
            "Took an appointment in “Eye clinic”: Monday at ten.",
            Booking("Eye clinic", "7", "Monday at ten"),
        ),
        (EntryKind.BOOKING, "Took an appointment in “Eye clinic”: 8.", Booking("Eye clinic", "8", "")),
        (
            EntryKind.BOOKING,
            "Gave back the appointment in “Eye clinic”.",
            Booking("Eye clinic", "", ""),
        ),
    ]
    assert runner.outcome == ""
