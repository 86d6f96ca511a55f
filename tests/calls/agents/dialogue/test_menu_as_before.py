"""A menu that became a dialogue, as lists of events: it does what the menu agent did."""

from collections.abc import Sequence
from typing import Any

import pytest

from calls.agents.base import (
    Action,
    BargeIn,
    CallContext,
    CallStarted,
    ClearAudio,
    Collect,
    Collected,
    CollectEnd,
    HangUp,
    KeyPressed,
    Note,
    OptOut,
    PromptEnded,
    PromptFailed,
    QuestionHeard,
    ReachOutcome,
    RecordAnswer,
    Say,
    SpeechEnded,
    SpeechStarted,
    StartTimer,
    StopTimer,
    TimerFired,
)
from calls.agents.dialogue.agent import DialogueAgent
from calls.agents.registry import build
from tests.calls.agents.texts import ENGLISH, MENU, VARIABLES, dialogue

QUESTION = "Choose 1 or 2"
KEY = BargeIn(key=True)


def agent(**changes: Any) -> DialogueAgent:
    made = build("dialogue", dialogue(MENU | changes))
    assert isinstance(made, DialogueAgent)
    return made


def context(language: str = "en", **variables: str) -> CallContext:
    return CallContext(language=language, name="Asha", variables={**VARIABLES, **variables})


def begun(**changes: Any) -> DialogueAgent:
    made = agent(**changes)
    made.handle(CallStarted(context()))
    return made


def said(actions: Sequence[Action]) -> list[str]:
    return [action.name for action in actions if isinstance(action, Say)]


def heard(name: str, *, finished: bool = True) -> PromptEnded:
    return PromptEnded(name, finished, 1000 if finished else 300, 1000)


def test_it_speaks_with_the_persons_own_figures_in_words() -> None:
    actions = agent().handle(CallStarted(context()))
    assert actions == [
        Say("Opening", "Hello Asha, this is an automated call.", "en", KEY),
        Say("Message", "one lakh twenty five thousand rupees by 28 November.", "en", KEY),
        Say(QUESTION, "Press 1 or 2.", "en", KEY),
    ]


def test_in_hindi_the_same_figures_are_hindi_words() -> None:
    actions = agent().handle(CallStarted(context("hi-IN")))
    assert Say("Message", "एक लाख पच्चीस हज़ार रुपये, 28 नवंबर तक।", "hi", KEY) in actions
    assert not any(isinstance(action, Note) for action in actions)


def test_an_unknown_language_falls_back_and_says_so() -> None:
    note, opening, *_ = agent().handle(CallStarted(context("or")))
    assert note == Note("There are no texts in “or”; “hi” is spoken instead.")
    assert isinstance(opening, Say)
    assert opening.language == "hi"


def test_a_key_during_the_opening_is_an_answer() -> None:
    assert begun().handle(KeyPressed("1")) == [
        StopTimer("answer"),
        RecordAnswer("payment", "1", "Will pay", "choice", "question"),
        ReachOutcome("will_pay", "Will pay"),
        Say("Reply", "Thank you, by 28 November.", "en"),
    ]


def test_the_call_ends_when_the_reply_was_heard() -> None:
    menu = begun()
    menu.handle(KeyPressed("1"))
    assert menu.handle(heard("Opening", finished=False)) == []
    assert menu.handle(heard("Reply")) == [HangUp("We hung up after the reply.")]


@pytest.mark.parametrize("before", [[], [KeyPressed("1")], [KeyPressed("5")], [TimerFired("answer")] * 2])
def test_nine_always_means_no_further_calls(before: list[Any]) -> None:
    menu = begun()
    for event in before:
        menu.handle(event)
    actions = menu.handle(KeyPressed("9"))
    assert OptOut("key", "9") in actions
    assert ReachOutcome("opted_out", "Asked not to be called again") in actions
    assert said(actions) == ["No further calls"]
    assert menu.handle(KeyPressed("9")) == []
    assert menu.handle(KeyPressed("1")) == []
    (end,) = menu.handle(heard("No further calls"))
    assert isinstance(end, HangUp)


