"""PURE: the words of a dialogue in one language, filled with values."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from calls.agents import verbalize
from calls.agents.base import ClipPiece, Piece, TextPiece
from calls.agents.dialogue.document import Clip, Document, Prompt, Roles, Same
from calls.agents.number_words import WORDS
from campaigns.spreadsheets.written import Kind, UnclearError

SLOT = re.compile(r"\{(\w+)\}")
_EDGES = "।॥.,;:!?()[]“”\"'–—-"
_LATIN = re.compile(r"[a-z]+")


class MissingValueError(KeyError):
    """Words need a value that is absent, blank or not of its kind. The first argument is its name."""


@lru_cache(maxsize=4096)
def slots(text: str) -> tuple[str, ...]:
    """Return the names of a text's values, in order; asked for every person of a campaign."""
    return tuple(SLOT.findall(text))


@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[str, ...]:
    """Return what is between the values of a text and, at odd places, their names."""
    return tuple(SLOT.split(text))


def texts(prompt: Prompt) -> Iterator[str]:
    """Yield the texts of a prompt, and those spoken instead of its clips."""
    for piece in [prompt] if isinstance(prompt, str) else prompt:
        yield piece.text if isinstance(piece, Clip) else piece


def clips(prompt: Prompt) -> tuple[str, ...]:
    """Return the names of a prompt's clips."""
    return () if isinstance(prompt, str) else tuple(piece.clip for piece in prompt if isinstance(piece, Clip))


def pieces(prompt: Prompt, text: Callable[[str], str]) -> tuple[Piece, ...]:
    """Return the pieces of a prompt; `text` makes what is spoken of what is written."""
    if isinstance(prompt, str):
        return (TextPiece(text(prompt)),)
    return tuple(
        ClipPiece(piece.clip, text(piece.text)) if isinstance(piece, Clip) else TextPiece(text(piece))
        for piece in prompt
    )


def is_empty(prompt: Prompt) -> bool:
    """Return whether there is nothing to say in it."""
    return not any(text.strip() for text in texts(prompt))


class Wording:
    """What one person hears: the words of a language, and the values in them.

    `own` are values that the dialogue got itself (pressed, fetched): one that is not of its kind is spoken as
    it is. A person's value must be of its kind.
    """

    def __init__(self, document: Document, language: str) -> None:
        self._document = document
        self.table = table(document, language)
        self.language = self.table.language
        self._kinds: dict[str, Kind] = dict(document.values)
        self._values: dict[str, str] = {}
        self._own: set[str] = set()
        self._said: dict[str, str] = {}
        """Values in words of this language; questions are asked again with the same ones."""

    def speak(self, language: str) -> None:
        """Go on in another language."""
        self.table = table(self._document, language)
        self.language = self.table.language
        self._said.clear()

    def know(self, values: Mapping[str, str]) -> None:
        """Take a person's values."""
        self._values.update(values)
        self._said.clear()

    def missing(self) -> list[str]:
        """Return the values that the words need from the person and that are absent or not of their kind."""
        found = []
        for name in self.table.needed:
            try:
                self.spoken(name)
            except MissingValueError:
                found.append(name)
        return found

    def keep(self, name: str, value: str, kind: Kind | None = None) -> None:
        """Take a value that the dialogue got itself; `kind` unless the document says one."""
        self._values[name] = value
        self._own.add(name)
        self._said.pop(name, None)
        if kind is not None:
            self._kinds.setdefault(name, kind)

    def keep_answer(self, name: str, value: str) -> None:
        """Take the answer to a question; a person's value of the same name stays."""
        if name in self._own or not self.value(name):
            self.keep(name, value)

    def value(self, name: str) -> str:
        """Return a value as text; empty if it is not known."""
        return self._values.get(name, "").strip()

    def as_written(self, text: str) -> str:
        """Return a text with every value as it was written; an unknown one becomes empty."""
        return SLOT.sub(lambda slot: self.value(slot[1]), text)

    def kind(self, name: str) -> Kind:
        """Return how a value is spoken and compared."""
        return self._kinds.get(name, Kind.TEXT)

    def prompt(self, step_id: str, role: str) -> Prompt | None:
        """Return the words of a step for a role; None if there are none. `ask_3` may be said by `ask_2`."""
        return self.table.prompt(step_id, role)

    def fill(self, prompt: Prompt) -> tuple[Piece, ...]:
        """Return the pieces of a prompt with every value in words. Raises `MissingValueError`."""
        return pieces(prompt, self.text)

    def text(self, text: str) -> str:
        """Return a text with every value in words. Raises `MissingValueError`."""
        if "{" not in text:
            return text
        parts = list(_parts(text))
        parts[1::2] = map(self.spoken, parts[1::2])
        return "".join(parts)

    def spoken(self, name: str) -> str:
        """Return a value in words of the language. Raises `MissingValueError`."""
        if name in self._said:
            return self._said[name]
        value = self._values.get(name, "")
        if not value.strip():
            raise MissingValueError(name)
        try:
            said = verbalize.speak(value, self.kind(name), self.language)
        except UnclearError:
            if name not in self._own:
                raise MissingValueError(name) from None
            said = verbalize.speak(value, Kind.TEXT, self.language)
        self._said[name] = said
        return said


