"""The sentence of a problem names its place."""

import pytest

from calls.agents.dialogue.problem import Problem


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (Problem("It has no steps."), "It has no steps."),
        (Problem("It is never reached.", "q"), "“q”: It is never reached."),
        (Problem("No words.", "q", "hi", "Question"), "“Question”, hi: No words."),
        (Problem("No words.", language="hi"), "hi: No words."),
    ],
)
def test_step_and_language_come_first(problem: Problem, sentence: str) -> None:
    assert problem.sentence == sentence
