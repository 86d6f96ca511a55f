"""PURE: what is wrong with a dialogue: the same sentences in the studio, the API, files and commands.

Problems keep a dialogue from being published; advice does not.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import replace

from calls.agents.dialogue import advice
from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Document
from calls.agents.dialogue.problem import Problem
from calls.agents.dialogue.step_problems import key_problems, step_problems
from calls.agents.dialogue.wiring import fragments, places, ways, wiring
from calls.agents.dialogue.word_problems import word_problems

MOST_STEPS = 500
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")


def problems(document: Document, clips: Set[str] | None = None) -> list[Problem]:
    """Return what keeps a dialogue from being published, in the order of its steps; empty if nothing does.

    `clips`: the names of the recorded clips that there are; None if that is not known.
    """
    return [problem for problem in check(document, clips) if not problem.is_advice]


def check(document: Document, clips: Set[str] | None = None) -> list[Problem]:
    """Return problems and advice."""
    if whole := [*_whole(document)]:
        return whole
    steps = dict(document.all_steps())
    found = [*_general(document), *wiring(document), *fragments(document), *places(document)]
    for step_id, step in steps.items():
        found += [Problem(text, step_id) for text in step_problems(document, step)]
    if not found:
        found += ways(document)
    found += [p for language in document.words for p in word_problems(document, language, clips)]
    found += advice.advice(document) if not found else ()
    titles = {step_id: step.title or step_id for step_id, step in steps.items()}
    return [replace(p, title=titles.get(p.step, p.step)) for p in found]


def _whole(document: Document) -> Iterator[Problem]:
    """Yield what makes it pointless to look any further."""
    if document.schema > doc.SCHEMA:
        yield Problem(
            f"The dialogue is of format {document.schema}; this program knows formats up to {doc.SCHEMA}."
        )
    count = sum(1 for _ in document.all_steps())
    if count > MOST_STEPS:
        yield Problem(f"The dialogue has {count} steps; {MOST_STEPS} are the most.")
    if not document.steps:
        yield Problem("The dialogue has no steps.")
    elif document.start not in document.steps:
        yield Problem(f"The dialogue begins with the step “{document.start[:40]}”, which does not exist.")
    names = [*document.steps, *document.fragments, *(n for f in document.fragments.values() for n in f.steps)]
    for name in names:
        if not name.isidentifier() or name == doc.GENERAL:
            yield Problem(
                f"“{name[:40]}” can't be the id of a step: letters, digits and _ only, and not “general”."
            )


def _general(document: Document) -> Iterator[Problem]:
    if document.default_language not in document.words:
        yield Problem(f"There are no words in the language “{document.default_language[:20]}”, the default.")
    for language in document.words:
        if not _LANGUAGE.fullmatch(language):
            yield Problem(f"“{language[:20]}” is no language; write it as “hi” or “en”.")
    for name in document.values:
        if not name.isidentifier():
            yield Problem(f"“{name[:40]}” can't be the name of a value: letters, digits and _ only.")
    keys = [key for key in (document.keys.repeat, document.keys.person) if key]
    yield from (Problem(text) for text in key_problems(dict.fromkeys(keys)))
    if len(keys) > len({*keys}):
        yield Problem(f"Key {keys[0][:20]} can't both repeat and ask for a person.")
    if document.wrong_keys is not None and not 1 <= document.wrong_keys <= 20:
        yield Problem("The wrong keys that end a call are between 1 and 20.")
