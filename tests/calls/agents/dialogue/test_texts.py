"""What a dialogue tells before a call: every text that may be spoken."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from calls.agents import registry
from calls.agents.base import (
    Action,
    AgentEvent,
    CallContext,
    CallStarted,
    Collected,
    CollectEnd,
    KeyPressed,
    PromptEnded,
    PromptFailed,
    Say,
    SayPieces,
    TextPiece,
    TimerFired,
)
from calls.agents.dialogue.configuration import DialogueConfiguration
from tests.calls.agents.texts import ENGLISH, HINDI, LATER, MENU, VARIABLES, dialogue

DIGITS: dict[str, Any] = {
    "collect": {"2": {"question": "days", "most": 2}},
    "languages": {
        language: texts
        | {
            "collect": {"2": "How many days, {name}?"},
            "replies": {"1": "Thank you.", "2": "{answer} days, {name}."},
        }
        for language, texts in (("en", ENGLISH), ("hi", HINDI))
    },
}
PERSON = {"name": "Asha", **VARIABLES}


def texts(changes: Mapping[str, Any], variables: Mapping[str, str], language: str = "en") -> tuple[str, ...]:
    return registry.read("dialogue", dialogue({**MENU, **changes})).texts(variables, language=language)


def spoken(actions: Sequence[Action]) -> list[str]:
    said = [action.text for action in actions if isinstance(action, Say)]
    pieces = [piece for action in actions if isinstance(action, SayPieces) for piece in action.pieces]
    return said + [piece.text for piece in pieces if isinstance(piece, TextPiece)]


DIALOGUES: list[list[AgentEvent]] = [
    [KeyPressed("1")],
    [KeyPressed("9")],
    [KeyPressed("5"), KeyPressed("5"), KeyPressed("5")],
    [PromptEnded("Choose 1 or 2", True, 1, 1), TimerFired("answer"), TimerFired("answer")],
    [PromptFailed("Opening", "No voice.")],
    [KeyPressed("4"), KeyPressed("1")],
    [KeyPressed("2"), Collected("days", "", CollectEnd.NOTHING)],
]


@pytest.mark.parametrize("changes", [{}, LATER, DIGITS], ids=["plain", "later", "digits"])
@pytest.mark.parametrize("events", DIALOGUES, ids=str)
def test_whatever_a_call_says_was_told_before(changes: Mapping[str, Any], events: list[AgentEvent]) -> None:
    agent = registry.build("dialogue", dialogue({**MENU, **changes}))
    context = CallContext(language="en", name="Asha", variables=VARIABLES)
    said = [text for event in (CallStarted(context), *events) for text in spoken(agent.handle(event))]
    assert said
    assert set(said) <= set(texts(changes, PERSON))


def test_without_values_only_what_all_people_hear() -> None:
    same = {"Press 1 or 2.", "Sorry?", "Goodbye.", "We will not call again.", "All right.", "Sorry."}
    assert set(texts({}, {})) == same


def test_a_value_that_is_no_amount_leaves_its_texts_out() -> None:
    told = texts({}, PERSON | {"amount": "1,200 Cr"})
    assert "Hello Asha, this is an automated call." in told
    assert len(told) == len(texts({}, PERSON)) - 1


def test_digits_that_will_be_pressed_are_not_known() -> None:
    told = texts(DIGITS, PERSON | {"answer": "7", "days": "7"})
    assert "How many days, Asha?" in told
    assert not any("days, Asha." in text for text in told)


def test_the_texts_are_those_of_the_language_heard() -> None:
    assert "नमस्ते Asha।" in texts({}, PERSON, "hi-IN")
    assert texts({}, PERSON, "or") == texts({}, PERSON, "hi")


def test_a_kind_without_texts_tells_none() -> None:
    playback = registry.read("playback", {"clip": "welcome"})
    assert playback.texts(PERSON, language="hi") == playback.may_hear("hi") == ()


def test_words_to_which_a_persons_values_do_not_lead_are_left_out() -> None:
    case = {"exit": "paid", "when": [{"value": "amount", "relation": "is", "to": "0"}]}
    steps = {
        "paid_yet": {"kind": "branch", "cases": [case], "exits": {"paid": "thanks", "else": "due"}},
        "thanks": {"kind": "say"},
        "due": {"kind": "say"},
    }
    words = {"thanks": {"say": "Thank you, {name}."}, "due": {"say": "{amount} is due."}}
    general = {"sorry": "Sorry, {name}."}
    document = {"default_language": "en", "start": "paid_yet", "values": {"amount": "amount"}, "steps": steps}
    read = msgspec.convert(
        {**document, "words": {"en": {**words, "general": general}}}, DialogueConfiguration
    )
    asha = {"name": "Asha", "amount": "500"}
    assert read.texts(asha, language="en") == ("five hundred rupees is due.", "Sorry, Asha.")
    assert read.texts(asha | {"amount": "0"}, language="en") == ("Thank you, Asha.", "Sorry, Asha.")
    assert read.written(language="en") == ("Thank you, {name}.", "{amount} is due.", "Sorry, {name}.")


def test_where_a_language_is_chosen_people_may_hear_each_of_them() -> None:
    english = {"which": {"ask": "Press 1 for Hindi, {name}."}, "bye": {"say": "Goodbye."}}
    hindi = {"which": {"ask": [{"clip": "which", "text": "1"}, "{name}, 1 दबाएँ।"]}, "bye": {"say": "नमस्ते।"}}
    steps = {"bye": {"kind": "say"}, "which": {"kind": "language", "languages": {"1": "hi"}}}
    document = {"default_language": "en", "start": "which", "words": {"en": english, "hi": hindi}}
    chosen = msgspec.convert({**document, "steps": steps}, DialogueConfiguration)
    fixed = msgspec.convert({**document, "steps": {"bye": steps["bye"]}}, DialogueConfiguration)
    assert chosen.may_hear("en") == ("en", "hi")
    assert fixed.may_hear("en") == ("en",)
    spoken = {"en": english, "gu": english, "hi": hindi}  # no key leads to Gujarati
    unoffered = msgspec.convert({**document, "words": spoken, "steps": steps}, DialogueConfiguration)
    assert unoffered.may_hear("en") == ("en", "hi")
    assert chosen.texts({"name": "Asha"}, language="hi") == ("Asha, 1 दबाएँ।", "नमस्ते।")
