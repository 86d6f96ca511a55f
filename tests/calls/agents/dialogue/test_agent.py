"""Calls of small dialogues, step kind by step kind, as lists of what happens."""

from typing import Any

import msgspec
import pytest

from calls.agents import base
from calls.agents.dialogue.agent import LOST, NO_VALUE, NO_WORDS, SPOKE_ON, DialogueAgent
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.requests import (
    AppointmentFound,
    Failed,
    Fetch,
    Fetched,
    FindAppointment,
    FindSlots,
    HoldSlot,
    NotRecognised,
    OfferedSlot,
    Recognise,
    Recognised,
    SlotGone,
    SlotHeld,
    SlotsFound,
)
from campaigns.rules.results import NOT_SPOKEN
from tests.calls.agents.dialogue.documents import dialogue
from tests.calls.agents.dialogue.phone import Call

MENU: dict[str, Any] = {
    "kind": "menu",
    "title": "Question",
    "choices": {"1": {"label": "Agreed", "outcome": "agreed"}, "2": {"label": "Refused"}},
    "exits": {"1": "thanks", "2": "bye"},
}
THANKS = {"kind": "say", "exits": {"next": "end"}}


def asking(question: dict[str, Any] | None = None, **others: Any) -> DialogueConfiguration:
    """Return a dialogue that says something and asks a question."""
    words = {"hello": {"say": "Hello {name}."}, "question": {"ask": "1 or 2?"}}
    hello = {"kind": "say", "again": "until_heard", "exits": {"next": "question"}}
    steps = {"hello": hello, "question": question or MENU}
    if question is None:
        steps["thanks"], words["thanks"] = THANKS, {"say": "Thanks."}
    for step, roles in others.pop("words", {}).items():
        words[step] = words.get(step, {}) | roles
    return dialogue(steps | others.pop("steps", {}), words, **others)


# --- Say, menu, end ------------------------------------------------------------------------------------


def test_a_key_is_the_answer_and_leads_on_by_its_own_exit() -> None:
    call = Call(asking())
    assert call.after("heard", "key 1") == ["Thanks."]
    assert call.results() == [
        base.RecordAnswer("question", "1", "Agreed", "choice", "question"),
        base.ReachOutcome("agreed", "Agreed"),
    ]
    assert call.after("heard") == []
    assert call.hang_up == base.HangUp("We hung up after the last words.")


def test_words_that_lead_to_the_end_are_cut_by_9_alone() -> None:
    call = Call(asking())
    call.after("heard", "key 1")
    assert [say.barge_in for say in call.playing] == [base.NO_BARGE_IN]
    assert call.after("key 9") == ["No more calls."]


def test_an_end_may_say_why_and_how_it_ended() -> None:
    ends = {"kind": "end", "reason": "The hall is full.", "disposition": "full"}
    call = Call(dialogue({"full": {"kind": "say", "exits": {"next": "over"}}, "over": ends}, FULL))
    call.after("heard")
    assert call.hang_up == base.HangUp("The hall is full.", "full")


FULL = {"full": {"say": "It is full."}}


def test_words_before_a_question_that_were_cut_are_said_with_the_next_one() -> None:
    another = MENU | {"title": "Another", "exits": {"1": "thanks", "2": "bye"}}
    document = asking(
        MENU | {"exits": {"1": "another", "2": "bye"}},
        steps={"another": another, "thanks": THANKS},
        words={"another": {"ask": "Sure? 1 or 2."}, "thanks": {"say": "Thanks."}},
    )
    assert Call(document).after("key 1") == ["Hello Asha.", "Sure? 1 or 2."]
    assert Call(document).after("heard", "key 1") == ["Sure? 1 or 2."]


def test_pieces_are_one_prompt_and_a_clip_brings_its_text_along() -> None:
    call = Call(asking(words={"question": {"ask": [{"clip": "q", "text": "For {name}:"}, "1 or 2?"]}}))
    pieces = (base.ClipPiece("q", "For Asha:"), base.TextPiece("1 or 2?"))
    assert call.playing[-1] == base.SayPieces("Question", pieces, "en", base.BargeIn(key=True))


# --- No input, no match --------------------------------------------------------------------------------


ESCALATION = {
    "question": {
        "ask_2": "Please: 1 or 2?",
        "ask_3": "For the last time: 1 or 2?",
        "wrong": "That is no key.",
        "wrong_2": "Again no key.",
        "silent": "I hear nothing.",
        "silent_2": "Still nothing.",
    }
}


def test_silence_is_told_and_asked_again_by_the_words_for_that_time() -> None:
    call = Call(asking(MENU | {"asked": 3, "exits": {"1": "bye", "2": "bye"}}, words=ESCALATION))
    assert call.after("heard", "answer") == ["I hear nothing.", "Please: 1 or 2?"]
    assert call.after("heard", "answer") == ["Still nothing.", "For the last time: 1 or 2?"]
    assert call.after("heard", "answer", "heard") == ["Bye."]
    assert call.hang_up == base.HangUp("We hung up after goodbye: no key was pressed.")
    assert call.results() == []


def test_wrong_keys_are_told_and_asked_again_and_the_last_one_ends_it() -> None:
    call = Call(asking(MENU | {"exits": {"1": "bye", "2": "bye"}}, words=ESCALATION))
    assert call.after("heard", "key 5") == ["That is no key.", "Please: 1 or 2?"]
    assert call.after("heard", "key 6") == ["Again no key.", "For the last time: 1 or 2?"]
    assert call.after("heard", "key 7", "heard") == ["Bye."]
    assert call.hang_up is not None
    assert "3 keys were pressed that mean nothing here" in call.hang_up.reason


def test_without_words_of_its_own_the_general_ones_are_said_after_a_wrong_key() -> None:
    assert Call(asking()).after("heard", "key 5") == ["Not a key.", "1 or 2?"]


