"""The ready dialogues: they validate, every exit of theirs is passed, and what must come of calls does."""

import json
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import calls.agents
from calls.agents.dialogue.advice import advice
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.files import read_file, refusals, write_file
from calls.agents.dialogue.wording import SLOT, all_prompts, texts
from calls.simulated.cover import cover
from calls.simulated.kept_tests import read_test, run

FOLDER = Path(calls.agents.__file__).parent / "examples" / "dialogues"
KEPT = Path(__file__).resolve().parents[3] / "data" / "dialogues" / "ready"
LANGUAGES = {
    "appointment": ("hi", "en", "mr", "te"),
    "attendance": ("hi", "en", "gu", "te"),
    "delivery-slot": ("hi", "bn", "en", "kn"),
    "emi-paid-check": ("hi", "en", "gu", "ta"),
    "event-invitation": ("hi", "bn", "en", "mr"),
    "feedback": ("hi", "en", "kn", "ta"),
    "helpline": ("hi", "en", "gu", "mr"),
    "helpline-after-hours": ("hi", "en", "gu", "mr"),
    "sales-interest": ("hi", "en", "kn", "ta"),
    "survey": ("hi", "en", "gu", "mr"),
    "vaccination": ("hi", "bn", "en", "te"),
}
SCRIPTS = {
    "bn": "BENGALI",
    "en": "LATIN",
    "gu": "GUJARATI",
    "hi": "DEVANAGARI",
    "kn": "KANNADA",
    "mr": "DEVANAGARI",
    "ta": "TAMIL",
    "te": "TELUGU",
}
SPOKEN = [(name, language) for name, languages in LANGUAGES.items() for language in languages]


@cache
def text(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text()


@cache
def ready(name: str) -> DialogueConfiguration:
    return read_file(text(name))


def kept(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((KEPT / f"{name}.json").read_text())
    return found


KEPT_TESTS = [
    pytest.param(name, test["test"], id=f"{name}: {test['name']}")
    for name in LANGUAGES
    for test in kept(name)
]


def test_each_file_is_among_those_tested_here() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {*LANGUAGES}
    assert {path.stem for path in KEPT.iterdir()} == {*LANGUAGES}


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_file_is_as_it_is_written_and_has_no_problem(name: str) -> None:
    assert write_file(ready(name)) == text(name)
    assert refusals(text(name)) == []
    assert [problem.sentence for problem in advice(ready(name))] == []


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_languages(name: str) -> None:
    assert ready(name).text_languages() == LANGUAGES[name]


@pytest.mark.parametrize(("name", "language"), SPOKEN)
def test_words_are_written_in_the_languages_own_script(name: str, language: str) -> None:
    prompts = [prompt for _, _, prompt in all_prompts(ready(name).words[language])]
    spoken = SLOT.sub("", "".join(piece for prompt in prompts for piece in texts(prompt)))
    assert {unicodedata.name(letter).split()[0] for letter in spoken if letter.isalpha()} == {
        SCRIPTS[language]
    }


@pytest.mark.parametrize(("name", "language"), SPOKEN)
def test_the_first_words_name_nine_and_every_step_speaks_every_language(name: str, language: str) -> None:
    document = ready(name)
    words = document.words[language]
    assert "9" in "".join(texts(words[document.start]["say"]))
    assert {(step, role) for step, role, _ in all_prompts(words)} == {
        (step, role) for step, role, _ in all_prompts(document.words["hi"])
    }


@pytest.mark.parametrize(("name", "language"), SPOKEN)
def test_generated_tests_pass_every_exit(name: str, language: str) -> None:
    document = ready(name)
    found = cover(document, language=language)
    verdicts = [run(document, test) for _, test in found.tests]
    assert [verdict.difference for verdict in verdicts if not verdict.holds] == []
    assert {*found.exits} <= {known for verdict in verdicts for known in verdict.passed}


@pytest.mark.parametrize(("name", "body"), KEPT_TESTS)
def test_what_must_come_of_a_call_does(name: str, body: dict[str, Any]) -> None:
    assert run(ready(name), read_test(body)).difference == ""


@pytest.mark.parametrize("name", LANGUAGES)
def test_kept_tests_name_two_languages_silence_and_nine(name: str) -> None:
    bodies = [test["test"] for test in kept(name)]
    reached = {body["person"]["language"] for body in bodies if body["expect"]["answers"]}
    assert len(reached) >= 2
    assert any(not body["inputs"] for body in bodies)
    assert any(body["expect"]["opted_out"] for body in bodies)
    outcomes = {body["expect"]["outcome"] for body in bodies} - {"", "opted_out", "call_back"}
    assert outcomes == set(ready(name).outcomes()) - {"opted_out"}
