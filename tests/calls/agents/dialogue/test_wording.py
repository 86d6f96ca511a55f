"""The words of a dialogue in one language, with values in them."""

import msgspec
import pytest

from calls.agents.base import ClipPiece, TextPiece
from calls.agents.dialogue.document import Clip, Prompt
from calls.agents.dialogue.wording import (
    MissingValueError,
    Wording,
    all_prompts,
    chosen_words,
    clips,
    is_empty,
    names_digit,
    needed,
    slots,
    texts,
)
from campaigns.spreadsheets.written import Kind
from tests.calls.agents.dialogue.documents import dialogue

ASK = {"kind": "yes_no", "exits": {"yes": "bye", "no": "bye"}}
DOCUMENT = dialogue(
    {"ask": ASK},
    {"ask": {"ask": "{amount}?", "ask_2": "Again: {amount}?", "wrong": " "}},
    values={"amount": "amount"},
)


def test_slots_texts_and_clips_of_a_prompt() -> None:
    prompt: Prompt = ["Dear {name}, {amount}", Clip("due", "is due on {day}.")]
    blank: Prompt = [" ", Clip("x", "")]
    assert slots("Dear {name}, {amount} {name}") == ("name", "amount", "name")
    assert [*texts(prompt)] == ["Dear {name}, {amount}", "is due on {day}."]
    assert [*texts("Hello")] == ["Hello"]
    assert (clips(prompt), clips("Hello")) == (("due",), ())
    assert (is_empty(blank), is_empty(prompt)) == (True, False)


@pytest.mark.parametrize(
    ("role", "found"),
    [("ask", "{amount}?"), ("ask_2", "Again: {amount}?"), ("ask_4", "Again: {amount}?"), ("silent_1", None)],
)
def test_the_words_for_a_further_time_are_those_of_the_last_time_that_has_any(role: str, found: str) -> None:
    assert Wording(DOCUMENT, "en").prompt("ask", role) == found


def test_blank_words_are_none() -> None:
    assert Wording(DOCUMENT, "en").prompt("ask", "wrong") is None


def test_values_are_spoken_as_what_they_are_and_written_as_they_came() -> None:
    wording = Wording(DOCUMENT, "en")
    wording.know({"amount": "1,500", "name": "Asha"})
    assert wording.text("{name}: {amount}") == "Asha: one thousand five hundred rupees"
    assert wording.as_written("{name}: {amount}{nothing}") == "Asha: 1,500"
    prompt: Prompt = ["Dear {name}", Clip("due", "{amount}")]
    spoken = "one thousand five hundred rupees"
    assert wording.fill(prompt) == (TextPiece("Dear Asha"), ClipPiece("due", spoken))


@pytest.mark.parametrize("value", ["", " ", "soon"])
def test_a_persons_value_that_is_absent_or_of_another_kind_is_missing(value: str) -> None:
    wording = Wording(DOCUMENT, "en")
    wording.know({"amount": value})
    with pytest.raises(MissingValueError, match="amount"):
        wording.text("{amount}")


def test_a_value_of_our_own_that_is_not_of_its_kind_is_spoken_as_it_is() -> None:
    wording = Wording(DOCUMENT, "en")
    wording.keep("amount", "nothing yet")
    assert wording.text("{amount}") == "nothing yet"


def test_a_kept_value_has_its_kind_unless_the_document_says_another() -> None:
    wording = Wording(DOCUMENT, "en")
    wording.keep("code", "12", Kind.DIGITS)
    wording.keep("amount", "12", Kind.DIGITS)
    assert wording.text("{code}, {amount}") == "one two, twelve rupees"


def test_an_answer_replaces_an_earlier_answer_and_no_value_of_the_person() -> None:
    wording = Wording(DOCUMENT, "en")
    wording.know({"amount": "5", "blank": " "})
    for value in ("1", "2"):
        for name in ("amount", "again", "blank"):
            wording.keep_answer(name, value)
    assert [wording.value(name) for name in ("amount", "again", "blank")] == ["5", "2", "2"]


def test_the_language_of_a_person_its_base_or_the_default() -> None:
    for asked, chosen in (("en", "en"), ("EN_in", "en"), ("ta", "en")):
        assert chosen_words(DOCUMENT, asked)[0] == chosen


def test_what_a_language_needs_of_the_person_leaves_out_what_the_dialogue_knows() -> None:
    words: dict[str, dict[str, Prompt]] = {
        "a": {"say": "{name}: {sum} {day}"},
        "b": {"say": ["{day}", Clip("x", "{place}")]},
    }
    assert needed(words, {"sum"}) == ("name", "day", "place")
    assert [(step, role) for step, role, _ in all_prompts(words)] == [("a", "say"), ("b", "say")]


def test_a_value_kept_anew_or_said_in_another_language_is_said_anew() -> None:
    english = DOCUMENT.words["en"]
    wording = Wording(msgspec.structs.replace(DOCUMENT, words={"en": english, "hi": english}), "en")
    wording.know({"amount": "5"})
    assert wording.text("{amount}") == "five rupees"
    wording.keep("amount", "6")
    assert wording.text("{amount}") == "six rupees"
    wording.speak("hi")
    assert wording.text("{amount}") == "छह रुपये"
    wording.know({"amount": "7"})
    assert wording.text("{amount}") == "सात रुपये"


@pytest.mark.parametrize(
    ("text", "language", "named"),
    [
        ("Press 2 now", "en-IN", True),
        ("press two.", "en", True),
        ("twofold", "en", False),
        ("२ दबाएं", "hi", True),
        ("“दो” दबाएं", "hi", True),
        ("{two} 1", "en", False),
        ("press one", "xx", True),
    ],
)
def test_a_text_names_a_digit_as_a_figure_or_as_a_word(text: str, language: str, *, named: bool) -> None:
    assert names_digit(text, "2", language=language) is named
