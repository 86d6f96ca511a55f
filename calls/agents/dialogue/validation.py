"""PURE: what is wrong with a dialogue: the same sentences in the studio, the API, files and commands.

Problems keep a dialogue from being published; advice does not.
"""

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from datetime import UTC, datetime
from functools import singledispatch

from calls.agents.dialogue import advice
from calls.agents.dialogue import document as doc
from calls.agents.dialogue.asking import KINDS
from calls.agents.dialogue.document import Document
from calls.agents.dialogue.graph import (
    fragments_that_run_themselves,
    loops_without_a_wait,
    no_way_out,
    reachable,
)
from calls.agents.dialogue.problem import MOST_TEXT, Problem
from calls.agents.dialogue.slots import KINDS as SLOT_KINDS
from calls.agents.dialogue.wording import SLOT, all_prompts, is_empty, slots, texts
from campaigns.schedule.callback_times import UnreadableMoment, moment
from campaigns.spreadsheets.written import Kind, unclear

MOST_STEPS = 500
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_LENGTHS: Mapping[doc.Meaning, tuple[int, ...]] = {
    doc.Meaning.DATE: (4, 6, 8),
    doc.Meaning.TIME: (3, 4),
    doc.Meaning.PIN: (6,),
    doc.Meaning.PHONE: (10, 11, 12),
}
"""How many digits there may be, the usual number last."""
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Stands for now where only the format of a moment is checked."""


def problems(document: Document, clips: Set[str] | None = None) -> list[Problem]:
    """Return what keeps a dialogue from being published, in the order of its steps; empty if nothing does.

    `clips`: the names of the recorded clips that there are; None if that is not known.
    """
    return [problem for problem in check(document, clips) if not problem.is_advice]


def check(document: Document, clips: Set[str] | None = None) -> list[Problem]:
    """Return problems and advice."""
    if whole := [*_whole(document)]:
        return whole
    steps = dict(document.all_steps())
    found = [*_general(document), *_wiring(document), *_places(document)]
    for step_id, step in steps.items():
        found += [Problem(text, step_id) for text in _step(document, step)]
    if not found:
        found += _ways(document)
    found += [p for language in document.words for p in _words(document, language, clips)]
    found += advice.advice(document) if not found else ()
    return [replace(p, title=_title(p.step, steps.get(p.step))) if p.step else p for p in found]


def _title(step_id: str, step: doc.AnyStep | None) -> str:
    return (step.title if step else "") or step_id


def _whole(document: Document) -> Iterator[Problem]:
    """Yield what makes it pointless to look any further."""
    if document.schema > doc.SCHEMA:
        yield Problem(
            f"The dialogue is of format {document.schema}; this program knows formats up to {doc.SCHEMA}."
        )
    count = sum(1 for _ in document.all_steps())
    if count > MOST_STEPS:
        yield Problem(f"The dialogue has {count} steps; {MOST_STEPS} are the most.")
    if not document.steps:
        yield Problem("The dialogue has no steps.")
    elif document.start not in document.steps:
        yield Problem(f"The dialogue begins with the step “{document.start[:40]}”, which does not exist.")
    names = [*document.steps, *document.fragments, *(n for f in document.fragments.values() for n in f.steps)]
    for name in names:
        if not name.isidentifier() or name == doc.GENERAL:
            yield Problem(
                f"“{name[:40]}” can't be the id of a step: letters, digits and _ only, and not “general”."
            )


def _general(document: Document) -> Iterator[Problem]:
    if document.default_language not in document.words:
        yield Problem(f"There are no words in the language “{document.default_language[:20]}”, the default.")
    for language in document.words:
        if not _LANGUAGE.fullmatch(language):
            yield Problem(f"“{language[:20]}” is no language; write it as “hi” or “en”.")
    for name in document.values:
        if not name.isidentifier():
            yield Problem(f"“{name[:40]}” can't be the name of a value: letters, digits and _ only.")
    keys = [key for key in (document.keys.repeat, document.keys.person) if key]
    yield from (Problem(text) for text in _keys(dict.fromkeys(keys)))
    if len(keys) > len({*keys}):
        yield Problem(f"Key {keys[0][:20]} can't both repeat and ask for a person.")
    if document.wrong_keys is not None and not 1 <= document.wrong_keys <= 20:
        yield Problem("The wrong keys that end a call are between 1 and 20.")


# --- Where exits lead ----------------------------------------------------------------------------------


def _wiring(document: Document) -> Iterator[Problem]:
    for name, target in document.exits.items():
        if target not in document.steps:
            text = f"The default way out “{name}” leads to the step “{target[:40]}”, which does not exist."
            yield Problem(text)
    if document.keys.person and doc.PERSON not in document.exits:
        yield Problem("There is a key for a person, but no default way out “person”.")
    steps = dict(document.all_steps())
    for step_id, step in steps.items():
        yield from (Problem(text, step_id) for text in _exits(document, step_id, step, steps.keys()))


def _exits(document: Document, step_id: str, step: doc.AnyStep, known: Set[str]) -> Iterator[str]:
    for name in step.exit_names():
        target = document.target(step_id, step, name)
        if not target:
            yield f"The way out “{name}” leads nowhere."
        elif target not in known and name in step.exits:
            yield f"The way out “{name}” leads to “{target[:40]}”, which does not exist."
    for name in sorted(step.exits.keys() - set(step.exit_names())):
        yield f"It has no way out “{name[:40]}”."


def _places(document: Document) -> Iterator[Problem]:
    """Yield what stands where it can't: returns and starts of fragments, fragments that run each other."""
    for name, fragment in document.fragments.items():
        if fragment.start not in fragment.steps:
            yield Problem(f"The fragment “{name}” begins with a step that does not exist.")
    for name in fragments_that_run_themselves(document):
        yield Problem(f"The fragment “{name}” runs itself.")
    for step_id, step in document.all_steps():
        if isinstance(step, doc.Return) and "." not in step_id:
            yield Problem("A return is possible in a fragment only.", step_id)
        if isinstance(step, doc.Sub):
            yield from (Problem(text, step_id) for text in _sub(document, step))


