"""Menus as they were written before dialogues: what is refused, in which words."""

from typing import Any

import pytest

from calls.agents.base import ConfigurationError
from calls.agents.dialogue.from_menu import converted, read_menu
from tests.calls.agents.texts import ENGLISH, LATER, MENU


def menu(**changes: Any) -> dict[str, Any]:
    return MENU | changes


def english(**changes: Any) -> dict[str, Any]:
    return menu(default_language="en", languages={"en": ENGLISH | changes})


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        (menu(default_language="ta"), "no texts in the default language “ta”"),
        (menu(choices={}), "at least one key"),
        (menu(choices={"9": {"outcome": "a", "label": "b"}}), "Key 9 always means"),
        (menu(choices={"12": {"outcome": "a", "label": "b"}}), "“12” is not a key"),
        (menu(choices={"1": {"outcome": "", "label": "b"}}), "needs an outcome"),
        (menu(answer_seconds=0), "between 1 and 60"),
        (menu(variables={"amount": "money"}), "`variables[...]`: Invalid enum value 'money'"),
        (menu(barge_in={"speech": 1}), "`barge_in.speech`: Expected `bool`"),
        (menu(collect={"3": {"question": "days", "most": 2}}), "key 3, which is no choice"),
        (menu(collect={"1": {"question": "days", "most": 2}}), "one text for each key of the config"),
        (menu(collect={"1": {"question": "payment", "most": 2}}), "other than “payment”"),
        (menu(collect={"1": {"question": "", "most": 2}}), "needs a `question`"),
        (menu(collect={"1": {"question": "days", "most": 1}}), "1 ≤ least ≤ most"),
        (menu(collect={"1": {"question": "d", "most": 2, "terminator": "5"}}), "not #, * or empty"),
        (menu(collect={"1": {"question": "d", "most": 2, "attempts": 9}}), "`attempts` between"),
        (menu(variables={"answer": "date"}), "they are no date"),
        (english(goodbye=" "), "In “en”: `goodbye` is empty."),
        (english(replies={"1": "Yes."}), "`replies` must have one text for each key"),
        (english(message="{amount due}"), "a brace in “{amount due}…”"),
        (english(message="{0.__class__}"), "does not belong to a variable"),
        (english(sorry="Sorry {name}."), "`sorry` must not hold variables"),
        (english(message="x" * 2001), "longer than 2000"),
    ],
)
def test_a_bad_menu_is_refused_with_the_place(configuration: Any, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        converted(configuration)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"key": "1"}, "needs a `key` of its own"),
        ({"key": "9"}, "needs a `key` of its own"),
        ({"question": "payment"}, "a `question` other than “payment”"),
        ({"times": {}}, "at least one key under `times`"),
        ({"times": {"9": {"when": "at 10:00", "label": "Ten"}}}, "the time key “9”"),
        (
            {"times": {"1": {"when": "soon", "label": "Soon"}}},
            "can't be asked for with key 1: “soon” is no moment",
        ),
        ({"times": {"1": {"when": "at 10:00", "label": " "}}}, "a `label` for its time key 1"),
    ],
)
def test_a_configuration_that_could_not_be_followed_is_refused(change: dict[str, Any], problem: str) -> None:
    found = read_menu(MENU | LATER | {"later": LATER["later"] | change}).problems()
    assert problem in " ".join(found)


def test_every_language_needs_the_words_for_it() -> None:
    problem = "In “en”: `later` must have a `question`, `full`, and a reply for each of its times."
    assert read_menu(MENU | LATER | {"languages": LATER["languages"] | {"en": ENGLISH}}).problems() == [
        problem
    ]
    assert read_menu(MENU | {"languages": LATER["languages"]}).problems() == [
        problem,
        problem.replace("en", "hi"),
    ]
    assert read_menu(MENU | LATER).problems() == []
