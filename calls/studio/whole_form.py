"""PURE: the form of what belongs to a dialogue as a whole, and the dialogue that a sent form stands for."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from msgspec import structs

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Document, GlobalKeys
from calls.agents.dialogue.editing import CannotEditError
from calls.agents.dialogue.outline import way
from calls.studio.step_form import (
    BARGE_IN,
    Choices,
    Control,
    Sent,
    Words,
    read_barge_in,
    read_words,
    targets,
    words_of,
)
from campaigns.formatting import LANGUAGES
from campaigns.formatting import language as language_name
from campaigns.spreadsheets.written import Kind

D = TypeVar("D", bound=Document)
DEFAULT_EXITS: Final = (doc.NO_INPUT, doc.NO_MATCH, doc.FAILED, doc.PERSON, doc.OPTED_OUT, doc.HUNG_UP)
VALUE_KINDS: Final = {
    "text": "text, as it is written",
    "name": "a name",
    "number": "a number",
    "ordinal": "a place in an order",
    "amount": "an amount in rupees",
    "date": "a date",
    "time": "a time",
    "digits": "digits, one by one",
    "phone": "a phone number",
    "pin": "a PIN code",
    "account": "an account number",
}
_KEYS = {"": "no key", "0": "0", "*": "*", "#": "#"}
_ENDS = {"": "never"} | {str(n): f"the {n}th of a call" for n in (4, 5, 6, 8, 10)}


@dataclass(frozen=True, slots=True)
class WholeForm:
    """The form of a dialogue as a whole."""

    words: Sequence[Words]
    controls: Sequence[Control]
    exits: Sequence[Control]
    values: Sequence[tuple[int, str, str]]
    """The values that the list must have: number of the row, name, kind; the last row is empty."""
    kinds: Choices
    languages: Choices
    more_languages: Choices


def whole_form(document: Document) -> WholeForm:
    """Return the form of a dialogue as a whole."""
    values = [(n, name, str(kind)) for n, (name, kind) in enumerate(document.values.items())]
    steps = [*targets(document, "")]
    own = [(code, language_name(code)) for code in document.words]
    return WholeForm(
        words=[*words_of(document, doc.GENERAL, (doc.OPT_OUT, doc.WRONG, doc.SORRY))],
        controls=[*_controls(document, steps, own)],
        exits=[
            Control(
                f"default.{name}",
                way(name).capitalize(),
                "select",
                document.exits.get(name, ""),
                [("", "–"), *steps],
            )
            for name in dict.fromkeys([*DEFAULT_EXITS, *document.exits])
        ],
        values=[*values, (len(values), "", "text")],
        kinds=[(str(kind), VALUE_KINDS.get(kind, str(kind))) for kind in Kind],
        languages=own,
        more_languages=[(code, name) for code, name in LANGUAGES.items() if code not in document.words],
    )


def _controls(document: Document, steps: Choices, own: Choices) -> Iterable[Control]:
    barge_in = "both" if document.barge_in.key and document.barge_in.speech else ""
    barge_in = barge_in or (
        "key" if document.barge_in.key else "speech" if document.barge_in.speech else "none"
    )
    wrong = "" if document.wrong_keys is None else str(document.wrong_keys)
    yield Control("start", "It begins with", "select", document.start, steps)
    yield Control(
        "default_language",
        "Language of those whose own has no words",
        "select",
        document.default_language,
        own,
    )
    yield Control(
        "barge_in", "What may interrupt", "select", barge_in, [one for one in BARGE_IN.items() if one[0]]
    )
    yield _listed("repeat", "Says the question again", document.keys.repeat, _KEYS)
    yield _listed("person", "Asks for a person", document.keys.person, _KEYS)
    yield _listed("wrong_keys", "The questions end at a wrong key", wrong, _ENDS)


def _listed(name: str, label: str, value: str, choices: dict[str, str]) -> Control:
    return Control(
        name, label, "select", value, [*(choices | ({} if value in choices else {value: value})).items()]
    )


def read_whole(document: D, sent: Sent) -> D:
    """Return the dialogue with what a sent form of the whole has. Raises `CannotEditError`."""
    wrong = sent.get("wrong_keys", "")
    switches = read_barge_in(sent.get("barge_in", ""))
    exits = {
        name.removeprefix("default."): to for name, to in sent.items() if name.startswith("default.") and to
    }
    changed = structs.replace(
        document,
        start=sent.get("start") or document.start,
        default_language=sent.get("default_language") or document.default_language,
        barge_in=switches or document.barge_in,
        keys=GlobalKeys(sent.get("repeat", document.keys.repeat), sent.get("person", document.keys.person)),
        wrong_keys=int(wrong) if wrong.isdecimal() else None,
        exits=exits,
        values=_read_values(sent),
    )
    return read_words(changed, doc.GENERAL, sent)


def _read_values(sent: Sent) -> dict[str, Kind]:
    values: dict[str, Kind] = {}
    for field, text in sent.items():
        number = re.fullmatch(r"value\.(\d{1,3})\.name", field)
        name = re.sub(r"\W+", "_", text.strip().lower()).strip("_")
        if number and name:
            kind = sent.get(f"value.{number[1]}.kind", "text")
            if kind not in [*Kind]:
                raise CannotEditError(f"“{kind[:20]}” is no kind of value.")
            values[name] = Kind(kind)
    return values