def _sub(document: Document, step: doc.Sub) -> Iterator[str]:
    fragment = document.fragments.get(step.fragment)
    if fragment is None:
        yield f"There is no fragment “{step.fragment[:40]}”."
        return
    returns = {inner.exit for inner in fragment.steps.values() if isinstance(inner, doc.Return)}
    if returns != set(step.returns):
        yield f"The fragment “{step.fragment}” returns by {', '.join(sorted(returns)) or 'nothing'}."


def _ways(document: Document) -> Iterator[Problem]:
    """Yield steps that are never reached, and loops that never wait or never end."""
    reached = reachable(document)
    for step_id, _ in document.all_steps():
        if step_id not in reached:
            yield Problem("It is never reached.", step_id)
    for step_id in loops_without_a_wait(document):
        yield Problem("From here it goes round in a circle without asking anything.", step_id)
    for step_id in no_way_out(document):
        yield Problem("From here the call never comes to an end.", step_id)


# --- Single steps --------------------------------------------------------------------------------------


def _step(document: Document, step: doc.AnyStep) -> Iterator[str]:
    if isinstance(step, doc.Ask):
        yield from _ask(step)
    yield from _of_kind(step, document)


@singledispatch
def _of_kind(step: doc.AnyStep, document: Document) -> Iterator[str]:
    """Yield what is wrong with a step of its kind."""
    yield from ()


@_of_kind.register
def _(step: doc.Menu, document: Document) -> Iterator[str]:
    if not step.choices:
        yield "It needs at least one key."
    yield from _keys(step.choices)


@_of_kind.register
def _(step: doc.Rating, document: Document) -> Iterator[str]:
    if not 0 <= step.lowest < step.highest <= 8:
        yield "A rating is by one key, from 0 to 8: 9 means “do not call me again”."


@_of_kind.register
def _(step: doc.ChooseLanguage, document: Document) -> Iterator[str]:
    yield from _keys(step.languages)
    for language in step.languages.values():
        if language not in document.words:
            yield f"It offers “{language[:20]}”, and there are no words in that language."


@_of_kind.register
def _(step: doc.End, document: Document) -> Iterator[str]:
    if len(step.disposition) > 20:
        yield "How it ended has at most 20 characters."


def _ask(step: doc.Ask) -> Iterator[str]:
    if not 1 <= step.answer_seconds <= 60:
        yield "The wait for an answer is between 1 and 60 seconds."
    if not 1 <= step.asked <= 5:
        yield "It is asked 1 to 5 times."
    if not 1 <= step.wrong_keys <= 10:
        yield "It ends at a wrong key between the first and the tenth."


def _keys(keys: Mapping[str, object]) -> Iterator[str]:
    for key in keys:
        if key == doc.OPT_OUT_KEY:
            yield "Key 9 always means “do not call me again” and can't mean anything else."
        elif len(key) != 1 or key not in doc.KEYS:
            yield f"“{key[:20]}” is no key; use one of 0 to 8, * and #."


@_of_kind.register
def _(step: doc.Later, document: Document) -> Iterator[str]:
    yield from _keys(step.times)
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
def _(step: doc.Branch, document: Document) -> Iterator[str]:
    if not step.cases:
        yield "It needs at least one case."
    known, kinds = _known(document), _kinds(document)
    for case in step.cases:
        if not case.when:
            yield f"The case “{case.exit[:40]}” has no condition."
        for condition in case.when:
            for name in (condition.value, *slots(condition.to)):
                if name not in known:
                    yield f"It asks for the value “{name[:40]}”, which the dialogue does not know."
            yield from _compared(condition, kinds.get(condition.value, Kind.TEXT))


def _compared(condition: doc.Condition, kind: Kind) -> Iterator[str]:
    if condition.relation in (doc.Relation.KNOWN, doc.Relation.UNKNOWN):
        return
    if not condition.to.strip():
        yield f"It compares “{condition.value[:40]}” with nothing."
    elif not slots(condition.to) and (why := unclear(condition.to, kind)):
        yield f"It compares “{condition.value[:40]}” with what it can't be. {why}"


