"""PURE: kept tests: a person, what they do, and what must come of it. Run in virtual time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct, field

from calls.agents.dialogue.agent import DialogueAgent
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.conversation.outputs import EntryKind
from calls.simulated.script import Input, Person
from calls.simulated.simulated_call import Course, Route, SimulatedCall, World, results
from calls.simulated.worlds import KeptWorld


class Expectation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What must come of a call. What is left out may be anything."""

    outcome: str | None = None
    answers: dict[str, str] | None = None
    opted_out: bool | None = None
    call_back: str | None = None
    person: str | None = None
    """What staff are to call about."""
    tags: list[str] | None = None
    prompts: list[str] | None = None
    """Names of what was heard, at least in part, in order."""
    end: str | None = None
    """`agent`, `caller` or `limit`: who ended it."""


class KeptTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body of a kept test, as it is stored."""

    person: Person
    inputs: list[Input] = []
    replies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What comes of requests, by their name or kind, one after the other; the last again and again."""
    lengths: dict[str, list[int | None]] = field(default_factory=dict)
    """By the name of a prompt, how long it takes each time, in ms; by its text where that is not said."""
    expect: Expectation = Expectation()


class NotATestError(ValueError):
    """A stored or imported body is no kept test. The text is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a kept test."""

    difference: str
    """The first step that differs, in a sentence; empty if all came as expected."""
    course: Course
    passed: Sequence[tuple[str, str]]
    """The exits that the call took: step and exit, in order."""

    @property
    def holds(self) -> bool:
        """Return whether all came as expected."""
        return not self.difference


def read_test(body: Mapping[str, object]) -> KeptTest:
    """Return the kept test of a JSON object. Raises `NotATestError`."""
    try:
        return msgspec.convert(dict(body), KeptTest)
    except msgspec.ValidationError as error:
        raise NotATestError(f"This is no kept test: {error}.") from error


def written(test: KeptTest) -> dict[str, Any]:
    """Return a kept test as the JSON object that is stored."""
    body: dict[str, Any] = msgspec.to_builtins(test)
    return body


def hold(document: DialogueConfiguration, test: KeptTest, world: World | None = None) -> tuple[Course, Route]:
    """Return what happens in the call of a test, and its way through the dialogue."""
    route = Route()
    agent = DialogueAgent(document, route)
    call = SimulatedCall(agent, test.person.context(), world=world or world_of(test), route=route)
    return call.run(test.inputs), route


def world_of(test: KeptTest) -> KeptWorld:
    """Return the world that a test describes."""
    return KeptWorld(test.lengths, test.replies)


def run(document: DialogueConfiguration, test: KeptTest) -> Verdict:
    """Return whether what must come of a test does, and the first step that differs if not."""
    course, route = hold(document, test)
    found = sorted(_differences(test, course), key=lambda difference: difference[0])
    return Verdict(difference=found[0][1] if found else "", course=course, passed=route.passed)


def brought(course: Course) -> Expectation:
    """Return what came of a call, as what must come of it from now on."""
    found: dict[str, Any] = {**results(course.entries)}
    return Expectation(**found, prompts=heard(course), end=course.ended_by.value)


def heard(course: Course) -> list[str]:
    """Return the names of the prompts of which something was heard, in order."""
    return [spoken.name for spoken in course.spoken if spoken.over.heard_ms]


def _differences(test: KeptTest, course: Course) -> Iterator[tuple[int, str]]:
    """Yield how many prompts had been heard before a difference, and the difference as a sentence."""
    expect, came = test.expect, results(course.entries)
    said = heard(course)
    after_all = len(said)
    if expect.answers is not None:
        yield from _other_answers(expect.answers, course)
    if expect.prompts is not None:
        yield from _other_prompt(expect.prompts, said)
    for given in course.unplayed[:1]:
        yield after_all, f"{_at(said)}: the call was over before the moment to {given.sentence()} came."
    for name, words in _RESULTS.items():
        wanted = getattr(expect, name)
        if wanted is not None and wanted != came[name]:
            yield after_all, f"{_at(said)}: expected {words(wanted)}, came {words(came[name])}."
    if expect.end is not None and expect.end != course.ended_by.value:
        wanted, by = _WHO.get(expect.end, expect.end), _WHO[course.ended_by.value]
        yield after_all, f"{_at(said)}: expected the call to be ended by {wanted}, it was by {by}."


def _other_prompt(wanted: Sequence[str], said: Sequence[str]) -> Iterator[tuple[int, str]]:
    for number in range(max(len(wanted), len(said))):
        expected = f"“{wanted[number]}”" if number < len(wanted) else "nothing more"
        came = f"“{said[number]}”" if number < len(said) else "nothing more"
        if expected != came:
            yield number, f"{_at(said[:number])}: expected {expected} to be said, came {came}."
            return


def _other_answers(wanted: Mapping[str, str], course: Course) -> Iterator[tuple[int, str]]:
    count, came = 0, dict[str, tuple[int, str, str]]()
    latest: list[str] = []
    for entry in course.entries:
        if entry.kind is EntryKind.PROMPT:
            count, latest = count + 1, [str(entry.data["name"])]
        elif entry.kind is EntryKind.ANSWER:
            came[str(entry.data["question"])] = count, str(entry.data["value"]), _at(latest)
    for question in dict.fromkeys([*came, *wanted]):
        number, value, place = came.get(question, (count, "", _at(latest)))
        expected = wanted.get(question, "")
        if value != expected:
            words = (f"the answer “{text}”" if text else "no answer" for text in (expected, value))
            expected_words, came_words = words
            yield number, f"{place}: expected {expected_words} to “{question}”, came {came_words}."


def _at(said: Sequence[str]) -> str:
    return f"At “{said[-1]}”" if said else "At the beginning"


_RESULTS: Mapping[str, Any] = {
    "outcome": lambda value: f"the outcome “{value}”" if value else "no outcome",
    "opted_out": lambda value: "an opt-out" if value else "no opt-out",
    "call_back": lambda value: f"a call back “{value}”" if value else "no call back",
    "person": lambda value: f"a wish for a person about “{value}”" if value else "no wish for a person",
    "tags": lambda value: f"the tags {', '.join(value)}" if value else "no tags",
}
_WHO: Mapping[str, str] = {"agent": "us", "caller": "the person", "limit": "the limit of a call"}
