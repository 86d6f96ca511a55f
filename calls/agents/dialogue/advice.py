"""PURE: advice about a dialogue: what people may stumble over. It keeps no dialogue from being published."""

from collections.abc import Iterator

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.asking import keys_to_name
from calls.agents.dialogue.document import Document
from calls.agents.dialogue.graph import ends_without_outcome, words_before_a_question
from calls.agents.dialogue.problem import ADVISED_TEXT, Problem
from calls.agents.dialogue.wording import all_prompts, names_digit, texts

PROTECT = "Let them be said again until they were heard, or let speech not interrupt them."


def advice(document: Document) -> Iterator[Problem]:
    """Yield advice about a dialogue without problems, each with `is_advice`."""
    for step_id in ends_without_outcome(document):
        text = "A call that ends here without an outcome counts as broken off."
        yield Problem(text, step_id, is_advice=True)
    steps = dict(document.all_steps())
    for step_id in words_before_a_question(document):
        step = steps[step_id]
        if (
            isinstance(step, doc.Say)
            and step.again is doc.Again.NEVER
            and (step.barge_in or document.barge_in).speech
        ):
            text = "A “hello” cuts these words, which may say who calls and why, and they never come again."
            yield Problem(f"{text} {PROTECT}", step_id, is_advice=True)
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
        text = " ".join(texts(prompt))
        if unsaid := [key for key in keys_to_name(step) if not names_digit(text, key, language=language)]:
            *first, last = unsaid
            text = f"Keys {', '.join(first)} and {last} are" if first else f"Key {last} is"
            yield Problem(f"{text} not said.", step_id, language, is_advice=True)
