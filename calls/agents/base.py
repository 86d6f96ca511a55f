"""The interface of an agent: it takes the events of a call and returns actions. Pure: no clock, no I/O.

An agent that needs I/O (speech, a recorded clip) returns an action for it; the media connection carries it
out and the audio plays when it is ready. So a whole dialogue can be tested with a list of events.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from msgspec import Struct, ValidationError

from calls.agents.requests import Reply, Request


@dataclass(frozen=True, slots=True)
class Resume:
    """Where an earlier call with the person was cut off: the id of the step, and the values known there."""

    step: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """Who is on the line and why. `variables` are what may be spoken, as text."""

    language: str
    variables: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    campaign: str = ""
    inbound: bool = False
    callback: bool = True
    """Whether a call-back would be made; False when the person has had as many as there are."""
    recorded: bool = True
    """Whether the call is recorded, so that the person can leave a message."""
    today: str = ""
    """The day in India, as an ISO date."""
    resume: Resume | None = None
    """Where to go on; None for a call that begins anew."""


# --- Events: what happens in a call ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The stream has started and the person is known."""

    context: CallContext


@dataclass(frozen=True, slots=True)
class AudioReceived:
    """Caller audio: int16 mono little-endian PCM at 8 kHz, usually 20 ms."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One key, of `0-9*#A-D`."""

    digit: str


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """A prompt is over: heard to its end, or dropped (cleared) after `heard_ms` of `total_ms`."""

    name: str
    finished: bool
    heard_ms: int
    total_ms: int


@dataclass(frozen=True, slots=True)
class PromptFailed:
    """A prompt could not be made (no voice, no clip); `reason` is a sentence."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer the agent had started is due."""

    name: str


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The person has begun to speak; only an agent with `wants_speech` gets it."""


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The person has stopped. `duration_ms`: from the first to the last sound of speech."""

    duration_ms: int


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The line is closed, by either side; it does not follow a `HangUp`, but for a key pressed after that.

    Results may still be recorded (answer, outcome, call-back, opt-out, note); audio is not played any more.
    A key that was pressed before the platform read our close comes as `KeyPressed` and another `CallEnded`.
    """


class CollectEnd(StrEnum):
    """Why a collection of digits is over."""

    FULL = "full"
    TERMINATOR = "terminator"
    PAUSE = "pause"
    """No further key came, and there were enough."""
    SHORT = "short"
    """The terminator or a pause came, and there were too few."""
    NOTHING = "nothing"
    """No key at all."""


@dataclass(frozen=True, slots=True)
class Collected:
    """A `Collect` is over. `digits` without the terminator."""

    name: str
    digits: str
    reason: CollectEnd


@dataclass(frozen=True, slots=True)
class Performed:
    """A `Perform` is over: what came of it, or `Failed`."""

    name: str
    reply: Reply


AgentEvent = (
    CallStarted
    | AudioReceived
    | KeyPressed
    | PromptEnded
    | PromptFailed
    | TimerFired
    | SpeechStarted
    | SpeechEnded
    | Collected
    | Performed
    | CallEnded
)


# --- Actions: what an agent may do -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BargeIn:
    """What cuts a prompt: the person's speech, a key. A cut drops what is queued behind it as well."""

    speech: bool = False
    key: bool = False


NO_BARGE_IN = BargeIn()


@dataclass(frozen=True, slots=True)
class Play:
    """Play PCM (int16 mono 8 kHz) after what is queued; `PromptEnded(name)` follows."""

    name: str
    pcm: bytes
    barge_in: BargeIn = NO_BARGE_IN


