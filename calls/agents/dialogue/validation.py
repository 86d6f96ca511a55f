"""PURE: what is wrong with a dialogue: the same sentences in the studio, the API, files and commands.

Problems keep a dialogue from being published; advice does not.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Document
from calls.agents.dialogue.graph import loops_without_a_wait, no_way_out, reachable
from calls.agents.dialogue.wording import SLOT, all_prompts, clips, is_empty, slots, texts
from campaigns.schedule.callback_times import UnreadableMoment, moment

MOST_STEPS = 500
MOST_TEXT = 2000
ADVISED_TEXT = 350
"""About 20 seconds of speech; people hang up."""
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Stands for now where only the format of a moment is checked."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `step` is the step's id, empty for the dialogue as a whole."""

    text: str
    step: str = ""
    language: str = ""
    title: str = ""
    """The step's name for people."""
    is_advice: bool = False

    @property
    def sentence(self) -> str:
        """The text with its place before it."""
        place = ", ".join(part for part in (f"“{self.title}”" if self.step else "", self.language) if part)
        return f"{place}: {self.text}" if place else self.text


def problems(document: Document) -> list[Problem]:
    """Return what keeps a dialogue from being published, in the order of its steps; empty if nothing does."""
    return [problem for problem in check(document) if not problem.is_advice]


def check(document: Document) -> list[Problem]:
    """Return problems and advice."""
    if whole := [*_whole(document)]:
        return whole
    steps = dict(document.all_steps())
    found = [*_wiring(document), *_places(document)]
    for step_id, step in steps.items():
        found += [Problem(text, step_id) for text in _step(document, step_id, step)]
    if not found:
        found += _ways(document)
    found += [p for language in document.words for p in _words(document, language)]
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
    for name in step.exits.keys() - set(step.exit_names()):
        yield f"It has no way out “{name[:40]}”."


def _places(document: Document) -> Iterator[Problem]:
    """Yield what stands where it can't: returns and starts of fragments, fragments that run each other."""
    for name, fragment in document.fragments.items():
        if fragment.start not in fragment.steps:
            yield Problem(f"The fragment “{name}” begins with a step that does not exist.")
        if _runs_itself(document, name, ()):
            yield Problem(f"The fragment “{name}” runs itself.")
    for step_id, step in document.all_steps():
        if isinstance(step, doc.Return) and "." not in step_id:
            yield Problem("A return is possible in a fragment only.", step_id)
        if isinstance(step, doc.Sub):
            yield from (Problem(text, step_id) for text in _sub(document, step))


def _runs_itself(document: Document, name: str, above: tuple[str, ...]) -> bool:
    if name in above:
        return True
    fragment = document.fragments.get(name)
    inner = (
        (step.fragment for step in fragment.steps.values() if isinstance(step, doc.Sub)) if fragment else ()
    )
    return any(_runs_itself(document, other, (*above, name)) for other in inner)


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


def _step(document: Document, step_id: str, step: doc.AnyStep) -> Iterator[str]:
    if isinstance(step, doc.Ask):
        yield from _ask(step)
    if check_kind := _KINDS.get(type(step)):
        yield from check_kind(document, step)


def _menu(document: Document, step: doc.Menu) -> Iterator[str]:
    if not step.choices:
        yield "It needs at least one key."
    yield from _keys(step.choices)


def _rating(document: Document, step: doc.Rating) -> Iterator[str]:
    if not 0 <= step.lowest < step.highest <= 8:
        yield "A rating is by one key, from 0 to 8: 9 means “do not call me again”."


def _language(document: Document, step: doc.ChooseLanguage) -> Iterator[str]:
    yield from _keys(step.languages)
    for language in step.languages.values():
        if language not in document.words:
            yield f"It offers “{language[:20]}”, and there are no words in that language."


def _end(document: Document, step: doc.End) -> Iterator[str]:
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


def _times(document: Document, step: doc.Later) -> Iterator[str]:
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


