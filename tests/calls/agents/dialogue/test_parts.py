"""Fragments are made, used, renamed and deleted; words and ways out go with them."""

from typing import Any

import msgspec
import pytest

from calls.agents.dialogue import document as doc
from calls.agents.dialogue import editing, parts
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.editing import CannotEditError
from calls.agents.dialogue.validation import problems
from tests.calls.agents.dialogue.samples import survey


def made() -> DialogueConfiguration:
    """The survey with a part “consent”, which is run before the first question."""
    document, name = parts.make(survey(), "Consent")
    document, _ = editing.add(document, f"{editing.RUNS}{name}", after="hello", title="May we?")
    return editing.set_words(document, "en", f"{name}.say_1", role="say", prompt="We ask two things.")


def test_a_part_is_made_and_used_and_can_be_published() -> None:
    document = made()
    assert document.steps["hello"].exits == {"next": "sub_1"}
    run = document.steps["sub_1"]
    assert isinstance(run, doc.Sub)
    assert (run.fragment, run.returns, run.exits) == ("consent", ["done"], {"done": "happy"})
    assert problems(document) == []


def test_steps_of_a_part_are_added_moved_and_deleted_in_it() -> None:
    document, question = editing.add(made(), "yes_no", after="consent.say_1", title="Agreed?")
    assert question == "consent.yes_no_1"
    steps: Any = document.fragments["consent"].steps
    assert steps["yes_no_1"].question == "consent_yes_no_1", "a name that texts can use"
    assert steps["say_1"].exits == {"next": "yes_no_1"}
    assert steps["yes_no_1"].exits == {"yes": "back", "no": "back"}, "the defaults of the dialogue stay"
    document, second = editing.add(document, "return", after=question, exit_name="no", title="Denied")
    document = editing.put(document, second, doc.Return(title="Denied", exit="denied"))
    run: Any = document.steps["sub_1"]
    assert run.returns == ["done", "denied"]
    assert [one.text for one in problems(document) if one.step == "sub_1"] == [
        "The way out “denied” leads nowhere."
    ]
    document = editing.wire(document, "sub_1", "denied", "bye")
    moved = editing.move(document, "consent.say_1", after="consent.yes_no_1", exit_name="yes")
    assert moved.fragments["consent"].start == "yes_no_1"
    shorter = editing.delete(editing.delete(document, second), question)
    assert shorter == made()


def test_a_deleted_step_of_a_part_takes_its_words_along() -> None:
    document, step_id = editing.add(made(), "say", after="consent.say_1")
    document = editing.set_words(document, "en", step_id, role="say", prompt="More.")
    assert editing.delete(document, step_id) == made()


def test_a_step_is_not_moved_into_a_part_or_out_of_one() -> None:
    for step, after in (("happy", "consent.say_1"), ("consent.say_1", "happy")):
        with pytest.raises(CannotEditError, match="its own part"):
            editing.move(made(), step, after=after)


def test_a_renamed_part_is_run_by_its_new_name_with_its_words() -> None:
    document, name = parts.rename(made(), "consent", "May we ask?")
    assert name == "may_we_ask"
    assert [step_id for step_id, _ in parts.users(document, name)] == ["sub_1"]
    assert document.words["en"]["may_we_ask.say_1"] == {"say": "We ask two things."}
    assert problems(document) == []
    assert parts.rename(document, name, "Consent") == (made(), "consent")


@pytest.mark.parametrize("title", ["consent", "Consent!", "", "9 lives", "General"])
def test_a_name_that_is_taken_or_none_is_refused(title: str) -> None:
    with pytest.raises(CannotEditError, match="part"):
        parts.make(made(), title)


def test_a_part_in_use_is_not_deleted_and_one_that_is_not_goes_with_its_words() -> None:
    with pytest.raises(CannotEditError, match="It is used by “May we\\?”"):
        parts.delete(made(), "consent")
    unused = editing.delete(made(), "sub_1")
    assert parts.delete(unused, "consent") == survey()


def test_a_part_begins_with_one_of_its_own_steps() -> None:
    assert parts.begin(made(), "consent", "back").fragments["consent"].start == "back"
    with pytest.raises(CannotEditError, match="no such step"):
        parts.begin(made(), "consent", "happy")


def test_what_is_made_can_be_stored_and_read() -> None:
    stored = msgspec.to_builtins(made())
    assert msgspec.convert(stored, DialogueConfiguration) == made()
