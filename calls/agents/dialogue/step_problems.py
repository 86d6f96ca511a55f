"""PURE: what is wrong with a single step of a dialogue, by its kind."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import singledispatch

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Document
from calls.agents.dialogue.known_values import kinds, known
from calls.agents.dialogue.wording import slots
from campaigns.rules.results import LONGEST_TAG
from campaigns.schedule.callback_times import UnreadableMoment, moment
from campaigns.spreadsheets.written import Kind, unclear

_LENGTHS: Mapping[doc.Meaning, tuple[int, ...]] = {
    doc.Meaning.DATE: (4, 6, 8),
    doc.Meaning.TIME: (3, 4),
    doc.Meaning.PIN: (6,),
    doc.Meaning.PHONE: (10, 11, 12),
}
"""How many digits there may be, the usual number last."""
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Stands for now where only the format of a moment is checked."""


def step_problems(document: Document, step: doc.AnyStep) -> Iterator[str]:
    """Yield what is wrong with a step itself, in sentences; its exits and its words are checked elsewhere."""
    if isinstance(step, doc.Ask):
        if not 1 <= step.answer_seconds <= 60:
            yield "The wait for an answer is between 1 and 60 seconds."
        if not 1 <= step.asked <= 5:
            yield "It is asked 1 to 5 times."
        if not 1 <= step.wrong_keys <= 10:
            yield "It ends at a wrong key between the first and the tenth."
    yield from _of_kind(step, document)


@singledispatch
def _of_kind(step: doc.AnyStep, document: Document) -> Iterator[str]:
    """Yield what is wrong with a step of its kind."""
    yield from ()


@_of_kind.register
def _(step: doc.Menu, document: Document) -> Iterator[str]:
    if not step.choices:
        yield "It needs at least one key."
    yield from key_problems(step.choices)


@_of_kind.register
def _(step: doc.Rating, document: Document) -> Iterator[str]:
    if not 0 <= step.lowest < step.highest <= 8:
        yield "A rating is by one key, from 0 to 8: 9 means “do not call me again”."


@_of_kind.register
def _(step: doc.ChooseLanguage, document: Document) -> Iterator[str]:
    yield from key_problems(step.languages)
    for language in step.languages.values():
        if language not in document.words:
            yield f"It offers “{language[:20]}”, and there are no words in that language."


@_of_kind.register
def _(step: doc.End, document: Document) -> Iterator[str]:
    if len(step.disposition) > 20:
        yield "How it ended has at most 20 characters."