def test_no_input_and_no_match_may_lead_elsewhere() -> None:
    steps = {
        "quiet": {"kind": "say", "exits": {"next": "end"}},
        "lost": {"kind": "say", "exits": {"next": "end"}},
    }
    exits = {"1": "bye", "2": "bye", "no_input": "quiet", "no_match": "lost"}
    words = {"quiet": {"say": "Silence."}, "lost": {"say": "Wrong keys."}}
    document = asking(MENU | {"asked": 1, "wrong_keys": 1, "exits": exits}, steps=steps, words=words)
    assert Call(document).after("heard", "answer") == ["Silence."]
    assert Call(document).after("heard", "key 5") == ["Wrong keys."]


def test_wrong_keys_of_the_whole_call_may_end_it() -> None:
    again = MENU | {"exits": {"1": "question", "2": "bye"}}
    call = Call(asking(again, wrong_keys=2))
    call.after("heard", "key 5", "heard", "key 1", "heard")
    assert call.after("key 6") == ["Bye."]


def test_speech_without_a_key_ends_the_call_as_such() -> None:
    call = Call(asking(barge_in={"speech": True, "key": True}))
    for _ in range(2):
        call.after("heard")
        for _ in range(5):
            call.after("speaks", "quiet")
        call.after("answer" if "answer" in call.timers else "patience")
    call.after("heard")
    assert call.hang_up is not None
    assert call.hang_up.disposition == SPOKE_ON


def test_a_question_that_speech_cut_is_said_again_after_it() -> None:
    call = Call(asking(barge_in={"speech": True, "key": True}))
    assert call.after("over", "speaks", "cut") == []
    assert call.after("quiet") == ["1 or 2?"]


# --- 9, other keys that mean the same everywhere -------------------------------------------------------


def test_9_takes_the_person_off_at_any_moment_and_once() -> None:
    for before in ([], ["heard"], ["heard", "key 1"], ["heard", "key 5"]):
        call = Call(asking())
        call.after(*before)
        assert call.after("key 9") == ["No more calls."]
        assert call.after("key 9", "heard") == []
        assert [result for result in call.results() if isinstance(result, base.OptOut)] == [
            base.OptOut("key", "9")
        ]
        assert call.hang_up is not None


def test_after_9_the_dialogue_may_go_on_by_its_own_exit() -> None:
    steps = {"why": MENU | {"title": "Why", "exits": {"1": "bye", "2": "bye"}}}
    exits = {"opted_out": "why", "no_input": "bye", "no_match": "bye"}
    call = Call(asking(steps=steps, words={"why": {"ask": "Why? 1 or 2."}}, exits=exits))
    assert call.after("heard", "key 9") == ["No more calls.", "Why? 1 or 2."]
    assert call.after("heard", "key 2") == ["Bye."]
    assert call.results()[-1] == base.RecordAnswer("why", "2", "Refused", "choice", "why")


def test_a_key_repeats_the_question_and_counts_as_nothing() -> None:
    call = Call(asking(keys={"repeat": "*"}))
    for _ in range(5):
        assert call.after("heard", "key *") == ["1 or 2?"]
    assert call.after("key *") == ["1 or 2?"]
    assert call.after("heard", "key 1") == ["Thanks."]


def test_a_key_asks_for_a_person_in_every_question_that_gives_it_no_meaning() -> None:
    exits = {"person": "desk", "no_input": "bye", "no_match": "bye"}
    desk = {"kind": "say", "exits": {"next": "end"}}
    others: dict[str, Any] = {"keys": {"person": "0"}, "exits": exits}
    others |= {"steps": {"desk": desk}, "words": {"desk": {"say": "We will ring you."}}}
    assert Call(asking(**others)).after("heard", "key 0") == ["We will ring you."]
    own = MENU | {"choices": MENU["choices"] | {"0": {"label": "None"}}}
    own |= {"exits": {"1": "bye", "2": "bye", "0": "bye"}}
    assert Call(asking(own, **others)).after("heard", "key 0") == ["Bye."]


def test_one_who_asks_for_a_person_instead_of_confirming_digits_has_confirmed_nothing() -> None:
    steps = {
        "pin": {"kind": "digits", "means": "pin", "least": 6, "most": 6, "confirm": True},
        "desk": MENU | {"exits": {"1": "bye", "2": "bye"}},
    }
    words = {"pin": {"ask": "Pin?", "confirm": "{pin}. 1 or 2?"}, "desk": {"ask": "Desk? 1 or 2."}}
    exits = dict.fromkeys(("no_input", "no_match", "match"), "bye") | {"person": "desk"}
    call = Call(dialogue(steps, words, keys={"person": "0"}, exits=exits))
    call.after("heard", *[f"key {digit}" for digit in "560001"], "heard", "key 0", "heard", "key 1")
    assert call.results() == [
        base.WantPerson("pin", "pin", "key"),
        base.ReachOutcome("wants_person", "Wants a person"),
        base.RecordAnswer("desk", "1", "Agreed", "choice", "desk"),
        base.ReachOutcome("agreed", "Agreed"),
    ]


def wanting(**step: Any) -> DialogueConfiguration:
    """Return a dialogue that asks, says something, and has staff call back."""
    menu = MENU | {"choices": {"1": {"label": "Agreed", "outcome": "agreed"}, "2": {"label": "Bill"}}}
    menu |= {"exits": {"1": "desk", "2": "desk"}}
    desk, ring = {"kind": "say", "exits": {"next": "ring"}}, {"kind": "person", "title": "Ring", **step}
    steps = {"desk": desk, "ring": ring | {"exits": {"next": "bye"}}}
    return asking(menu, steps=steps, words={"desk": {"say": "We will ring you."}})


