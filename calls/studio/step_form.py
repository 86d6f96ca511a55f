"""PURE: the form of one step: what it shows, in words, and the step that a sent form stands for."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec

from calls.agents.dialogue import document as doc
from calls.agents.dialogue import editing
from calls.agents.dialogue.document import AnyStep, BargeInSwitches, Document
from calls.agents.dialogue.editing import CannotEditError
from calls.agents.dialogue.outline import outline, seconds, way
from calls.agents.dialogue.written_prompt import read_prompt, written
from campaigns.formatting import language as language_name
from campaigns.spreadsheets.written import Kind as ValueKind

D = TypeVar("D", bound=Document)
Sent = Mapping[str, str]
"""The fields of a sent form, by name."""
Choices = Sequence[tuple[str, str]]

KINDS: Final[Mapping[str, str]] = {
    "say": "Says something",
    "menu": "Asks for a key",
    "yes_no": "Asks yes or no",
    "rating": "Asks for a rating",
    "digits": "Takes digits",
    "language": "Asks which language",
    "later": "Asks when to call again",
    "record": "Records a message",
    "slot": "Offers appointments",
    "appointment": "Looks up the appointment",
    "cancel": "Gives an appointment back",
    "fetch": "Asks your system something",
    "recognise": "Recognises a caller",
    "tell": "Tells your system something",
    "branch": "Goes on by what is known",
    "set": "Notes something",
    "opt_out": "Never calls again",
    "person": "Has staff call back",
    "sub": "Runs a part used at several places",
    "return": "Goes back from a part",
    "end": "Hangs up",
}
ROLES: Final[Mapping[str, str]] = {
    "say": "Says",
    "ask": "Asks",
    "ask_2": "Asks the second time",
    "ask_3": "Asks the third time",
    "wrong": "After a wrong key",
    "wrong_2": "After the second wrong key",
    "silent": "After no key",
    "silent_2": "After no key, again",
    "confirm": "Reads the digits back",
    "confirm_2": "Reads the digits back, again",
    "option": "Offers each",
    "gone": "When it has just been taken",
    "filler": "Says meanwhile",
    doc.OPT_OUT: "After 9: never called again",
    doc.SORRY: "When the words can't be spoken",
    doc.FULL: "When no more calls would be made",
}
RELATIONS: Final[Mapping[str, str]] = {
    "is": "is",
    "is_not": "is not",
    "more_than": "is more than",
    "less_than": "is less than",
    "at_least": "is at least",
    "at_most": "is at most",
    "known": "is known",
    "unknown": "is not known",
}
MEANINGS: Final[Mapping[str, str]] = {
    "digits": "Any digits",
    "number": "A number",
    "amount": "An amount in rupees",
    "date": "A date",
    "time": "A time",
    "pin": "A PIN code",
    "phone": "A phone number",
    "account": "An account number",
}
AGAIN: Final[Mapping[str, str]] = {
    "never": "never",
    "until_heard": "before each question, until it was heard",
    "with_question": "with the question after it",
}
BARGE_IN: Final[Mapping[str, str]] = {
    "": "As in the whole dialogue",
    "key": "A key",
    "speech": "Talking",
    "both": "A key or talking",
    "none": "Only 9",
}
_TIMES = {
    str(n): words for n, words in enumerate(("once", "twice", "3 times", "4 times", "5 times"), start=1)
}
_WRONG = {
    str(n): f"the {nth}" for n, nth in enumerate(("first", "second", "third", "fourth", "fifth"), start=1)
}
_WAIT = {str(n): f"{n} seconds" for n in (2, 3, 4, 5, 6, 8, 10, 15, 20, 30)}
_ENDS = {"#": "#", "*": "*", "": "a pause only"}
_OTHERS = {"0": "0", "*": "*", "#": "#", "": "no key"}


@dataclass(frozen=True, slots=True)
class _Field:
    """How a field of a step is shown. `more`: folded away."""

    label: str
    choices: Mapping[str, str] | None = None
    more: bool = False
    help: str = ""


_FIELDS: Final[Mapping[str, _Field]] = {
    "again": _Field("Said again", AGAIN, more=True),
    "asked": _Field("Ask in all", _TIMES),
    "wrong_keys": _Field("Go on at a wrong key", _WRONG, more=True),
    "answer_seconds": _Field("Wait for a key", _WAIT),
    "question": _Field("Name of the answer in reports", more=True),
    "yes": _Field("1 means"),
    "no": _Field("2 means"),
    "lowest": _Field("From"),
    "highest": _Field("To"),
    "means": _Field("The digits are", MEANINGS),
    "least": _Field("Digits at least"),
    "most": _Field("Digits at most"),
    "terminator": _Field("The digits end with", _ENDS, more=True),
    "first_digit_seconds": _Field("Wait for the first digit", _WAIT, more=True),
    "inter_digit_seconds": _Field("Wait for the next digit", _WAIT, more=True),
    "attempts": _Field("Ask in all", _TIMES),
    "most_seconds": _Field("Record at most", {str(n): f"{n} seconds" for n in (15, 30, 60, 120, 300)}),
    "silence_seconds": _Field("Silence that ends it", _WAIT, more=True),
    "confirm": _Field("Read the digits back, and take them when 1 is pressed"),
    "value": _Field("Name under which texts find it", more=True),
    "outcome": _Field("What the call has reached", help="Such as “confirmed”. Empty: nothing."),
    "label": _Field("In words for people"),
    "reason": _Field("Why it ends, for the log"),
    "disposition": _Field("How it ended", more=True),
    "exit": _Field("Goes back by the way out"),
    "tags": _Field("Tags of the call", help="Words between commas, by which the call is found again."),
    "keyed": _Field("The value that was keyed in"),
    "column": _Field("Column of the lists it stands in", help="“phone” is the person's number."),
    "brings": _Field("Values it brings", help="Names with their kinds, such as “due: date, branch: text”."),
    "about": _Field("What it is about, for staff", help="Such as “wrong bill”. Empty: the name of the step."),
    "calendar": _Field("Calendar"),
    "day": _Field("Day asked for", more=True, help="A value such as {wish}. Empty: the nearest times."),
    "others": _Field("Key for other times", _OTHERS, more=True),
    "fragment": _Field("Part"),
}
_BETWEEN_COMMAS = ("tags", "brings")
_OFFERED = _Field("Offered at a time", {str(n): str(n) for n in range(1, 9)})
"""`most` of a step that offers slots; of one that takes digits it counts these."""
_OWN_PLACE = frozenset(
    {"title", "exits", "barge_in", "choices", "languages", "times", "cases", "values", "returns"}
)
"""Fields that the form shows in a way of their own, or not."""


@dataclass(frozen=True, slots=True)
class Control:
    """One field as it is drawn. `kind`: text, select or check."""

    name: str
    label: str
    kind: str
    value: str
    choices: Choices = ()
    more: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What a step says for a role in a language."""

    name: str
    language: str
    role: str
    label: str
    text: str
    seconds: int
    wrong: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key and what it means. The last row of a form is empty, for one more key."""

    number: int
    key: str = ""
    label: str = ""
    extra: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case of a branch: its way out, its conditions with an empty one behind them, where it leads."""

    number: int
    exit: str
    to: str
    conditions: Sequence[tuple[int, str, str, str]]


