"""PURE: tests made by the machine: the fewest that are found to pass every exit of a dialogue.

The ways are searched breadth first: at each step that waits, every move that leads out of it is tried once
for each state of the values that branches ask for. Of all calls held, few are chosen, greedily.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec import structs

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.conversation.outputs import EntryKind
from calls.simulated.exits import Exit, exits
from calls.simulated.kept_tests import KeptTest, brought, hold, world_of
from calls.simulated.moves import moves
from calls.simulated.people import compared_with, conditions, people, told
from calls.simulated.script import single_keys
from calls.simulated.simulated_call import Course, Route
from calls.simulated.worlds import others

MOST_CALLS = 4000
"""Held while searching; a dialogue of 40 steps needs some hundred."""

_State = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Tests, and which exits they pass."""

    tests: list[tuple[str, KeptTest]]
    """Name and test."""
    exits: list[Exit]
    uncovered: list[Exit]
    """Exits that no call was found to take: a condition never holds, or another always comes first."""
    calls: int
    """Held while searching."""


@dataclass(frozen=True, slots=True)
class _Held:
    test: KeptTest
    passed: frozenset[Exit]


@dataclass(slots=True)
class _Search:
    document: DialogueConfiguration
    wanted: frozenset[Exit]
    held: list[_Held] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    """Kinds of requests that were made."""
    found: set[Exit] = field(default_factory=set)

    @property
    def is_over(self) -> bool:
        return self.wanted <= self.found or len(self.held) >= MOST_CALLS

    def explore(self, first: KeptTest) -> None:
        """Try every move at every state that calls of this person, in this world, come to."""
        seen: set[_State] = set()
        waiting = deque([first])
        while waiting and not self.is_over:
            test = waiting.popleft()
            course, state = self.held_call(test)
            if not course.resting_at or state in seen:
                continue
            seen.add(state)
            step = dict(self.document.all_steps())[course.resting_at]
            compared = compared_with(self.document, _value_of(course.resting_at, step))
            for move in moves(self.document, course.resting_at, compared):
                waiting.append(structs.replace(test, inputs=[*test.inputs, *move]))

    def held_call(self, test: KeptTest) -> tuple[Course, _State]:
        """Hold a test's call and keep what it passed. Return its course, and the state it rests in."""
        world = world_of(test)
        course, route = hold(self.document, test, world)
        self.asked |= world.asked
        passed = frozenset(route.passed) & self.wanted
        self.found |= passed
        keys = [*single_keys(test.inputs)]
        if course.played < len(keys):  # without inputs whose moment did not come
            test = structs.replace(test, inputs=keys[: course.played])
        self.held.append(_Held(test, passed))
        return course, self.state_of(course, route)

    def state_of(self, course: Course, route: Route) -> _State:
        """Return where a call rests, and what branches may ask for later."""
        asked = {condition.value for condition in conditions(self.document)}
        steps = dict(self.document.all_steps())
        setting = {i for i, s in steps.items() if isinstance(s, doc.Set) and asked & s.values.keys()}
        by_question = {_question_of(i, s): _value_of(i, s) for i, s in steps.items()}
        answers = {
            (by_question.get(str(entry.data["question"])), str(entry.data["value"]))
            for entry in course.entries
            if entry.kind is EntryKind.ANSWER
        }
        known = frozenset(answer for answer in answers if answer[0] in asked)
        sets = frozenset(step_id for step_id, _ in route.passed if step_id in setting)
        return course.resting_at, known, sets


def cover(document: DialogueConfiguration, *, language: str = "") -> Coverage:
    """Return tests that pass every exit of a dialogue without problems, in one language."""
    wanted = exits(document)
    search = _Search(document, frozenset(wanted))
    everyone = people(document, language or document.default_language)
    for person in everyone:
        if not search.is_over:
            search.explore(KeptTest(person=person))
    fetched = [*(person.values for person in everyone), *told(document)]
    for kind in sorted(search.asked):
        for replies in others(kind, fetched):
            if not search.is_over:
                search.explore(KeptTest(person=everyone[0], replies={kind: replies}))
    chosen = _fewest(search.held)
    tests = []
    for number, (held, new) in enumerate(chosen, 1):
        course, _ = hold(document, held.test)
        test = structs.replace(held.test, expect=brought(course))
        tests.append((_name(document, number, new), test))
    uncovered = [known for known in wanted if known not in search.found]
    return Coverage(tests=tests, exits=wanted, uncovered=uncovered, calls=len(search.held))


def _fewest(held: Sequence[_Held]) -> list[tuple[_Held, list[Exit]]]:
    """Return the calls that together pass all that any passes, and what each adds: greedily, then without
    those that later ones made needless."""
    left = {known for call in held for known in call.passed}
    chosen: list[_Held] = []
    while left:
        best = max(held, key=lambda call: (len(call.passed & left), -len(call.test.inputs)))
        chosen.append(best)
        left -= best.passed
    for call in chosen[:]:
        others = set[Exit]().union(*(other.passed for other in chosen if other is not call))
        if call.passed <= others:
            chosen.remove(call)
    known, found = set[Exit](), list[tuple[_Held, list[Exit]]]()
    for call in chosen:
        found.append((call, sorted(call.passed - known)))
        known |= call.passed
    return found


def _name(document: DialogueConfiguration, number: int, new: Sequence[Exit]) -> str:
    steps = dict(document.all_steps())
    places = (f"{steps[i].title or i}: {name}" if i in steps else name for i, name in new)
    return f"{number}. {', '.join(places)}"[:120]


def _value_of(step_id: str, step: doc.AnyStep) -> str:
    """Return under which name the answer of a step is compared."""
    if isinstance(step, doc.Digits):
        return step.value or step_id
    return _question_of(step_id, step)


def _question_of(step_id: str, step: doc.AnyStep) -> str:
    """Return under which name the answer of a step is recorded."""
    return (step.question if isinstance(step, doc.Ask | doc.Digits) else "") or step_id
