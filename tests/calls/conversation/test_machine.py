"""One conversation under random frames, effects and times, against a far end that keeps its own books."""

import base64
import json
from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bench.hostile.frames import Mutator, seeds
from calls.agents import base
from calls.agents.echo import EchoAgent, EchoConfiguration
from calls.audio.pcm import silence
from calls.conversation import hold
from calls.conversation.conversation import Conversation
from calls.conversation.limits import ConversationLimits
from calls.conversation.outputs import Entry, EntryKind, Identify, LoadClip, Recorded, Side, Step, Synthesise
from calls.protocol.messages import MAX_WAITING_MARKS
from calls.protocol.stream import AgentStream, PlatformStream
from tests.calls.line import CONTEXT

AHEAD_S, PIECE_S = 0.4, 0.2
SAMPLE = 1 / 8000
HOSTILE = st.one_of(
    st.sampled_from([seed for seed in seeds() if b'"stop"' not in seed]),
    st.integers(0, 2**32).map(lambda seed: Mutator(seed).frame()),
)
LENGTHS_MS = st.sampled_from([1, 20, 79, 200, 300, 401, 1234, 5000])
WHIMS = st.lists(
    st.sampled_from(["play", "play", "say", "clip", "clear", "clear", "timer", "untimer", "note", "answer"]),
    max_size=6,
)


class Whimsical:
    """An agent that does on the next event whatever the machine drew."""

    wants_audio = True
    wants_speech = False

    def __init__(self) -> None:
        self.next: list[base.Action] = []
        self.asked: list[str] = []
        self.ended: Counter[str] = Counter()
        self.is_over = False
        """It hung up or was told of the end: nothing that it wants from then on is said."""

    def handle(self, event: base.AgentEvent) -> Sequence[base.Action]:
        if isinstance(event, base.PromptEnded | base.PromptFailed):
            self.ended[event.name] += 1
        actions, self.next = self.next, []
        if self.is_over or isinstance(event, base.CallEnded):
            self.is_over = True
            return actions
        self.is_over = any(isinstance(action, base.HangUp) for action in actions)
        self.asked += [a.name for a in actions if isinstance(a, base.Play | base.PlayClip | base.Say)]
        return actions


class FarEnd:
    """The platform's buffer by awaaz-platform.md §2: 80 ms before it first plays, 40 ms when it ran dry."""

    def __init__(self) -> None:
        self.plays_until = 0.0
        self.wait = 0.08
        self.marks: list[tuple[float, str]] = []

    def take(self, frame: dict[str, Any], now: float) -> None:
        if frame["event"] == "media":
            if self.plays_until <= now:
                self.plays_until, self.wait = now + self.wait, 0.04
            self.plays_until += len(base64.b64decode(frame["media"]["payload"])) / 16000
        elif frame["event"] == "mark":
            self.marks.append((self.plays_until, frame["mark"]["name"]))
        else:
            self.plays_until = now
            self.marks = [(min(now, at), name) for at, name in self.marks]

    def ahead(self, now: float) -> float:
        """Seconds of audio not played, without the wait before it plays."""
        return max(0.0, self.plays_until - now - 0.08)