@dataclass(frozen=True, slots=True)
class StepForm:
    """The form of a step."""

    step_id: str
    title: str
    kind: str
    kinds: Choices
    words: Sequence[Words]
    more_words: Sequence[Words]
    controls: Sequence[Control]
    keys: Sequence[KeyRow] = ()
    extra: str = ""
    """What the third column of the keys is: outcome, language or when; empty: there are no keys."""
    cases: Sequence[CaseRow] = ()
    values: Sequence[tuple[int, str, str]] = ()
    exits: Sequence[Control] = ()
    targets: Choices = ()
    languages: Choices = ()
    fragment: str = ""
    """The part that it runs."""
    relations: Choices = field(default_factory=lambda: [*RELATIONS.items()])

    @property
    def shape(self) -> str:
        """A text that changes when the form must be drawn again: other keys, cases, ways out, languages."""
        rows = [row.key for row in self.keys] + [f"{c.exit}{len(c.conditions)}" for c in self.cases]
        names = [w.name for w in (*self.words, *self.more_words)] + [c.name for c in self.exits]
        return "|".join([self.kind, *rows, *names, *(name for _, name, _ in self.values)])


# --- What it shows -------------------------------------------------------------------------------------


def step_form(
    document: Document,
    step_id: str,
    wrong: Mapping[str, Sequence[str]] | None = None,
    *,
    calendars: Iterable[str] = (),
) -> StepForm:
    """Return the form of a step; `wrong`: what is wrong with its words, by language; `calendars`: to choose.

    Raises `CannotEditError` if there is no such step.
    """
    step = editing.step_of(document, step_id)
    kind, ends_part = editing.kind_of(step), ["return"] if "." in step_id else []
    kinds = [
        (name, KINDS.get(name, way(name))) for name in dict.fromkeys([*editing.addable(), *ends_part, kind])
    ]
    rows, extra = _keys(document, step_id, step)
    keyed = {row.key for row in rows} | {case.exit for case in getattr(step, "cases", ())}
    noted = [*step.values.items(), ("", "")] if isinstance(step, doc.Set) else []
    wrong = wrong or {}
    return StepForm(
        step_id=step_id,
        title=step.title,
        kind=kind,
        kinds=kinds,
        words=[*words_of(document, step_id, step.SPOKEN, wrong=wrong)],
        more_words=[*words_of(document, step_id, step.MAY_SPEAK)],
        controls=[*_controls(document, step, calendars)],
        keys=rows,
        extra=extra,
        cases=_cases(document, step_id, step),
        values=[(n, *row) for n, row in enumerate(noted)],
        exits=[_exit(document, step_id, step, name) for name in step.exit_names() if name not in keyed],
        targets=[*targets(document, step_id)],
        languages=[(code, language_name(code)) for code in document.words],
        fragment=getattr(step, "fragment", ""),
    )


