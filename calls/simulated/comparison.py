"""PURE: a past call beside the same call with another dialogue: where they part, and what that moves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from calls.agents.dialogue.agent import DialogueAgent
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.conversation import hold
from calls.conversation.outputs import Ending, Entry, EntryKind
from calls.simulated.past_calls import read_log
from calls.simulated.script import Person
from calls.simulated.simulated_call import SimulatedCall, results
from calls.simulated.worlds import KeptWorld


class DifferenceKind(StrEnum):
    """What the first difference of a call is."""

    PROMPT = "another prompt"
    KEY = "a key taken otherwise"
    OUTCOME = "another outcome"
    OPT_OUT_MISSED = "an opt-out missed"
    OPT_OUT_NEW = "a new opt-out"
    END = "another end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How one call would go otherwise."""

    kind: DifferenceKind
    sentence: str
    is_known: bool
    """Whether it is known what comes of the call: the person did nothing after the difference."""
    before: str
    """The outcome there was; empty for none."""
    after: str
    """The outcome there would be, if that is known."""


class _Fact(NamedTuple):
    kind: EntryKind
    what: str
    at: int
    """The position of its entry in the log."""


def replay(document: DialogueConfiguration, person: Person, entries: Sequence[Entry]) -> Difference | None:
    """Return how a past call would go with a dialogue; None if it would go the same way.

    `entries`: its log, without statistics. Raises what the agent raises.
    """
    past = read_log(entries)
    call = SimulatedCall(DialogueAgent(document), person.context(), world=KeptWorld(past.lengths))
    course = call.run(past.inputs)
    return compare(entries, course.entries)


def compare(before: Sequence[Entry], after: Sequence[Entry]) -> Difference | None:
    """Return the first difference between two logs in what was said and what came of it; None if there is
    none."""
    was, now = [*_facts(before)], [*_facts(after)]
    for number in range(max(len(was), len(now))):
        old = was[number] if number < len(was) else None
        new = now[number] if number < len(now) else None
        if old is None or new is None or old[:2] != new[:2]:
            return _difference(before, after, old, new)
    return None


_WHAT = {
    EntryKind.ANSWER: "the answer “{value}” to “{question}”",
    EntryKind.OUTCOME: "the outcome “{outcome}”",
    EntryKind.CALLBACK: "a call back “{when}”",
    EntryKind.PERSON: "the wish for a person about “{about}”",
    EntryKind.TAG: "the tag “{tag}”",
    EntryKind.OPT_OUT: "the opt-out",
}


def _facts(entries: Sequence[Entry]) -> Iterator[_Fact]:
    for at, entry in enumerate(entries):
        data = entry.data
        match entry.kind:
            case EntryKind.HEARD if data["name"] != hold.NAME:
                yield _Fact(entry.kind, f"“{data['name']}”", at)
            case kind if kind in _WHAT:
                yield _Fact(entry.kind, _WHAT[kind].format_map(data), at)
            case EntryKind.END:
                by_us = data.get("ended_by") == Ending.AGENT.value
                yield _Fact(entry.kind, "the end by us" if by_us else "the end by the other side", at)


def _difference(
    before: Sequence[Entry], after: Sequence[Entry], old: _Fact | None, new: _Fact | None
) -> Difference:
    was, comes = results(before), results(after)
    came = f"{old.what} came" if old else "nothing more came"
    sentence = f"{_place(before, old)}: {came}; now it would be {new.what if new else 'nothing more'}."
    later = before[old.at :] if old else ()
    is_known = old is not None and not any(entry.kind in _INPUTS for entry in later)
    return Difference(
        kind=_kind(
            old,
            new,
            missed=bool(was["opted_out"]) and not comes["opted_out"],
            is_new=bool(comes["opted_out"]) and not was["opted_out"],
        ),
        sentence=sentence,
        is_known=is_known,
        before=str(was["outcome"]),
        after=str(comes["outcome"]) if is_known else "",
    )


_INPUTS = (EntryKind.KEY, EntryKind.SPEECH, EntryKind.STOP)
_KINDS = {
    EntryKind.ANSWER: DifferenceKind.KEY,
    EntryKind.CALLBACK: DifferenceKind.KEY,
    EntryKind.PERSON: DifferenceKind.KEY,
    EntryKind.TAG: DifferenceKind.OUTCOME,
    EntryKind.OUTCOME: DifferenceKind.OUTCOME,
    EntryKind.HEARD: DifferenceKind.PROMPT,
}


def _kind(old: _Fact | None, new: _Fact | None, *, missed: bool, is_new: bool) -> DifferenceKind:
    if missed or is_new:
        return DifferenceKind.OPT_OUT_MISSED if missed else DifferenceKind.OPT_OUT_NEW
    found = {fact.kind for fact in (old, new) if fact}
    return next((kind for entry, kind in _KINDS.items() if entry in found), DifferenceKind.END)


def _place(entries: Sequence[Entry], fact: _Fact | None) -> str:
    """Return where it was: the prompt that had begun last, and the key pressed after that."""
    until = entries[: fact.at] if fact else entries
    prompt = key = ""
    for entry in until:
        if entry.kind is EntryKind.PROMPT and entry.data["name"] != hold.NAME:
            prompt, key = str(entry.data["name"]), ""
        elif entry.kind is EntryKind.KEY:
            key = str(entry.data.get("digit", ""))
    place = f"At “{prompt}”" if prompt else "At the beginning"
    return f"{place}, after key {key}" if key else place
