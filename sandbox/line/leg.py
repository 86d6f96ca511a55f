"""PURE: one answered call from the platform's side. Texts and time in, texts out; no I/O, no clock.

`tick` is called once for each 20 ms slot: it plays the agent's audio to the person, returns the marks that
came due, lets the person act, and returns the next frame of the person's audio.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import repeat
from typing import NamedTuple

from calls.audio.dtmf import beep
from calls.audio.energy_vad import EnergyVad, SpeechEnded, SpeechStarted
from calls.audio.framing import Framer
from calls.audio.mix import mix_at
from calls.audio.pcm import FRAME_BYTES, FRAME_MS, silence
from calls.protocol.messages import Clear, Malformed, Mark, Media
from calls.protocol.state import State
from calls.protocol.stream import PlatformStream
from sandbox.line.observations import Closed, Observation, Received, Sent
from sandbox.line.playout import PLAYOUTS, FarEnd
from sandbox.people.people import Beep, HangUp, Heard, Listener, Press, Say

SILENT_FRAME = silence(FRAME_MS)
MOST_PROBLEMS = 500
"""Unreadable frames after which the call ends with AGENT_NONSENSE."""
MOST_STORY = 200
MOST_DIGITS = 80
VOICEMAIL_BEEP_MS = 500


class Ended(StrEnum):
    """How a call ended, in words of the call record."""

    AGENT_ENDED = "agent_ended"
    AGENT_LOST = "agent_lost"
    AGENT_NONSENSE = "agent_nonsense"
    AGENT_STUCK = "agent_stuck"
    AGENT_UNREACHABLE = "agent_unreachable"
    PERSON_HUNG_UP = "person_hung_up"
    TOO_LONG = "too_long"
    LINE_CUT = "line_cut"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    SWITCHED_OFF = "switched_off"
    PLATFORM_RESTARTED = "platform_restarted"
    PLATFORM_FAILED = "platform_failed"


class Ending(NamedTuple):
    how: Ended
    reason: str


class Sound(NamedTuple):
    """What the person heard and said in one slot, 320 bytes each."""

    heard: bytes
    said: bytes


class Leg:
    """Hold the state of one call; the dialler owns the socket and the clock.

    `sounds` gives a clip's PCM by name, `background` yields 20 ms frames of line noise, `hear` is called with
    each slot the person hears, `watch` with every observation. `recorded` stays None unless `record` is set.
    """

    def __init__(
        self,
        stream: PlatformStream,
        person: Listener,
        sounds: Callable[[str], bytes],
        *,
        longest_s: float,
        background: Iterable[bytes] | None = None,
        hear: Callable[[bytes], None] | None = None,
        record: bool = False,
        watch: Callable[[Observation], None] | None = None,
        far_end: FarEnd = FarEnd.AUDIO_FORK,
    ) -> None:
        self.playout = PLAYOUTS[far_end]()
        self.ending: Ending | None = None
        self.digits = ""
        self.problems: Counter[str] = Counter()
        self.containers: set[str] = set()
        self.story: list[dict[str, object]] = []
        self.recorded: list[Sound] | None = [] if record else None
        self.frames_sent = self.media_received = 0
        self.marks_received = self.marks_returned = self.clears = 0
        self._stream, self._person, self._sounds = stream, person, sounds
        self._longest_s, self._watch = longest_s, watch
        self._background = iter(background or repeat(SILENT_FRAME))
        self._hear = hear
        self.last = Sound(SILENT_FRAME, SILENT_FRAME)
        """The latest slot, from which the page draws the levels."""
        self._frames_received = 0
        self._opened_at = 0.0
        self._voice: deque[bytes] = deque()
        self._vad = EnergyVad()

    @property
    def stopped(self) -> bool:
        """Return whether the call was ended with a stop frame."""
        return self._stream.state is State.STOPPED

    def opened(self, custom_parameters: dict[str, str], now: float) -> list[str]:
        """Return the first frames of the stream. Raises `ProtocolError` if the parameters cannot be sent."""
        self._opened_at = now
        start = self._stream.start(custom_parameters)
        self._see(Sent(now, "start", start))
        self._record(now, "picked up")
        return [start, *self._react([Heard.PICKED_UP], now)]

    def received(self, text: str | bytes, now: float) -> list[str]:
        """Take one frame from the agent; return the frames to send at once (after the end none)."""
        if self.ending and self._watch is None:
            return []
        message = self._stream.receive(text)
        self._frames_received += 1
        if self._watch:
            self._watch(Received(now, self._frames_received, text, message))
        if self.ending:
            return []
        match message:
            case Media():
                self.media_received += 1
                self.containers.add(message.container)
                self.playout.add_audio(message.payload, now)
            case Mark():
                self._queue_mark(message.name, now)
            case Clear():
                self.clears += 1
                self._record(now, "cleared", f"{self.playout.buffered_ms} ms dropped")
                return [self._returned(name, now) for name in self.playout.clear()]
            case Malformed():
                self._note_problem(message, now)
        return []

    def tick(self, now: float) -> list[str]:
        """Run one 20 ms slot. Returns the frames to send: marks due, the next audio, what the person does."""
        if self.ending:
            return []
        slot = self.playout.play_slot(now)
        frames = [self._returned(name, now) for name in slot.marks]
        talking = bool(self._voice)
        said = next(self._background)
        if talking:
            voice = self._voice.popleft()
            said = voice if said is SILENT_FRAME else mix_at(voice, said, 0)
        events = self._detect_speech(slot.audio, now)
        if talking and not self._voice:
            events.append(Heard.CLIP_DONE)
            self._see(Sent(now, "speech_over"))
        frames.append(self._stream.media(said))
        self.frames_sent += 1
        self.last = sound = Sound(slot.audio or SILENT_FRAME, said)
        if self._hear:
            self._hear(sound.heard)
        if self.recorded is not None:
            self.recorded.append(sound)
        frames += self._react(events or [Heard.NOTHING], now)
        if self.ending or now - self._opened_at < self._longest_s:
            return frames
        reason = f"The call reached its longest time of {self._longest_s:g} seconds."
        return frames + self.stop(Ended.TOO_LONG, reason, now)

    def agent_closed(self, code: int | None, now: float) -> None:
        """End the call because the socket is closed; what is still in the play-out buffer is not played.

        Code 1000 and no code are the agent's regular way to end a call (awaaz-platform.md §2).
        """
        self._see(Closed(now, code))
        if code in (1000, 1005):
            self._end(Ended.AGENT_ENDED, "The agent closed the connection, which ends the call.", now)
        else:
            text = "lost without a close" if code in (None, 1006) else f"closed with code {code}"
            self._end(Ended.AGENT_LOST, f"The connection to the agent was {text}.", now)

    def stop(self, how: Ended, reason: str, now: float) -> list[str]:
        """End the call from the platform's side. Returns the stop frame, [] if the call has ended already."""
        if self.ending:
            return []
        self._end(how, reason, now)
        frame = self._stream.stop(reason)
        self._see(Sent(now, "stop", frame))
        return [frame]

    def fail(self, how: Ended, reason: str, now: float) -> None:
        """End the call without a stop frame, because the stream cannot carry one any more."""
        self._end(how, reason, now)

    def _detect_speech(self, audio: bytes | None, now: float) -> list[Heard]:
        if audio is None and not self._vad.speaking:
            return []
        change = self._vad.push(audio or SILENT_FRAME)
        if isinstance(change, SpeechStarted):
            self._record(now, "agent speaks")
            return [Heard.SPEECH_STARTED]
        if isinstance(change, SpeechEnded):
            self._record(now, "agent is quiet")
            return [Heard.SPEECH_ENDED]
        return []

    def _react(self, events: list[Heard], now: float) -> list[str]:
        frames: list[str] = []
        for event in events:
            for action in self._person.hears(event, now):
                if self.ending:
                    break
                match action:
                    case Press(digit):
                        self._record(now, "pressed", digit)
                        self.digits = (self.digits + digit)[:MOST_DIGITS]
                        frame = self._stream.dtmf(digit)
                        self._see(Sent(now, "dtmf", frame, digit))
                        frames.append(frame)
                    case Say(clip):
                        self._record(now, "said", clip)
                        self._see(Sent(now, "speech", name=clip))
                        self._speak(self._sounds(clip))
                    case Beep():
                        self._record(now, "beeped")
                        self._see(Sent(now, "speech", name="beep"))
                        self._speak(beep(VOICEMAIL_BEEP_MS))
                    case HangUp(reason):
                        frames += self.stop(Ended.PERSON_HUNG_UP, f"The person {reason}.", now)
        return frames

    def _speak(self, sound: bytes) -> None:
        framer = Framer(FRAME_BYTES)
        self._voice.extend(framer.push(sound))
        if rest := framer.flush():
            self._voice.append(rest.ljust(FRAME_BYTES, b"\0"))
        if not self._voice:
            self._voice.append(SILENT_FRAME)

    def _queue_mark(self, name: str, now: float) -> None:
        self.marks_received += 1
        if not self.playout.add_mark(name):
            self._count_problem("too_many_marks", now)

    def _returned(self, name: str, now: float) -> str:
        self.marks_returned += 1
        frame = self._stream.mark(name)
        self._see(Sent(now, "mark", frame, name))
        return frame

    def _note_problem(self, malformed: Malformed, now: float) -> None:
        self._count_problem(malformed.problem.value, now, malformed.detail)
        if self.problems.total() >= MOST_PROBLEMS:
            reason = f"The agent sent {MOST_PROBLEMS} frames that could not be used."
            self._end(Ended.AGENT_NONSENSE, reason, now)

    def _count_problem(self, problem: str, now: float, detail: str = "") -> None:
        self.problems[problem] += 1
        if self.problems[problem] == 1:
            self._record(now, f"problem: {problem}", detail)

    def _see(self, seen: Observation) -> None:
        if self._watch:
            self._watch(seen)

    def _end(self, how: Ended, reason: str, now: float) -> None:
        if self.ending is None:
            self.ending = Ending(how, reason)
            self._record(now, how.value)

    def _record(self, now: float, event: str, detail: str = "") -> None:
        if len(self.story) < MOST_STORY:
            at_ms = round((now - self._opened_at) * 1000)
            entry: dict[str, object] = {"at_ms": at_ms, "event": event}
            self.story.append({**entry, "detail": detail} if detail else entry)
