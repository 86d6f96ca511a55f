"""The studio page: every change is a form, kept with the revision it was made on; no JSON on it."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from calls.dialogues import publishing
from calls.studio.drafts import draft_of
from campaigns.models import Calendar, Dialogue
from tests import cast
from tests.calls.agents.dialogue.samples import survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def dialogue() -> Dialogue:
    return publishing.create("Survey", survey(), by=None)


@pytest.fixture
def asha() -> Client:
    return cast.browser(cast.manager())


def page(client: Client, dialogue: Dialogue, step: str = "") -> str:
    return client.get(f"/dialogues/{dialogue.pk}/" + (f"?step={step}" if step else "")).content.decode()


def send(client: Client, dialogue: Dialogue, *, htmx: bool = False, **fields: Any) -> HttpResponse:
    """Send the form of a step; `words_en_ask` stands for the field `words.en.ask`."""
    dialogue.refresh_from_db()
    data = {"revision": dialogue.revision} | {
        name.replace("__", "."): value for name, value in fields.items()
    }
    headers = {"HX-Request": "true"} if htmx else None
    return client.post(f"/dialogues/{dialogue.pk}/", data, headers=headers)  # type: ignore[return-value]


def test_each_step_has_a_form(asha: Client, dialogue: Dialogue) -> None:
    for step in (*survey().steps, "whole"):
        shown = page(asha, dialogue, step)
        assert 'id="step-form"' in shown
        assert "&quot;kind&quot;" not in shown, "JSON on a page"
    assert asha.get(f"/dialogues/{dialogue.pk}/?step=nowhere").status_code == 404


def test_words_are_kept_and_the_page_says_by_whom(asha: Client, dialogue: Dialogue) -> None:
    sent = send(asha, dialogue, part="hello", title="Welcome", words__en__say="Good day {name}.")
    assert sent.status_code == 302
    document = draft_of(dialogue.pk).document
    assert document.words["en"]["hello"]["say"] == "Good day {name}."
    assert document.steps["hello"].title == "Welcome"
    assert "by Asha" in page(asha, dialogue)


def test_while_one_types_the_problems_come_back(asha: Client, dialogue: Dialogue) -> None:
    told = send(asha, dialogue, htmx=True, part="hello", title="Hello", words__en__say="Good {day}.")
    assert "The words use the value “day”" in told.content.decode()
    assert 'id="chosen"' not in told.content.decode(), "the form is not taken away under one's hands"
    dialogue.refresh_from_db()
    assert f'id="revision" value="{dialogue.revision}"' in told.content.decode()


def test_a_key_more_draws_the_form_again(asha: Client, dialogue: Dialogue) -> None:
    send(asha, dialogue, part="happy", do="kind", kind="menu", title="Happy?", words__en__ask="1 or 2?")
    fields = {"keys": "1", "key.0.key": "1", "key.0.label": "Yes", "key.0.to": "score"}
    more = {"key.1.key": "3", "key.1.label": "Maybe", "key.1.extra": "maybe", "key.1.to": "bye"}
    dialogue.refresh_from_db()
    told = asha.post(
        f"/dialogues/{dialogue.pk}/",
        {"revision": dialogue.revision, "part": "happy", "title": "Happy?", **fields, **more},
        headers={"HX-Request": "true"},
    )
    assert 'id="chosen"' in told.content.decode()
    step: Any = draft_of(dialogue.pk).document.steps["happy"]
    assert [(key, choice.label, choice.outcome) for key, choice in step.choices.items()] == [
        ("1", "Yes", ""),
        ("3", "Maybe", "maybe"),
    ]
    assert (step.exits["1"], step.exits["3"]) == ("score", "bye")


def test_a_draft_changed_by_another_person_is_not_overwritten(asha: Client, dialogue: Dialogue) -> None:
    old = dialogue.revision
    send(cast.browser(cast.second_manager()), dialogue, part="hello", title="Meera's", words__en__say="Hi.")
    fields = {"revision": old, "part": "hello", "title": "Mine", "words.en.say": "Hello there."}
    refused = asha.post(f"/dialogues/{dialogue.pk}/", fields)
    assert refused.status_code == 409
    assert "The draft was changed by Meera meanwhile." in refused.content.decode()
    told = asha.post(f"/dialogues/{dialogue.pk}/", fields, headers={"HX-Request": "true"})
    assert "The draft was changed by Meera meanwhile." in told.content.decode()
    assert draft_of(dialogue.pk).document.steps["hello"].title == "Meera's"


def test_steps_are_added_moved_and_deleted(asha: Client, dialogue: Dialogue) -> None:
    added = send(asha, dialogue, part="hello", do="add", kind="say", title="More", place="hello|next")
    assert added["Location"].endswith("?step=say_1")
    assert draft_of(dialogue.pk).document.steps["say_1"].exits == {"next": "happy"}
    send(asha, dialogue, part="say_1", do="move", place="glad|next")
    document = draft_of(dialogue.pk).document
    assert [document.steps[step].exits["next"] for step in ("hello", "glad", "say_1")] == [
        "happy",
        "say_1",
        "bye",
    ]
    send(asha, dialogue, part="say_1", do="delete")
    assert draft_of(dialogue.pk).document == survey()


def test_what_is_not_possible_is_said_and_changes_nothing(asha: Client, dialogue: Dialogue) -> None:
    refused = send(asha, dialogue, part="score", title="Score", field__asked="often")
    assert refused.status_code == 409
    assert "“Ask in all” needs a number." in refused.content.decode()
    assert draft_of(dialogue.pk).document == survey()


def test_a_language_and_the_general_words(asha: Client, dialogue: Dialogue) -> None:
    send(asha, dialogue, part="whole", do="speak", language="hi")
    assert "There are no words for a person who presses 9." in page(asha, dialogue)
    fields: dict[str, Any] = {"words__hi__opt_out": "अब नहीं।", "words__en__opt_out": "No more."}
    fields |= {"value__0__name": "Due date", "value__0__kind": "date"}
    fields |= {"default__no_input": "bye", "default__no_match": "bye"}
    send(asha, dialogue, part="whole", **fields)
    document = draft_of(dialogue.pk).document
    assert document.words["hi"]["general"] == {"opt_out": "अब नहीं।"}
    assert document.values == {"due_date": "date"}
    send(asha, dialogue, part="whole", do="silence", language="hi")
    assert [*draft_of(dialogue.pk).document.words] == ["en"]


def test_it_is_renamed_to_a_free_name_only(asha: Client, dialogue: Dialogue) -> None:
    publishing.create("Other", survey(), by=None)
    assert send(asha, dialogue, part="hello", do="name", name="Other").status_code == 409
    send(asha, dialogue, part="hello", do="name", name="Better")
    assert str(Dialogue.objects.select_related("agent").get(pk=dialogue.pk)) == "Better"


def test_a_viewer_sees_it_and_changes_nothing(dialogue: Dialogue) -> None:
    vikram = cast.browser(cast.viewer())
    assert "Changes are kept" not in page(vikram, dialogue)
    assert send(vikram, dialogue, part="hello", title="Mine").status_code == 403


def test_words_are_heard_with_made_up_values(asha: Client, dialogue: Dialogue) -> None:
    words = f"/dialogues/{dialogue.pk}/words.wav?step=hello&role=say&language="
    sound = asha.get(f"{words}en")
    assert sound["Content-Type"] == "audio/wav"
    assert len(sound.content) > 8000, "half a second at least"
    assert asha.get(f"/dialogues/{dialogue.pk}/words.wav?step=end&role=say&language=en").status_code == 404


def test_a_part_is_made_used_renamed_and_deleted(asha: Client, dialogue: Dialogue) -> None:
    made = send(asha, dialogue, part="hello", do="part", title="Opening words")
    assert made["Location"].endswith("?step=part:opening_words")
    assert "no step yet" in page(asha, dialogue, "part:opening_words")
    send(asha, dialogue, part="hello", do="add", kind="sub:opening_words", title="Opens", place="hello|next")
    added = send(
        asha, dialogue, part="opening_words.say_1", do="add", kind="say", place="opening_words.say_1|next"
    )
    assert added["Location"].endswith("?step=opening_words.say_2")
    shown = page(asha, dialogue, "opening_words.say_2")
    assert "Part “Opening words”" in shown, "its own picture"
    assert 'href="?step=opening_words.say_1"><rect' in shown
    assert "Open the part" in page(asha, dialogue, "sub_1")
    refused = send(asha, dialogue, part="part:opening_words", do="delete")
    assert refused.status_code == 409
    assert "It is used by “Opens”." in refused.content.decode()
    renamed = send(asha, dialogue, part="part:opening_words", do="rename", title="Opening")
    assert renamed["Location"].endswith("?step=part:opening")
    send(asha, dialogue, part="part:opening", start="back")
    assert draft_of(dialogue.pk).document.fragments["opening"].start == "back"
    send(asha, dialogue, part="sub_1", do="delete")
    send(asha, dialogue, part="part:opening", do="delete")
    assert draft_of(dialogue.pk).document == survey()
    assert asha.get(f"/dialogues/{dialogue.pk}/?step=part:opening").status_code == 404


def test_a_step_that_offers_appointments_names_a_calendar_of_the_portal(
    asha: Client, dialogue: Dialogue
) -> None:
    Calendar.objects.create(name="Eye clinic")
    send(asha, dialogue, part="hello", do="add", kind="slot", title="Which time?", place="hello|next")
    assert '<option value="Eye clinic">Eye clinic</option>' in page(asha, dialogue, "slot_1")
    send(asha, dialogue, part="slot_1", title="Which time?", field__calendar="Eye clinic")
    step: Any = draft_of(dialogue.pk).document.steps["slot_1"]
    assert step.calendar == "Eye clinic"
