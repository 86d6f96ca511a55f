"""A draft is tried by typing, and its tests say what is different before it is published."""

from typing import Any

import pytest
from django.test import Client

from calls.dialogues import publishing
from campaigns.models import Dialogue
from tests import cast
from tests.calls.agents.dialogue.samples import SURVEY, survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> Client:
    return cast.browser(cast.manager())


@pytest.fixture
def dialogue() -> Dialogue:
    return publishing.create("Survey", survey(), by=None)


def typing(asha: Client, dialogue: Dialogue, *lines: str, **fields: Any) -> Any:
    query = {"language": "en", "typed": "\n".join(lines), **fields}
    return asha.get(f"/dialogues/{dialogue.pk}/try/", query)


def keep(asha: Client, dialogue: Dialogue, name: str, *lines: str) -> None:
    fields = {"do": "keep", "language": "en", "typed": "\n".join(lines), "name": name}
    asha.post(f"/dialogues/{dialogue.pk}/try/", fields)


def test_what_is_typed_goes_on_where_the_call_was(asha: Client, dialogue: Dialogue) -> None:
    begun = typing(asha, dialogue).content.decode()
    assert "Hello Asha Patel." in begun
    assert "From 1 to 5?" not in begun
    assert "From 1 to 5?" in typing(asha, dialogue, "1").content.decode()
    assert "The call is over" in typing(asha, dialogue, "1", "5").content.decode()
    assert "The call is over" in typing(asha, dialogue, line="hang up").content.decode()


def test_a_line_that_means_nothing_is_told_what_does(asha: Client, dialogue: Dialogue) -> None:
    refused = typing(asha, dialogue, line="dance")
    assert refused.status_code == 422
    assert "Type keys" in refused.content.decode()


def test_a_draft_with_problems_waits_for_them(asha: Client, dialogue: Dialogue) -> None:
    publishing.save_draft(dialogue, survey(start="nowhere"), revision=dialogue.revision, by=None)
    for page in ("try", "tests"):
        shown = asha.get(f"/dialogues/{dialogue.pk}/{page}/")
        assert "nothing is in the way" in shown.content.decode()


def test_a_kept_call_is_different_when_the_draft_is(asha: Client, dialogue: Dialogue) -> None:
    keep(asha, dialogue, "Happy", "1", "5")
    address = f"/dialogues/{dialogue.pk}/tests/"
    assert "1 of 1 as expected" in asha.get(address).content.decode()
    sad = {**SURVEY["steps"], "glad": {"kind": "set", "outcome": "other", "exits": {"next": "bye"}}}
    publishing.save_draft(dialogue, survey(steps=sad), revision=dialogue.revision, by=None)
    assert "1 of 1 different" in asha.get(address).content.decode()
    refused = asha.post(f"/dialogues/{dialogue.pk}/publish/", {"revision": dialogue.revision})
    assert refused.status_code == 409
    fields = {"revision": dialogue.revision, "override": "It is right so."}
    assert asha.post(f"/dialogues/{dialogue.pk}/publish/", fields).status_code == 302
    assert dialogue.versions.get().override == "It is right so."
    asha.post(address, {"do": "accept", "test": dialogue.tests.get().pk})
    assert "1 of 1 as expected" in asha.get(address).content.decode()
    asha.post(address, {"do": "delete", "test": dialogue.tests.get().pk})
    assert not dialogue.tests.exists()


def test_the_computer_covers_every_way(asha: Client, dialogue: Dialogue) -> None:
    asha.post(f"/dialogues/{dialogue.pk}/tests/", {"do": "cover"})
    shown = asha.get(f"/dialogues/{dialogue.pk}/tests/").content.decode()
    assert "Never tried" not in shown
    assert dialogue.tests.filter(origin="machine").count() > 2
