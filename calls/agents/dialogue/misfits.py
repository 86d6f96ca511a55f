"""PURE: what does not fit its place in the JSON of a dialogue, in plain words."""

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.problem import Problem
from campaigns.spreadsheets.written import Kind

_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
"""Controls and halves of characters: no voice says them, and PostgreSQL does not store them."""
_SENTENCES: Final = (
    (re.compile(r"Object contains unknown field `(.*)`"), "“{0}” is not known here."),
    (re.compile(r"Object missing required field `(.*)`"), "“{0}” is missing."),
    (re.compile(r"Invalid value '(.*)'"), "There is no “{0}”."),
    (re.compile(r"Invalid enum value '?(.*?)'?"), "There is no “{0}”."),
    (re.compile(r"Expected `(.*)`, got `(.*)`"), "It is {1} where {0} belongs."),
)
_TYPES = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "yes or no",
    "array": "a list",
    "object": "an object",
    "null": "nothing",
    "str | array": "a text or a list of texts",
    "int | null": "a whole number",
    "object | null": "an object",
}
"""The names of JSON's types for people."""
_Path = tuple[str, ...]


class Pairs(dict[str, Any]):
    """A JSON object, and the keys that stand in it twice."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(name for name, _ in pairs) if len(self) < len(pairs) else {}
        self.twice = tuple(name for name, count in counts.items() if count > 1)


def oddities(raw: Pairs | dict[str, Any]) -> Iterator[str]:
    """Yield what JSON allows and a dialogue does not: a name that stands twice, characters that are none."""
    waiting: deque[tuple[_Path, Any]] = deque([((), raw)])
    while waiting:
        path, value = waiting.popleft()
        if isinstance(value, Pairs):
            for name in value.twice:
                yield _at(raw, path, f"“{name[:40]}” stands twice.")
            waiting += [((*path, name), inner) for name, inner in value.items()]
            waiting += [(path, name) for name in value]
        elif isinstance(value, list):
            waiting += [(path, inner) for inner in value]
        elif isinstance(value, str) and _UNSPEAKABLE.search(value):
            yield _at(raw, path, "It holds characters that are none.")


def misfits(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield what does not fit its place, for each step and each prompt."""
    for path, kind in _places(raw):
        value: Any = raw
        for name in path:
            value = value[name]
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            yield _at(raw, path, plain(error))


def _places(raw: Mapping[str, Any]) -> Iterator[tuple[_Path, Any]]:
    yield from ((("values", name), Kind) for name in _object(raw, "values"))
    yield from ((("steps", name), doc.AnyStep) for name in _object(raw, "steps"))
    for fragment in _object(raw, "fragments"):
        place = ("fragments", fragment, "steps")
        yield from (((*place, name), doc.AnyStep) for name in _object(raw, *place))
    for language in _object(raw, "words"):
        for step in _object(raw, "words", language):
            for role in _object(raw, "words", language, step):
                yield ("words", language, step, role), doc.Prompt


def _object(raw: Any, *path: str) -> Mapping[str, Any]:
    """Return the object at a place; an empty one if there is none."""
    for name in path:
        raw = raw.get(name) if isinstance(raw, dict) else None
    return raw if isinstance(raw, dict) else {}


def _at(raw: Mapping[str, Any], path: _Path, text: str) -> str:
    """Return a sentence with the step, the language and the role that a place belongs to before it."""
    match path:
        case ("steps", step, *_):
            return Problem(text, step, title=_title(raw, ("steps", step))).sentence
        case ("fragments", fragment, "steps", step, *_):
            title = _title(raw, ("fragments", fragment, "steps", step))
            return Problem(text, f"{fragment}.{step}", title=title).sentence
        case ("words", language, step, *role):
            where = f"{role[0]}: " if role else ""
            return Problem(f"{where}{text}", step, language, _title(raw, ("steps", step))).sentence
        case _:
            return f"“{path[-1]}”: {text}" if path else text


def _title(raw: Mapping[str, Any], place: _Path) -> str:
    title = _object(raw, *place).get("title")
    return title if isinstance(title, str) else ""


def plain(error: msgspec.ValidationError) -> str:
    """Return what msgspec found, in plain words."""
    text, _, where = str(error).partition(" - at ")
    for form, sentence in _SENTENCES:
        if found := form.fullmatch(text):
            said = sentence.format(*(_TYPES.get(part, part) for part in found.groups()))
            name = where.rstrip("`").rpartition(".")[2]
            return f"“{name}”: {said}" if name.isidentifier() and name not in said else said
    return f"{text}."
