"""A prompt of texts and clips is written as one text and read back as it was."""

import pytest

from calls.agents.dialogue.document import Clip, Prompt
from calls.agents.dialogue.written_prompt import read_prompt, written


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("Dear {name}.", "Dear {name}."),
        ([Clip("hello", "Hello")], "[clip hello: Hello]"),
        (["Dear ", Clip("hello", "Hello"), " {name}."], "Dear [clip hello: Hello] {name}."),
    ],
)
def test_it_is_read_back_as_it_was(prompt: Prompt, text: str) -> None:
    assert written(prompt) == text
    assert read_prompt(text) == prompt


def test_a_bracket_that_is_no_clip_is_text() -> None:
    assert read_prompt("Say [clip hello] now") == "Say [clip hello] now"
