"""PURE: the ways through a dialogue: what is reached, which loops never wait, what never ends."""

from collections.abc import Iterable, Iterator, Mapping, Set
from types import MappingProxyType

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Document

Edges = Mapping[str, Set[str]]
_WAITS = (doc.Ask, doc.Digits, doc.Record)
_NONE: frozenset[str] = frozenset()
_OPEN: Mapping[str, frozenset[str]] = MappingProxyType({})


def edges(document: Document, closed: Mapping[str, frozenset[str]] = _OPEN) -> Edges:
    """Return which steps may follow each step, through fragments and back; unknown targets are left out.

    `closed`: by step, exits that are not taken.
    """
    steps = dict(document.all_steps())
    return {
        step_id: steps.keys() & set(_following(document, step_id, step, without=closed.get(step_id, _NONE)))
        for step_id, step in steps.items()
    }


def _following(
    document: Document, step_id: str, step: doc.AnyStep, *, without: frozenset[str] = frozenset()
) -> Iterator[str]:
    if isinstance(step, doc.Sub) and step.fragment in document.fragments:
        yield f"{step.fragment}.{document.fragments[step.fragment].start}"
    elif isinstance(step, doc.Return):
        fragment = step_id.rpartition(".")[0]
        for caller, sub in document.all_steps():
            if isinstance(sub, doc.Sub) and sub.fragment == fragment:
                yield document.target(caller, sub, step.exit)
    else:
        yield from (document.target(step_id, step, name) for name in step.exit_names() if name not in without)


def reachable(document: Document, closed: Mapping[str, frozenset[str]] = _OPEN) -> set[str]:
    """Return the ids of the steps that some call may come to; `closed` as in `edges`."""
    at_any_moment = (doc.OPTED_OUT, doc.HUNG_UP, doc.PERSON)
    starts = [document.start, *(document.exits[name] for name in at_any_moment if name in document.exits)]
    return _closure(starts, edges(document, closed))


def cut_off(document: Document, closed: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the ids of the steps that no call comes to any more with these exits closed, by step."""
    return reachable(document) - reachable(document, closed)


def loops_without_a_wait(document: Document) -> list[str]:
    """Return the steps from which one comes back to them without waiting for the person, in order."""
    ways, steps = edges(document), dict(document.all_steps())
    passing: Edges = {
        step_id: frozenset() if isinstance(steps[step_id], _WAITS) else following
        for step_id, following in ways.items()
    }
    return [step_id for step_id in steps if step_id in _closure(passing[step_id], passing)]


def no_way_out(document: Document) -> list[str]:
    """Return the reachable steps from which no end can be reached, in order."""
    ways, steps = edges(document), dict(document.all_steps())
    back: dict[str, set[str]] = {step_id: set() for step_id in steps}
    for step_id, following in ways.items():
        for target in following:
            back[target].add(step_id)
    ends = [step_id for step_id, step in steps.items() if isinstance(step, doc.End)]
    ending = _closure(ends, {step_id: frozenset(before) for step_id, before in back.items()})
    reached = reachable(document)
    return [step_id for step_id in steps if step_id in reached and step_id not in ending]


def words_before_a_question(document: Document) -> list[str]:
    """Return the `say` steps before a call's first question that lead to one, in order."""
    ways, steps = edges(document), dict(document.all_steps())
    waits = {step_id for step_id, step in steps.items() if isinstance(step, _WAITS)}
    opening: Edges = {
        step_id: frozenset() if step_id in waits else following for step_id, following in ways.items()
    }
    said = [s for s in _closure([document.start], opening) if isinstance(steps[s], doc.Say)]
    leading = {step_id for step_id in said if waits & _closure([step_id], ways)}
    return [step_id for step_id in steps if step_id in leading]


def fragments_that_run_themselves(document: Document) -> list[str]:
    """Return the names of the fragments that come to themselves again, straight or through others."""
    ways: Edges = {
        name: frozenset(step.fragment for step in fragment.steps.values() if isinstance(step, doc.Sub))
        for name, fragment in document.fragments.items()
    }
    return [name for name in ways if name in _closure(ways[name], ways)]


def ends_without_outcome(document: Document) -> list[str]:
    """Return the ends that a call comes to though every question was answered and nothing was reached."""
    steps = dict(document.all_steps())
    ways = edges(document, {step_id: _reaching(step) for step_id, step in steps.items()})
    passed = _closure([document.start], ways)
    return [step_id for step_id in steps if step_id in passed and isinstance(steps[step_id], doc.End)]


def _reaching(step: doc.AnyStep) -> frozenset[str]:
    """Return the exits behind which an outcome is reached, and those of a question without an answer."""
    match step:
        case doc.Menu():
            reached = [key for key, choice in step.choices.items() if choice.outcome]
            return frozenset([*reached, doc.NO_INPUT, doc.NO_MATCH])
        case doc.Later():
            return frozenset([*step.times, doc.NO_INPUT, doc.NO_MATCH])
        case doc.OptOut() | doc.WantPerson():
            return frozenset(step.exit_names())
        case doc.Set() if step.outcome:
            return frozenset(step.exit_names())
        case _:
            return frozenset([doc.NO_INPUT, doc.NO_MATCH, doc.FAILED])


def _closure(starts: Iterable[str], ways: Edges) -> set[str]:
    """Return the steps that one comes to from `starts`, these among them; unknown ones are left out."""
    found: set[str] = set()
    waiting = [start for start in starts if start in ways]
    while waiting:
        step_id = waiting.pop()
        if step_id not in found:
            found.add(step_id)
            waiting += (following for following in ways[step_id] if following in ways)
    return found


def ways_back(starts: Iterable[str], ways: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, str]]:
    """Yield the ways (from, to) that lead back to a step through which one came."""
    state: dict[str, int] = {}
    for start in starts:
        if start in state:
            continue
        state[start], waiting = 1, [(start, iter(ways[start]))]
        while waiting:
            step_id, targets = waiting[-1]
            target = next(targets, None)
            if target is None:
                state[step_id] = 2
                waiting.pop()
            elif state.get(target) == 1:
                yield step_id, target
            elif target not in state:
                state[target] = 1
                waiting.append((target, iter(ways[target])))
