"""What people press in the ready dialogues: each of these is there, with six kinds and two languages."""

import pytest

from bench.dialogues import ready
from bench.dialogues.people import LANGUAGES, cases, dialogues, pressing
from sandbox.people.people import Kind

OF_ANY_DIALOGUE = {"", "opted_out", "call_back"}


def test_every_ready_dialogue_has_people() -> None:
    assert {*ready.names()} <= {*dialogues()}


@pytest.mark.parametrize("name", ready.names())
def test_six_kinds_of_people_speak_each_of_two_languages(name: str) -> None:
    found = [*cases(name)]
    assert len({case.name for case in found}) == len(found)
    for language in LANGUAGES:
        assert len({case.person.name for case in found if case.language == language}) >= 6


@pytest.mark.parametrize("name", ready.names())
def test_what_must_come_of_a_call_is_among_what_the_dialogue_can_bring(name: str) -> None:
    """Outcomes and questions are compared with the file, as text: a misspelt one would never come."""
    text = (ready.FOLDER / f"{name}.json").read_text()
    for case in cases(name):
        assert case.outcome in OF_ANY_DIALOGUE or f'"outcome": "{case.outcome}"' in text
        assert all(f'"{question}"' in text for question in case.answers)
    assert {case.outcome for case in cases(name)} - OF_ANY_DIALOGUE


def test_a_person_presses_the_keys_in_the_way_of_its_kind() -> None:
    person = pressing("wrong_then_right", ["3", "4#"])
    assert [step.value for step in person.script if step.kind is Kind.PRESS] == ["7", "3", "4#"]
    assert [step.kind for step in person.script[-2:]] == [Kind.LISTEN, Kind.PRESS]


def test_a_person_who_presses_nothing_is_not_made_to() -> None:
    with pytest.raises(ValueError, match="hangs_up_mid_prompt cannot press"):
        pressing("hangs_up_mid_prompt", ["1"])
