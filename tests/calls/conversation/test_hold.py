"""The words of a caller who has to wait."""

import pytest

from calls.agents.recording_notice import NOTICES
from calls.conversation import hold


@pytest.mark.parametrize(
    ("language", "spoken"),
    [("en", "en"), ("EN-in", "en"), ("gu-IN", "gu"), ("", "hi"), ("xx", "hi"), ("-", "hi")],
)
def test_the_words_are_in_the_callers_language_or_in_hindi(language: str, spoken: str) -> None:
    said = hold.prompt(language)
    assert (said.text, said.language, said.name) == (hold.WORDS[spoken], spoken, hold.NAME)


def test_there_are_words_in_every_language_that_the_recording_notice_has() -> None:
    assert set(hold.WORDS) == set(NOTICES)
