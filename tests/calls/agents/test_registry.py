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
from tests.calls.agents.texts import MENU, VARIABLES, dialogue

EXAMPLE = json.loads((Path(calls.agents.__file__).parent / "examples" / "emi-reminder.json").read_text())
SCRIPTS = {"hi": "DEVANAGARI", "mr": "DEVANAGARI", "gu": "GUJARATI", "ta": "TAMIL", "en": "LATIN"}


def test_the_kinds_are_those_of_the_column() -> None:
    assert tuple(KINDS) == tuple(AgentKind.values)


def test_kinds() -> None:
    assert isinstance(build("echo", {}), EchoAgent)
    assert isinstance(build("playback", {"clip": "welcome", "gather": 50}), PlaybackAgent)
    assert validate("dialogue", dialogue(MENU)) == []


@pytest.mark.parametrize(
    ("kind", "configuration", "words"),
    [
        ("robot", {}, "There is no agent of kind “robot”"),
        ("echo", {"piece_ms": 5}, "between 20 and 1000"),
        ("echo", {"colour": "red"}, "contains unknown field `colour`"),
        ("playback", {}, "missing required field `clip`"),
        ("playback", {"clip": " "}, "must be the name of a recorded clip"),
        ("playback", {"clip": "a", "gather": "many"}, "`gather`: Expected `int`"),
    ],
)
def test_a_bad_configuration_is_refused_with_the_place(kind: str, configuration: Any, words: str) -> None:
    assert words in " ".join(validate(kind, configuration))
    with pytest.raises(ConfigurationError):
        build(kind, configuration)


def test_the_example_is_complete_in_five_languages() -> None:
    assert validate("dialogue", dialogue(EXAMPLE)) == []
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
    opening, message, *_ = build("dialogue", dialogue(EXAMPLE)).handle(CallStarted(context))
    assert isinstance(opening, Say)
    assert isinstance(message, Say)
    assert "9" in opening.text
    assert "28" in message.text
    assert "{" not in opening.text + message.text


def test_every_configuration_in_the_documentation_is_valid() -> None:
    page = (Path(calls.agents.__file__).parents[2] / "docs" / "agents.md").read_text()
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    assert [validate(kind, shown[n]) for n, kind in enumerate(("playback", "echo"))] == [[], []]


def test_a_configuration_is_read_once_and_every_call_has_an_agent_of_its_own() -> None:
    agents = [build("dialogue", dialogue(MENU)) for _ in range(2)]
    assert agents[0] is not agents[1]
    context = CallContext(language="en", name="Asha", variables=VARIABLES)
    assert agents[0].handle(CallStarted(context)) == agents[1].handle(CallStarted(context)) != []
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="no steps"):
            build("dialogue", dialogue(MENU) | {"steps": {}})
