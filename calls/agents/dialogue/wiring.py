"""PURE: what is wrong with the ways through a dialogue: where exits lead, fragments, loops."""

from collections.abc import Iterator, Set

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Document
from calls.agents.dialogue.graph import (
    fragments_that_run_themselves,
    loops_without_a_wait,
    no_way_out,
    reachable,
)
from calls.agents.dialogue.problem import Problem


def wiring(document: Document) -> Iterator[Problem]:
    """Yield exits that lead nowhere, or to no step, and wired exits that a step does not have."""
    for name, target in document.exits.items():
        if target not in document.steps:
            text = f"The default way out “{name}” leads to the step “{target[:40]}”, which does not exist."
            yield Problem(text)
    if document.keys.person and doc.PERSON not in document.exits:
        yield Problem("There is a key for a person, but no default way out “person”.")
    steps = dict(document.all_steps())
    for step_id, step in steps.items():
        yield from (Problem(text, step_id) for text in exit_problems(document, step_id, step, steps.keys()))


def exit_problems(document: Document, step_id: str, step: doc.AnyStep, known: Set[str]) -> Iterator[str]:
    """Yield what is wrong with the exits of one step; `known`: the ids of all steps."""
    for name in step.exit_names():
        target = document.target(step_id, step, name)
        if not target:
            yield f"The way out “{name}” leads nowhere."
        elif target not in known and name in step.exits:
            yield f"The way out “{name}” leads to “{target[:40]}”, which does not exist."
    for name in sorted(step.exits.keys() - set(step.exit_names())):
        yield f"It has no way out “{name[:40]}”."


def fragments(document: Document) -> Iterator[Problem]:
    """Yield fragments that begin with no step, and those that run each other in a circle."""
    for name, fragment in document.fragments.items():
        if fragment.start not in fragment.steps:
            yield Problem(f"The fragment “{name}” begins with a step that does not exist.")
    for name in fragments_that_run_themselves(document):
        yield Problem(f"The fragment “{name}” runs itself.")


def places(document: Document) -> Iterator[Problem]:
    """Yield returns outside of fragments, and steps that run a fragment by other returns than its own."""
    for step_id, step in document.all_steps():
        if isinstance(step, doc.Return) and "." not in step_id:
            yield Problem("A return is possible in a fragment only.", step_id)
        if isinstance(step, doc.Sub) and step.fragment not in document.fragments:
            yield Problem(f"There is no fragment “{step.fragment[:40]}”.", step_id)
        elif isinstance(step, doc.Sub):
            inner = document.fragments[step.fragment].steps.values()
            returns = {other.exit for other in inner if isinstance(other, doc.Return)}
            if returns != set(step.returns):
                named = ", ".join(sorted(returns)) or "nothing"
                yield Problem(f"The fragment “{step.fragment}” returns by {named}.", step_id)


def ways(document: Document) -> Iterator[Problem]:
    """Yield steps that are never reached, and loops that never wait or never end."""
    reached = reachable(document)
    for step_id, _ in document.all_steps():
        if step_id not in reached:
            yield Problem("It is never reached.", step_id)
    for step_id in loops_without_a_wait(document):
        yield Problem("From here it goes round in a circle without asking anything.", step_id)
    for step_id in no_way_out(document):
        yield Problem("From here the call never comes to an end.", step_id)
