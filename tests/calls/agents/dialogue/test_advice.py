"""Advice about dialogues without problems."""

from typing import Any

import msgspec
import pytest

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.validation import check
from tests.calls.agents.dialogue.documents import dialogue

REACH = {"kind": "set", "outcome": "asked", "exits": {"next": "bye"}}


def advised(step: dict[str, Any], text: str, **others: Any) -> list[str]:
    step = {"title": "Question", **step}
    document = dialogue({"ask": step, "reach": REACH}, {"ask": {"ask": text}}, **others)
    return sentences(document)


def sentences(document: DialogueConfiguration) -> list[str]:
    found = check(document)
    assert all(problem.is_advice for problem in found)
    return [problem.sentence for problem in found]


def menu(*keys: str) -> dict[str, Any]:
    choices = {key: {"label": f"Choice {key}", "outcome": "chosen"} for key in keys}
    return {"kind": "menu", "choices": choices, "exits": {**dict.fromkeys(keys, "bye"), keys[0]: "reach"}}


@pytest.mark.parametrize(
    ("step", "text", "expected"),
    [
        (menu("1", "2"), "Press 1 or 2.", []),
        (menu("1", "2"), "Press one or २.", []),
        (menu("1", "2", "3", "4"), "Press 1 or 2.", ["“Question”, en: Keys 3 and 4 are not said."]),
        (menu("1", "2"), "Press 12, or the second key.", []),
        (menu("1", "2"), "Someone wants 2 things.", ["“Question”, en: Key 1 is not said."]),
        (menu("1", "*"), "Press 1 or the star.", []),
    ],
)
def test_keys_that_the_words_do_not_name(step: dict[str, Any], text: str, expected: list[str]) -> None:
    assert advised(step, text) == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("hi", "हाँ के लिए एक, नहीं के लिए दो दबाइए।"),
        ("mr", "होसाठी एक, नाहीसाठी दोन दाबा."),
        ("gu", "હા માટે એક, ના માટે બે દબાવો."),
        ("bn", "হ্যাঁ হলে এক, না হলে দুই টিপুন।"),
        ("ta", "ஆம் என்றால் ஒன்றை, இல்லை என்றால் இரண்டை அழுத்தவும்."),
        ("te", "అవును అయితే ఒకటి, కాదు అయితే రెండు నొక్కండి."),
        ("kn", "ಹೌದಾದರೆ ಒಂದು, ಇಲ್ಲವಾದರೆ ಎರಡು ಒತ್ತಿ."),
        ("ml", "അതെ എങ്കിൽ ഒന്ന്, അല്ലെങ്കിൽ രണ്ട് അമർത്തുക."),
        ("pa", "ਹਾਂ ਲਈ ਇੱਕ, ਨਹੀਂ ਲਈ ਦੋ ਦਬਾਓ।"),
        ("or", "ହଁ ପାଇଁ ଏକ, ନା ପାଇଁ ଦୁଇ ଦବାନ୍ତୁ।"),
        ("as", "হয়ৰ বাবে এক, নহয়ৰ বাবে দুই টিপক।"),
        ("ur", "ہاں کے لیے ایک، نہیں کے لیے دو دبائیں۔"),
        ("en", "Press one for yes, two for no."),
    ],
)
def test_keys_are_named_in_words_of_thirteen_languages(language: str, text: str) -> None:
    for keys, expected in ((("1", "2"), []), (("1", "5"), [f"“Question”, {language}: Key 5 is not said."])):
        steps = {"ask": {"title": "Question", **menu(*keys)}, "reach": REACH}
        english = dialogue(steps, {"ask": {"ask": text}})
        words = {language: english.words["en"]}
        document = msgspec.structs.replace(english, words=words, default_language=language)
        assert sentences(document) == expected


def test_a_rating_names_its_ends() -> None:
    step = {"kind": "rating", "highest": 5, "exits": {"match": "reach"}}
    assert advised(step, "From 1, bad, to 5, good.") == []
    assert advised(step, "From one up.") == ["“Question”, en: Key 5 is not said."]


def test_an_end_without_an_outcome_counts_as_broken_off() -> None:
    step = {"kind": "yes_no", "exits": {"yes": "reach", "no": "bye"}}
    sentence = "“end”: A call that ends here without an outcome counts as broken off."
    assert advised(step, "1 or 2?") == [sentence]
    assert advised(step | {"exits": {"yes": "reach", "no": "reach"}}, "1 or 2?") == []


def test_words_that_take_longer_than_20_seconds_all_pieces_together() -> None:
    step = menu("1", "2")
    document = dialogue({"ask": step, "reach": REACH}, {"ask": {"ask": ["Press 1 or 2. " * 12] * 3}})
    assert sentences(document) == [
        "“ask”, en: The words for “ask” take longer than 20 seconds; people hang up."
    ]


def test_a_default_way_out_that_no_step_has() -> None:
    found = advised(menu("1", "2"), "1 or 2?", exits={"no_input": "bye", "no_match": "bye", "gone": "bye"})
    assert found == ["No step has the default way out “gone”."]


@pytest.mark.parametrize(
    ("say", "speech", "is_advised"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"again": "until_heard"}, True, False),
        ({"again": "with_question"}, True, False),
        ({"barge_in": {"speech": False}}, True, False),
        ({"barge_in": {"speech": True}}, False, True),
    ],
)
def test_an_opening_that_speech_cuts_for_good(say: dict[str, Any], speech: bool, is_advised: bool) -> None:
    steps = {
        "hello": {"kind": "say", "title": "Hello", "exits": {"next": "known"}, **say},
        "known": {"kind": "set", "values": {"seen": "1"}, "exits": {"next": "ask"}},
        "ask": {"title": "Question", **menu("1", "2")},
        "reach": REACH,
    }
    words = {"hello": {"say": "Saraswati Finance calls about your EMI."}, "ask": {"ask": "Press 1 or 2."}}
    found = sentences(dialogue(steps, words, barge_in={"speech": speech}))
    assert [one.startswith("“Hello”: A “hello” cuts these words") for one in found] == [True] * is_advised
