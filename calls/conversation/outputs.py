"""What one step of a call asks of the shell: frames to send, entries to log, effects to perform.

Pure data. Made by `calls.conversation`, carried out by `calls.consumers`, stored by `calls.events`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from calls.agents.base import Piece
from calls.agents.requests import Request
from calls.audio.speech_detector import VadAudio
from campaigns.rules.results import (
    Answer,
    Booking,
    CallbackAsked,
    CallResult,
    LanguageChosen,
    OptOut,
    Outcome,
    PersonWanted,
    QuestionHeard,
    Tagged,
    Tell,
)


class EntryKind(StrEnum):
    """Kinds of log entries; also the chip on the call page's timeline."""

    CONNECTED = "connected"
    START = "start"
    IDENTIFIED = "identified"
    FIRST_AUDIO = "first_audio"
    PROMPT = "prompt"
    HEARD = "heard"
    CLEAR = "clear"
    KEY = "key"
    COLLECTED = "collected"
    SPEECH = "speech"
    ANSWER = "answer"
    QUESTION = "question"
    OUTCOME = "outcome"
    CALLBACK = "callback"
    BOOKING = "booking"
    OPT_OUT = "opt_out"
    PERSON = "person"
    TAG = "tag"
    LANGUAGE = "language"
    TELL = "tell"
    PROBLEM = "problem"
    NOTE = "note"
    STATS = "stats"
    STOP = "stop"
    END = "end"


RESULTS: Final[Mapping[EntryKind, type[CallResult]]] = {
    EntryKind.ANSWER: Answer,
    EntryKind.QUESTION: QuestionHeard,
    EntryKind.OUTCOME: Outcome,
    EntryKind.CALLBACK: CallbackAsked,
    EntryKind.BOOKING: Booking,
    EntryKind.OPT_OUT: OptOut,
    EntryKind.PERSON: PersonWanted,
    EntryKind.TAG: Tagged,
    EntryKind.LANGUAGE: LanguageChosen,
    EntryKind.TELL: Tell,
}
"""Kinds of entries whose payload is a result: it is acted on in the transaction that stores the entry."""


class Entry(Struct, frozen=True, kw_only=True):
    """One entry of the call's log. `at_ms` counts from the accepted connection; `text` is a sentence.

    `payload` is a result for the kinds in `RESULTS`, else a small JSON-ready mapping. On disk and in the
    database it is called `data`.
    """

    kind: EntryKind
    at_ms: int
    text: str
    payload: Mapping[str, object] | CallResult = msgspec.field(default_factory=dict, name="data")

    @classmethod
    def from_json(cls, kind: EntryKind, at_ms: int, text: str, data: Mapping[str, object]) -> "Entry":
        """Return the entry of these stored values, its payload typed as `RESULTS` says for its kind."""
        result = RESULTS.get(kind)
        return cls(kind=kind, at_ms=at_ms, text=text, payload=result.from_json(data) if result else data)

    @property
    def data(self) -> Mapping[str, object]:
        """The payload as the JSON object that is stored."""
        if not isinstance(self.payload, Struct):
            return self.payload
        stored: dict[str, object] = msgspec.to_builtins(self.payload)
        return stored


@dataclass(frozen=True, slots=True)
class Identify:
    """Find out who this call is for, and answer with `Conversation.identified` or `.unidentified`."""

    reference: str
    custom_parameters: Mapping[str, str]
    stream_sid: str
    call_sid: str


@dataclass(frozen=True, slots=True)
class Synthesise:
    """Turn text to PCM (int16 mono 8 kHz), answer with `Conversation.audio_ready` or `.audio_failed`."""

    prompt: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class LoadClip:
    """Load a recorded clip as PCM, answer as for `Synthesise`."""

    prompt: str
    clip: str


@dataclass(frozen=True, slots=True)
class Compose:
    """Make one prompt of spoken texts and recorded clips, answer as for `Synthesise`."""

    prompt: str
    pieces: tuple[Piece, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Carry:
    """Carry out an agent's request, answer with `Conversation.performed`."""

    key: int
    request: Request


Effect = Identify | Synthesise | LoadClip | Compose | Carry


class Ending(StrEnum):
    """Who ended the call; the values of `calls.models.Call.EndedBy`."""

    AGENT = "agent"
    CALLER = "caller"
    CONNECTION = "connection"
    SERVER = "server"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Close the socket now (or it is closed already: `code` None) and the call row with it."""

    code: int | None
    ended_by: Ending
    reason: str


NO_AGENT = "failed"
"""The disposition of a call that no agent was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The call in figures, for its row. Milliseconds and counts."""

    duration_ms: int
    frames_in: int
    frames_out: int
    heard_ms: int
    first_audio_ms: int | None
    disposition: str
    outcome: str
    statistics: Mapping[str, object] = field(default_factory=dict)
    """JSON-ready, see `MediaStats.totals`."""


class Side(StrEnum):
    """Whose voice: caller is the left channel of a recording, agent the right."""

    CALLER = "caller"
    AGENT = "agent"


class Recorded(Struct, frozen=True, gc=False):
    """Audio for the recorder: int16 mono PCM at 8 kHz, heard from `at_ms` on (clock of `Entry.at_ms`).

    Of one side pieces come in order and never overlap. The caller's are what came in; the agent's are what
    was played to the person, cut where it was cleared.
    """

    side: Side
    at_ms: int
    pcm: bytes


class Step(Struct):
    """What to do now. `wake_at` is on the same clock as the `now` that was passed in (seconds).

    One is made for every frame that comes: a struct, which costs a tenth of a data class with lists.
    """

    frames: list[str] = []
    entries: list[Entry] = []
    effects: list[Effect] = []
    recording: list[Recorded] = []
    vad_audio: VadAudio | None = None
    """Caller audio for the VAD model; its probabilities come back by `Conversation.speech`."""
    wake_at: float | None = None
    close: Close | None = None