def words_of(
    document: Document,
    step_id: str,
    roles: Sequence[str],
    *,
    wrong: Mapping[str, Sequence[str]] | None = None,
) -> Iterable[Words]:
    """Yield what is said for the roles of a step, role by role in each language."""
    for role in roles:
        for language, said in document.words.items():
            prompt = said.get(step_id, {}).get(role, "")
            yield Words(
                name=f"words.{language}.{role}",
                language=language,
                role=role,
                label=ROLES.get(role, way(role)),
                text=written(prompt),
                seconds=seconds(prompt),
                wrong=(wrong or {}).get(language, ()),
            )


def targets(document: Document, step_id: str) -> Iterable[tuple[str, str]]:
    """Yield the id and the name of each step that a way out of a step may lead to."""
    name = step_id.rpartition(".")[0]
    for row in outline(document):
        before, _, inner = row.step_id.rpartition(".")
        if before == name:
            yield inner, row.title


def _controls(document: Document, step: AnyStep, calendars: Iterable[str]) -> Iterable[Control]:
    named = {"calendar": calendars, "fragment": document.fragments}
    for info in msgspec.structs.fields(step):
        if info.name in _OWN_PLACE:
            continue
        shown, value = _FIELDS.get(info.name) or _Field(way(info.name).capitalize()), getattr(step, info.name)
        if info.name == "most" and isinstance(step, doc.Slot):
            shown = _OFFERED
        elif info.name in named:
            shown = replace(shown, choices={"": "Choose…"} | {one: one for one in named[info.name]})
        if info.name in _BETWEEN_COMMAS or isinstance(value, str | int | float | None):
            yield _control(info.name, shown, value)
    if hasattr(step, "barge_in"):
        everywhere = {
            **BARGE_IN,
            "": f"As in the whole dialogue: {BARGE_IN[_barge_in(document.barge_in)].lower()}",
        }
        value = _barge_in(step.barge_in)
        yield Control("barge_in", "What may interrupt the words", "select", value, [*everywhere.items()])


