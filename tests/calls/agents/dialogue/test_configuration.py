"""What a campaign asks of a dialogue before it calls."""

from typing import Any

import msgspec

from tests.calls.agents.dialogue.documents import dialogue

MENU: dict[str, Any] = {
    "kind": "menu",
    "choices": {"1": {"label": "A", "outcome": "a"}, "2": {"label": "B"}},
    "exits": {"1": "reach", "2": "sum"},
}
STEPS: dict[str, Any] = {
    "ask": MENU,
    "reach": {"kind": "set", "outcome": "b", "exits": {"next": "bye"}},
    "sum": {"kind": "digits", "most": 4},
}
WORDS: dict[str, Any] = {
    "ask": {"ask": ["{name}, {amount}?", {"clip": "keys", "text": "1 or 2."}]},
    "sum": {"ask": [{"clip": "keys", "text": "How much?"}], "wrong": "{sum} {place}"},
}
DOCUMENT = dialogue(STEPS, WORDS, values={"amount": "amount", "place": "text"})


def test_clips_languages_values_and_outcomes() -> None:
    assert DOCUMENT.problems() == []
    assert DOCUMENT.clips() == ("keys",)
    assert DOCUMENT.text_languages() == ("en",)
    assert DOCUMENT.declared_variables() == ("amount", "place")
    assert DOCUMENT.variable_kinds() == {"amount": "amount", "place": "text"}
    assert DOCUMENT.outcomes() == ("a", "b")
    assert DOCUMENT.heard("en-IN") == DOCUMENT.heard("ta") == "en"


def test_a_person_lacks_what_the_words_need_and_the_dialogue_does_not_ask() -> None:
    assert DOCUMENT.missing({"name": "Asha", "amount": "soon"}, language="en") == ("amount", "place")
    assert DOCUMENT.missing({"name": "Asha", "amount": "5", "place": "Pune"}, language="en") == ()


def test_problems_are_sentences() -> None:
    document = dialogue(STEPS, WORDS, values={"amount": "amount"})
    assert document.problems() == ["“sum”, en: The words use the value “place”, which is not known there."]


def test_what_a_person_lacks_is_told_of_each_dialogue_by_its_own_words() -> None:
    other = msgspec.structs.replace(DOCUMENT, words={"en": DOCUMENT.words["en"] | {"ask": {"ask": "{day}"}}})
    assert DOCUMENT.missing({"name": "Asha", "amount": "5"}, language="en") == ("place",)
    assert other.missing({"name": "Asha", "amount": "5"}, language="en") == ("day", "place")
