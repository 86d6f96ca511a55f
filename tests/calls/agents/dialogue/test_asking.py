"""What keys mean, and which digits are what was asked for."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from calls.agents import base
from calls.agents.dialogue.asking import KINDS, Answer, answers, keys_to_name, read_pressed
from calls.agents.dialogue.document import (
    Choice,
    ChooseLanguage,
    Digits,
    Later,
    Meaning,
    Menu,
    Rating,
    Slot,
    Time,
    YesNo,
)
from calls.agents.verbalize import readable


def test_each_kind_of_question_gives_its_keys_their_meaning() -> None:
    assert answers(Menu(choices={"3": Choice("Third", "third")})) == {
        "3": Answer(exit="3", value="3", label="Third", outcome="third")
    }
    assert answers(YesNo(no="Never"))["2"] == Answer(exit="no", value="no", label="Never")
    assert list(answers(Rating(lowest=0, highest=8))) == list("012345678")
    assert answers(ChooseLanguage(languages={"1": "hi"}))["1"].language == "hi"
    assert list(answers(Slot(calendar="c", most=2))) == ["1", "2", "0"]
    times = {"2": Time("tomorrow 10:00", "Tomorrow")}
    assert answers(Later(times=times))["2"].call_back == "tomorrow 10:00"


@pytest.mark.parametrize(
    ("means", "pressed", "value"),
    [
        (Meaning.DIGITS, "007", "007"),
        (Meaning.ACCOUNT, "0012345678", "0012345678"),
        (Meaning.NUMBER, "007", "7"),
        (Meaning.AMOUNT, "1500", "1500"),
        (Meaning.DATE, "2811", "28 Nov"),
        (Meaning.DATE, "281126", "28/11/2026"),
        (Meaning.DATE, "28112026", "28/11/2026"),
        (Meaning.DATE, "2902", "29 Feb"),
        (Meaning.DATE, "29022026", None),
        (Meaning.DATE, "3113", None),
        (Meaning.DATE, "28112", None),
        (Meaning.DATE, "2813", None),
        (Meaning.TIME, "930", "9:30"),
        (Meaning.TIME, "1730", "17:30"),
        (Meaning.TIME, "2460", None),
        (Meaning.TIME, "17", None),
        (Meaning.PIN, "560001", "560001"),
        (Meaning.PIN, "060001", None),
        (Meaning.PIN, "56001", None),
        (Meaning.PHONE, "9876543210", "9876543210"),
        (Meaning.PHONE, "09876543210", "9876543210"),
        (Meaning.PHONE, "919876543210", "9876543210"),
        (Meaning.PHONE, "1234567890", None),
    ],
)
def test_digits_are_read_by_what_they_mean(means: Meaning, pressed: str, value: str | None) -> None:
    assert read_pressed(Digits(means=means, most=12), pressed) == value


@pytest.mark.parametrize(("pressed", "taken"), [("9", False), ("10", True), ("20", True), ("21", False)])
def test_a_number_lies_within_its_bounds(pressed: str, *, taken: bool) -> None:
    step = Digits(means=Meaning.NUMBER, most=4, lowest=10, highest=20)
    assert (read_pressed(step, pressed) is not None) is taken


@given(means=st.sampled_from(Meaning), pressed=st.text("0123456789", min_size=1, max_size=20))
def test_what_was_taken_can_be_spoken_as_its_kind(means: Meaning, pressed: str) -> None:
    value = read_pressed(Digits(means=means, most=20), pressed)
    if value is not None and not (means in (Meaning.AMOUNT, Meaning.NUMBER) and len(value) > 11):
        assert readable(value, KINDS[means])


def test_the_words_of_a_question_name_its_keys_and_only_the_ends_of_a_rating() -> None:
    assert keys_to_name(Menu(choices={"1": Choice("Yes"), "*": Choice("No")})) == ["1"]
    assert keys_to_name(Rating(lowest=1, highest=5)) == ["1", "5"]
    assert keys_to_name(Digits(most=4)) == []


def test_what_an_answer_brings_beside_itself() -> None:
    assert Answer(exit="later", value="0", label="").actions() == []
    answer = Answer(exit="1", value="1", label="Yes", outcome="agreed", call_back="tomorrow 10:00")
    assert answer.actions() == [
        base.ReachOutcome("agreed", "Yes"),
        base.AskCallback("tomorrow 10:00", "Yes", "key"),
    ]
