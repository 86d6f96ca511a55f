"""Changes of a dialogue: what led to a step still leads on, and nothing else is touched."""

import msgspec
import pytest

from calls.agents.dialogue import document as doc
from calls.agents.dialogue import editing
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.document import Clip
from calls.agents.dialogue.editing import CannotEditError
from calls.agents.dialogue.validation import check, problems
from tests.calls.agents.dialogue.samples import survey


@pytest.mark.parametrize("kind", [kind for kind in editing.addable() if kind != "end"])
def test_a_step_of_each_kind_is_put_in_and_taken_out_again(kind: str) -> None:
    grown, step_id = editing.add(survey(), kind, after="glad", title="New")
    assert grown.steps["glad"].exits["next"] == step_id
    assert {grown.target(step_id, grown.steps[step_id], n) for n in grown.steps[step_id].exit_names()} == {
        "bye"
    }
    assert editing.delete(grown, step_id) == survey()


def test_a_step_goes_behind_the_way_out_that_is_named() -> None:
    grown, step_id = editing.add(survey(), "say", after="happy", exit_name="no")
    assert (grown.steps["happy"].exits["no"], grown.steps["happy"].exits["yes"]) == (step_id, "score")


def test_behind_the_end_means_before_it() -> None:
    grown, step_id = editing.add(survey(), "say", after="end")
    assert grown.steps["bye"].exits == {"next": step_id}
    assert grown.steps[step_id].exits == {"next": "end"}


def test_a_deleted_step_leaves_no_words_and_no_way_to_it() -> None:
    shorter = editing.delete(survey(), "hello")
    assert shorter.start == "happy"
    assert "hello" not in shorter.words["en"]
    assert editing.delete(survey(), "bye").exits == {"no_input": "end", "no_match": "end"}


def test_the_last_step_stays() -> None:
    document = survey(steps={"end": {"kind": "end"}}, start="end", exits={})
    with pytest.raises(CannotEditError, match="at least one step"):
        editing.delete(document, "end")


def test_a_moved_step_is_where_it_was_sent_and_nowhere_else() -> None:
    moved = editing.move(survey(), "happy", after="glad")
    assert (moved.steps["hello"].exits["next"], moved.steps["glad"].exits["next"]) == ("score", "happy")
    assert moved.steps["happy"].exits == {"yes": "bye", "no": "bye"}
    assert problems(moved) == []
    for step, after in (("happy", "happy"), ("happy", "end"), ("end", "glad")):
        with pytest.raises(CannotEditError):
            editing.move(survey(), step, after=after)


def test_another_kind_keeps_title_words_and_ways() -> None:
    changed = editing.change_kind(survey(), "happy", "menu")
    step = changed.steps["happy"]
    assert isinstance(step, doc.Menu)
    assert (step.title, step.exits) == ("Happy?", {"1": "score", "2": "score"})
    assert changed.words["en"]["happy"] == survey().words["en"]["happy"]
    assert problems(changed) == []
    said = editing.change_kind(survey(), "happy", "say")
    assert said.words["en"]["happy"] == {"say": "Are you happy? 1 for yes, 2 for no."}


def test_a_way_out_is_wired_or_left_to_the_default() -> None:
    wired = editing.wire(survey(), "score", "no_input", "sad")
    assert wired.steps["score"].exits["no_input"] == "sad"
    assert editing.wire(wired, "score", "no_input", "") == survey()


def test_words_are_set_and_empty_ones_go() -> None:
    changed = editing.set_words(survey(), "en", "hello", role="say", prompt=[Clip("hi", "Hi.")])
    assert changed.words["en"]["hello"] == {"say": [Clip("hi", "Hi.")]}
    assert "hello" not in editing.set_words(survey(), "en", "hello", role="say", prompt=" ").words["en"]


def test_languages_come_and_go_but_the_last_stays() -> None:
    grown = editing.add_language(survey(), "hi")
    assert [*grown.words] == ["en", "hi"]
    assert editing.drop_language(grown, "en").default_language == "hi"
    for broken in (lambda: editing.add_language(grown, "en"), lambda: editing.drop_language(survey(), "en")):
        with pytest.raises(CannotEditError):
            broken()


def test_a_blank_dialogue_can_be_published_as_it_is() -> None:
    blank = editing.blank(DialogueConfiguration, ["hi", "en", "ta"])
    assert (problems(blank), [*blank.words]) == ([], ["hi", "en", "ta"])


def test_the_opening_of_a_blank_dialogue_is_heard_whatever_interrupts_the_rest() -> None:
    blank = msgspec.structs.replace(
        editing.blank(DialogueConfiguration, ["en"]), barge_in=doc.BargeInSwitches(speech=True)
    )
    hello = blank.steps["hello"]
    assert isinstance(hello, doc.Say)
    assert (hello.again, hello.barge_in) == (doc.Again.UNTIL_HEARD, doc.BargeInSwitches(speech=False))
    assert check(blank) == []


def test_unknown_kinds_and_steps_are_refused() -> None:
    for broken in (
        lambda: editing.new_step("dance"),
        lambda: editing.step_of(survey(), "nowhere"),
        lambda: editing.add(survey(), "say", after="part.step"),
    ):
        with pytest.raises(CannotEditError):
            broken()