@dataclass(frozen=True, slots=True)
class PlayClip:
    """Play a recorded clip, by the name of its Content; `PromptEnded` or `PromptFailed` follows."""

    name: str
    clip: str
    barge_in: BargeIn = NO_BARGE_IN


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a text; `PromptEnded` or `PromptFailed` follows."""

    name: str
    text: str
    language: str
    barge_in: BargeIn = NO_BARGE_IN


class TextPiece(Struct, frozen=True, gc=False):
    """A part of a prompt that is spoken."""

    text: str


class ClipPiece(Struct, frozen=True, gc=False):
    """A part of a prompt that is a recorded clip; `text` is spoken where the clip is missing."""

    clip: str
    text: str


Piece = TextPiece | ClipPiece


@dataclass(frozen=True, slots=True)
class SayPieces:
    """Speak and play pieces without a gap, as one prompt; `PromptEnded` or `PromptFailed` follows."""

    name: str
    pieces: tuple[Piece, ...]
    language: str
    barge_in: BargeIn = NO_BARGE_IN


@dataclass(frozen=True, slots=True)
class ClearAudio:
    """Drop everything not yet heard: barge-in."""

    because: str


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Ask for `TimerFired(name)` after so many seconds; starting it again replaces it."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Forget a timer."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect:
    """Take digits as one answer; `Collected(name)` follows, and no `KeyPressed` until then.

    Over at `most` digits, at the `terminator`, when no key comes for `inter_digit_s`, or when none comes
    within `first_digit_s` after all that is queued has been heard. A second `Collect` replaces the first.
    """

    name: str
    least: int = 1
    most: int
    terminator: str = "#"
    """One key, or empty for none."""
    first_digit_s: float = 6.0
    inter_digit_s: float = 3.0
    keys: str = "0123456789"
    """Keys that count; others are passed over."""


@dataclass(frozen=True, slots=True)
class StopCollecting:
    """Forget the collection; keys are `KeyPressed` again."""


@dataclass(frozen=True, slots=True)
class PressKeys:
    """Take keys that were buffered as if they were pressed now: they cut prompts and are collected."""

    digits: str


@dataclass(frozen=True, slots=True)
class Perform:
    """Ask the world for something; `Performed(name)` follows within `seconds`, whatever happens.

    A second one of the same name replaces the first: the reply to that is not told.
    """

    name: str
    request: Request
    seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """The person answered a question. `kind` is one of `campaigns.rules.results.AnswerKind`."""

    question: str
    value: str
    label: str
    kind: str = ""
    step: str = ""
    """The step that asked."""


@dataclass(frozen=True, slots=True)
class BeginMessage:
    """From now on the caller's audio is a message; one that has begun before is not kept."""


@dataclass(frozen=True, slots=True)
class EndMessage:
    """The message is over. `kept`: it is the answer to `question`, without its last `quiet_s` of silence."""

    question: str
    step: str
    kept: bool = True
    quiet_s: float = 0.0


@dataclass(frozen=True, slots=True)
class QuestionHeard:
    """How much was heard of a question that was answered: it follows the answer, once the prompt is over."""

    question: str
    heard_ms: int
    total_ms: int
    finished: bool


@dataclass(frozen=True, slots=True)
class ReachOutcome:
    """What was achieved, e.g. `confirmed`; a later one replaces an earlier one."""

    outcome: str
    label: str


@dataclass(frozen=True, slots=True)
class AskCallback:
    """The person wants a call back at `when`: "tomorrow 10:00", ISO 8601 (`schedule.callback_times.moment`).

    `label` says it for people; `how` is "key" or "spoken".
    """

    when: str
    label: str
    how: str


@dataclass(frozen=True, slots=True)
class BookSlot:
    """The person takes a slot of a calendar, one that was held by `HoldSlot`; `label` says it for people.

    It takes the place of the person's earlier appointment in that calendar, if there is one.
    """

    calendar: str
    slot: int
    label: str


@dataclass(frozen=True, slots=True)
class CancelAppointment:
    """The person gives back the appointment that they have in a calendar."""

    calendar: str


@dataclass(frozen=True, slots=True)
class OptOut:
    """The person asked not to be called. `how` is "key" or "spoken"; `what` the key or the words."""

    how: str
    what: str


@dataclass(frozen=True, slots=True)
class AddTag:
    """Put a word on the call, by which it is found again."""

    tag: str


@dataclass(frozen=True, slots=True)
class KeepLanguage:
    """The person chose a language: it is spoken in later calls as well."""

    language: str


@dataclass(frozen=True, slots=True)
class WantPerson:
    """Staff are to call the person. `about` says for them what it is about; `how` is "key" or "step"."""

    about: str
    step: str
    how: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell an outside service something, by the service's name: it is told once the entry is stored."""

    service: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the log, about a decision that no other entry shows (e.g. another language)."""

    text: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call after what is queued has been heard. `reason` is a sentence for the log.

    `disposition`: how the call ended, where "answered" would say too little; at most 20 characters.
    """

    reason: str
    disposition: str = ""


