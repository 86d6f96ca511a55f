"""The menu agent's "call me later": a choice of times, and a wish for one of them."""

from typing import Any

import pytest

from calls.agents.base import (
    AskCallback,
    BargeIn,
    CallContext,
    CallStarted,
    HangUp,
    KeyPressed,
    OptOut,
    PromptEnded,
    ReachOutcome,
    RecordAnswer,
    Say,
    StartTimer,
    StopTimer,
    TimerFired,
)
from calls.agents.menu.agent import MenuAgent
from calls.agents.registry import build, validate
from tests.calls.agents.texts import ENGLISH, LATER, MENU, VARIABLES

WHEN = "When? Choose 1 or 3"


def begun(*, callback: bool = True) -> MenuAgent:
    made = build("menu", MENU | LATER)
    assert isinstance(made, MenuAgent)
    context = CallContext(language="en", name="Asha", variables=VARIABLES, callback=callback)
    made.handle(CallStarted(context))
    for name in ("Opening", "Message"):
        made.handle(PromptEnded(name, True, 1000, 1000))
    return made


def asked() -> MenuAgent:
    menu = begun()
    menu.handle(KeyPressed("4"))
    return menu


def test_the_key_is_named_with_the_others_and_leads_to_the_question_when() -> None:
    menu = begun()
    assert menu.handle(KeyPressed("4")) == [
        StopTimer("answer"),
        Say(WHEN, "Press 1 or 3.", "en", BargeIn(key=True)),
    ]
    assert menu.handle(PromptEnded("Choose 1, 2 or 4", False, 300, 1000)) == []
    assert menu.handle(PromptEnded(WHEN, True, 1000, 1000)) == [StartTimer("answer", 4)]


def test_a_chosen_time_is_an_answer_and_a_wish_and_no_outcome() -> None:
    menu = asked()
    actions = menu.handle(KeyPressed("3"))
    assert actions == [
        StopTimer("answer"),
        RecordAnswer("call_back", "3", "Tomorrow at ten"),
        AskCallback("tomorrow 10:00", "Tomorrow at ten", "key"),
        Say("Reply", "At ten.", "en"),
    ]
    assert not any(isinstance(action, ReachOutcome) for action in actions)
    assert menu.handle(KeyPressed("1")) == []
    assert menu.handle(PromptEnded("Reply", True, 1, 1)) == [
        HangUp("We hung up after saying when we call back.")
    ]


def test_a_wrong_key_and_silence_ask_for_the_time_again_and_nine_still_means_stop() -> None:
    menu = asked()
    misunderstood = menu.handle(KeyPressed("2"))
    assert [action.name for action in misunderstood if isinstance(action, Say)] == ["Not understood", WHEN]
    assert [action.name for action in menu.handle(TimerFired("answer")) if isinstance(action, Say)] == [WHEN]
    assert OptOut("key", "9") in menu.handle(KeyPressed("9"))


def test_whoever_was_called_back_often_enough_is_told_so() -> None:
    actions = begun(callback=False).handle(KeyPressed("4"))
    assert actions[-1] == Say("Reply", "No further time.", "en")
    assert not any(isinstance(action, AskCallback) for action in actions)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"key": "1"}, "needs a `key` of its own"),
        ({"key": "9"}, "needs a `key` of its own"),
        ({"question": "payment"}, "a `question` other than “payment”"),
        ({"times": {}}, "at least one key under `times`"),
        ({"times": {"9": {"when": "at 10:00", "label": "Ten"}}}, "the time key “9”"),
        (
            {"times": {"1": {"when": "soon", "label": "Soon"}}},
            "can't be asked for with key 1: “soon” is no moment",
        ),
        ({"times": {"1": {"when": "at 10:00", "label": " "}}}, "a `label` for its time key 1"),
    ],
)
def test_a_configuration_that_could_not_be_followed_is_refused(change: dict[str, Any], problem: str) -> None:
    found = validate("menu", MENU | LATER | {"later": LATER["later"] | change})
    assert problem in " ".join(found)


def test_every_language_needs_the_words_for_it() -> None:
    problem = "In “en”: `later` must have a `question`, `full`, and a reply for each of its times."
    assert validate("menu", MENU | LATER | {"languages": LATER["languages"] | {"en": ENGLISH}}) == [problem]
    assert validate("menu", MENU | {"languages": LATER["languages"]}) == [
        problem,
        problem.replace("en", "hi"),
    ]
    assert validate("menu", MENU | LATER) == []
