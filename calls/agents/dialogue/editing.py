"""PURE: changes of a dialogue, each a function from a document to a document.

A change may leave a dialogue with problems, which `validation` names; it never leaves one that can't be read.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar, get_args

from msgspec import structs

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import AnyStep, Document, Prompt
from calls.agents.dialogue.wording import is_empty

D = TypeVar("D", bound=Document)

STEP_KINDS: Final[Mapping[str, type[doc.Step]]] = MappingProxyType(
    {str(kind.__struct_config__.tag): kind for kind in get_args(AnyStep)}
)
"""What a step can do: its kind as it is stored, and its class."""
_BEGINNINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "menu": {"choices": {"1": doc.Choice("Yes"), "2": doc.Choice("No")}},
    "language": {"languages": {}},
    "later": {"times": {"1": doc.Time("tomorrow 10:00", "Tomorrow morning")}},
    "digits": {"most": 6},
    "branch": {"cases": [doc.Case("case_1", [doc.Condition("name", doc.Relation.KNOWN)])]},
    "slot": {"calendar": ""},
    "appointment": {"calendar": ""},
    "cancel": {"calendar": ""},
    "return": {"exit": "done"},
}
"""What a new step of a kind begins with, where the kind has no default for it."""
RUNS: Final = "sub:"
"""Stands before the name of a fragment where a step that runs it is to be added."""


class CannotEditError(ValueError):
    """A change is not possible; the text is a sentence for people."""


def kind_of(step: doc.Step) -> str:
    """Return a step's kind as it is stored."""
    return str(step.__struct_config__.tag)


def step_of(document: Document, step_id: str) -> AnyStep:
    """Return a step, also one of a fragment. Raises `CannotEditError`."""
    found = dict(document.all_steps()).get(step_id)
    if found is None:
        raise CannotEditError("This step does not exist any more.")
    return found


def put(document: D, step_id: str, step: AnyStep) -> D:
    """Return the dialogue with a step in the place of the one that is there. Raises `CannotEditError`."""
    step_of(document, step_id)
    name, dot, inner = step_id.rpartition(".")
    if not dot:
        return with_returns(structs.replace(document, steps={**document.steps, step_id: step}))
    fragment = document.fragments[name]
    changed = structs.replace(fragment, steps={**fragment.steps, inner: step})
    return with_returns(structs.replace(document, fragments={**document.fragments, name: changed}))


# --- Fragments -----------------------------------------------------------------------------------------


def inside(document: D, name: str) -> D:
    """Return a fragment's steps as a dialogue of their own, without words and defaults.

    Ways out that the dialogue has a default for lead nowhere in it. Raises `CannotEditError`.
    """
    fragment = document.fragments.get(name)
    if fragment is None:
        raise CannotEditError("This part does not exist any more.")
    defaults = dict.fromkeys(document.exits, "")
    return structs.replace(document, steps=fragment.steps, start=fragment.start, words={}, exits=defaults)


def with_returns(document: D) -> D:
    """Return the dialogue in which each step that runs a fragment has the ways out by which that returns."""

    def of(step: AnyStep) -> AnyStep:
        if not isinstance(step, doc.Sub) or step.fragment not in document.fragments:
            return step
        found = returns(document, step.fragment)
        names = [name for name in step.returns if name in found]
        names += [name for name in found if name not in names]
        exits = {name: target for name, target in step.exits.items() if name in names}
        return structs.replace(step, returns=names, exits=exits)

    return with_each_step(document, of)


def returns(document: Document, name: str) -> tuple[str, ...]:
    """Return the ways out by which a fragment returns, in the order of its steps."""
    inner = document.fragments[name].steps.values()
    return tuple(dict.fromkeys(step.exit for step in inner if isinstance(step, doc.Return)))


def with_each_step(document: D, change: Callable[[AnyStep], AnyStep]) -> D:
    """Return the dialogue with each step, also those of fragments, as `change` returns it."""
    fragments = {
        name: structs.replace(one, steps={step_id: change(step) for step_id, step in one.steps.items()})
        for name, one in document.fragments.items()
    }
    steps = {step_id: change(step) for step_id, step in document.steps.items()}
    return structs.replace(document, steps=steps, fragments=fragments)