def test_a_person_is_wanted_when_the_words_before_are_over() -> None:
    call = Call(wanting(about="Question {question}"))
    assert call.after("heard", "key 2") == ["We will ring you."]
    assert call.results() == [base.RecordAnswer("question", "2", "Bill", "choice", "question")]
    assert call.after("heard") == ["Bye."]
    assert call.results()[1:] == [
        base.WantPerson("Question 2", "ring", "step"),
        base.ReachOutcome("wants_person", "Wants a person"),
    ]


def test_what_was_reached_before_a_person_was_wanted_stays() -> None:
    call = Call(wanting())
    call.after("heard", "key 1", "heard", "heard")
    assert [
        result for result in call.results() if isinstance(result, base.ReachOutcome | base.WantPerson)
    ] == [
        base.ReachOutcome("agreed", "Agreed"),
        base.WantPerson("Ring", "ring", "step"),
    ]


# --- Yes or no, rating, language, later ----------------------------------------------------------------


@pytest.mark.parametrize(("key", "value", "said"), [("1", "yes", "Good."), ("2", "no", "Bye.")])
def test_yes_and_no(key: str, value: str, said: str) -> None:
    step = {"kind": "yes_no", "yes": "Comes", "exits": {"yes": "good", "no": "bye"}}
    words = {"question": {"ask": "1 or 2?"}, "good": {"say": "Good."}}
    call = Call(dialogue({"question": step, "good": {"kind": "say", "exits": {"next": "end"}}}, words))
    assert call.after("heard", f"key {key}") == [said]
    label = {"yes": "Comes", "no": "No"}[value]
    assert call.results() == [base.RecordAnswer("question", value, label, "choice", "question")]


def test_a_rating_takes_its_numbers_and_no_other() -> None:
    step = {"kind": "rating", "question": "How was it?", "lowest": 2, "highest": 4}
    call = Call(dialogue({"rate": step}, {"rate": {"ask": "From 2 to 4."}}))
    assert call.after("heard", "key 5", "heard", "key 1") == [*["Not a key.", "From 2 to 4."] * 2]
    assert call.after("heard", "key 4") == ["Bye."]
    assert call.results() == [base.RecordAnswer("How was it?", "4", "4", "rating", "rate")]


def test_the_language_chosen_is_spoken_from_then_on() -> None:
    step = {"kind": "language", "languages": {"1": "en", "2": "hi"}}
    document = dialogue({"which": step}, {"which": {"ask": "English 1, हिंदी 2."}})
    hindi = {
        "general": {"opt_out": "अब नहीं।"},
        "which": {"ask": "English 1, हिंदी 2."},
        "bye": {"say": "नमस्ते।"},
    }
    call = Call(msgspec.structs.replace(document, words={**document.words, "hi": hindi}))
    assert call.after("heard", "key 2") == ["नमस्ते।"]
    assert isinstance(call.playing[0], base.Say)
    assert call.playing[0].language == "hi"
    assert base.KeepLanguage("hi") in call.log


def test_a_call_is_tagged_by_a_step_that_sets() -> None:
    step = {"kind": "set", "tags": ["bill", "late"], "outcome": "noted", "exits": {"next": "bye"}}
    call = Call(asking(MENU | {"exits": {"1": "note", "2": "note"}}, steps={"note": step}))
    call.after("heard", "key 2")
    tagged = [action for action in call.log if isinstance(action, base.AddTag | base.ReachOutcome)]
    assert tagged == [base.AddTag("bill"), base.AddTag("late"), base.ReachOutcome("noted", "noted")]


RECOGNISE: dict[str, Any] = {
    "digits": {"kind": "digits", "means": "account", "least": 4, "most": 8, "exits": {"match": "who"}},
    "who": {
        "kind": "recognise",
        "keyed": "digits",
        "column": "account",
        "brings": {"due": "text"},
        "exits": {"recognised": "found", "not_recognised": "digits", "failed": "bye"},
    },
    "found": {"kind": "say", "exits": {"next": "end"}},
}


def test_a_caller_is_recognised_by_what_was_keyed_in_and_their_values_are_known() -> None:
    words = {"digits": {"ask": "Account?"}, "found": {"say": "Due: {due}."}}
    call = Call(dialogue(RECOGNISE, words))
    call.after("heard", *[f"key {digit}" for digit in "1234"], "key #")
    assert call.requested() == Recognise("account", "1234")
    assert call.reply(NotRecognised()) == ["Account?"]
    call.after("heard", *[f"key {digit}" for digit in "5678"], "key #")
    assert call.reply(Recognised({"due": "Monday", "name": "Asha"})) == ["Due: Monday."]
    late = Call(dialogue(RECOGNISE, words))
    late.after("heard", *[f"key {digit}" for digit in "1234"], "key #")
    assert late.reply(Failed("There were 6 tries within an hour.")) == ["Bye."]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"keyed": "other"}, "does not know"),
        ({"column": " "}, "no column"),
        ({"brings": {"a b": "text"}}, "“a b”"),
    ],
)
def test_a_caller_is_recognised_by_a_known_value_in_a_column(fields: dict[str, Any], problem: str) -> None:
    steps = RECOGNISE | {"who": RECOGNISE["who"] | fields}
    found = dialogue(steps, {"digits": {"ask": "Account?"}, "found": {"say": "Good."}}).problems()
    assert any(problem in sentence for sentence in found)


@pytest.mark.parametrize("tag", [" ", "x" * 41, "{name}"])
def test_a_tag_is_a_word_without_values(tag: str) -> None:
    step = {"kind": "set", "tags": [tag], "exits": {"next": "bye"}}
    found = asking(MENU | {"exits": {"1": "note", "2": "note"}}, steps={"note": step}).problems()
    assert any("can't be a tag" in sentence for sentence in found)


LATER: dict[str, Any] = {
    "kind": "later",
    "times": {"1": {"when": "tomorrow 10:00", "label": "Tomorrow at ten"}},
    "exits": {"1": "bye", "full": "full"},
}