def _control(field_name: str, shown: _Field, value: Any) -> Control:
    """Return the control of a field: text, number, choice, switch, or words between commas."""
    name = f"field.{field_name}"
    if field_name in _BETWEEN_COMMAS:
        pairs = value if field_name == "tags" else (f"{key}: {kind}" for key, kind in value.items())
        return Control(name, shown.label, "text", ", ".join(pairs), help=shown.help)
    if isinstance(value, bool):
        text = "on" if value else ""
        return Control(name, shown.label, "check", text, more=shown.more, help=shown.help)
    is_whole = isinstance(value, float) and value == int(value)
    text = "" if value is None else str(int(value) if is_whole else value)
    choices = shown.choices or (
        {str(one): way(one) for one in type(value)} if isinstance(value, StrEnum) else {}
    )
    kind = "select" if choices else "text"
    listed = {**choices, **({} if text in choices else {text: text})} if choices else {}
    return Control(name, shown.label, kind, text, [*listed.items()], more=shown.more, help=shown.help)


def _barge_in(switches: BargeInSwitches | None) -> str:
    if switches is None:
        return ""
    return {(True, True): "both", (True, False): "key", (False, True): "speech"}.get(
        (switches.key, switches.speech), "none"
    )


def read_barge_in(value: str) -> BargeInSwitches | None:
    """Return the switches that a choice of `BARGE_IN` stands for; None for those of the whole dialogue."""
    return (
        BargeInSwitches(speech=value in ("speech", "both"), key=value in ("key", "both")) if value else None
    )


def _keys(document: Document, step_id: str, step: AnyStep) -> tuple[list[KeyRow], str]:
    match step:
        case doc.Menu():
            rows = [(key, choice.label, choice.outcome) for key, choice in step.choices.items()]
            extra = "outcome"
        case doc.Later():
            rows, extra = [(key, time.label, time.when) for key, time in step.times.items()], "when"
        case doc.ChooseLanguage():
            rows, extra = [(key, "", language) for key, language in step.languages.items()], "language"
        case _:
            return [], ""
    shown = [
        KeyRow(n, key, label, more, to=step.exits.get(key, "")) for n, (key, label, more) in enumerate(rows)
    ]
    return [*shown, KeyRow(len(shown))], extra


def _cases(document: Document, step_id: str, step: AnyStep) -> list[CaseRow]:
    if not isinstance(step, doc.Branch):
        return []
    rows = [
        CaseRow(
            number,
            case.exit,
            step.exits.get(case.exit, ""),
            [
                *((n, c.value, str(c.relation), c.to) for n, c in enumerate(case.when)),
                (len(case.when), "", "is", ""),
            ],
        )
        for number, case in enumerate(step.cases)
    ]
    return [*rows, CaseRow(len(rows), "", "", [(0, "", "is", "")])]


def _exit(document: Document, step_id: str, step: AnyStep, name: str) -> Control:
    default = document.exits.get(name, "")
    known = dict(document.all_steps())
    title = known[default].title or default if default in known else ""
    empty = f"As everywhere: {title}" if title else "Choose…"
    label = way(name).capitalize()
    return Control(
        f"exit.{name}", label, "select", step.exits.get(name, ""), [("", empty), *targets(document, step_id)]
    )


# --- What was sent -------------------------------------------------------------------------------------


def read_step(document: D, step_id: str, sent: Sent) -> D:
    """Return the dialogue with a step as a sent form has it. Raises `CannotEditError` with a sentence."""
    step = editing.step_of(document, step_id)
    changes: dict[str, Any] = {"title": sent.get("title", step.title).strip()[:80]}
    for info in msgspec.structs.fields(step):
        name = f"field.{info.name}"
        if isinstance(getattr(step, info.name), bool):
            changes[info.name] = bool(sent.get(name))
        elif name in sent and info.name not in _BETWEEN_COMMAS:
            changes[info.name] = _field_value(info, sent[name].strip())
    if "barge_in" in sent and hasattr(step, "barge_in"):
        changes["barge_in"] = read_barge_in(sent["barge_in"])
    changes |= _tables(step, sent)
    changed: AnyStep = msgspec.structs.replace(step, **changes)
    changed = msgspec.structs.replace(changed, exits=_exits(changed, sent))
    return read_words(editing.put(document, step_id, changed), step_id, sent)


