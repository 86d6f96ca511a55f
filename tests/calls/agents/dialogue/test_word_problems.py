"""What is wrong with the words of one language."""

from typing import Any

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Clip
from calls.agents.dialogue.word_problems import (
    clip_problems,
    prompt_problems,
    role_problems,
    text_problems,
    word_problems,
)
from tests.calls.agents.dialogue.documents import GENERAL, dialogue

ASK: dict[str, Any] = {"ask": {"kind": "yes_no", "exits": {"yes": "bye", "no": "bye"}}}


def test_words_of_a_language_with_their_places() -> None:
    assert [*word_problems(dialogue(ASK, {"ask": {"ask": "1 or 2?"}}), "en", None)] == []
    words = {"general": {**GENERAL, "opt_out": " ", "odd": "?"}, "moon": {"say": "?"}}
    found = word_problems(dialogue(ASK, words), "en", None)
    assert [(p.step, p.language, p.text) for p in found] == [
        ("ask", "en", "There are no words for “ask”."),
        ("", "en", "There are no words for a person who presses 9."),
        ("", "en", "There are words for the step “moon”, which does not exist."),
        ("", "en", "General words for “odd” are never said."),
    ]


def test_digits_that_are_confirmed_need_words_for_it() -> None:
    assert [*role_problems(doc.Digits(most=4, confirm=True), {"ask": "?"})] == [
        "There are no words for “confirm”."
    ]
    assert [*role_problems(doc.Say(), {"say": "Hi", "ask": "?"})] == ["Words for “ask” are never said."]


def test_texts_hold_known_values_and_plain_words() -> None:
    assert [*text_problems("{name}, hello", {"name"})] == []
    assert [*text_problems("{town} <b>", {"name"})] == [
        "“{town} <b>…” holds markup; only plain words are spoken.",
        "The words use the value “town”, which is not known there.",
    ]
    assert [*text_problems("lost }", set())] == [
        "A brace in “lost }…” does not belong to a value such as {amount}."
    ]


def test_a_clip_has_a_name_a_recording_and_a_text() -> None:
    assert [*clip_problems(Clip("hello", "Hello"), {"hello"})] == []
    assert [*clip_problems(Clip("hello", " "), {"other"})] == [
        "There is no clip “hello”.",
        "The clip “hello” has no text that is spoken where it is missing.",
    ]
    assert [*clip_problems(Clip("hello", "Hello"), None)] == [], "which clips there are is not known"


def test_all_pieces_of_a_prompt_count_for_its_length() -> None:
    assert [*prompt_problems(["a" * 1000, "b" * 1000], set(), None)] == []
    found = [*prompt_problems(["a" * 1000, Clip(" ", "b" * 1001)], set(), None)]
    assert found == [f"“{'a' * 40}…” has 2001 characters; 2000 are the most.", "A clip has no name."]
