"""The list, new dialogues, files and deleting: a refusal says why and leaves what was there."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from calls.agents.dialogue.files import write_file
from calls.dialogues import publishing
from calls.studio.drafts import draft_of
from campaigns.models import Dialogue
from tests import cast
from tests.calls.agents.dialogue.samples import survey
from tests.calls.studio.users import calling_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> Client:
    return cast.browser(cast.manager())


@pytest.fixture
def dialogue() -> Dialogue:
    return publishing.create("Survey", survey(), by=None)


def file(content: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("dialogue.json", content.encode())


def make(asha: Client, **fields: Any) -> Any:
    return asha.post(
        "/dialogues/new/", {"name": "New", "begin": "blank", "languages": ["hi", "en"], **fields}
    )


def test_the_list_says_what_state_each_is_in(asha: Client, dialogue: Dialogue) -> None:
    assert "Draft only" in asha.get("/dialogues/").content.decode()
    publishing.publish(dialogue, by=None)
    calling_with(dialogue, name="Diwali")
    shown = asha.get("/dialogues/").content.decode()
    assert "Version 1</span>" in shown
    assert "Diwali" in shown
    publishing.save_draft(dialogue, survey(wrong_keys=3), revision=dialogue.revision, by=None)
    assert "Version 1, draft changed" in asha.get("/dialogues/").content.decode()


def test_one_is_made_blank_as_a_copy_and_from_a_file(asha: Client, dialogue: Dialogue) -> None:
    assert make(asha).status_code == 302
    made = Dialogue.objects.get(agent__name="New")
    assert {*draft_of(made.pk).document.words} == {"hi", "en"}  # a database may keep keys in its own order
    make(asha, name="Copy", begin=f"copy:{dialogue.pk}")
    make(asha, name="Read", begin="file", file=file(write_file(survey(wrong_keys=4))))
    assert draft_of(Dialogue.objects.get(agent__name="Copy").pk).document == survey()
    assert draft_of(Dialogue.objects.get(agent__name="Read").pk).document.wrong_keys == 4


def test_a_taken_name_or_a_bad_file_makes_none(asha: Client, dialogue: Dialogue) -> None:
    for fields, why in (
        ({"name": "Survey"}, "There is a dialogue named “Survey” already."),
        ({"begin": "file", "file": file("[]")}, "The file is no dialogue"),
        ({"begin": "file"}, "Choose a file first."),
    ):
        refused = make(asha, **fields)
        assert refused.status_code == 422
        assert why in refused.content.decode()
    assert Dialogue.objects.count() == 1


def test_a_file_is_shown_before_it_becomes_the_draft(asha: Client, dialogue: Dialogue) -> None:
    address = f"/dialogues/{dialogue.pk}/import/"
    shown = asha.post(address, {"file": file(write_file(survey(wrong_keys=4)))}).content.decode()
    assert "How many wrong keys end it: changed." in shown
    assert draft_of(dialogue.pk).document == survey(), "shown only"
    asha.post(address, {"do": "take", "revision": dialogue.revision})
    assert draft_of(dialogue.pk).document.wrong_keys == 4
    assert asha.get(f"/dialogues/{dialogue.pk}/file/").content.decode() == write_file(survey(wrong_keys=4))


def test_a_refused_file_changes_nothing(asha: Client, dialogue: Dialogue) -> None:
    refused = asha.post(f"/dialogues/{dialogue.pk}/import/", {"file": file('{"steps": {}, "schema": 99}')})
    assert refused.status_code == 422
    assert "Nothing was changed." in refused.content.decode()
    assert draft_of(dialogue.pk).document == survey()


def test_one_in_use_is_not_deleted_and_says_by_whom(asha: Client, dialogue: Dialogue) -> None:
    publishing.publish(dialogue, by=None)
    calling_with(dialogue, name="Diwali")
    refused = asha.post(f"/dialogues/{dialogue.pk}/delete/")
    assert refused.status_code == 409
    assert "It is in use by Diwali." in refused.content.decode()
    other = publishing.create("Other", survey(), by=None)
    assert asha.post(f"/dialogues/{other.pk}/delete/").status_code == 302
    assert [str(one) for one in Dialogue.objects.all()] == ["Survey"]
