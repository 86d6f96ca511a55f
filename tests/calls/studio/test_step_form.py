"""The form of a step: what it shows, sent back as it is, is the step."""

from typing import Any

import pytest

from calls.agents.dialogue import document as doc
from calls.agents.dialogue import editing, parts
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.editing import CannotEditError
from calls.studio.step_form import StepForm, read_step, step_form
from tests.calls.agents.dialogue.samples import SURVEY, survey


def sent_back(form: StepForm) -> dict[str, str]:
    """The fields that a browser sends of a form in which nothing was changed."""
    sent = {"title": form.title} | {w.name: w.text for w in (*form.words, *form.more_words)}
    sent |= {c.name: c.value for c in (*form.controls, *form.exits) if c.kind != "check" or c.value}
    for row in form.keys:
        fields = {"key": row.key, "label": row.label, "extra": row.extra, "to": row.to}
        sent |= {f"key.{row.number}.{name}": value for name, value in fields.items()}
    for case in form.cases:
        sent |= {f"case.{case.number}.exit": case.exit, f"case.{case.number}.goes": case.to}
        for number, value, relation, to in case.conditions:
            condition = {"value": value, "relation": relation, "to": to}
            sent |= {f"case.{case.number}.when.{number}.{name}": text for name, text in condition.items()}
    for number, name, value in form.values:
        sent |= {f"value.{number}.name": name, f"value.{number}.value": value}
    return sent


def every_kind() -> DialogueConfiguration:
    document = survey()
    for kind in editing.addable():
        document, _ = editing.add(document, kind, after="hello")
    return document


@pytest.mark.parametrize("step_id", [*every_kind().steps])
def test_a_form_sent_back_as_it_is_changes_nothing(step_id: str) -> None:
    assert read_step(every_kind(), step_id, sent_back(step_form(every_kind(), step_id))) == every_kind()


def test_a_key_is_added_and_another_taken_away() -> None:
    document = editing.change_kind(survey(), "happy", "menu")
    sent = sent_back(step_form(document, "happy"))
    sent |= {
        "key.0.key": "",
        "key.2.key": "5",
        "key.2.label": "Maybe",
        "key.2.extra": "maybe",
        "key.2.to": "sad",
    }
    step: Any = read_step(document, "happy", sent).steps["happy"]
    assert step.choices == {"2": doc.Choice("No"), "5": doc.Choice("Maybe", "maybe")}
    assert step.exits == {"2": "score", "5": "sad"}


def test_a_condition_without_a_value_is_none() -> None:
    sent = sent_back(step_form(survey(), "good")) | {
        "case.1.when.0.value": "name",
        "case.1.when.0.relation": "known",
    }
    step: Any = read_step(survey(), "good", sent | {"case.1.goes": "sad"}).steps["good"]
    assert [case.exit for case in step.cases] == ["well", "case_2"]
    assert step.exits["case_2"] == "sad"


def test_a_word_for_a_number_is_refused_with_the_name_of_the_field() -> None:
    with pytest.raises(CannotEditError, match="“Digits at most” needs a number"):
        read_step(every_kind(), "digits_1", {"field.most": "many"})


def test_what_is_wrong_stands_at_its_language_and_the_shape_tells_forms_apart() -> None:
    form = step_form(survey(), "hello", {"en": ["Too long."]})
    assert [words.wrong for words in form.words] == [["Too long."]]
    grown = editing.add_language(survey(), "hi")
    assert form.shape == step_form(survey(), "hello").shape != step_form(grown, "hello").shape


def test_what_may_interrupt_is_the_steps_own_or_the_dialogues() -> None:
    own: Any = read_step(survey(), "hello", {"barge_in": "both"}).steps["hello"]
    assert own.barge_in == doc.BargeInSwitches(speech=True, key=True)
    assert read_step(survey(), "hello", {"barge_in": ""}) == survey()


def test_what_offers_appointments_lists_the_calendars_and_one_that_is_gone() -> None:
    slot = {"kind": "slot", "title": "When?", "calendar": "Old clinic", "exits": {"match": "bye"}}
    document = survey(steps=SURVEY["steps"] | {"when": slot})
    controls = {one.name: one for one in step_form(document, "when", calendars=["Eye clinic"]).controls}
    assert [value for value, _ in controls["field.calendar"].choices] == ["", "Eye clinic", "Old clinic"]
    assert controls["field.most"].label == "Offered at a time"
    kept = read_step(document, "when", {"field.calendar": "Eye clinic", "field.most": "2"})
    step: Any = kept.steps["when"]
    assert (step.calendar, step.most) == ("Eye clinic", 2)


def test_what_ends_a_part_can_be_chosen_in_a_part_only() -> None:
    document, name = parts.make(survey(), "Consent")
    assert "return" in dict(step_form(document, f"{name}.say_1").kinds)
    assert "return" not in dict(step_form(document, "hello").kinds)
    document, run = editing.add(document, f"{editing.RUNS}{name}", after="hello")
    form = step_form(document, run)
    assert (form.fragment, [one.name for one in form.exits]) == ("consent", ["exit.done"])
