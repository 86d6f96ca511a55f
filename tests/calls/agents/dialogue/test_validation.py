"""What keeps a dialogue from being published. Most of it is in tests/data/dialogues, by `test_files`."""

from typing import Any

import msgspec
import pytest

from calls.agents.dialogue.validation import check, problems
from tests.calls.agents.dialogue.documents import dialogue

ASK: dict[str, Any] = {"kind": "yes_no", "title": "Question", "exits": {"yes": "bye", "no": "bye"}}
WORDS: dict[str, Any] = {"ask": {"ask": "1 or 2?"}}


def sentences(step: dict[str, Any], words: dict[str, Any] | None = None, **others: Any) -> list[str]:
    document = dialogue({"ask": {"title": "Question", **step}}, words or WORDS, **others)
    return [problem.sentence for problem in problems(document)]


def test_a_dialogue_without_problems_has_none() -> None:
    assert sentences(ASK) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"asked": 0}, "“Question”: It is asked 1 to 5 times."),
        ({"wrong_keys": 11}, "“Question”: It ends at a wrong key between the first and the tenth."),
        ({"answer_seconds": 0.5}, "“Question”: The wait for an answer is between 1 and 60 seconds."),
    ],
)
def test_bounds_of_a_question(changes: dict[str, Any], sentence: str) -> None:
    assert sentences(ASK | changes) == [sentence]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"most": 21}, "“Question”: It takes at least 1 digit and at most 2 to 20."),
        ({"least": 5}, "“Question”: It takes at least 1 digit and at most 2 to 20."),
        ({"terminator": "5"}, "“Question”: Digits end with #, * or nothing."),
        ({"inter_digit_seconds": 31}, "“Question”: The waits for digits are between 1 and 30 seconds."),
        ({"attempts": 6}, "“Question”: Digits are asked for 1 to 5 times."),
        ({"lowest": 5, "highest": 4}, "“Question”: The least number is greater than the greatest."),
        ({"means": "phone"}, "“Question”: It takes 1 to 4 digits; what it asks for has 12."),
    ],
)
def test_bounds_of_digits(changes: dict[str, Any], sentence: str) -> None:
    assert sentences({"kind": "digits", "most": 4, **changes}) == [sentence]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"calendar": " "}, "“Question”: It names no calendar."),
        ({"most": 9}, "“Question”: It offers 1 to 8 slots at a time."),
        ({"others": "2"}, "“Question”: Key 2 can't both be a slot and ask for other times."),
        (
            {"others": "9"},
            "“Question”: Key 9 always means “do not call me again” and can't mean anything else.",
        ),
        ({"day": "{wish}"}, "“Question”: It asks for the value “wish”, which the dialogue does not know."),
    ],
)
def test_bounds_of_slots(changes: dict[str, Any], sentence: str) -> None:
    step = {"kind": "slot", "calendar": "clinic", "exits": {"none": "bye", "failed": "bye"}}
    words = {"ask": {"ask": "When?", "option": "{key}: {day}."}}
    assert sentences(step, words) == []
    assert sentences(step | changes, words) == [sentence]


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({"wrong_keys": 0}, "The wrong keys that end a call are between 1 and 20."),
        (
            {"values": {"due date": "date"}},
            "“due date” can't be the name of a value: letters, digits and _ only.",
        ),
        (
            {"exits": {"no_input": "gone"}},
            "The default way out “no_input” leads to the step “gone”, which does not exist.",
        ),
    ],
)
def test_bounds_of_the_whole(others: dict[str, Any], sentence: str) -> None:
    document = dialogue({"ask": ASK}, WORDS)
    changed = msgspec.structs.replace(document, **others)
    assert sentence in [problem.sentence for problem in problems(changed)]


def test_a_name_that_is_no_language() -> None:
    document = dialogue({"ask": ASK}, WORDS)
    words = {**document.words, "Hindi!": document.words["en"]}
    changed = msgspec.structs.replace(document, words=words)
    assert [p.sentence for p in problems(changed)] == ["“Hindi!” is no language; write it as “hi” or “en”."]


def test_general_words_for_nothing_are_never_said() -> None:
    found = sentences(ASK, WORDS | {"general": {"opt_out": "No more calls.", "oops": "Oops."}})
    assert found == ["en: General words for “oops” are never said."]


def test_the_words_of_apology_can_hold_no_value() -> None:
    found = sentences(ASK, WORDS | {"general": {"opt_out": "No more calls.", "sorry": "Sorry, {name}."}})
    assert found == ["en: The words use the value “name”, which is not known there."]


def test_a_clip_is_missing_only_where_it_is_known_which_there_are() -> None:
    document = dialogue({"ask": ASK}, {"ask": {"ask": [{"clip": "q", "text": "1 or 2?"}]}})
    assert problems(document) == problems(document, {"q"}) == []
    assert [p.sentence for p in problems(document, set())] == ["“Question”, en: There is no clip “q”."]


def test_advice_comes_where_there_are_no_problems_and_keeps_nothing_from_being_published() -> None:
    document = dialogue({"ask": ASK}, {"ask": {"ask": "Yes or no?"}})
    assert problems(document) == []
    assert [p.sentence for p in check(document) if p.is_advice] == [
        "“end”: A call that ends here without an outcome counts as broken off.",
        "“Question”, en: Keys 1 and 2 are not said.",
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"service": ""}, "“Question”: It names no service."),
        ({"sends": ["loan"]}, "“Question”: It sends the value “loan”, which the dialogue does not know."),
        ({"seconds": 60}, "“Question”: It waits between 0.1 and 10 seconds for a reply."),
        ({"brings": {"due date": "date"}}, "“Question”: “due date” can't be the name of a value."),
    ],
)
def test_bounds_of_a_service(changes: dict[str, Any], sentence: str) -> None:
    step = {"kind": "fetch", "service": "ledger", "exits": {"next": "bye", "failed": "bye"}}
    words = {"ask": {"filler": "One moment."}}
    assert sentences(step, words) == []
    assert sentences(step | changes, words) == [sentence]