Action = (
    Play
    | PlayClip
    | Say
    | SayPieces
    | ClearAudio
    | StartTimer
    | StopTimer
    | Collect
    | StopCollecting
    | PressKeys
    | Perform
    | RecordAnswer
    | BeginMessage
    | EndMessage
    | QuestionHeard
    | ReachOutcome
    | AskCallback
    | BookSlot
    | CancelAppointment
    | OptOut
    | WantPerson
    | AddTag
    | KeepLanguage
    | Tell
    | Note
    | HangUp
)


class Agent(Protocol):
    """The agent of one call: made for it, given its events in order, dropped after it."""

    #: Whether it gets `AudioReceived` for every 20 ms of caller audio.
    wants_audio: bool

    @property
    def wants_speech(self) -> bool:
        """Whether the person's speech is detected just now: `SpeechStarted` and `SpeechEnded`."""
        ...

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        """Return what to do about one event, in order. Nothing a caller or a platform does makes it raise."""
        ...


# --- What a kind of agent is -------------------------------------------------------------------------


class Configuration(Struct, frozen=True, forbid_unknown_fields=True):
    """What an agent of one kind is made from, and what a campaign asks about it before it calls.

    A kind derives its own and overrides what applies to it; this class answers for an agent that says
    nothing and plays nothing.
    """

    def problems(self) -> list[str]:
        """Return what is wrong with the values, in sentences; an empty list if an agent can be made."""
        return []

    def clips(self) -> tuple[str, ...]:
        """Return the names of the recorded clips that are played."""
        return ()

    def text_languages(self) -> tuple[str, ...]:
        """Return the languages of the texts, in the order written; empty for an agent without texts."""
        return ()

    def declared_variables(self) -> tuple[str, ...]:
        """Return the names of the variables said to be spoken, in the order written."""
        return ()

    def outcomes(self) -> tuple[str, ...]:
        """Return the outcomes a call may bring that may be a campaign's goal, in the order written."""
        return ()

    def questions(self) -> tuple[str, ...]:
        """Return the names under which answers are stored, in the order written."""
        return ()

    def variable_kinds(self) -> Mapping[str, str]:
        """Return the kind of each variable said to be spoken, of `campaigns.spreadsheets.written.Kind`."""
        return {}

    def heard(self, language: str) -> str:
        """Return the language spoken to a person of `language`; empty for an agent without texts."""
        return ""

    def missing(self, variables: Mapping[str, str], *, language: str) -> tuple[str, ...]:
        """Return which variables of the texts in `language` are absent from `variables` or unspeakable."""
        return ()

    def may_hear(self, language: str) -> tuple[str, ...]:
        """Return the languages that may be spoken to a person of `language`: `heard`, what can be chosen."""
        heard = self.heard(language)
        return (heard,) if heard else ()

    def texts(self, variables: Mapping[str, str], *, language: str) -> tuple[str, ...]:
        """Return every text that may be spoken to a person of `language`, once each, values filled in.

        A text that needs a value which is absent or unspeakable is left out: with no `variables` at all these
        are the texts that are the same for all people.
        """
        return ()

    def written(self, *, language: str) -> tuple[str, ...]:
        """Return the texts of exactly this language as they are written, names of values in braces.

        What in them has no value is the same for all people, whichever values the rest of a text needs.
        """
        return self.texts({}, language=language)


class Kind(NamedTuple):
    """One kind of agent, as its module hands it to `calls.agents.registry`."""

    configuration: type[Configuration]
    make: Callable[[Any], Agent]
    """Makes the agent of one call from a `configuration` without problems."""
    asks: bool = False
    """It asks the person something, so an answered call without an outcome broke off."""


class ConfigurationError(Exception):
    """An agent cannot be made from this configuration. The text says why, for the person who wrote it."""


_PLACE = re.compile(r" - at `\$\.?(.*)`$")


def with_place(error: ValidationError) -> str:
    """Return msgspec's words with the place first: "`steps.hello.title`: Expected `str`, got `int`."."""
    text = str(error)
    place = _PLACE.search(text)
    return f"`{place[1] or 'the configuration'}`: {text[: place.start()]}." if place else f"{text}."
