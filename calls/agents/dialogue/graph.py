"""PURE: the ways through a dialogue: what is reached, which loops never wait, what never ends."""

from collections.abc import Iterator, Mapping

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Document

Edges = Mapping[str, frozenset[str]]
_WAITS = (doc.Ask, doc.Digits)


def edges(document: Document) -> Edges:
    """Return which steps may follow each step, through fragments and back; unknown targets are left out."""
    steps = dict(document.all_steps())
    return {
        step_id: frozenset(set(_following(document, step_id, step)) & steps.keys())
        for step_id, step in steps.items()
    }


def _following(document: Document, step_id: str, step: doc.AnyStep) -> Iterator[str]:
    if isinstance(step, doc.Sub) and step.fragment in document.fragments:
        yield f"{step.fragment}.{document.fragments[step.fragment].start}"
    elif isinstance(step, doc.Return):
        fragment = step_id.rpartition(".")[0]
        for caller, sub in document.all_steps():
            if isinstance(sub, doc.Sub) and sub.fragment == fragment:
                yield document.target(caller, sub, step.exit)
    else:
        yield from (document.target(step_id, step, name) for name in step.exit_names())


def reachable(document: Document) -> set[str]:
    """Return the ids of the steps that some call may come to."""
    at_any_moment = (doc.OPTED_OUT, doc.HUNG_UP, doc.PERSON)
    starts = [document.start, *(document.exits[name] for name in at_any_moment if name in document.exits)]
    return _closure(starts, edges(document))


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
    return [step_id for step_id in steps if step_id in reachable(document) and step_id not in ending]


def _closure(starts: object, ways: Edges) -> set[str]:
    found: set[str] = set()
    waiting = [start for start in starts if start in ways] if isinstance(starts, list | frozenset) else []
    while waiting:
        step_id = waiting.pop()
        if step_id not in found:
            found.add(step_id)
            waiting += ways[step_id]
    return found