def _with_inside(document: D, name: str, changed: D) -> D:
    """Return the dialogue with a fragment's steps as they are in `changed`; words of steps that went go."""
    fragment = doc.Fragment(changed.start, changed.steps)
    gone = {f"{name}.{inner}" for inner in document.fragments[name].steps.keys() - changed.steps.keys()}
    words = {
        language: {step_id: roles for step_id, roles in said.items() if step_id not in gone}
        for language, said in document.words.items()
    }
    fragments = {**document.fragments, name: fragment}
    return with_returns(structs.replace(document, fragments=fragments, words=words))


# --- Steps ---------------------------------------------------------------------------------------------


def new_step(kind: str, title: str = "") -> AnyStep:
    """Return a step of a kind as it begins. Raises `CannotEditError` for an unknown kind."""
    if kind not in (*addable(), "return"):
        raise CannotEditError("There is no step of that kind.")
    step: AnyStep = STEP_KINDS[kind](title=title, **_BEGINNINGS.get(kind, {}))  # type: ignore[assignment]
    return step


def addable() -> tuple[str, ...]:
    """Return the kinds of steps that can be begun without knowing more about them.

    Those that run a fragment are added by `RUNS` and its name, those that end one stand in a fragment only.
    """
    without_needs = (
        kind for kind, made in STEP_KINDS.items() if not any(field.required for field in structs.fields(made))
    )
    able = {*_BEGINNINGS, *without_needs} - {"return"}
    return tuple(kind for kind in STEP_KINDS if kind in able)


def add(document: D, kind: str, *, after: str, exit_name: str = "", title: str = "") -> tuple[D, str]:
    """Return the dialogue with a new step, and the step's id.

    The new step stands behind a way out of the step `after`, its first one if `exit_name` is empty, and leads
    on to where that led. Behind a step without ways out it stands before it. Behind a step of a fragment it
    stands in that fragment. `kind`: also `RUNS` and a fragment's name. Raises `CannotEditError`.
    """
    before = step_of(document, after)
    fragment, _, inner = after.rpartition(".")
    if fragment:
        changed, made = add(inside(document, fragment), kind, after=inner, exit_name=exit_name, title=title)
        # Texts can't name `part.step`, so what is answered there has a name of its own.
        step, name = changed.steps[made], f"{fragment}_{made}"
        own = {field: name for field in ("question", "value") if hasattr(step, field)}
        changed = put(changed, made, structs.replace(step, **own))
        return _with_inside(document, fragment, changed), f"{fragment}.{made}"
    if (run := kind.removeprefix(RUNS)) in document.fragments and run != kind:
        step = doc.Sub(title=title, fragment=run, returns=[*returns(document, run)])
    else:
        step = new_step(kind, title)
    step_id = free_id(document, kind_of(step))
    grown = structs.replace(document, steps={**document.steps, step_id: step})
    names = before.exit_names()
    if not names:
        return _leading_to(_redirected(grown, after, step_id, but=step_id), step_id, after), step_id
    name = exit_name if exit_name in names else names[0]
    target = document.target(after, before, name)
    grown = wire(grown, after, name, step_id)
    return _leading_to(grown, step_id, target), step_id


def free_id(document: Document, kind: str) -> str:
    """Return an id that no step has: the kind and a number."""
    numbers = range(1, len(document.steps) + 2)
    return next(made for number in numbers if (made := f"{kind}_{number}") not in document.steps)


def _leading_to(document: D, step_id: str, target: str) -> D:
    """Return the dialogue in which the ways out of a step lead to `target`, but for those with a default."""
    step = document.steps[step_id]
    if not target:
        return document
    exits = {name: target for name in step.exit_names() if name not in document.exits}
    return put(document, step_id, structs.replace(step, exits={**exits, **step.exits}))


def _redirected(document: D, old: str, new: str, *, but: str = "") -> D:
    """Return the dialogue in which what led to the step `old` leads to `new`; nowhere if that is empty."""
    steps = {
        step_id: step if step_id == but else structs.replace(step, exits=_turned(step.exits, old, new))
        for step_id, step in document.steps.items()
    }
    start = (new or next(iter(steps))) if document.start == old else document.start
    return structs.replace(document, steps=steps, exits=_turned(document.exits, old, new), start=start)


