"""PURE: advice about a dialogue: what people may stumble over. It keeps no dialogue from being published."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Document
from calls.agents.dialogue.graph import ends_without_outcome
from calls.agents.dialogue.problem import ADVISED_TEXT, Problem
from calls.agents.dialogue.wording import SLOT, all_prompts, texts
from calls.agents.number_words import WORDS

_EDGES = "।॥.,;:!?()[]“”\"'–—-"
_LATIN = re.compile(r"[a-z]+")


def advice(document: Document) -> Iterator[Problem]:
    """Yield advice about a dialogue without problems, each with `is_advice`."""
    for step_id in ends_without_outcome(document):
        text = "A call that ends here without an outcome counts as broken off."
        yield Problem(text, step_id, is_advice=True)
    used = {name for _, step in document.all_steps() for name in step.exit_names()}
    for name in sorted(document.exits.keys() - used - doc.USUAL_EXITS):
        yield Problem(f"No step has the default way out “{name}”.", is_advice=True)
    for language in document.words:
        yield from _spoken(document, language)


def _spoken(document: Document, language: str) -> Iterator[Problem]:
    words = document.words[language]
    for step_id, role, prompt in all_prompts(words):
        if sum(map(len, texts(prompt))) > ADVISED_TEXT:
            text = f"The words for “{role}” take longer than 20 seconds; people hang up."
            yield Problem(text, "" if step_id == doc.GENERAL else step_id, language, is_advice=True)
    for step_id, step in document.all_steps():
        prompt = words.get(step_id, {}).get("ask", "")
        if unsaid := [key for key in _keys(step) if not _says(" ".join(texts(prompt)), key, language)]:
            yield Problem(_unsaid(unsaid), step_id, language, is_advice=True)


def _unsaid(keys: Sequence[str]) -> str:
    *first, last = keys
    return f"Keys {', '.join(first)} and {last} are not said." if first else f"Key {last} is not said."


def _keys(step: doc.AnyStep) -> Sequence[str]:
    """Return the digits that the words of a question should name."""
    match step:
        case doc.Menu(choices=keys) | doc.Later(times=keys) | doc.ChooseLanguage(languages=keys):
            return [key for key in keys if key.isdigit()]
        case doc.YesNo():
            return ["1", "2"]
        case doc.Rating():
            return [str(step.lowest), str(step.highest)]
        case _:
            return []


def _says(text: str, key: str, language: str) -> bool:
    """Return whether a text names a digit, as a figure of any script or as a word of the language.

    In scripts other than Latin a word may end differently: “ஒன்றை” is “ஒன்று”. True for a language without
    a table of words, where that can't be known.
    """
    plain = SLOT.sub(" ", text)
    if any(unicodedata.decimal(letter, None) == int(key) for letter in plain):
        return True
    words = WORDS.get(language.partition("-")[0])
    if words is None:
        return True
    name = words.small[int(key)]
    tokens = [token.strip(_EDGES).lower() for token in plain.split()]
    if _LATIN.fullmatch(name):
        return name in tokens
    stem = name[:-1] if len(name) > 2 else name
    return any(token.startswith(stem) for token in tokens)
