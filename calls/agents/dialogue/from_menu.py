"""PURE: make a dialogue of a menu's configuration: it says and logs the same, to the byte.

Used by the migration that turned stored menus into dialogues, and for menus that come as files.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from calls.agents.base import ConfigurationError, with_place
from calls.agents.dialogue import document as doc
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.menu import ANSWER, Later, MenuConfiguration, Texts

_OPENING, _MESSAGE, _QUESTION, _GOODBYE = "opening", "message", "question", "goodbye"


def read_menu(configuration: Mapping[str, object]) -> MenuConfiguration:
    """Return a menu from its JSON, its values unchecked. Raises `ConfigurationError` for another form."""
    try:
        return msgspec.convert(dict(configuration), MenuConfiguration)
    except msgspec.ValidationError as error:
        raise ConfigurationError(with_place(error)) from error


def converted(configuration: Mapping[str, object]) -> dict[str, Any]:
    """Return the JSON of the dialogue that does what a menu did. Raises `ConfigurationError`."""
    menu = read_menu(configuration)
    if problems := menu.problems():
        raise ConfigurationError(" ".join(problems))
    found: dict[str, Any] = msgspec.to_builtins(dialogue_of(menu))
    return found


def dialogue_of(menu: MenuConfiguration) -> DialogueConfiguration:
    """Return the dialogue that holds the same calls as a menu without problems."""
    later = menu.later
    has_message = any(texts.message.strip() for texts in menu.languages.values())
    steps: dict[str, doc.AnyStep] = {
        _OPENING: doc.Say(
            title="Opening",
            again=doc.Again.UNTIL_HEARD,
            barge_in=doc.BargeInSwitches(speech=False, key=menu.barge_in.key),
            exits={doc.NEXT: _MESSAGE if has_message else _QUESTION},
        )
    }
    if has_message:
        steps[_MESSAGE] = doc.Say(title="Message", again=doc.Again.WITH_QUESTION, exits={doc.NEXT: _QUESTION})
    steps[_QUESTION] = _question(menu)
    for key in menu.choices:
        steps |= dict(_choice(menu, key))
    if later:
        steps |= _later(menu, later)
    steps |= {
        _GOODBYE: doc.Say(title="Goodbye", exits={doc.NEXT: "end_goodbye"}),
        "end_reply": doc.End(reason="We hung up after the reply."),
        "end_goodbye": doc.End(),
    }
    return DialogueConfiguration(
        default_language=menu.default_language,
        start=_OPENING,
        steps=steps,
        words={language: _words(menu, texts) for language, texts in menu.languages.items()},
        values=menu.values(),
        exits={doc.NO_INPUT: _GOODBYE, doc.NO_MATCH: _GOODBYE},
        barge_in=menu.barge_in,
        wrong_keys=menu.most_misses,
    )


def _question(menu: MenuConfiguration) -> doc.Menu:
    choices = {key: doc.Choice(choice.label, choice.outcome) for key, choice in menu.choices.items()}
    exits = {key: f"digits_{_safe(key)}" if key in menu.collect else f"reply_{_safe(key)}" for key in choices}
    keys = [*choices]
    if later := menu.later:
        choices[later.key], exits[later.key] = doc.Choice(""), "later"
        keys.append(later.key)
    return doc.Menu(
        title=_title(keys),
        question=menu.question,
        wrong_keys=menu.most_misses,
        answer_seconds=menu.answer_seconds,
        choices=choices,
        exits=exits,
    )


def _choice(menu: MenuConfiguration, key: str) -> Iterator[tuple[str, doc.AnyStep]]:
    yield f"reply_{_safe(key)}", doc.Say(title="Reply", exits={doc.NEXT: "end_reply"})
    if digits := menu.collect.get(key):
        yield (
            f"digits_{_safe(key)}",
            doc.Digits(
                title="Enter digits",
                question=digits.question,
                value=ANSWER,
                least=digits.least,
                most=digits.most,
                terminator=digits.terminator,
                first_digit_seconds=digits.first_digit_seconds,
                inter_digit_seconds=digits.inter_digit_seconds,
                attempts=digits.attempts,
                exits={doc.MATCH: f"reply_{_safe(key)}"},
            ),
        )


def _later(menu: MenuConfiguration, later: Later) -> dict[str, doc.AnyStep]:
    replies = {key: f"later_{_safe(key)}" for key in later.times}
    steps: dict[str, doc.AnyStep] = {
        "later": doc.Later(
            title=f"When? {_title([*later.times])}",
            question=later.question,
            wrong_keys=menu.most_misses,
            answer_seconds=menu.answer_seconds,
            times=later.times,
            exits={**replies, doc.FULL: "later_full"},
        ),
        "later_full": doc.Say(title="Reply", exits={doc.NEXT: "end_full"}),
        "end_full": doc.End(reason="We hung up: no further call-back is made."),
        "end_later": doc.End(reason="We hung up after saying when we call back."),
    }
    steps |= {reply: doc.Say(title="Reply", exits={doc.NEXT: "end_later"}) for reply in replies.values()}
    return steps


def _words(menu: MenuConfiguration, texts: Texts) -> dict[str, dict[str, doc.Prompt]]:
    words: dict[str, dict[str, doc.Prompt]] = {
        doc.GENERAL: {doc.OPT_OUT: texts.opt_out, doc.WRONG: texts.not_understood, doc.SORRY: texts.sorry},
        _OPENING: {"say": texts.opening},
        _QUESTION: {"ask": texts.question},
        _GOODBYE: {"say": texts.goodbye},
    }
    if any(others.message.strip() for others in menu.languages.values()):
        words[_MESSAGE] = {"say": texts.message}
    words |= {f"reply_{_safe(key)}": {"say": text} for key, text in texts.replies.items()}
    words |= {f"digits_{_safe(key)}": {"ask": text} for key, text in texts.collect.items()}
    if later := texts.later:
        words |= {"later": {"ask": later.question}, "later_full": {"say": later.full}}
        words |= {f"later_{_safe(key)}": {"say": text} for key, text in later.replies.items()}
    return words


def _safe(key: str) -> str:
    return {"*": "star", "#": "hash"}.get(key, key)


def _title(keys: list[str]) -> str:
    *first, last = keys
    return f"Choose {', '.join(first)} or {last}" if first else f"Press {last}"
