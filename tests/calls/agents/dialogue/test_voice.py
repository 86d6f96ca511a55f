"""What is said in a call, what may cut it, and what of it was heard."""

from typing import Any

from calls.agents import base
from calls.agents.base import BargeIn
from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Again
from calls.agents.dialogue.voice import Voice
from campaigns.spreadsheets.written import Kind
from tests.calls.agents.dialogue.documents import dialogue

STEPS: dict[str, Any] = {
    "hello": {"kind": "say", "title": "Greeting", "again": "until_heard", "exits": {"next": "ask"}},
    "ask": {
        "kind": "yes_no",
        "barge_in": {"speech": True, "key": True},
        "exits": {"yes": "bye", "no": "bye"},
    },
}
WORDS: dict[str, Any] = {
    "hello": {"say": "Hello {name}."},
    "ask": {"ask": "1 or 2?", "wrong_2": "Again not."},
}


def voice() -> Voice:
    made = Voice(dialogue(STEPS, WORDS))
    made.wording.know({"name": "Asha"})
    return made


def test_words_have_the_name_of_their_step_or_of_what_they_are() -> None:
    here = voice()
    assert [(w.name, w.pieces) for w in here.words("hello", "say")] == [
        ("Greeting", (base.TextPiece("Hello Asha."),))
    ]
    assert [w.name for w in here.words(doc.GENERAL, doc.OPT_OUT)] == ["No further calls"]
    assert [w.name for w in here.words("ask", "wrong_2")] == ["Not understood"]
    assert here.words("hello", "silent_1") == []


def test_a_value_that_is_missing_is_noted_and_nothing_is_said() -> None:
    here = Voice(dialogue(STEPS, WORDS))
    assert here.words("hello", "say") == []
    assert here.unspeakable == ["name"]


def test_speech_cuts_a_question_twice_at_most() -> None:
    here = voice()
    assert here.switches("ask") == BargeIn(speech=True, key=True)
    here.interruptions = 2
    assert here.switches("ask") == BargeIn(speech=False, key=True)


def test_words_before_a_question_are_cut_by_what_their_step_says() -> None:
    here = voice()
    said = here.say_before([*here.words("hello", "say"), *here.words("ask", "ask")])
    assert [(action.text, action.barge_in.speech) for action in said if isinstance(action, base.Say)] == [
        ("Hello Asha.", here.switches("hello").speech),
        ("1 or 2?", True),
    ]


def test_what_was_heard_once_to_its_end_is_not_cut_later() -> None:
    here = voice()
    [hello] = here.words("hello", "say")
    assert here.was_cut("hello", just_now=True)
    assert not here.was_cut("hello", just_now=False)
    here.say(hello)
    assert here.over("Greeting", finished=False) is hello
    assert here.was_cut("hello", just_now=False)
    here.say(hello)
    here.over("Greeting", finished=True)
    assert not here.was_cut("hello", just_now=True)
    assert here.over("Greeting", finished=True) is None


def test_a_question_is_asked_until_its_words_are_over() -> None:
    here = voice()
    [ask] = here.words("ask", "ask")
    here.say(ask)
    assert (here.is_asking("ask"), here.is_asking("hello"), ask.asks) == (True, False, True)
    here.over(ask.name, finished=True)
    assert not here.is_asking("ask")


def test_words_for_a_wrong_key_are_those_of_the_step_or_of_the_dialogue() -> None:
    here = voice()
    said = [*here.not_understood("ask", 1), *here.not_understood("ask", 2)]
    assert [action.text for action in said if isinstance(action, base.Say)] == ["Not a key.", "Again not."]


def test_only_words_of_a_say_are_said_again() -> None:
    here = voice()
    assert (here.again("hello"), here.again("ask")) == (Again.UNTIL_HEARD, Again.NEVER)
    assert [words.role for words in here.again_words(["hello"])] == ["say"]


def test_a_kept_value_is_spoken_as_its_kind() -> None:
    here = voice()
    here.keep({"many": "12"}, {"many": Kind.NUMBER})
    assert here.wording.text("{many}") == "twelve"