class ConversationMachine(RuleBasedStateMachine):
    """`honest` until the far end has returned a mark before its audio was played, or kept one for long."""

    limits = ConversationLimits(call_s=120)
    counts_failures = False

    @initialize(echo=st.sampled_from([False, False, True]), early=st.booleans())
    def connect(self, echo: bool, early: bool) -> None:
        self.now = 1000.0
        self.names = count(1)
        self.platform, self.far = PlatformStream("MZ1", "CA1"), FarEnd()
        self.agent = Whimsical()
        self.talker = EchoAgent(EchoConfiguration(piece_ms=20)) if echo else self.agent
        self.talk = Conversation(AgentStream(container="raw"), limits=self.limits, now=self.now)
        self.honest = True
        self.stopped = self.is_closed = False
        self.entries: list[Entry] = []
        self.recorded: list[Recorded] = []
        self.identities = 0
        self.waiting: list[Synthesise | LoadClip] = []
        self.wake_at: float | None = None
        self.keep(self.talk.wake(self.now))
        self.keep(self.talk.receive(self.platform.start({"reference": "m"}), self.now))
        if early:
            self.identify()

    # --- what the shell does ---

    def keep(self, step: Step) -> None:
        if self.is_closed:
            assert step == Step(entries=step.entries), "after the end only keys count"
            self.entries += step.entries
            return
        sent_s = 0.0
        for frame in map(json.loads, step.frames):
            self.far.take(frame, self.now)
            sent_s += len(frame["media"]["payload"]) * 3 / 4 / 16000 if frame["event"] == "media" else 0
        assert sent_s <= AHEAD_S + PIECE_S + 0.01
        self.entries += step.entries
        self.recorded += step.recording
        self.waiting += [effect for effect in step.effects if isinstance(effect, Synthesise | LoadClip)]
        self.identities += sum(isinstance(effect, Identify) for effect in step.effects)
        self.wake_at, self.is_closed = step.wake_at, step.close is not None
        assert self.is_closed or self.wake_at is not None

    def hear(self, frame: str | bytes) -> None:
        self.keep(self.talk.receive(frame, self.now))

    @rule(seconds=st.sampled_from([0.0, 0.001, 0.02, 0.1, 0.5, 1.7, 3.5]), speaking=st.booleans())
    def time_passes(self, seconds: float, speaking: bool) -> None:
        """Waking exactly when asked; the caller may speak on meanwhile. It never spins."""
        until, wakes, frame_at = self.now + seconds, 0, self.now
        while not self.is_closed:
            frame_at = frame_at + 0.02 if speaking and frame_at <= self.now else frame_at
            due = min(until, self.wake_at or until, frame_at if speaking else until)
            self.now = max(self.now, due)
            if speaking and self.now >= frame_at and not self.stopped:
                self.hear(self.platform.media(silence(20)))
            else:
                self.keep(self.talk.wake(self.now))
            self.return_marks()
            wakes += 1
            assert wakes <= 60 + 400 * seconds
            if self.now >= until:
                break

    @rule(late=st.sampled_from([0.05, 0.3, 2.0]))
    def the_loop_is_late(self, late: float) -> None:
        """Nothing runs for a while, then everything at once."""
        self.now += late
        self.keep(self.talk.wake(self.now))
        self.return_marks()

    @rule(back=st.sampled_from([0.001, 1.0]))
    def an_event_has_an_older_time(self, back: float) -> None:
        self.keep(self.talk.wake(self.now - back))

    # --- the far end ---

    def return_marks(self) -> None:
        due = [name for at, name in self.far.marks if at <= self.now]
        self.far.marks = [(at, name) for at, name in self.far.marks if at > self.now]
        for name in due if not self.stopped else []:
            self.hear(self.platform.mark(name))

    @precondition(lambda self: self.far.marks and not self.stopped)
    @rule(index=st.integers(0, 40), keep=st.booleans())
    def a_mark_comes_back_too_early(self, index: int, keep: bool) -> None:
        self.honest = False
        at, name = self.far.marks[index % len(self.far.marks)]
        if not keep:
            self.far.marks.remove((at, name))
        self.hear(self.platform.mark(name))

    @precondition(lambda self: self.far.marks)
    @rule()
    def marks_are_lost(self) -> None:
        self.honest = False
        self.far.marks.clear()

    @precondition(lambda self: not self.stopped)
    @rule(digits=st.text("0123456789*#ABCD", min_size=1, max_size=30))
    def keys_are_pressed(self, digits: str) -> None:
        for digit in digits:
            self.hear(self.platform.dtmf(digit))

    @precondition(lambda self: not self.stopped)
    @rule(ms=st.sampled_from([1, 20, 3999]))
    def a_piece_of_odd_length_comes(self, ms: int) -> None:
        self.hear(self.platform.media(silence(ms)))

    @rule(frame=HOSTILE, times=st.sampled_from([1, 3, 70]))
    def somebody_lies(self, frame: bytes, times: int) -> None:
        if b"mark" in frame:
            self.honest = False
        for _ in range(times):
            self.hear(frame)

    @precondition(lambda self: len(self.entries) > 12 and not self.stopped)
    @rule()
    def the_platform_stops(self) -> None:
        self.stopped = True
        self.hear(self.platform.stop("hangup"))

    @precondition(lambda self: len(self.entries) > 12)
    @rule(how=st.sampled_from(["closed", "stop"]))
    def the_line_breaks(self, how: str) -> None:
        self.keep(self.talk.closed(self.now) if how == "closed" else self.talk.stop("Stopped.", self.now))

    # --- agent and world ---

    @precondition(lambda self: self.identities)
    @rule()
    def identify(self) -> None:
        self.keep(self.talk.identified(self.talker, CONTEXT, self.now))

    @rule(whims=WHIMS, ms=LENGTHS_MS)
    def the_agent_wants(self, whims: list[str], ms: int) -> None:
        self.agent.next = [self.action(whim, ms) for whim in whims]

    @precondition(lambda self: len(self.entries) > 12)
    @rule()
    def the_agent_hangs_up(self) -> None:
        self.agent.next = [self.action("play", 300), base.HangUp("Done."), self.action("say", 1)]

    def action(self, whim: str, ms: int) -> base.Action:
        name = f"p{next(self.names)}"
        actions: dict[str, base.Action] = {
            "play": base.Play(name, silence(ms)),
            "say": base.Say(name, "Namaste", "hi"),
            "clip": base.PlayClip(name, "clip"),
            "clear": base.ClearAudio("whim"),
            "timer": base.StartTimer("t", ms / 1000),
            "untimer": base.StopTimer("t"),
            "note": base.Note("a note"),
            "answer": base.RecordAnswer("q", "1", "yes"),
        }
        return actions[whim]

    @precondition(lambda self: self.waiting)
    @rule(index=st.integers(0, 20), ms=st.sampled_from([0, 1, 500, 3000]), again=st.booleans())
    def the_world_answers(self, index: int, ms: int, again: bool) -> None:
        """With audio, with none, twice, in any order."""
        effect = self.waiting[index % len(self.waiting)]
        if not again:
            self.waiting.remove(effect)
        self.keep(self.talk.audio_ready(effect.prompt, silence(ms), self.now))

    @precondition(lambda self: self.waiting)
    @rule(index=st.integers(0, 20))
    def the_world_fails(self, index: int) -> None:
        effect = self.waiting.pop(index % len(self.waiting))
        self.keep(self.talk.audio_failed(effect.prompt, "No voice.", self.now))

    # --- always ---

    @invariant()
    def never_far_ahead(self) -> None:
        if self.honest:
            assert self.far.ahead(self.now) <= AHEAD_S + PIECE_S + SAMPLE
            assert len(self.far.marks) <= MAX_WAITING_MARKS

    @invariant()
    def the_log_is_bounded(self) -> None:
        kinds = Counter(entry.kind for entry in self.entries)
        assert kinds[EntryKind.KEY] <= self.limits.keys_written + 1
        assert kinds[EntryKind.PROBLEM] <= self.limits.problems_written + 1
        assert kinds[EntryKind.END] == self.is_closed
        assert all(len(entry.text) <= 700 for entry in self.entries)
        json.dumps([dict(entry.data) for entry in self.entries]).encode()

    @invariant()
    def the_log_is_in_order(self) -> None:
        times = [entry.at_ms for entry in self.entries]
        assert times == sorted(times)

    @invariant()
    def the_recording_is_in_order_and_never_overlaps(self) -> None:
        for side in Side:
            until = 0.0
            for piece in self.recorded:
                if piece.side is side:
                    assert piece.at_ms >= until - 1.001
                    until = piece.at_ms + len(piece.pcm) / 16

    @invariant()
    def every_prompt_ends_once(self) -> None:
        heard = Counter(
            e.data["name"] for e in self.entries if e.kind is EntryKind.HEARD and e.data["name"] != hold.NAME
        )
        failed = Counter(
            e.data["name"]
            for e in self.entries
            if e.kind is EntryKind.PROBLEM and e.data.get("name", hold.NAME) != hold.NAME
        )
        over = heard + failed
        assert all(times == 1 for times in over.values())
        assert all(times == 1 for times in self.agent.ended.values())
        if self.is_closed and self.counts_failures:
            assert set(over) == set(self.agent.asked)

    @invariant()
    def figures_and_words_are_always_there(self) -> None:
        summary = self.talk.summary(self.now)
        assert summary.heard_ms <= summary.duration_ms or not self.honest
        assert 0 < len(self.talk.doing) <= 80


class PatientMachine(ConversationMachine):
    """The same with room for every problem in the log, so that failed prompts can be counted too."""

    limits = ConversationLimits(call_s=120, problems_written=10**6)
    counts_failures = True


_SETTINGS = settings(
    max_examples=30, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestConversation = ConversationMachine.TestCase
TestConversation.settings = _SETTINGS
TestPatientConversation = PatientMachine.TestCase
TestPatientConversation.settings = _SETTINGS