def test_a_time_to_be_called_back_is_asked_for() -> None:
    document = dialogue({"when": LATER, "full": THANKS}, {"when": {"ask": "1?"}, **FULL})
    call = Call(document)
    assert call.after("heard", "key 1") == ["Bye."]
    assert call.results() == [
        base.RecordAnswer("when", "1", "Tomorrow at ten", "choice", "when"),
        base.AskCallback("tomorrow 10:00", "Tomorrow at ten", "key"),
    ]
    assert Call(document, callback=False).playing[0].name == "full"


# --- Digits --------------------------------------------------------------------------------------------


def digits(**fields: Any) -> DialogueConfiguration:
    step = {"kind": "digits", "means": "amount", "most": 6, "exits": {"match": "thanks"}, **fields}
    words = {"sum": {"ask": "How much?", "ask_2": "Once more: how much?", "wrong": "No sum."}}
    words["sum"] |= {"silent": "I hear nothing.", "confirm": "{sum}: 1 or 2?"}
    return dialogue({"sum": step, "thanks": THANKS}, words | {"thanks": {"say": "So {sum}."}})


def keyed(pressed: str) -> list[str]:
    return [f"key {key}" for key in pressed]


def test_digits_are_recorded_and_spoken_as_what_they_mean() -> None:
    call = Call(digits())
    assert call.after("heard", *keyed("1500#")) == ["So one thousand five hundred rupees."]
    assert call.results() == [base.RecordAnswer("sum", "1500", "1500", "number", "sum")]


def test_digits_out_of_bounds_are_asked_for_again_and_then_given_up() -> None:
    call = Call(digits(lowest=100, highest=500))
    assert call.after("heard", *keyed("99#")) == ["No sum.", "Once more: how much?"]
    assert call.after("heard", *keyed("501#"), "heard") == ["Bye."]
    assert call.results() == []


def test_silence_instead_of_digits_leaves_by_no_input() -> None:
    call = Call(digits(exits={"match": "thanks", "no_input": "end"}))
    assert call.after("heard", "pause") == ["I hear nothing.", "Once more: how much?"]
    assert call.after("heard", "pause") == []
    assert call.hang_up is not None


def test_digits_are_read_back_and_count_when_they_are_confirmed() -> None:
    call = Call(digits(confirm=True))
    assert call.after("heard", *keyed("200#")) == ["two hundred rupees: 1 or 2?"]
    assert call.results() == []
    assert call.after("heard", "key 2") == ["Once more: how much?"]
    assert call.after("heard", *keyed("300#"), "heard", "key 1") == [
        "three hundred rupees: 1 or 2?",
        "So three hundred rupees.",
    ]
    assert call.results() == [base.RecordAnswer("sum", "300", "300", "number", "sum")]


def test_digits_denied_to_the_last_are_no_match() -> None:
    exits = {"match": "thanks", "no_match": "end", "no_input": "bye"}
    call = Call(digits(confirm=True, attempts=1, exits=exits))
    assert call.after("heard", *keyed("200#"), "heard", "key 2") == ["two hundred rupees: 1 or 2?"]
    assert call.hang_up is not None


def test_9_alone_among_digits_takes_the_person_off() -> None:
    call = Call(digits())
    assert call.after("heard", *keyed("9#")) == ["No more calls."]
    assert Call(digits()).after("heard", *keyed("99#")) == ["So ninety nine rupees."]


# --- Branch, set, opt-out ------------------------------------------------------------------------------


def branching(when: list[dict[str, str]], **values: str) -> list[str]:
    case = {"exit": "large", "when": when}
    steps: dict[str, Any] = {
        "turn": {"kind": "branch", "cases": [case], "exits": {"large": "full", "else": "thanks"}},
        "full": THANKS,
        "thanks": THANKS,
    }
    words = FULL | {"thanks": {"say": "Thanks."}}
    document = dialogue(steps, words, values={"amount": "amount", "due": "date"})
    return [say.text for say in Call(document, variables=values).playing if isinstance(say, base.Say)]


def test_a_branch_takes_the_first_case_whose_conditions_all_hold() -> None:
    large = {"value": "amount", "relation": "more_than", "to": "900"}
    early = {"value": "due", "relation": "less_than", "to": "1 Dec 2026"}
    assert branching([large], amount="1,000") == ["It is full."]
    assert branching([large], amount="900") == ["Thanks."]
    assert branching([large, early], amount="1000", due="30/11/2026") == ["It is full."]
    assert branching([large, early], amount="1000", due="01/12/2026") == ["Thanks."]
    assert branching([large]) == ["Thanks."]


def test_an_answer_decides_a_branch_and_a_later_one_replaces_it() -> None:
    again = MENU | {"question": "sure", "exits": {"1": "turn", "2": "turn"}}
    case = {"exit": "on", "when": [{"value": "sure", "relation": "is", "to": "2"}]}
    turn = {"kind": "branch", "cases": [case], "exits": {"on": "thanks", "else": "question"}}
    steps = {"turn": turn, "thanks": THANKS}
    call = Call(asking(again, steps=steps, words={"thanks": {"say": "Thanks."}}))
    assert call.after("heard", "key 1") == ["1 or 2?"]
    assert call.after("heard", "key 2") == ["Thanks."]


def test_an_answer_does_not_replace_what_the_list_says_of_the_person() -> None:
    document = asking(
        MENU | {"question": "amount", "exits": {"1": "bye", "2": "bye"}}, values={"amount": "amount"}
    )
    words = {**document.words["en"], "bye": {"say": "{amount}."}}
    call = Call(msgspec.structs.replace(document, words={"en": words}), variables={"amount": "50"})
    assert call.after("heard", "key 2") == ["fifty rupees."]


