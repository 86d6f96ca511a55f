"""PURE: fragments of a dialogue as people change them: made, renamed, begun with another step, deleted."""

import re
from collections.abc import Iterator
from typing import TypeVar

from msgspec import structs

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import AnyStep, Document
from calls.agents.dialogue.editing import CannotEditError, inside, with_each_step

D = TypeVar("D", bound=Document)
LONGEST_NAME = 40


def users(document: Document, name: str) -> Iterator[tuple[str, AnyStep]]:
    """Yield the id and step of each step that runs a fragment."""
    for step_id, step in document.all_steps():
        if isinstance(step, doc.Sub) and step.fragment == name:
            yield step_id, step


def make(document: D, title: str) -> tuple[D, str]:
    """Return the dialogue with a new fragment, which says something and returns, and its name.

    Raises `CannotEditError` for a name that is taken or none.
    """
    name = _name(document, title)
    says = doc.Say(title=title.strip(), exits={doc.NEXT: "back"})
    fragment = doc.Fragment("say_1", {"say_1": says, "back": doc.Return(title="Back", exit="done")})
    return structs.replace(document, fragments={**document.fragments, name: fragment}), name


def _name(document: Document, title: str) -> str:
    """Return the name under which a fragment is stored: letters, digits and _."""
    name = re.sub(r"\W+", "_", title.strip().lower()).strip("_")[:LONGEST_NAME]
    if not name.isidentifier() or name == doc.GENERAL:
        raise CannotEditError("A part needs a name that begins with a letter, and not “general”.")
    if name in document.fragments:
        raise CannotEditError(f"There is a part named “{name}” already.")
    return name


def rename(document: D, name: str, title: str) -> tuple[D, str]:
    """Return the dialogue in which a fragment has another name wherever it is run, and the name.

    Its place and its words stay. Raises `CannotEditError`.
    """
    inside(document, name)
    new = _name(document, title)

    def runs(step: AnyStep) -> AnyStep:
        is_meant = isinstance(step, doc.Sub) and step.fragment == name
        return structs.replace(step, fragment=new) if is_meant else step

    def called(step_id: str) -> str:
        before, dot, inner = step_id.rpartition(".")
        return f"{new}{dot}{inner}" if before == name else step_id

    words = {
        language: {called(step_id): roles for step_id, roles in said.items()}
        for language, said in document.words.items()
    }
    fragments = {new if one == name else one: fragment for one, fragment in document.fragments.items()}
    return with_each_step(structs.replace(document, fragments=fragments, words=words), runs), new


def begin(document: D, name: str, start: str) -> D:
    """Return the dialogue in which a fragment begins with another of its steps. Raises `CannotEditError`."""
    if start not in inside(document, name).steps:
        raise CannotEditError("The part has no such step.")
    fragment = structs.replace(document.fragments[name], start=start)
    return structs.replace(document, fragments={**document.fragments, name: fragment})


def delete(document: D, name: str) -> D:
    """Return the dialogue without a fragment and its words. Raises `CannotEditError` while a step runs it."""
    inside(document, name)
    if used := [step.title or step_id for step_id, step in users(document, name)]:
        raise CannotEditError(
            f"It is used by {', '.join(f'“{one}”' for one in used)}. Take it out there first."
        )
    fragments = {one: fragment for one, fragment in document.fragments.items() if one != name}
    words = {
        language: {step_id: roles for step_id, roles in said.items() if step_id.rpartition(".")[0] != name}
        for language, said in document.words.items()
    }
    return structs.replace(document, fragments=fragments, words=words)