def key_problems(keys: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each key that has a meaning already or that a telephone does not have."""
    for key in keys:
        if key == doc.OPT_OUT_KEY:
            yield "Key 9 always means “do not call me again” and can't mean anything else."
        elif len(key) != 1 or key not in doc.KEYS:
            yield f"“{key[:20]}” is no key; use one of 0 to 8, * and #."


@_of_kind.register
def _(step: doc.Later, document: Document) -> Iterator[str]:
    yield from key_problems(step.times)
    if not step.times:
        yield "It needs at least one time to choose."
    for key, time in step.times.items():
        if not time.label.strip():
            yield f"The time of key {key[:20]} needs a name."
        try:
            moment(time.when, now=_ANY_DAY)
        except UnreadableMoment as error:
            yield f"The time of key {key[:20]} can't be asked for: {error}"


@_of_kind.register
def _(step: doc.Digits, document: Document) -> Iterator[str]:
    if not (1 <= step.least <= step.most and 2 <= step.most <= 20):
        yield "It takes at least 1 digit and at most 2 to 20."
    if step.terminator not in ("", "#", "*"):
        yield "Digits end with #, * or nothing."
    if not all(1 <= s <= 30 for s in (step.first_digit_seconds, step.inter_digit_seconds)):
        yield "The waits for digits are between 1 and 30 seconds."
    if not 1 <= step.attempts <= 5:
        yield "Digits are asked for 1 to 5 times."
    if (lengths := _LENGTHS.get(step.means)) and not any(step.least <= n <= step.most for n in lengths):
        yield f"It takes {step.least} to {step.most} digits; what it asks for has {lengths[-1]}."
    if step.lowest is not None and step.highest is not None and step.lowest > step.highest:
        yield "The least number is greater than the greatest."


@_of_kind.register
def _(step: doc.Recognise, document: Document) -> Iterator[str]:
    if step.keyed not in known(document):
        yield f"It looks for the value “{step.keyed[:40]}”, which the dialogue does not know."
    if not step.column.strip():
        yield "It names no column of the lists."
    yield from (f"“{n[:40]}” can't be the name of a value." for n in step.brings if not n.isidentifier())


@_of_kind.register
def _(step: doc.Record, document: Document) -> Iterator[str]:
    if not 5 <= step.most_seconds <= 300:
        yield "It records at most between 5 and 300 seconds."
    if not 1 <= step.silence_seconds <= 10:
        yield "The silence that ends a message is between 1 and 10 seconds."
    if not 1 <= step.answer_seconds <= 30:
        yield "The wait for speech is between 1 and 30 seconds."
    if not 1 <= step.asked <= 5:
        yield "It is asked for 1 to 5 times."
    if step.terminator not in ("", "#", "*"):
        yield "A message ends with #, * or nothing."


@_of_kind.register
def _(step: doc.Branch, document: Document) -> Iterator[str]:
    if not step.cases:
        yield "It needs at least one case."
    there, kind_of = known(document), kinds(document)
    for case in step.cases:
        if not case.when:
            yield f"The case “{case.exit[:40]}” has no condition."
        for condition in case.when:
            for name in (condition.value, *slots(condition.to)):
                if name not in there:
                    yield f"It asks for the value “{name[:40]}”, which the dialogue does not know."
            yield from condition_problems(condition, kind_of.get(condition.value, Kind.TEXT))


def condition_problems(condition: doc.Condition, kind: Kind) -> Iterator[str]:
    """Yield why a value can't be compared with what a condition compares it with; `kind` is the value's."""
    if condition.relation in (doc.Relation.KNOWN, doc.Relation.UNKNOWN):
        return
    if not condition.to.strip():
        yield f"It compares “{condition.value[:40]}” with nothing."
    elif not slots(condition.to) and (why := unclear(condition.to, kind)):
        yield f"It compares “{condition.value[:40]}” with what it can't be. {why}"


@_of_kind.register
def _(step: doc.Set, document: Document) -> Iterator[str]:
    if not step.values and not step.outcome.strip() and not step.tags:
        yield "It sets nothing."
    for name in step.values:
        if not name.isidentifier():
            yield f"“{name[:40]}” can't be the name of a value."
    for tag in step.tags:
        if not 1 <= len(tag.strip()) <= LONGEST_TAG or slots(tag):
            yield f"“{tag[:40]}” can't be a tag: it has 1 to {LONGEST_TAG} letters, and no value in it."
    there = known(document)
    for name in (name for text in step.values.values() for name in slots(text)):
        if name not in there:
            yield f"It uses the value “{name[:40]}”, which the dialogue does not know."


@_of_kind.register
def _(step: doc.WantPerson, document: Document) -> Iterator[str]:
    for name in slots(step.about):
        if name not in known(document):
            yield f"It tells staff the value “{name[:40]}”, which the dialogue does not know."


@_of_kind.register
def _(step: doc.Slot, document: Document) -> Iterator[str]:
    yield from _calendar(step.calendar)
    if not 1 <= step.most <= 8:
        yield "It offers 1 to 8 slots at a time."
    yield from key_problems([step.others] if step.others else [])
    if step.others in map(str, range(1, step.most + 1)):
        yield f"Key {step.others} can't both be a slot and ask for other times."
    for name in slots(step.day):
        if name not in known(document):
            yield f"It asks for the value “{name[:40]}”, which the dialogue does not know."


def _calendar(calendar: str) -> Iterator[str]:
    if not calendar.strip():
        yield "It names no calendar."


@_of_kind.register
def _(step: doc.Appointment | doc.Cancel, document: Document) -> Iterator[str]:
    yield from _calendar(step.calendar)


@_of_kind.register
def _(step: doc.Fetch | doc.Tell, document: Document) -> Iterator[str]:
    if not step.service.strip():
        yield "It names no service."
    for name in step.sends:
        if name not in known(document):
            yield f"It sends the value “{name[:40]}”, which the dialogue does not know."
    if isinstance(step, doc.Fetch):
        if not 0.1 <= step.seconds <= 10:
            yield "It waits between 0.1 and 10 seconds for a reply."
        yield from (f"“{n[:40]}” can't be the name of a value." for n in step.brings if not n.isidentifier())
