"""PURE: people for whom the branches of a dialogue go one way and the other."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import islice, product

from msgspec import structs

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Condition, Document, Relation
from calls.agents.dialogue.wording import slots
from calls.simulated.script import Person
from campaigns.spreadsheets.written import Kind, UnclearError, read_amount, read_date, read_time

EXAMPLES: Mapping[Kind, str] = {
    Kind.AMOUNT: "1250",
    Kind.DATE: "28/11/2026",
    Kind.TIME: "17:30",
    Kind.DIGITS: "4321",
}
_TEXT = "example"
_MOST_PEOPLE = 96


def conditions(document: Document) -> Iterator[Condition]:
    """Yield all conditions of the dialogue's branches."""
    for _, step in document.all_steps():
        if isinstance(step, doc.Branch):
            yield from (condition for case in step.cases for condition in case.when)


def compared_with(document: Document, name: str) -> list[str]:
    """Return the texts that a value is compared with."""
    return [condition.to for condition in conditions(document) if condition.value == name]


def example(kind: Kind) -> str:
    """Return a value of a kind, as a list of people may have it."""
    return EXAMPLES.get(kind, _TEXT)


def people(document: Document, language: str) -> list[Person]:
    """Return people who differ in the values that branches ask for; the first is an everyday one.

    At most 96: of more combinations those that differ least from the first.
    """
    base = {name: example(kind) for name, kind in document.values.items()}
    own = document.own_values()
    asked = [*dict.fromkeys(c.value for c in conditions(document) if c.value not in own)]
    choices = [_choices(document, name, base.get(name, "")) for name in asked]
    first = tuple(values[0] for values in choices)
    singles = [
        (*first[:at], other, *first[at + 1 :]) for at, all_ in enumerate(choices) for other in all_[1:]
    ]
    few_changes_first = dict.fromkeys([first, *singles, *islice(product(*choices), _MOST_PEOPLE)])
    found = [
        _person(language, base, dict(zip(asked, chosen, strict=True)))
        for chosen in islice(few_changes_first, _MOST_PEOPLE)
    ]
    if any(isinstance(step, doc.Later) for _, step in document.all_steps()):
        found.insert(1, _person(language, base, {}, callback=False))
    return found


def told(document: Document) -> list[dict[str, str]]:
    """Return what outside services may answer: values that differ where branches ask for them."""
    brings = [step.brings for _, step in document.all_steps() if isinstance(step, doc.Fetch | doc.Recognise)]
    kinds = {name: kind for values in brings for name, kind in values.items()}
    base = {name: example(kind) for name, kind in kinds.items()}
    known = structs.replace(document, values={**document.values, **kinds})
    asked = [*dict.fromkeys(c.value for c in conditions(document) if c.value in kinds)]
    others = [{**base, name: value} for name in asked for value in _choices(known, name, base[name])]
    return [base, *others] if base else []


def _person(
    language: str, base: Mapping[str, str], changed: Mapping[str, str], *, callback: bool = True
) -> Person:
    values = {**base, **changed}
    values.pop("name", "")
    return Person(language=language, name="Asha", values=values, callback=callback)


def _choices(document: Document, name: str, usual: str) -> list[str]:
    """Return values for which each condition on this one holds, and for which it does not."""
    kind = document.values.get(name, Kind.TEXT)
    found = [usual or example(kind)]
    for condition in (each for each in conditions(document) if each.value == name):
        if condition.relation in (Relation.KNOWN, Relation.UNKNOWN):
            found += [example(kind), ""]
            continue
        to = condition.to
        for slot in slots(to):
            to = to.replace(f"{{{slot}}}", example(document.values.get(slot, Kind.TEXT)))
        found += [to, *_beside(to, kind)]
    return [*dict.fromkeys(found)]


def _beside(text: str, kind: Kind) -> list[str]:
    try:
        match kind:
            case Kind.DATE:
                day, month, year = read_date(text)
                at = date(year or 2026, month, day)
                return [f"{at + timedelta(days=by):%d/%m/%Y}" for by in (-1, 1)]
            case Kind.TIME:
                time = read_time(text)
                minutes = time.hour * 60 + time.minute
                return [f"{m // 60:02}:{m % 60:02}" for m in ((minutes - 1) % 1440, (minutes + 1) % 1440)]
            case Kind.AMOUNT:
                amount = read_amount(text)
                return [f"{(amount + by).normalize():f}" for by in (-1, 1) if amount + by >= 0]
            case _:
                number = int(text)
                return [str(number + by) for by in (-1, 1) if number + by >= 0]
    except (UnclearError, ValueError):
        return [f"not {text}"]
