"""PURE: a call by typing: what was typed so far becomes a transcript. Nothing is kept between two lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from calls.agents.dialogue.agent import DialogueAgent
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.conversation.outputs import Ending, Entry, EntryKind
from calls.simulated.moves import HANG_UP, WAIT
from calls.simulated.script import Do, Input, Person
from calls.simulated.simulated_call import Course, Route, SimulatedCall
from calls.simulated.worlds import KeptWorld

HELP = "Type keys (0 to 9, *, #), `..` to say nothing, `say` to speak, `hang up` to hang up."
_SPEECH_MS = 1200
_KEYS = frozenset("0123456789*#")


class Side(StrEnum):
    """Whose line it is."""

    AGENT = "agent"
    PERSON = "person"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a transcript."""

    side: Side
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A call as it stands after what was typed."""

    lines: list[Line]
    is_over: bool
    step: str
    """The id of the step that waits; empty if the call is over."""


class NotTypedError(ValueError):
    """What was typed means nothing. The text says what does."""


def read_line(text: str) -> Input:
    """Return what a typed line means. Raises `NotTypedError`."""
    words = text.strip().lower()
    if words in ("..", "…"):
        return WAIT
    if words == "say":
        return Input(do=Do.SAY, speech_ms=_SPEECH_MS)
    if words == "hang up":
        return HANG_UP
    keys = words.replace(" ", "")
    if keys and _KEYS.issuperset(keys):
        return Input(do=Do.PRESS, keys=keys)
    raise NotTypedError(HELP)


def transcript(document: DialogueConfiguration, person: Person, inputs: Sequence[Input]) -> Transcript:
    """Return the call of a person who did what was typed and has typed nothing more yet."""
    route = Route()
    call = SimulatedCall(
        DialogueAgent(document, route), person.context(), world=KeptWorld(), route=route, stops_at_rest=True
    )
    course = call.run(inputs)
    is_over = course.ended_by is not Ending.LIMIT
    return Transcript(lines=lines_of(course), is_over=is_over, step=course.resting_at)


def lines_of(course: Course) -> list[Line]:
    """Return what was said and done in a call, line by line."""
    texts = {number: spoken.text for number, spoken in enumerate(course.spoken)}
    lines, heard = list[Line](), 0
    for entry in course.entries:
        if entry.kind is EntryKind.HEARD:
            if entry.data["heard_ms"]:
                cut = "" if entry.data["ended"] == "finished" else " …"
                lines.append(Line(Side.AGENT, f"{entry.data['name']}: {texts[heard]}{cut}"))
            heard += 1
        elif line := _line(entry):
            lines.append(line)
    return lines


_BROUGHT = (
    *(EntryKind.ANSWER, EntryKind.OUTCOME, EntryKind.CALLBACK, EntryKind.OPT_OUT),
    *(EntryKind.PERSON, EntryKind.TAG, EntryKind.LANGUAGE),
)


def _line(entry: Entry) -> Line | None:
    match entry.kind:
        case EntryKind.KEY:
            return Line(Side.PERSON, str(entry.data.get("digit", "")))
        case EntryKind.SPEECH if "began_ms" in entry.data:
            return Line(Side.PERSON, "(speaks)")
        case kind if kind in _BROUGHT:
            return Line(Side.NOTE, entry.text)
        case EntryKind.NOTE | EntryKind.PROBLEM:
            return Line(Side.NOTE, entry.text)
        case EntryKind.END if entry.data.get("ended_by") != Ending.LIMIT.value:
            return Line(Side.NOTE, entry.text)
        case _:
            return None
