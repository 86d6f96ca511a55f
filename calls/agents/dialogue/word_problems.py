"""PURE: what is wrong with the words of a dialogue in one language."""

from collections.abc import Iterator, Set

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Document
from calls.agents.dialogue.known_values import known
from calls.agents.dialogue.problem import MOST_TEXT, Problem
from calls.agents.dialogue.wording import SLOT, all_prompts, is_empty, slots, texts


def word_problems(document: Document, language: str, clips: Set[str] | None) -> Iterator[Problem]:
    """Yield words that are missing, too long, never said or can't be spoken, in one language.

    `clips`: the names of the recorded clips that there are; None if that is not known.
    """
    words, steps = document.words[language], dict(document.all_steps())
    for step_id, step in steps.items():
        yield from (Problem(text, step_id, language) for text in role_problems(step, words.get(step_id, {})))
    if is_empty(words.get(doc.GENERAL, {}).get(doc.OPT_OUT, "")):
        yield Problem("There are no words for a person who presses 9.", "", language)
    there = known(document)
    for step_id, role, prompt in all_prompts(words):
        if step_id != doc.GENERAL and step_id not in steps:
            text = f"There are words for the step “{step_id[:40]}”, which does not exist."
            yield Problem(text, "", language)
            continue
        place = "" if step_id == doc.GENERAL else step_id
        for text in prompt_problems(prompt, there if role != doc.SORRY else frozenset(), clips):
            yield Problem(text, place, language)
    for role in sorted(words.get(doc.GENERAL, {}).keys() - doc.GENERAL_ROLES):
        yield Problem(f"General words for “{role[:40]}” are never said.", "", language)


def role_problems(step: doc.AnyStep, roles: doc.Roles) -> Iterator[str]:
    """Yield the words that a step needs and does not have, and those it has and never says."""
    needed = (*step.SPOKEN, *(("confirm",) if isinstance(step, doc.Digits) and step.confirm else ()))
    for role in needed:
        if is_empty(roles.get(role, "")):
            yield f"There are no words for “{role}”."
    for role in sorted(roles.keys() - {*step.SPOKEN, *step.MAY_SPEAK}):
        yield f"Words for “{role[:40]}” are never said."


def prompt_problems(prompt: doc.Prompt, values: Set[str], clips: Set[str] | None) -> Iterator[str]:
    """Yield what is wrong with what is said at once; `values`: the names of those known there."""
    for text in texts(prompt):
        yield from text_problems(text, values)
    if (length := sum(map(len, texts(prompt)))) > MOST_TEXT:
        yield f"“{next(texts(prompt))[:40]}…” has {length} characters; {MOST_TEXT} are the most."
    for piece in () if isinstance(prompt, str) else prompt:
        if isinstance(piece, doc.Clip):
            yield from clip_problems(piece, clips)


def clip_problems(piece: doc.Clip, clips: Set[str] | None) -> Iterator[str]:
    """Yield what a clip lacks: its name, its recording, the text in its place."""
    if not piece.clip.strip():
        yield "A clip has no name."
    elif clips is not None and piece.clip not in clips:
        yield f"There is no clip “{piece.clip[:40]}”."
    if not piece.text.strip():
        yield f"The clip “{piece.clip[:40]}” has no text that is spoken where it is missing."


def text_problems(text: str, values: Set[str]) -> Iterator[str]:
    """Yield a sentence for a lost brace, for markup and for each value that is not among `values`."""
    rest = SLOT.sub("", text)
    if "{" in rest or "}" in rest:
        yield f"A brace in “{text[:40]}…” does not belong to a value such as {{amount}}."
    if "<" in rest and ">" in rest:
        yield f"“{text[:40]}…” holds markup; only plain words are spoken."
    for name in slots(text):
        if name not in values:
            yield f"The words use the value “{name[:40]}”, which is not known there."
