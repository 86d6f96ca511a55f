"""The form of the whole dialogue: sent back as it is, it changes nothing."""

import pytest

from calls.agents.dialogue.editing import CannotEditError
from calls.studio.whole_form import read_whole, whole_form
from campaigns.spreadsheets.written import Kind
from tests.calls.agents.dialogue.samples import survey


def test_a_form_sent_back_as_it_is_changes_nothing() -> None:
    document = survey(values={"due_date": "date"}, wrong_keys=5, keys={"repeat": "*"})
    form = whole_form(document)
    sent = {c.name: c.value for c in (*form.controls, *form.exits)} | {w.name: w.text for w in form.words}
    for number, name, kind in form.values:
        sent |= {f"value.{number}.name": name, f"value.{number}.kind": kind}
    assert read_whole(document, sent) == document


def test_the_name_of_a_value_is_made_one_that_texts_can_use() -> None:
    read = read_whole(survey(), {"value.0.name": "Due date", "value.0.kind": "date"})
    assert read.values == {"due_date": Kind.DATE}
    with pytest.raises(CannotEditError, match="no kind of value"):
        read_whole(survey(), {"value.0.name": "x", "value.0.kind": "colour"})


def test_languages_that_it_does_not_speak_can_be_added() -> None:
    form = whole_form(survey())
    assert form.languages == [("en", "English")]
    assert ("hi", "Hindi") in form.more_languages
    assert ("en", "English") not in form.more_languages