def _turned(exits: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    turned = {name: new if target == old else target for name, target in exits.items()}
    return {name: target for name, target in turned.items() if target or exits[name] != old}


def _next_of(document: Document, step_id: str) -> str:
    step = document.steps[step_id]
    targets = (document.target(step_id, step, name) for name in step.exit_names())
    return next((target for target in targets if target and target != step_id), "")


def delete(document: D, step_id: str) -> D:
    """Return the dialogue without a step and its words; what led to it leads to where its first way out led.

    Raises `CannotEditError` for the last step.
    """
    step_of(document, step_id)
    fragment, _, inner = step_id.rpartition(".")
    if fragment:
        return _with_inside(document, fragment, delete(inside(document, fragment), inner))
    if len(document.steps) == 1:
        raise CannotEditError("A dialogue, and a part of one, has at least one step.")
    target = _next_of(document, step_id)
    steps = {name: step for name, step in document.steps.items() if name != step_id}
    words = {
        language: {k: v for k, v in said.items() if k != step_id} for language, said in document.words.items()
    }
    shorter = structs.replace(document, steps=steps, words=words)
    return _redirected(shorter, step_id, target)


def move(document: D, step_id: str, *, after: str, exit_name: str = "") -> D:
    """Return the dialogue with a step behind a way out of another one; as `add` puts a new one there.

    What led to it leads to where its first way out led. Raises `CannotEditError`.
    """
    step, before = step_of(document, step_id), step_of(document, after)
    if step_id == after:
        raise CannotEditError("A step can't stand behind itself.")
    (fragment, _, inner), (other, _, inner_after) = step_id.rpartition("."), after.rpartition(".")
    if fragment != other:
        raise CannotEditError("A step is moved among the steps of its own part; add it anew in the other.")
    if fragment:
        moved = move(inside(document, fragment), inner, after=inner_after, exit_name=exit_name)
        return _with_inside(document, fragment, moved)
    names = before.exit_names()
    if not names or not step.exit_names():
        raise CannotEditError("A step that ends the call stays where it is; wire the ways out to it instead.")
    was = _next_of(document, step_id)
    document = _redirected(document, step_id, was, but=step_id)
    name = exit_name if exit_name in names else names[0]
    target = document.target(after, document.steps[after], name)
    step = structs.replace(step, exits=_turned(step.exits, was, target if target != step_id else was))
    return wire(put(document, step_id, step), after, name, step_id)


def change_kind(document: D, step_id: str, kind: str) -> D:
    """Return the dialogue in which a step does something else: title, words and exits stay where they can.

    Raises `CannotEditError`.
    """
    old, new = step_of(document, step_id), new_step(kind)
    if kind_of(old) == kind:
        return document
    kept = {field.name for field in structs.fields(type(new))} - {"exits"} - {*_BEGINNINGS.get(kind, {})}
    fields = {field.name: getattr(old, field.name) for field in structs.fields(old) if field.name in kept}
    new = structs.replace(new, **fields)
    first = next((old.exits[name] for name in old.exit_names() if name in old.exits), "")
    wanted = [name for name in new.exit_names() if name in old.exits or name not in document.exits]
    exits = {name: old.exits.get(name, first) for name in wanted}
    changed = put(document, step_id, structs.replace(new, exits={k: v for k, v in exits.items() if v}))
    return _words_of_kind(changed, step_id, old, new)


def _words_of_kind(document: D, step_id: str, old: AnyStep, new: AnyStep) -> D:
    may = {*new.SPOKEN, *new.MAY_SPEAK}
    words = {}
    for language, said in document.words.items():
        roles = dict(said.get(step_id, {}))
        if old.SPOKEN and new.SPOKEN and old.SPOKEN[0] in roles:
            roles.setdefault(new.SPOKEN[0], roles[old.SPOKEN[0]])
        left = {role: prompt for role, prompt in roles.items() if role in may}
        words[language] = {**said, step_id: left} if left else {k: v for k, v in said.items() if k != step_id}
    return structs.replace(document, words=words)


def wire(document: D, step_id: str, exit_name: str, target: str) -> D:
    """Return the dialogue in which a way out leads to a step; empty: to where the dialogue's default says."""
    step = step_of(document, step_id)
    exits = {name: to for name, to in step.exits.items() if name != exit_name}
    return put(
        document, step_id, structs.replace(step, exits=exits | ({exit_name: target} if target else {}))
    )


# --- Words and languages -------------------------------------------------------------------------------


def set_words(document: D, language: str, step_id: str, *, role: str, prompt: Prompt) -> D:
    """Return the dialogue with what a step says for a role in a language; empty words are taken out."""
    said = document.words.get(language, {})
    roles = {name: words for name, words in said.get(step_id, {}).items() if name != role}
    if not is_empty(prompt) or not isinstance(prompt, str):
        roles[role] = prompt
    kept = {name: words for name, words in said.items() if name != step_id}
    return structs.replace(
        document, words={**document.words, language: {**kept, step_id: roles} if roles else kept}
    )


def add_language(document: D, language: str) -> D:
    """Return the dialogue with a language without words yet. Raises `CannotEditError` if it has it."""
    if language in document.words:
        raise CannotEditError("It speaks this language already.")
    return structs.replace(document, words={**document.words, language: {}})


def drop_language(document: D, language: str) -> D:
    """Return the dialogue without the words of a language. Raises `CannotEditError` for the last one."""
    words = {name: said for name, said in document.words.items() if name != language}
    if not words:
        raise CannotEditError("A dialogue speaks at least one language.")
    default = document.default_language
    return structs.replace(
        document, words=words, default_language=default if default in words else next(iter(words))
    )


# --- The whole -----------------------------------------------------------------------------------------


def blank(document_type: type[D], languages: Iterable[str]) -> D:
    """Return a dialogue that says hello, asks a question and says goodbye, in these languages.

    Its words are those of `_FIRST_WORDS`, in English where a language has none.
    """
    words = {language: _FIRST_WORDS.get(language, _FIRST_WORDS["en"]) for language in languages}
    steps: dict[str, AnyStep] = {
        # Who calls, and why, is heard to its end also where speech is later allowed to interrupt.
        "hello": doc.Say(
            title="Hello",
            exits={doc.NEXT: "question"},
            again=doc.Again.UNTIL_HEARD,
            barge_in=doc.BargeInSwitches(speech=False),
        ),
        "question": doc.Menu(
            title="Question",
            choices={"1": doc.Choice("Yes", "yes"), "2": doc.Choice("No", "no")},
            exits={"1": "goodbye", "2": "goodbye"},
        ),
        "goodbye": doc.Say(title="Goodbye", exits={doc.NEXT: "end"}),
        "end": doc.End(title="Hang up"),
    }
    return document_type(
        default_language=next(iter(words)),
        start="hello",
        steps=steps,
        words={
            language: {step: dict(said) for step, said in roles.items()} for language, roles in words.items()
        },
        exits={doc.NO_INPUT: "goodbye", doc.NO_MATCH: "goodbye"},
    )


_FIRST_WORDS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "en": {
        doc.GENERAL: {
            doc.OPT_OUT: "You will not be called again. Goodbye.",
            doc.SORRY: "Sorry, we can't go on with this call. Goodbye.",
            doc.WRONG: "That key has no meaning here.",
        },
        "hello": {"say": "Hello, this is a call from us."},
        "question": {"ask": "Press 1 for yes, or 2 for no. To get no more calls, press 9."},
        "goodbye": {"say": "Thank you. Goodbye."},
    },
    "hi": {
        doc.GENERAL: {
            doc.OPT_OUT: "आपको फिर कॉल नहीं किया जाएगा। नमस्ते।",
            doc.SORRY: "क्षमा करें, यह कॉल आगे नहीं चल सकती। नमस्ते।",
            doc.WRONG: "इस बटन का यहाँ कोई अर्थ नहीं है।",
        },
        "hello": {"say": "नमस्ते, यह हमारी ओर से कॉल है।"},
        "question": {"ask": "हाँ के लिए 1 दबाएँ, नहीं के लिए 2 दबाएँ। आगे कॉल न चाहिए तो 9 दबाएँ।"},
        "goodbye": {"say": "धन्यवाद। नमस्ते।"},
    },
}