def test_a_set_value_is_known_to_what_follows_it() -> None:
    steps = {"set": {"kind": "set", "values": {"greeting": "Dear {name}"}, "exits": {"next": "thanks"}}}
    document = dialogue(steps | {"thanks": THANKS}, {"thanks": {"say": "{greeting}, thanks."}})
    assert Call(document).playing[0] == base.Say("thanks", "Dear Asha, thanks.", "en")


def test_an_outcome_counts_only_when_the_words_before_it_are_over() -> None:
    steps = {
        "told": {"kind": "say", "exits": {"next": "reach"}},
        "reach": {"kind": "set", "outcome": "told", "label": "Was told", "exits": {"next": "bye"}},
    }
    call = Call(dialogue(steps, {"told": {"say": "The office is closed."}}))
    assert call.results() == []
    assert call.after("over") == ["Bye."]
    assert call.results() == [base.ReachOutcome("told", "Was told")]


def test_words_before_an_outcome_that_speech_cut_with_others_are_said_once_more() -> None:
    steps = {
        "told": {"kind": "say", "exits": {"next": "reach"}},
        "reach": {"kind": "set", "outcome": "told", "exits": {"next": "bye"}},
    }
    call = Call(dialogue(steps, {"told": {"say": "The office is closed."}}))
    dropped = call.playing.pop()
    call.tell(base.PromptEnded(dropped.name, False, 100, 1000))
    assert call.results() == []
    assert len(call.playing) == 1
    call.after("over")
    assert call.results() == [base.ReachOutcome("told", "told")]


def test_a_step_takes_the_person_off_and_goes_on() -> None:
    steps = {"off": {"kind": "opt_out", "label": "Wants no calls", "exits": {"next": "bye"}}}
    call = Call(dialogue(steps, {}))
    assert call.results() == [
        base.OptOut("chosen", "Wants no calls"),
        base.ReachOutcome("opted_out", "Wants no calls"),
    ]
    assert call.after("key 9", "heard") == []


# --- Fragments -----------------------------------------------------------------------------------------


FRAGMENT: dict[str, Any] = {
    "start": "ask",
    "steps": {
        "ask": {"kind": "yes_no", "exits": {"yes": "good", "no": "bad"}},
        "good": {"kind": "return", "exit": "agreed"},
        "bad": {"kind": "return", "exit": "denied"},
    },
}


def consent(**ways: str) -> dict[str, Any]:
    return {"kind": "sub", "fragment": "consent", "returns": ["agreed", "denied"], "exits": ways}


def test_a_fragment_runs_at_several_places_and_comes_back_to_each() -> None:
    steps = {
        "first": consent(agreed="second", denied="bye"),
        "second": consent(agreed="thanks", denied="bye"),
        "thanks": THANKS,
    }
    words = {"consent.ask": {"ask": "1 or 2?"}, "thanks": {"say": "Thanks."}}
    document = dialogue(steps, words, fragments={"consent": FRAGMENT})
    assert Call(document).after("heard", "key 1", "heard", "key 1") == ["1 or 2?", "Thanks."]
    assert Call(document).after("heard", "key 1", "heard", "key 2") == ["1 or 2?", "Bye."]


def test_a_fragment_in_a_fragment_comes_back_through_both() -> None:
    outer = {
        "start": "inner",
        "steps": {
            "inner": consent(agreed="done", denied="done"),
            "done": {"kind": "return", "exit": "over"},
        },
    }
    run = {"kind": "sub", "fragment": "outer", "returns": ["over"], "exits": {"over": "thanks"}}
    words = {"consent.ask": {"ask": "1 or 2?"}, "thanks": {"say": "Thanks."}}
    fragments = {"consent": FRAGMENT, "outer": outer}
    document = dialogue({"run": run, "thanks": THANKS}, words, fragments=fragments)
    assert Call(document).after("heard", "key 2") == ["Thanks."]


def test_a_fragment_left_by_a_default_exit_is_not_come_back_to() -> None:
    steps = {
        "run": consent(agreed="thanks", denied="bye"),
        "quiet": {"kind": "say", "exits": {"next": "run_again"}},
        "run_again": consent(agreed="thanks", denied="bye"),
        "thanks": THANKS,
    }
    words = {"consent.ask": {"ask": "1 or 2?"}, "thanks": {"say": "Thanks."}, "quiet": {"say": "Silence."}}
    exits = {"no_input": "quiet", "no_match": "bye"}
    call = Call(dialogue(steps, words, fragments={"consent": FRAGMENT}, exits=exits))
    assert call.after("heard", "answer", "heard", "answer") == ["1 or 2?", "Silence.", "1 or 2?"]
    assert call.after("heard", "key 2") == ["Bye."]
    agent = call.agent
    assert agent.handle(base.TimerFired("answer")) == []


# --- What goes wrong -----------------------------------------------------------------------------------


def test_a_person_hanging_up_may_be_an_outcome_of_its_own() -> None:
    steps = {"left": {"kind": "set", "outcome": "left", "label": "Hung up", "exits": {"next": "end"}}}
    exits = {"hung_up": "left", "no_input": "bye", "no_match": "bye"}
    document = asking(steps=steps, exits=exits)
    call = Call(document)
    call.after("heard", "ended")
    assert call.results() == [base.ReachOutcome("left", "Hung up")]
    answered = Call(document)
    answered.after("heard", "key 1", "ended")
    assert [r.outcome for r in answered.results() if isinstance(r, base.ReachOutcome)] == ["agreed"]


def test_a_value_missing_before_the_call_says_sorry_and_has_failed() -> None:
    document = asking(values={"amount": "amount"}, words={"hello": {"say": "{amount} is due."}})
    call = Call(document, variables={"amount": "soon"})
    assert [say.text for say in call.playing if isinstance(say, base.Say)] == ["Sorry."]
    assert call.results() == [base.ReachOutcome(NOT_SPOKEN, "Our words could not be spoken")]
    assert base.Note("The texts need amount, which this person has no usable value for.") in call.log
    call.after("heard")
    assert call.hang_up == base.HangUp(NO_VALUE)