class Table:
    """The words of a document for people of one language."""

    def __init__(self, document: Document, language: str) -> None:
        self.language, self._words = chosen_words(document, language)
        self.needed = needed(self._words, document.own_values())

    def prompt(self, step_id: str, role: str) -> Prompt | None:
        """Return the words of a step for a role, see `Wording.prompt`."""
        roles: Roles = self._words.get(step_id, {})
        base, _, count = role.rpartition("_")
        earlier = [*(f"{base}_{n}" for n in range(int(count), 1, -1)), base] if count.isdigit() else []
        names = earlier or [role]
        return next((roles[name] for name in names if name in roles and not is_empty(roles[name])), None)


def table(document: Document, language: str) -> Table:
    """Return the words for people of a language; made once for all calls of a document."""
    return _table(Same(document), language)


@lru_cache(maxsize=256)
def _table(same: Same, language: str) -> Table:
    return Table(same.document, language)


def chosen_words(document: Document, language: str) -> tuple[str, Mapping[str, Roles]]:
    """Return the language spoken and its words: `language`, its base (`hi-IN`: `hi`) or the default."""
    base = language.lower().replace("_", "-").partition("-")[0]
    chosen = next((tag for tag in (language, base) if tag in document.words), document.default_language)
    return chosen, document.words.get(chosen, {})


def all_prompts(words: Mapping[str, Roles]) -> Iterator[tuple[str, str, Prompt]]:
    """Yield step id, role and prompt of everything that is said in a language."""
    for step_id, roles in words.items():
        for role, prompt in roles.items():
            yield step_id, role, prompt


def needed(words: Mapping[str, Roles], own: Iterable[str]) -> tuple[str, ...]:
    """Return the values that the words need from the person, in order: all but those of `own`."""
    found = (name for _, _, prompt in all_prompts(words) for text in texts(prompt) for name in slots(text))
    without = set(own)
    return tuple(name for name in dict.fromkeys(found) if name not in without)


def names_digit(text: str, digit: str, *, language: str) -> bool:
    """Return whether a text names a digit, as a figure of any script or as a word of the language.

    In scripts other than Latin a word may end differently: “ஒன்றை” is “ஒன்று”. True for a language without
    a table of words, where that can't be known.
    """
    plain = SLOT.sub(" ", text)
    if any(unicodedata.decimal(letter, None) == int(digit) for letter in plain):
        return True
    words = WORDS.get(language.partition("-")[0])
    if words is None:
        return True
    name = words.small[int(digit)]
    tokens = [token.strip(_EDGES).lower() for token in plain.split()]
    if _LATIN.fullmatch(name):
        return name in tokens
    stem = name[:-1] if len(name) > 2 else name
    return any(token.startswith(stem) for token in tokens)