def _digits(document: Document, step: doc.Digits) -> Iterator[str]:
    if not (1 <= step.least <= step.most and 2 <= step.most <= 20):
        yield "It takes at least 1 digit and at most 2 to 20."
    if step.terminator not in ("", "#", "*"):
        yield "Digits end with #, * or nothing."
    if not all(1 <= s <= 30 for s in (step.first_digit_seconds, step.inter_digit_seconds)):
        yield "The waits for digits are between 1 and 30 seconds."
    if not 1 <= step.attempts <= 5:
        yield "Digits are asked for 1 to 5 times."
    if step.lowest is not None and step.highest is not None and step.lowest > step.highest:
        yield "The least number is greater than the greatest."


def _branch(document: Document, step: doc.Branch) -> Iterator[str]:
    if not step.cases:
        yield "It needs at least one case."
    known = {*document.values, *document.own_values(), "name"}
    for case in step.cases:
        if not case.when:
            yield f"The case “{case.exit[:40]}” has no condition."
        for condition in case.when:
            for name in (condition.value, *slots(condition.to)):
                if name not in known:
                    yield f"It asks for the value “{name[:40]}”, which the dialogue does not know."


def _set(document: Document, step: doc.Set) -> Iterator[str]:
    if not step.values and not step.outcome.strip():
        yield "It sets nothing."
    for name in step.values:
        if not name.isidentifier():
            yield f"“{name[:40]}” can't be the name of a value."
    known = {*document.values, *document.own_values(), "name"}
    for name in (name for text in step.values.values() for name in slots(text)):
        if name not in known:
            yield f"It uses the value “{name[:40]}”, which the dialogue does not know."


_KINDS: Mapping[type, Callable[[Document, Any], Iterator[str]]] = {
    doc.Menu: _menu,
    doc.Rating: _rating,
    doc.ChooseLanguage: _language,
    doc.Later: _times,
    doc.Digits: _digits,
    doc.Branch: _branch,
    doc.Set: _set,
    doc.End: _end,
}


# --- Words ---------------------------------------------------------------------------------------------


def _words(document: Document, language: str) -> Iterator[Problem]:
    words, steps = document.words[language], dict(document.all_steps())
    for step_id, step in steps.items():
        yield from (Problem(text, step_id, language) for text in _roles(step, words.get(step_id, {})))
    if is_empty(words.get(doc.GENERAL, {}).get(doc.OPT_OUT, "")):
        yield Problem("There are no words for a person who presses 9.", "", language)
    known = {*document.values, *document.own_values(), "name"}
    for step_id, role, prompt in all_prompts(words):
        if step_id != doc.GENERAL and step_id not in steps:
            text = f"There are words for the step “{step_id[:40]}”, which does not exist."
            yield Problem(text, "", language)
            continue
        place = "" if step_id == doc.GENERAL else step_id
        for text, advice in _prompt(prompt, known if role != doc.SORRY else set()):
            yield Problem(text, place, language, is_advice=advice)


def _roles(step: doc.AnyStep, roles: doc.Roles) -> Iterator[str]:
    needed = (*step.SPOKEN, *(("confirm",) if isinstance(step, doc.Digits) and step.confirm else ()))
    for role in needed:
        if is_empty(roles.get(role, "")):
            yield f"There are no words for “{role}”."
    for role in roles.keys() - {*step.SPOKEN, *step.MAY_SPEAK}:
        yield f"Words for “{role[:40]}” are never said."


def _prompt(prompt: doc.Prompt, known: set[str]) -> Iterator[tuple[str, bool]]:
    """Yield what is wrong with a prompt, and whether that is advice only."""
    for text in texts(prompt):
        yield from _text(text, known)
    if any(not clip.strip() for clip in clips(prompt)):
        yield "A clip has no name.", False


def _text(text: str, known: set[str]) -> Iterator[tuple[str, bool]]:
    """Yield what is wrong with a text, and whether that is advice only."""
    rest = SLOT.sub("", text)
    if "{" in rest or "}" in rest:
        yield f"A brace in “{text[:40]}…” does not belong to a value such as {{amount}}.", False
    if "<" in rest and ">" in rest:
        yield f"“{text[:40]}…” holds markup; only plain words are spoken.", False
    for name in slots(text):
        if name not in known:
            yield f"The words use the value “{name}”, which is not known there.", False
    if len(text) > MOST_TEXT:
        yield f"“{text[:40]}…” is longer than {MOST_TEXT} characters.", False
    elif len(text) > ADVISED_TEXT:
        yield f"“{text[:40]}…” takes longer than 20 seconds; people hang up.", True