def _known(document: Document) -> frozenset[str]:
    """Return the names of the values that are known in texts and conditions."""
    return frozenset([*document.values, "name"]) | document.own_values()


def _kinds(document: Document) -> dict[str, Kind]:
    pressed = {
        step.value or step_id: KINDS[step.means]
        for step_id, step in document.all_steps()
        if isinstance(step, doc.Digits)
    }
    fetched = {
        name: kind
        for _, step in document.all_steps()
        if isinstance(step, doc.Fetch)
        for name, kind in step.brings.items()
    }
    return {doc.TODAY: Kind.DATE, **SLOT_KINDS, **fetched, **pressed, **document.values}


@_of_kind.register
def _(step: doc.Set, document: Document) -> Iterator[str]:
    if not step.values and not step.outcome.strip():
        yield "It sets nothing."
    for name in step.values:
        if not name.isidentifier():
            yield f"“{name[:40]}” can't be the name of a value."
    known = _known(document)
    for name in (name for text in step.values.values() for name in slots(text)):
        if name not in known:
            yield f"It uses the value “{name[:40]}”, which the dialogue does not know."


@_of_kind.register
def _(step: doc.Slot, document: Document) -> Iterator[str]:
    yield from _calendar(step.calendar)
    if not 1 <= step.most <= 8:
        yield "It offers 1 to 8 slots at a time."
    yield from _keys({step.others: ""} if step.others else {})
    if step.others in map(str, range(1, step.most + 1)):
        yield f"Key {step.others} can't both be a slot and ask for other times."
    for name in slots(step.day):
        if name not in _known(document):
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
        if name not in _known(document):
            yield f"It sends the value “{name[:40]}”, which the dialogue does not know."
    if isinstance(step, doc.Fetch):
        if not 0.1 <= step.seconds <= 10:
            yield "It waits between 0.1 and 10 seconds for a reply."
        yield from (f"“{n[:40]}” can't be the name of a value." for n in step.brings if not n.isidentifier())


# --- Words ---------------------------------------------------------------------------------------------


def _words(document: Document, language: str, clips: Set[str] | None) -> Iterator[Problem]:
    words, steps = document.words[language], dict(document.all_steps())
    for step_id, step in steps.items():
        yield from (Problem(text, step_id, language) for text in _roles(step, words.get(step_id, {})))
    if is_empty(words.get(doc.GENERAL, {}).get(doc.OPT_OUT, "")):
        yield Problem("There are no words for a person who presses 9.", "", language)
    known = _known(document)
    for step_id, role, prompt in all_prompts(words):
        if step_id != doc.GENERAL and step_id not in steps:
            text = f"There are words for the step “{step_id[:40]}”, which does not exist."
            yield Problem(text, "", language)
            continue
        place = "" if step_id == doc.GENERAL else step_id
        for text in _prompt(prompt, known if role != doc.SORRY else frozenset(), clips):
            yield Problem(text, place, language)
    for role in sorted(words.get(doc.GENERAL, {}).keys() - doc.GENERAL_ROLES):
        yield Problem(f"General words for “{role[:40]}” are never said.", "", language)


def _roles(step: doc.AnyStep, roles: doc.Roles) -> Iterator[str]:
    needed = (*step.SPOKEN, *(("confirm",) if isinstance(step, doc.Digits) and step.confirm else ()))
    for role in needed:
        if is_empty(roles.get(role, "")):
            yield f"There are no words for “{role}”."
    for role in sorted(roles.keys() - {*step.SPOKEN, *step.MAY_SPEAK}):
        yield f"Words for “{role[:40]}” are never said."


def _prompt(prompt: doc.Prompt, known: Set[str], clips: Set[str] | None) -> Iterator[str]:
    for text in texts(prompt):
        yield from _text(text, known)
    if (length := sum(map(len, texts(prompt)))) > MOST_TEXT:
        yield f"“{next(texts(prompt))[:40]}…” has {length} characters; {MOST_TEXT} are the most."
    for piece in () if isinstance(prompt, str) else prompt:
        if isinstance(piece, doc.Clip):
            yield from _clip(piece, clips)


def _clip(piece: doc.Clip, clips: Set[str] | None) -> Iterator[str]:
    if not piece.clip.strip():
        yield "A clip has no name."
    elif clips is not None and piece.clip not in clips:
        yield f"There is no clip “{piece.clip[:40]}”."
    if not piece.text.strip():
        yield f"The clip “{piece.clip[:40]}” has no text that is spoken where it is missing."


def _text(text: str, known: Set[str]) -> Iterator[str]:
    rest = SLOT.sub("", text)
    if "{" in rest or "}" in rest:
        yield f"A brace in “{text[:40]}…” does not belong to a value such as {{amount}}."
    if "<" in rest and ">" in rest:
        yield f"“{text[:40]}…” holds markup; only plain words are spoken."
    for name in slots(text):
        if name not in known:
            yield f"The words use the value “{name[:40]}”, which is not known there."