def test_the_time_for_an_answer_runs_from_the_end_of_the_question() -> None:
    menu = begun()
    menu.handle(KeyPressed("5"))  # it means nothing, so the question is asked twice
    assert menu.handle(heard("Message")) == []
    assert menu.handle(heard(QUESTION, finished=False)) == []
    assert menu.handle(heard(QUESTION)) == [StartTimer("answer", 4)]


def test_silence_is_answered_by_one_repeat_and_then_goodbye() -> None:
    menu = begun()
    assert said(menu.handle(TimerFired("answer"))) == ["Message", QUESTION]
    assert said(menu.handle(TimerFired("answer"))) == ["Goodbye"]
    assert menu.handle(TimerFired("answer")) == []
    assert menu.handle(heard("Goodbye")) == [HangUp("We hung up after goodbye: no key was pressed.")]


def test_a_wrong_key_is_not_understood_and_the_question_comes_again_a_few_times() -> None:
    menu = told(begun(most_misses=3))
    assert said(menu.handle(KeyPressed("7"))) == ["Not understood", QUESTION]
    assert said(menu.handle(KeyPressed("#"))) == ["Not understood", QUESTION]
    assert said(menu.handle(KeyPressed("A"))) == ["Goodbye"]


def test_a_right_key_after_a_wrong_one_counts() -> None:
    menu = begun()
    menu.handle(KeyPressed("7"))
    assert ReachOutcome("more_time", "Needs time") in menu.handle(KeyPressed("2"))


@pytest.mark.parametrize("variables", [{"amount": ""}, {"amount": "a lot"}, {"due_date": "31/02/2026"}])
def test_a_sentence_with_a_hole_is_never_spoken(variables: dict[str, str]) -> None:
    menu = agent()
    note, failed, sorry = menu.handle(CallStarted(context("en", **variables)))
    assert failed == ReachOutcome("not_spoken", "Our words could not be spoken")
    assert isinstance(note, Note)
    assert next(iter(variables)) in note.text
    assert sorry == Say("Sorry", "Sorry.", "en")
    assert menu.handle(heard("Sorry")) == [HangUp("We hung up because a value to be spoken is missing.")]


def test_without_a_voice_it_hangs_up() -> None:
    menu = begun()
    clear, failed, sorry = menu.handle(PromptFailed("Opening", "No voice."))
    assert failed == ReachOutcome("not_spoken", "Our words could not be spoken")
    assert isinstance(clear, ClearAudio)
    assert isinstance(sorry, Say)
    assert menu.handle(PromptFailed("Message", "No voice.")) == []
    assert menu.handle(PromptFailed("Sorry", "No voice.")) == [
        HangUp("We hung up because our words could not be spoken.")
    ]


def test_an_answer_is_kept_though_the_reply_could_not_be_spoken() -> None:
    menu = begun()
    menu.handle(KeyPressed("1"))
    assert menu.handle(PromptFailed("Reply", "No voice.")) == [HangUp("We hung up after the reply.")]


# --- barge-in -------------------------------------------------------------------------------------------


def test_what_may_interrupt_is_said_with_every_prompt_but_the_last() -> None:
    menu = agent(barge_in={"speech": True, "key": False})
    assert menu.wants_speech
    opening, *others = menu.handle(CallStarted(context()))
    assert isinstance(opening, Say)
    assert opening.barge_in == BargeIn()
    for action in others:
        assert isinstance(action, Say)
        assert action.barge_in == BargeIn(speech=True, key=False)
    (reply,) = (action for action in menu.handle(KeyPressed("1")) if isinstance(action, Say))
    assert reply.barge_in == BargeIn()
    assert not agent().wants_speech


def test_a_key_that_may_not_interrupt_counts_all_the_same_and_nine_always_interrupts() -> None:
    menu = begun(barge_in={"key": False})
    actions = menu.handle(KeyPressed("1"))
    assert ReachOutcome("will_pay", "Will pay") in actions
    assert not any(isinstance(action, ClearAudio) for action in actions)
    assert ClearAudio("9 was pressed") in menu.handle(KeyPressed("9"))


def test_with_two_questions_on_their_way_the_time_runs_from_the_last() -> None:
    menu = begun(barge_in={"key": False})
    menu.handle(KeyPressed("7"))
    assert menu.handle(heard(QUESTION)) == []
    assert menu.handle(heard(QUESTION)) == [StartTimer("answer", 4)]


