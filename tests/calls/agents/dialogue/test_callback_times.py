"""A dialogue's "call me later": a choice of times, and a wish for one of them."""

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
from calls.agents.dialogue.agent import DialogueAgent
from calls.agents.registry import build
from tests.calls.agents.texts import LATER, MENU, VARIABLES, dialogue

WHEN = "When? Choose 1 or 3"


def begun(*, callback: bool = True) -> DialogueAgent:
    made = build("dialogue", dialogue(MENU | LATER))
    assert isinstance(made, DialogueAgent)
    context = CallContext(language="en", name="Asha", variables=VARIABLES, callback=callback)
    made.handle(CallStarted(context))
    for name in ("Opening", "Message"):
        made.handle(PromptEnded(name, True, 1000, 1000))
    return made


def asked() -> DialogueAgent:
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
        RecordAnswer("call_back", "3", "Tomorrow at ten", "choice", "later"),
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