def test_a_value_missing_at_a_step_says_sorry_there() -> None:
    step = {"kind": "yes_no", "exits": {"yes": "thanks", "no": "sum"}}
    steps = {
        "first": step,
        "sum": {"kind": "digits", "most": 4, "exits": {"match": "thanks"}},
        "thanks": THANKS,
    }
    words = {"first": {"ask": "1 or 2?"}, "sum": {"ask": "How much?"}, "thanks": {"say": "So {sum}."}}
    call = Call(dialogue(steps, words))
    assert call.after("heard", "key 1") == ["Sorry."]
    assert call.after("heard") == []
    assert call.hang_up == base.HangUp(NO_VALUE)
    assert base.ReachOutcome(NOT_SPOKEN, "Our words could not be spoken") in call.log


def test_a_prompt_that_cannot_be_made_ends_the_call_and_an_outcome_before_it_stays() -> None:
    call = Call(asking())
    call.after("heard", "key 1")
    call.after("failed", "heard")
    assert call.hang_up is not None
    assert [r.outcome for r in call.results() if isinstance(r, base.ReachOutcome)] == ["agreed"]
    other = Call(asking())
    assert other.after("failed") == ["Sorry."]
    other.after("heard")
    assert other.hang_up == base.HangUp(NO_WORDS)


def test_a_dialogue_that_goes_round_without_asking_hangs_up() -> None:
    turn = {"kind": "branch", "cases": [], "exits": {"else": "turn"}}
    agent = DialogueAgent(dialogue({"turn": turn}, {}))  # not valid; no call is held with it
    actions = agent.handle(base.CallStarted(base.CallContext(language="en")))
    assert list(actions) == [base.HangUp(LOST)]


def test_another_language_than_the_persons_is_noted() -> None:
    call = Call(asking(), language="ta-IN")
    assert call.log[0] == base.Note("There are no texts in “ta-IN”; “en” is spoken instead.")


# --- Slots and appointments ----------------------------------------------------------------------------


SLOTS = [OfferedSlot(n, "Pune", f"2026-12-0{n}T10:30:00+05:30") for n in range(1, 6)]
SLOT: dict[str, Any] = {
    "kind": "slot",
    "calendar": "clinic",
    "question": "visit",
    "exits": {"match": "booked"},
}
SLOT["exits"] |= {"none": "none_left", "failed": "down"}


def offering(**fields: Any) -> DialogueConfiguration:
    said = {
        "booked": "Booked: {day}, {time}.",
        "none_left": "No time left.",
        "down": "It can't be looked up.",
    }
    words: dict[str, Any] = {name: {"say": text} for name, text in said.items()}
    words["slot"] = {
        "ask": "When?",
        "option": "{key}: {day}.",
        "gone": "Just taken.",
        "filler": "One moment.",
    }
    steps = {"slot": SLOT | fields, **dict.fromkeys(said, THANKS)}
    return dialogue(steps, words)


def test_slots_are_offered_and_the_chosen_one_is_held_and_booked() -> None:
    call = Call(offering())
    assert [say.text for say in call.playing if isinstance(say, base.Say)] == ["One moment."]
    assert call.requested() == FindSlots("clinic", most=3)
    assert call.after("heard") == []
    assert call.reply(SlotsFound(tuple(SLOTS[:2]))) == ["When?", "one: 1 December.", "two: 2 December."]
    assert call.after("heard", "key 2") == ["One moment."]
    assert call.requested() == HoldSlot("clinic", 2)
    assert call.reply(SlotHeld(SLOTS[1])) == []
    assert call.results() == []
    assert call.after("heard") == ["Booked: 2 December, ten thirty in the morning."]
    label = "2 Dec 2026, 10:30 AM, Pune"
    assert call.results() == [
        base.BookSlot("clinic", 2, label),
        base.RecordAnswer("visit", SLOTS[1].begins, label, "date", "slot"),
    ]


def test_a_slot_taken_meanwhile_is_said_and_others_are_offered() -> None:
    call = Call(offering())
    call.after("heard")
    call.reply(SlotsFound(tuple(SLOTS[:2])))
    call.after("heard", "key 1", "heard")
    assert call.reply(SlotGone()) == ["Just taken.", "One moment."]
    assert call.requested() == FindSlots("clinic", passed=(1, 2), most=3)
    call.reply(SlotsFound((SLOTS[2],)))
    assert call.after("heard") == ["When?", "one: 3 December."]
    assert call.results() == []


def test_a_key_asks_for_other_times_until_there_are_none() -> None:
    call = Call(offering())
    call.after("heard")
    call.reply(SlotsFound(tuple(SLOTS[:2])))
    call.after("heard", "key 0", "heard")
    assert call.requested() == FindSlots("clinic", passed=(1, 2), most=3)
    assert call.reply(SlotsFound(())) == ["No time left."]


@pytest.mark.parametrize("reply", [Failed("Too slow."), Failed("No such calendar.")])
def test_a_calendar_that_cannot_be_asked_is_an_exit(reply: Failed) -> None:
    call = Call(offering())
    call.after("heard")
    assert call.reply(reply) == ["It can't be looked up."]


def test_the_day_asked_for_is_pressed_before() -> None:
    steps = {
        "wish": {"kind": "digits", "means": "date", "least": 4, "most": 4, "exits": {"match": "slot"}},
        "slot": SLOT | {"day": "{wish}", "exits": {"match": "bye", "none": "bye", "failed": "bye"}},
    }
    words = {"wish": {"ask": "Which day?"}, "slot": {"ask": "When?", "option": "{key}: {day}."}}
    call = Call(dialogue(steps, words), today="2026-11-30")
    call.after("heard", *keyed("0412"))
    assert call.requested() == FindSlots("clinic", "2026-12-04", most=3)