def told(menu: DialogueAgent) -> DialogueAgent:
    """The opening and the message have been heard."""
    for name in ("Opening", "Message"):
        assert menu.handle(heard(name)) == []
    return menu


def spoken_over(menu: DialogueAgent) -> Sequence[Action]:
    told(menu).handle(SpeechStarted())
    assert menu.handle(heard(QUESTION, finished=False)) == [StartTimer("answer", 14)]
    return menu.handle(SpeechEnded(700))


def test_whoever_speaks_over_us_hears_the_question_again() -> None:
    menu = begun(barge_in={"speech": True})
    assert spoken_over(menu) == [
        StopTimer("answer"),
        StopTimer("patience"),
        Say(QUESTION, "Press 1 or 2.", "en", BargeIn(speech=True, key=True)),
    ]
    assert menu.handle(heard(QUESTION)) == [StartTimer("answer", 4), StartTimer("patience", 24)]


def test_a_hello_never_cuts_the_opening_and_what_it_cut_is_said_again() -> None:
    """A “hello” in the message cut who calls and why, and only the question was asked again."""
    menu = agent(barge_in={"speech": True})
    opening, message, _ = menu.handle(CallStarted(context()))
    assert isinstance(opening, Say)
    assert isinstance(message, Say)
    assert (opening.barge_in, message.barge_in) == (KEY, BargeIn(speech=True, key=True))
    menu.handle(heard("Opening"))
    menu.handle(SpeechStarted())
    menu.handle(heard("Message", finished=False))
    menu.handle(heard(QUESTION, finished=False))
    assert said(menu.handle(SpeechEnded(400))) == ["Message", QUESTION]


def test_an_opening_that_was_cut_is_begun_again() -> None:
    menu = begun()
    assert said(menu.handle(KeyPressed("5"))) == ["Not understood", "Opening", "Message", QUESTION]
    menu.handle(heard("Opening", finished=False))
    menu.handle(heard("Opening"))
    assert said(menu.handle(KeyPressed("5"))) == ["Not understood", "Message", QUESTION]


def test_a_key_that_cuts_nothing_has_nothing_said_twice() -> None:
    menu = begun(barge_in={"key": False})
    assert said(menu.handle(KeyPressed("5"))) == ["Not understood", QUESTION]


def test_the_repeat_after_silence_includes_what_was_not_heard() -> None:
    menu = begun()
    menu.handle(heard("Opening", finished=False))
    assert said(menu.handle(TimerFired("answer"))) == ["Opening", "Message", QUESTION]


def test_a_word_every_few_seconds_does_not_hold_the_line() -> None:
    menu = told(begun(barge_in={"speech": True}))
    menu.handle(heard(QUESTION))
    for _ in range(3):
        assert menu.handle(SpeechStarted()) == [StartTimer("answer", 14)]
        assert menu.handle(SpeechEnded(500)) == [StartTimer("answer", 4)]
    for _ in range(50):
        assert [*menu.handle(SpeechStarted()), *menu.handle(SpeechEnded(500))] == []
    assert said(menu.handle(TimerFired("answer"))) == ["Message", QUESTION]
    menu.handle(heard(QUESTION))
    assert said(menu.handle(TimerFired("patience"))) == ["Goodbye"]
    assert menu.handle(heard("Goodbye")) == [
        HangUp("We hung up after goodbye: there was speech, and no key was pressed.", "spoke_on")
    ]


def test_an_answer_after_much_speech_is_an_answer() -> None:
    menu = told(begun(barge_in={"speech": True}))
    menu.handle(heard(QUESTION))
    menu.handle(TimerFired("patience"))
    menu.handle(KeyPressed("1"))
    assert menu.handle(heard("Reply")) == [HangUp("We hung up after the reply.")]


def test_a_voice_that_never_rests_does_not_keep_us_from_asking() -> None:
    menu = begun(barge_in={"speech": True})
    spoken_over(menu)
    *_, question = spoken_over(menu)
    assert isinstance(question, Say)
    assert question.barge_in == BargeIn(speech=False, key=True)
    menu.handle(SpeechStarted())
    assert menu.handle(heard(QUESTION)) == [StartTimer("answer", 4), StartTimer("patience", 24)]


