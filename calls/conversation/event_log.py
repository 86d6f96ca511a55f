"""PURE: the log of one call, bounded. What a peer can repeat at will is only counted after a while."""

import re
from dataclasses import dataclass, field
from typing import TypeAlias

from calls.agents import base
from calls.conversation.outputs import RESULTS, Entry, EntryKind
from calls.conversation.playout import PromptFinished, PromptResult
from calls.protocol.messages import SAMPLE_RATE, Malformed, Start
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

_KIND_OF_RESULT = {result: kind for kind, result in RESULTS.items()}
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s-]?\d){5,}")

ResultAction: TypeAlias = (
    base.RecordAnswer
    | base.QuestionHeard
    | base.ReachOutcome
    | base.AskCallback
    | base.BookSlot
    | base.CancelAppointment
    | base.OptOut
    | base.WantPerson
    | base.AddTag
    | base.KeepLanguage
    | base.Tell
)
"""Actions of an agent that say what the call brought."""


@dataclass(slots=True)
class _Allowance:
    """So many entries of a kind in full; the rest in one sentence at the end."""

    left: int
    sentence: str
    unwritten: int = 0


@dataclass(slots=True)
class EventLog:
    """Entries in order, positioned on the call's clock (milliseconds since `began`, in seconds)."""

    began: float
    problems: int
    keys: int
    speech: int = 200
    _entries: list[Entry] = field(default_factory=list)
    _allowances: dict[EntryKind, _Allowance] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._allowances = {
            EntryKind.PROBLEM: _Allowance(self.problems, "more problems were counted and not written down."),
            EntryKind.KEY: _Allowance(self.keys, "more keys were pressed and not written down."),
            EntryKind.SPEECH: _Allowance(self.speech, "more changes of speech were not written down."),
        }

    def at_ms(self, now: float) -> int:
        """Return the position of `now` (seconds) on the call's clock, in whole milliseconds from 0."""
        return max(0, round((now - self.began) * 1000))

    def add(self, kind: EntryKind, text: str, now: float, **data: object) -> None:
        """Add one entry, or count it once its kind has had its allowance; `data` must be JSON-ready."""
        if (allowance := self._allowances.get(kind)) is not None:
            allowance.left -= 1
            if allowance.left < 0:
                allowance.unwritten += 1
                return
        self._entries.append(Entry(kind=kind, at_ms=self.at_ms(now), text=text, payload=data))

    def add_result(self, result: CallResult, text: str, now: float) -> None:
        """Add an entry about what the call brought; its kind follows from the type of `result`."""
        kind = _KIND_OF_RESULT[type(result)]
        self._entries.append(Entry(kind=kind, at_ms=self.at_ms(now), text=text, payload=result))

    def sum_up(self, now: float) -> None:
        """Add an entry for each kind of which some were only counted. Called once, at the end."""
        for kind, allowance in self._allowances.items():
            if count := allowance.unwritten:
                text, data = f"{count} {allowance.sentence}", {"unwritten": count}
                self._entries.append(Entry(kind=kind, at_ms=self.at_ms(now), text=text, payload=data))

    def take(self) -> list[Entry]:
        """Return the entries since the last call, in order."""
        taken, self._entries = self._entries, []
        return taken


def without_numbers(words: str) -> str:
    """Return the platform's own words with anything like a phone number masked."""
    return _LONG_NUMBER.sub("•••", words)


def seconds(ms: int) -> str:
    """Return milliseconds as text in seconds with one decimal: `8800` as `8.8`."""
    return f"{ms / 1000:.1f}"


def how_it_ended(ended: PromptFinished) -> str:
    """Return a sentence about a prompt that is over."""
    whole = f"“{ended.name}” heard in full, {seconds(ended.total_ms)} s"
    part = f"“{ended.name}” heard {seconds(ended.heard_ms)} of {seconds(ended.total_ms)} s"
    if ended.result is PromptResult.FINISHED:
        return f"{whole}." if ended.mark_back else f"{whole}, by the play clock; its mark had not come back."
    if not ended.heard_ms:
        return f"“{ended.name}” was dropped before it was heard."
    if ended.result is PromptResult.CLEARED:
        return f"{part}; the rest was cleared."
    return f"{part}; the call was over before the rest."


def result_of(action: ResultAction) -> tuple[CallResult, str]:
    """Return what the call brought, by the agent's word, and a sentence about it."""
    match action:
        case base.RecordAnswer(question, value, label, kind, step):
            return Answer(question, value, label, kind, step), f"{question}: {label or value}."
        case base.QuestionHeard(question, heard, total, finished):
            part = "in full" if finished else f"{seconds(heard)} of {seconds(total)} s"
            return QuestionHeard(
                question, heard, total, finished
            ), f"{question}: the question was heard {part}."
        case base.ReachOutcome(outcome, label):
            return Outcome(outcome, label), f"{label or outcome}."
        case base.Tell(service, values):
            return Tell(service, values), f"“{service}” is to be told."
        case base.WantPerson(about, step, how):
            return PersonWanted(about, step, how), f"Wants a person: {about}."
        case _:
            return _wish(action)


def _wish(
    action: base.AskCallback
    | base.BookSlot
    | base.CancelAppointment
    | base.OptOut
    | base.AddTag
    | base.KeepLanguage,
) -> tuple[CallResult, str]:
    match action:
        case base.AskCallback(when, label, how):
            return CallbackAsked(when, label, how), f"Asked to be called back: {label or when}."
        case base.BookSlot(calendar, slot, label):
            return Booking(
                calendar, str(slot), label
            ), f"Took an appointment in “{calendar}”: {label or slot}."
        case base.CancelAppointment(calendar):
            return Booking(calendar, "", ""), f"Gave back the appointment in “{calendar}”."
        case base.AddTag(tag):
            return Tagged(tag), f"Tagged “{tag}”."
        case base.KeepLanguage(language):
            return LanguageChosen(language), f"Chose the language “{language}” for this and later calls."
        case base.OptOut(how, what):
            said = f"pressed {what}" if how == "key" else f"said “{what}”"
            return OptOut(how, what), f"Asked not to be called again: {said}."


def what_was_wrong(problem: Malformed) -> str:
    """Return a sentence about a frame from outside that could not be used."""
    which = f"A “{problem.event}” frame" if problem.event else "A frame"
    return f"{which} could not be used: {problem.detail or problem.problem.value}. The call goes on."


def who(campaign: str, language: str) -> str:
    """Return a sentence about whom a call is for; no name, no number."""
    call = f"Call of campaign “{campaign}”" if campaign else "Call without a campaign"
    return f"{call}; language {language}."


def unexpected(start: Start) -> list[str]:
    """Return sentences about what a start message says that we did not expect; usually none."""
    found = []
    rate = start.media_format.sample_rate
    if rate != SAMPLE_RATE:
        found.append(f"The platform announced audio of {rate} Hz; it is taken as {SAMPLE_RATE} Hz.")
    if start.parameters_cut:
        found.append(f"{start.parameters_cut} custom parameters were too many or too long, and were cut.")
    return found


def key_pressed(digit: str, *, during: str, heard: bool, late: bool) -> str:
    """Return a sentence about one key. `during`: name of the prompt being heard, empty for none; `late`: we
    had begun to hang up, so that nothing is said any more."""
    where = f" during “{during}”" if during else ""
    how = ", heard as a tone" if heard else ""
    after = " while we hung up; a wish counts, but is not answered any more" if late else ""
    return f"{digit} pressed{where}{how}{after}."