def test_9_while_slots_are_looked_up_is_an_opt_out_and_the_reply_comes_too_late() -> None:
    call = Call(offering())
    assert call.after("key 9") == ["No more calls."]
    assert call.reply(SlotsFound(tuple(SLOTS))) == []
    assert call.after("heard") == []
    assert call.hang_up is not None


def test_nothing_pressed_among_slots_is_asked_again_with_all_of_them() -> None:
    call = Call(offering())
    call.after("heard")
    call.reply(SlotsFound(tuple(SLOTS[:1])))
    assert call.after("heard", "answer") == ["When?", "one: 1 December."]
    assert call.after("heard", "answer") == ["Bye."]


def test_an_appointment_is_looked_up_and_given_back() -> None:
    steps: dict[str, Any] = {
        "find": {"kind": "appointment", "calendar": "clinic"},
        "yours": {"kind": "say", "exits": {"next": "off"}},
        "off": {"kind": "cancel", "calendar": "clinic", "exits": {"next": "bye"}},
    }
    steps["find"]["exits"] = {"match": "yours", "none": "bye", "failed": "bye"}
    document = dialogue(steps, {"yours": {"say": "You gave back {day} in {place}."}})
    call = Call(document)
    assert call.requested() == FindAppointment("clinic")
    assert call.reply(AppointmentFound(SLOTS[2])) == ["You gave back 3 December in Pune."]
    assert call.results() == []
    call.after("over")
    assert call.results() == [base.CancelAppointment("clinic")]
    assert Call(document).reply(AppointmentFound(None)) == ["Bye."]
    assert Call(document).reply(Failed("Down.")) == ["Bye."]


# --- Services outside ----------------------------------------------------------------------------------


def paying() -> DialogueConfiguration:
    fetch = {"kind": "fetch", "service": "ledger", "sends": ["loan"], "brings": {"due": "amount"}}
    tell = {"kind": "tell", "service": "ledger", "sends": ["loan", "due"], "exits": {"next": "end"}}
    steps = {
        "hello": {"kind": "say", "exits": {"next": "look"}},
        "look": fetch | {"seconds": 1.5, "exits": {"next": "told", "failed": "bye"}},
        "told": {"kind": "say", "exits": {"next": "tell"}},
        "tell": tell,
    }
    words = {"hello": {"say": "Hello."}, "look": {"filler": "One moment."}, "told": {"say": "{due} is due."}}
    return dialogue(steps, words, values={"loan": "digits"})


def test_a_service_is_asked_while_our_words_are_heard_and_both_are_waited_for() -> None:
    for reply_first in (True, False):
        call = Call(paying(), variables={"loan": "123"})
        assert [say.barge_in for say in call.playing] == [base.NO_BARGE_IN] * 2
        assert call.asked == [base.Perform("look", Fetch("ledger", {"loan": "123"}), 1.5)]
        reply = Fetched({"due": "500", "more": "x"})
        if reply_first:
            assert call.reply(reply) == []
            assert call.after("over", "over") == ["five hundred rupees is due."]
        else:
            assert call.after("over", "over") == []
            assert call.reply(reply) == ["five hundred rupees is due."]
        assert not any(isinstance(action, base.Tell) for action in call.log)
        call.after("over")
        assert base.Tell("ledger", {"loan": "123", "due": "500"}) in call.log


def test_a_service_that_fails_is_an_exit() -> None:
    call = Call(paying(), variables={"loan": "123"})
    call.after("heard")
    assert call.reply(Failed("It did not answer within 1.5 s.")) == ["Bye."]


# --- Going on where a call was cut off ------------------------------------------------------------------


def test_a_call_goes_on_where_an_earlier_one_was_cut_off_with_what_was_known() -> None:
    steps: dict[str, Any] = {
        "first": {"kind": "yes_no", "exits": {"yes": "second", "no": "second"}},
        "second": {"kind": "rating", "exits": {"match": "thanks"}},
        "thanks": THANKS,
    }
    words: dict[str, Any] = {"first": {"ask": "1 or 2?"}, "second": {"ask": "1 to 5?"}}
    words |= {"thanks": {"say": "So {first}."}}
    words["general"] = {"opt_out": "No more calls.", "cut_off": "We were cut off."}
    document = dialogue(steps, words)
    resumed = Call(document, resume=base.Resume("second", {"first": "yes"}))
    assert [say.text for say in resumed.playing if isinstance(say, base.Say)] == [
        "We were cut off.",
        "1 to 5?",
    ]
    assert resumed.after("heard", "key 3") == ["So yes."]
    anew = Call(document, resume=base.Resume("gone", {}))
    assert [say.text for say in anew.playing if isinstance(say, base.Say)] == ["1 or 2?"]


def test_whom_we_ring_again_hears_who_calls_and_who_rings_back_does_not() -> None:
    steps: dict[str, Any] = {
        "hello": {"kind": "say", "exits": {"next": "first"}},
        "first": {"kind": "yes_no", "exits": {"yes": "thanks", "no": "thanks"}},
        "thanks": THANKS,
    }
    words: dict[str, Any] = {"hello": {"say": "This is the school."}, "first": {"ask": "1 or 2?"}}
    words |= {"thanks": {"say": "Thank you."}}
    words["general"] = {"opt_out": "No more calls.", "cut_off": "We were cut off."}
    document = dialogue(steps, words)
    for inbound, opening in ((False, ["This is the school."]), (True, [])):
        call = Call(document, resume=base.Resume("first", {}), inbound=inbound)
        said = [say.text for say in call.playing if isinstance(say, base.Say)]
        assert said == [*opening, "We were cut off.", "1 or 2?"]