def test_speech_without_end_is_silence_in_the_end() -> None:
    menu = told(begun(barge_in={"speech": True}))
    menu.handle(SpeechStarted())
    menu.handle(heard(QUESTION, finished=False))
    assert said(menu.handle(TimerFired("answer"))) == ["Message", QUESTION]
    menu.handle(heard(QUESTION, finished=False))
    assert said(menu.handle(TimerFired("answer"))) == ["Goodbye"]
    assert menu.handle(SpeechEnded(20_000)) == []


def test_speech_after_the_question_gives_the_time_for_an_answer_once_more() -> None:
    menu = begun(barge_in={"speech": True})
    menu.handle(heard(QUESTION))
    assert menu.handle(SpeechStarted()) == [StartTimer("answer", 14)]
    assert menu.handle(SpeechEnded(900)) == [StartTimer("answer", 4)]


# --- digits ---------------------------------------------------------------------------------------------


def collecting(**changes: Any) -> DialogueAgent:
    texts = ENGLISH | {
        "collect": {"2": "How many days?"},
        "replies": {"1": "Thank you.", "2": "Noted: {answer} days."},
    }
    digits = {"question": "days", "most": 2, "first_digit_seconds": 5, "inter_digit_seconds": 2} | changes
    menu = agent(default_language="en", languages={"en": texts}, collect={"2": digits})
    menu.handle(CallStarted(context()))
    return menu


def test_a_choice_may_ask_for_digits() -> None:
    menu = collecting()
    assert menu.handle(KeyPressed("2")) == [
        StopTimer("answer"),
        RecordAnswer("payment", "2", "Needs time", "choice", "question"),
        ReachOutcome("more_time", "Needs time"),
        Say("Enter digits", "How many days?", "en", KEY),
        Collect(name="days", least=1, most=2, first_digit_s=5, inter_digit_s=2),
    ]
    assert menu.handle(heard(QUESTION, finished=False)) == [QuestionHeard("payment", 300, 1000, False)]
    assert menu.handle(Collected("days", "15", CollectEnd.FULL)) == [
        RecordAnswer("days", "15", "15", "text", "digits_2"),
        Say("Reply", "Noted: one five days.", "en"),
    ]
    assert menu.handle(heard("Reply")) == [HangUp("We hung up after the reply.")]


def test_digits_are_asked_for_again_and_then_it_is_goodbye() -> None:
    menu = collecting(least=2)
    menu.handle(KeyPressed("2"))
    again = menu.handle(Collected("days", "1", CollectEnd.SHORT))
    assert said(again) == ["Not understood", "Enter digits"]
    assert isinstance(again[-1], Collect)
    assert said(menu.handle(Collected("days", "", CollectEnd.NOTHING))) == ["Goodbye"]
    assert menu.handle(heard("Goodbye")) == [
        HangUp("We hung up after goodbye: the digits asked for were not pressed.")
    ]


@pytest.mark.parametrize("reason", [CollectEnd.PAUSE, CollectEnd.TERMINATOR, CollectEnd.SHORT])
def test_nine_alone_among_digits_means_no_further_calls(reason: CollectEnd) -> None:
    menu = collecting()
    menu.handle(KeyPressed("2"))
    assert OptOut("key", "9") in menu.handle(Collected("days", "9", reason))


def test_nine_within_a_number_is_a_digit_and_after_it_means_no_further_calls() -> None:
    menu = collecting()
    menu.handle(KeyPressed("2"))
    assert RecordAnswer("days", "29", "29", "text", "digits_2") in menu.handle(
        Collected("days", "29", CollectEnd.FULL)
    )
    assert OptOut("key", "9") in menu.handle(KeyPressed("9"))


def test_last_words_that_were_dropped_are_said_once_more() -> None:
    """Speech that cut the question took the reply behind it along."""
    menu = begun()
    *_, reply = menu.handle(KeyPressed("1"))
    assert menu.handle(heard("Reply", finished=False)) == [reply]
    assert menu.handle(heard("Reply", finished=False)) == [HangUp("We hung up after the reply.")]


def test_nine_after_dropped_last_words_ends_with_its_own() -> None:
    menu = begun()
    menu.handle(KeyPressed("1"))
    menu.handle(KeyPressed("9"))
    assert menu.handle(heard("Reply", finished=False)) == []
