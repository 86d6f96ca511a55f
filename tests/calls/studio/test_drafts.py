"""Files of dialogues: what is none is refused with a sentence, what is one comes back as it was."""

import pytest

from calls.agents.dialogue.files import write_file
from calls.studio.drafts import read_file, ready_dialogues
from campaigns.errors import NotAllowed
from tests.calls.agents.dialogue.samples import survey


def test_a_file_comes_back_as_it_was() -> None:
    assert read_file(write_file(survey()).encode()) == survey()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"steps": 5}',
        b"[" * 100_000,
        b'{"steps": {}, "words": {}, "schema": 99}',
    ],
)
def test_what_is_no_dialogue_is_refused(content: bytes) -> None:
    with pytest.raises(NotAllowed):
        read_file(content)


def test_every_ready_dialogue_can_be_published() -> None:
    assert {
        name: document.problems() for name, document in ready_dialogues().items() if document.problems()
    } == {}
