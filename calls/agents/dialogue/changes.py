"""PURE: what is different between two versions of a dialogue, in sentences."""

from collections.abc import Iterator

import msgspec

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Document, Prompt
from calls.agents.dialogue.wording import all_prompts, clips, texts

_WHOLE = {
    "default_language": "The language of those whose own has no words",
    "start": "The first step",
    "exits": "Where ways out lead that a step does not wire",
    "barge_in": "What may interrupt",
    "keys": "The keys that mean the same everywhere",
    "wrong_keys": "How many wrong keys end it",
    "values": "The values that the list must have",
}


def changes(before: Document, after: Document) -> list[str]:
    """Return a sentence for each difference, those of the whole first, then step by step; empty if equal."""
    changed = [name for name in _WHOLE if getattr(before, name) != getattr(after, name)]
    return [
        *(f"{_WHOLE[name]}: changed." for name in changed),
        *(f"New language: {language}." for language in after.words.keys() - before.words.keys()),
        *(f"Language gone: {language}." for language in before.words.keys() - after.words.keys()),
        *_steps(before, after),
        *_words(before, after),
    ]


def _steps(before: Document, after: Document) -> Iterator[str]:
    old, new = dict(before.all_steps()), dict(after.all_steps())
    for step_id, step in new.items():
        if step_id not in old:
            yield f"New step: {step.title or step_id}."
    for step_id, step in old.items():
        if step_id not in new:
            yield f"Step gone: {step.title or step_id}."
    for step_id in old.keys() & new.keys():
        title = new[step_id].title or step_id
        yield from (f"“{title}”: {what}" for what in step_changes(old[step_id], new[step_id]))


def step_changes(old: doc.AnyStep, new: doc.AnyStep) -> Iterator[str]:
    """Yield what is different in a step, its words apart, without its name; nothing if it is the same."""
    if type(old) is not type(new):
        yield "does something else now."
        return
    fields = (field.name for field in msgspec.structs.fields(new))
    changed = [name for name in fields if getattr(old, name) != getattr(new, name)]
    if "exits" in changed:
        for name in dict.fromkeys([*old.exits, *new.exits]):
            was, now = old.exits.get(name, "the default"), new.exits.get(name, "the default")
            if was != now:
                yield f"“{name}” leads to {now}, not to {was}."
    for name in changed:
        if name != "exits":
            yield f"{name.replace('_', ' ')} changed."


def _words(before: Document, after: Document) -> Iterator[str]:
    steps = dict(after.all_steps())
    for language in after.words.keys() & before.words.keys():
        old = {(step_id, role): prompt for step_id, role, prompt in all_prompts(before.words[language])}
        for step_id, role, prompt in all_prompts(after.words[language]):
            was = old.get((step_id, role))
            if was is not None and was != prompt:
                title = steps[step_id].title if step_id in steps else ""
                yield f"“{title or step_id}” in {language}: says {_shown(prompt)}, not {_shown(was)}."


def _shown(prompt: Prompt) -> str:
    text = " ".join([*texts(prompt), *(f"[{clip}]" for clip in clips(prompt))])
    return f"“{text[:77]}…”" if len(text) > 78 else f"“{text}”"
