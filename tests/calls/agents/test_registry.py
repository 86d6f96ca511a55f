"""Configurations: what is refused, in which words, and the example that ships."""

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

import calls.agents
from calls.agents.base import CallContext, CallStarted, Say
from calls.agents.echo import EchoAgent
from calls.agents.playback import PlaybackAgent
from calls.agents.registry import KINDS, ConfigurationError, build, validate
from campaigns.models.campaigns import AgentKind
from tests.calls.agents.texts import ENGLISH, MENU, VARIABLES

EXAMPLE = json.loads((Path(calls.agents.__file__).parent / "examples" / "emi-reminder.json").read_text())
SCRIPTS = {"hi": "DEVANAGARI", "mr": "DEVANAGARI", "gu": "GUJARATI", "ta": "TAMIL", "en": "LATIN"}


def menu(**changes: Any) -> dict[str, Any]:
    return MENU | changes


def english(**changes: Any) -> dict[str, Any]:
    return menu(default_language="en", languages={"en": ENGLISH | changes})


def test_the_kinds_are_those_of_the_column() -> None:
    assert tuple(KINDS) == tuple(AgentKind.values)


def test_kinds() -> None:
    assert isinstance(build("echo", {}), EchoAgent)
    assert isinstance(build("playback", {"clip": "welcome", "gather": 50}), PlaybackAgent)
    assert validate("menu", MENU) == []


@pytest.mark.parametrize(
    ("kind", "configuration", "words"),
    [
        ("robot", {}, "There is no agent of kind “robot”"),
        ("echo", {"piece_ms": 5}, "between 20 and 1000"),
        ("echo", {"colour": "red"}, "contains unknown field `colour`"),
        ("playback", {}, "missing required field `clip`"),
        ("playback", {"clip": " "}, "must be the name of a recorded clip"),
        ("playback", {"clip": "a", "gather": "many"}, "`gather`: Expected `int`"),
        ("menu", menu(default_language="ta"), "no texts in the default language “ta”"),
        ("menu", menu(choices={}), "at least one key"),
        ("menu", menu(choices={"9": {"outcome": "a", "label": "b"}}), "Key 9 always means"),
        ("menu", menu(choices={"12": {"outcome": "a", "label": "b"}}), "“12” is not a key"),
        ("menu", menu(choices={"1": {"outcome": "", "label": "b"}}), "needs an outcome"),
        ("menu", menu(answer_seconds=0), "between 1 and 60"),
        ("menu", menu(variables={"amount": "money"}), "`variables[...]`: Invalid enum value 'money'"),
        ("menu", menu(barge_in={"speech": 1}), "`barge_in.speech`: Expected `bool`"),
        ("menu", menu(collect={"3": {"question": "days", "most": 2}}), "key 3, which is no choice"),
        ("menu", menu(collect={"1": {"question": "days", "most": 2}}), "one text for each key of the config"),
        ("menu", menu(collect={"1": {"question": "payment", "most": 2}}), "other than “payment”"),
        ("menu", menu(collect={"1": {"question": "", "most": 2}}), "needs a `question`"),
        ("menu", menu(collect={"1": {"question": "days", "most": 1}}), "1 ≤ least ≤ most"),
        ("menu", menu(collect={"1": {"question": "d", "most": 2, "terminator": "5"}}), "not #, * or empty"),
        ("menu", menu(collect={"1": {"question": "d", "most": 2, "attempts": 9}}), "`attempts` between"),
        ("menu", menu(variables={"answer": "date"}), "they are no date"),
        ("menu", english(goodbye=" "), "In “en”: `goodbye` is empty."),
        ("menu", english(replies={"1": "Yes."}), "`replies` must have one text for each key"),
        ("menu", english(message="{amount due}"), "a brace in “{amount due}…”"),
        ("menu", english(message="{0.__class__}"), "does not belong to a variable"),
        ("menu", english(sorry="Sorry {name}."), "`sorry` must not hold variables"),
        ("menu", english(message="x" * 2001), "longer than 2000"),
    ],
)
def test_a_bad_configuration_is_refused_with_the_place(kind: str, configuration: Any, words: str) -> None:
    assert words in " ".join(validate(kind, configuration))
    with pytest.raises(ConfigurationError):
        build(kind, configuration)


def test_the_example_is_complete_in_five_languages() -> None:
    assert validate("menu", EXAMPLE) == []
    assert set(EXAMPLE["languages"]) == set(SCRIPTS)


@pytest.mark.parametrize("language", SCRIPTS)
def test_the_example_is_written_in_the_languages_own_script(language: str) -> None:
    texts = EXAMPLE["languages"][language]
    spoken = "".join(text for text in texts.values() if isinstance(text, str)) + "".join(
        texts["replies"].values()
    )
    plain = spoken.replace("{name}", "").replace("{amount}", "").replace("{due_date}", "")
    scripts = {unicodedata.name(letter).split()[0] for letter in plain if letter.isalpha()}
    assert scripts == {SCRIPTS[language]}


@pytest.mark.parametrize("language", SCRIPTS)
def test_the_examples_opening_names_nine_and_its_message_the_figures(language: str) -> None:
    context = CallContext(language=language, name="Asha", variables=VARIABLES)
    opening, message, *_ = build("menu", EXAMPLE).handle(CallStarted(context))
    assert isinstance(opening, Say)
    assert isinstance(message, Say)
    assert "9" in opening.text
    assert "28" in message.text
    assert "{" not in opening.text + message.text


def test_every_configuration_in_the_documentation_is_valid() -> None:
    page = (Path(calls.agents.__file__).parents[2] / "docs" / "agents.md").read_text()
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    assert [validate(kind, shown[n]) for n, kind in enumerate(("menu", "playback", "echo"))] == [[], [], []]