def test_today_can_be_compared_and_said() -> None:
    case = {"exit": "late", "when": [{"value": "due", "relation": "less_than", "to": "{today}"}]}
    turn = {"kind": "branch", "cases": [case], "exits": {"late": "full", "else": "thanks"}}
    words = FULL | {"thanks": {"say": "It is {today}."}}
    document = dialogue({"turn": turn, "full": THANKS, "thanks": THANKS}, words, values={"due": "date"})
    for due, said in (("29/11/2026", "It is full."), ("30/11/2026", "It is 30 November.")):
        call = Call(document, today="2026-11-30", variables={"due": due})
        assert [say.text for say in call.playing if isinstance(say, base.Say)] == [said]


# --- What was heard of a question ----------------------------------------------------------------------


def heard_of(call: Call) -> list[base.QuestionHeard]:
    return [action for action in call.log if isinstance(action, base.QuestionHeard)]


def test_a_question_cut_by_its_answer_was_heard_in_part() -> None:
    call = Call(asking())
    call.after("key 1")
    assert heard_of(call) == [base.QuestionHeard("question", 300, 1000, False)]


def test_a_question_heard_to_its_end_is_told_with_the_answer_and_once() -> None:
    call = Call(asking())
    call.after("heard", "key 7")
    assert heard_of(call) == []
    call.after("key 1", "heard")
    assert heard_of(call) == [base.QuestionHeard("question", 1000, 1000, True)]


def test_digits_count_their_own_question_and_not_the_words_that_read_them_back() -> None:
    call = Call(digits(confirm=True))
    call.after("heard", *keyed("300#"), "key 1")
    assert heard_of(call) == [base.QuestionHeard("sum", 1000, 1000, True)]


def test_of_slots_the_question_and_each_of_them_count() -> None:
    call = Call(offering())
    call.after("heard")
    call.reply(SlotsFound(tuple(SLOTS[:2])))
    call.after("key 2")
    call.reply(SlotHeld(SLOTS[1]))
    call.after("heard")
    assert heard_of(call) == [base.QuestionHeard("visit", 300 * 3, 1000 * 3, False)]


# --- Keys pressed while the world is asked ---------------------------------------------------------------


def ledger(**asked: Any) -> Call:
    """A call in which a service is being asked, before a question with keys 1 and 2."""
    steps = {
        "look": {"kind": "fetch", "service": "ledger", "exits": {"next": "ask", "failed": "ask"}},
        "ask": {"kind": "yes_no", "exits": {"yes": "more", "no": "bye"}} | asked,
        "more": {"kind": "digits", "most": 2, "exits": {"match": "bye"}},
    }
    words = {"look": {"filler": "One moment."}, "ask": {"ask": "1 or 2?"}, "more": {"ask": "How many?"}}
    return Call(dialogue(steps, words))


def answers_of(call: Call) -> list[tuple[str, str]]:
    return [(a.step, a.value) for a in call.results() if isinstance(a, base.RecordAnswer)]


@pytest.mark.parametrize("heard", [["over"], []], ids=["after the filler", "during the filler"])
def test_a_key_pressed_while_a_service_is_asked_answers_the_next_question(heard: list[str]) -> None:
    call = ledger()
    call.after(*heard, "key 2")
    assert answers_of(call) == []
    call.reply(Fetched({}))
    call.after("over")
    assert answers_of(call) == [("ask", "no")]


def test_several_keys_answer_one_question_after_the_other() -> None:
    call = ledger()
    call.after("over", "key 1", "key 4", "key 2")
    call.reply(Failed("The service does not answer."))
    assert answers_of(call) == [("ask", "yes"), ("more", "42")]


def test_a_question_that_keys_do_not_cut_takes_none_from_before() -> None:
    call = ledger(barge_in={"key": False})
    call.after("over", "key 1")
    assert call.reply(Fetched({})) == ["1 or 2?"]
    assert answers_of(call) == []
    call.after("over", "key 2", "over")
    assert answers_of(call) == [("ask", "no")]


def test_9_pressed_after_other_keys_while_a_service_is_asked_acts_at_once() -> None:
    call = ledger()
    call.after("over", "key 1")
    assert call.after("key 9") == ["No more calls."]
    call.reply(Fetched({}))
    assert base.OptOut("key", "9") in call.results()
    assert answers_of(call) == []


def test_keys_without_end_are_kept_up_to_a_bound() -> None:
    call = ledger()
    call.after("over", *["key 7"] * 60)
    call.tell(base.Performed("look", Fetched({})))
    (pressed,) = (action for action in call.log if isinstance(action, base.PressKeys))
    assert pressed.digits == "7" * 50


def test_a_key_pressed_while_slots_are_looked_up_takes_one() -> None:
    steps = {"when": {"kind": "slot", "calendar": "visits", "exits": {"none": "bye", "failed": "bye"}}}
    words = {"when": {"filler": "One moment.", "ask": "When?", "option": "For {day} press {key}."}}
    call = Call(dialogue(steps, words), today="2026-12-01")
    call.after("over", "key 2")
    first, second = (OfferedSlot(n, "Pune", f"2026-12-0{n}T10:30:00+05:30") for n in (7, 8))
    call.reply(SlotsFound((first, second)))
    assert call.requested() == HoldSlot("visits", 8)


def test_a_key_pressed_while_a_slot_is_held_answers_what_is_asked_then() -> None:
    steps = {
        "when": {
            "kind": "slot",
            "calendar": "visits",
            "exits": {"match": "ask", "none": "bye", "failed": "bye"},
        },
        "ask": {"kind": "yes_no", "exits": {"yes": "bye", "no": "bye"}},
    }
    words = {"when": {"ask": "When?", "option": "For {day} press {key}."}, "ask": {"ask": "1 or 2?"}}
    call = Call(dialogue(steps, words), today="2026-12-01")
    slot = OfferedSlot(7, "Pune", "2026-12-03T10:30:00+05:30")
    call.reply(SlotsFound((slot,)))
    call.after("key 1", "key 2")
    call.reply(SlotHeld(slot))
    assert answers_of(call)[-1] == ("ask", "no")
