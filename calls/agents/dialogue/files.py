"""PURE: a dialogue as a file: JSON by docs/dialogue.schema.json, in an order that no storage changes."""

import json
from typing import Any

import msgspec

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.document import Document
from calls.agents.dialogue.misfits import Pairs, misfits, oddities, plain
from calls.agents.dialogue.reading_order import reading_order, step_in_order, words_in_order
from calls.agents.dialogue.validation import problems

MOST_BYTES = 2_000_000
_MOST_SENTENCES = 50
for _type in (doc.AnyStep, doc.Prompt, DialogueConfiguration):
    msgspec.json.Decoder(_type)  # see `calls.agents.registry`: not in two threads at once


class NoDialogueError(ValueError):
    """A file holds no dialogue of a format that is known. `sentences` say why, in the order of the file."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


def read_file(content: bytes | str) -> DialogueConfiguration:
    """Return the dialogue of a file, which may have problems. Raises `NoDialogueError`."""
    raw = _parsed(content)
    if sentences := [*dict.fromkeys(oddities(raw))]:
        raise NoDialogueError(*sentences[:_MOST_SENTENCES])
    try:
        return msgspec.convert(raw, DialogueConfiguration)
    except msgspec.ValidationError as error:
        found = [*misfits(raw)] or [plain(error)]
        raise NoDialogueError(*found[:_MOST_SENTENCES]) from error


def refusals(content: bytes | str) -> list[str]:
    """Return why a file can't be published, in sentences; empty if it can."""
    try:
        return [problem.sentence for problem in problems(read_file(content))]
    except NoDialogueError as error:
        return [*error.sentences]


def write_file(document: Document) -> str:
    """Return a dialogue as the text of a file; the same for the same dialogue, wherever it was stored."""
    raw = msgspec.to_builtins(document)
    ids = [*reading_order(document.start, document.steps)]
    raw["steps"] = {step_id: step_in_order(raw["steps"][step_id], document.steps[step_id]) for step_id in ids}
    for name, fragment in sorted(document.fragments.items()):
        steps = raw["fragments"].pop(name)["steps"]
        inner = [*reading_order(fragment.start, fragment.steps)]
        ordered = {step_id: step_in_order(steps[step_id], fragment.steps[step_id]) for step_id in inner}
        raw["fragments"][name] = {"start": fragment.start, "steps": ordered}
        ids += [f"{name}.{step_id}" for step_id in inner]
    for name in {"values", "exits"} & raw.keys():
        raw[name] = dict(sorted(raw[name].items()))
    default = document.default_language
    raw["words"] = {
        language: words_in_order(words, ids)
        for language, words in sorted(raw["words"].items(), key=lambda item: (item[0] != default, item[0]))
    }
    return json.dumps({"schema": document.schema} | raw, ensure_ascii=False, indent=2) + "\n"


# --- What is no dialogue -------------------------------------------------------------------------------


def _parsed(content: bytes | str) -> dict[str, Any]:
    """Return the JSON object of a file. Raises `NoDialogueError`."""
    if len(content) > MOST_BYTES:
        raise NoDialogueError(
            f"The file has more than {MOST_BYTES // 1_000_000} MB; no dialogue is so large."
        )
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        raw = json.loads(text, object_pairs_hook=Pairs, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise NoDialogueError("The file is no dialogue: it does not hold text.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise NoDialogueError(f"The file is no dialogue: it stops being JSON at {place}.") from error
    except (ValueError, RecursionError) as error:
        raise NoDialogueError("The file is no dialogue: its numbers or brackets go too far.") from error
    if not isinstance(raw, dict):
        raise NoDialogueError("The file is no dialogue: it does not begin with {.")
    if not raw.keys() & {"steps", "words", "schema"}:
        raise NoDialogueError("The file is no dialogue: it has neither steps nor words.")
    schema = raw.get("schema", doc.SCHEMA)
    if isinstance(schema, int) and schema > doc.SCHEMA:
        text = f"The dialogue is of format {schema}; this program knows formats up to {doc.SCHEMA}."
        raise NoDialogueError(text)
    return raw


def _no_number(written: str) -> float:
    raise ValueError(written)