def read_words(document: D, step_id: str, sent: Sent) -> D:
    """Return the dialogue with the words of a sent form for a step, or for `document.GENERAL`."""
    for name, text in sent.items():
        part, _, rest = name.partition(".")
        language, _, role = rest.partition(".")
        if part == "words" and role and language in document.words:
            prompt = read_prompt(text)
            document = editing.set_words(document, language, step_id, role=role, prompt=prompt)
    return document


def _field_value(info: msgspec.structs.FieldInfo, text: str) -> Any:
    try:
        return msgspec.convert(None if not text and info.default is None else text, info.type, strict=False)
    except msgspec.ValidationError as error:
        shown = _FIELDS.get(info.name)
        raise CannotEditError(f"“{shown.label if shown else way(info.name)}” needs a number.") from error


def _rows(sent: Sent, part: str) -> list[dict[str, str]]:
    """Return the rows of a table in a sent form: `key.0.label` is the field `label` of the first row."""
    found: dict[int, dict[str, str]] = {}
    for name, value in sent.items():
        if match := re.fullmatch(rf"{part}\.(\d{{1,3}})\.([\w.]+)", name):
            found.setdefault(int(match[1]), {})[match[2]] = value.strip()
    return [found[number] for number in sorted(found)]


def _tables(step: AnyStep, sent: Sent) -> dict[str, Any]:
    keys = [row for row in _rows(sent, "key") if row.get("key")]
    match step:
        case doc.Menu() if keys or "keys" in sent:
            made = {row["key"]: doc.Choice(row.get("label", ""), row.get("extra", "")) for row in keys}
            return {"choices": made}
        case doc.Later() if keys or "keys" in sent:
            return {
                "times": {row["key"]: doc.Time(row.get("extra", ""), row.get("label", "")) for row in keys}
            }
        case doc.ChooseLanguage() if keys or "keys" in sent:
            return {"languages": {row["key"]: row.get("extra", "") for row in keys}}
        case doc.Branch():
            return {"cases": [*_sent_cases(sent)]}
        case doc.Set():
            rows = (row for row in _rows(sent, "value") if row.get("name"))
            written = sent.get("field.tags", ", ".join(step.tags)).split(",")
            tags = [*dict.fromkeys(tag.strip() for tag in written if tag.strip())]
            return {"values": {row["name"]: row.get("value", "") for row in rows}, "tags": tags}
        case doc.Recognise() | doc.Fetch() if "field.brings" in sent:
            parts = (part.partition(":") for part in sent["field.brings"].split(",") if part.strip())
            kinds = {name.strip(): kind.strip() or "text" for name, _, kind in parts}
            if wrong := next((kind for kind in kinds.values() if kind not in [*ValueKind]), ""):
                raise CannotEditError(f"“{wrong[:20]}” is no kind of value.")
            return {"brings": {name: ValueKind(kind) for name, kind in kinds.items()}}
        case _:
            return {}


def _sent_cases(sent: Sent) -> Iterable[doc.Case]:
    for number, row in enumerate(_rows(sent, "case")):
        conditions = [
            doc.Condition(one["value"], doc.Relation(one.get("relation", "is")), one.get("to", ""))
            for one in _rows(sent, rf"case\.{number}\.when")
            if one.get("value") and one.get("relation", "is") in RELATIONS
        ]
        if conditions:
            yield doc.Case(row.get("exit") or f"case_{number + 1}", conditions)


def _exits(step: AnyStep, sent: Sent) -> dict[str, str]:
    """Return where a step's ways out lead by a sent form; those that it does not name stay."""
    chosen = {row["key"]: row.get("to", "") for row in _rows(sent, "key") if row.get("key")}
    for number, row in enumerate(_rows(sent, "case")):
        chosen[row.get("exit") or f"case_{number + 1}"] = row.get("goes", "")
    chosen |= {name.removeprefix("exit."): to for name, to in sent.items() if name.startswith("exit.")}
    names = set(step.exit_names())
    return {name: to for name, to in (step.exits | chosen).items() if to and name in names}
