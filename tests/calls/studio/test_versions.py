"""Versions: what is different is said in words; a draft that is not the one shown is not published."""

import pytest
from django.test import Client

from calls.dialogues import publishing
from campaigns.models import Campaign, Dialogue
from tests import cast
from tests.calls.agents.dialogue.samples import survey
from tests.calls.studio.users import calling_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> Client:
    return cast.browser(cast.manager())


@pytest.fixture
def dialogue() -> Dialogue:
    made = publishing.create("Survey", survey(), by=None)
    publishing.publish(made, by=None, note="First.")
    publishing.save_draft(made, survey(wrong_keys=4), revision=made.revision, by=None)
    return made


def test_the_draft_is_published_after_a_question(asha: Client, dialogue: Dialogue) -> None:
    asked = asha.get(f"/dialogues/{dialogue.pk}/publish/").content.decode()
    assert "Publish version 2?" in asked
    assert "How many wrong keys end it: changed." in asked
    asha.post(f"/dialogues/{dialogue.pk}/publish/", {"revision": dialogue.revision, "note": "Fewer."})
    assert [(v.number, v.note) for v in dialogue.versions.all()] == [(2, "Fewer."), (1, "First.")]


def test_another_draft_than_the_one_shown_is_not_published(asha: Client, dialogue: Dialogue) -> None:
    refused = asha.post(f"/dialogues/{dialogue.pk}/publish/", {"revision": dialogue.revision - 1})
    assert refused.status_code == 409
    assert "was changed meanwhile" in refused.content.decode()
    assert dialogue.versions.count() == 1


def test_a_draft_with_problems_says_them(asha: Client, dialogue: Dialogue) -> None:
    publishing.save_draft(dialogue, survey(start="nowhere"), revision=dialogue.revision, by=None)
    assert "begins with the step “nowhere”" in asha.get(f"/dialogues/{dialogue.pk}/publish/").content.decode()
    refused = asha.post(f"/dialogues/{dialogue.pk}/publish/", {"revision": dialogue.revision})
    assert refused.status_code == 409


def test_only_who_may_publish_does(dialogue: Dialogue) -> None:
    vikram = cast.browser(cast.viewer())
    assert vikram.get(f"/dialogues/{dialogue.pk}/publish/").status_code == 403
    assert vikram.get(f"/dialogues/{dialogue.pk}/versions/").status_code == 200


def test_a_campaign_goes_to_the_newest_version_when_one_says_so(asha: Client, dialogue: Dialogue) -> None:
    first = dialogue.versions.get(number=1)
    campaign = calling_with(dialogue, name="Diwali", dialogue_version=first)
    publishing.publish(dialogue, by=None)
    shown = asha.get(f"/dialogues/{dialogue.pk}/versions/?before=1&after=2").content.decode()
    assert "Go to version 2" in shown
    assert shown.count("How many wrong keys end it: changed.") == 2
    asha.post(f"/dialogues/{dialogue.pk}/versions/2/take/{campaign.pk}/")
    version = Campaign.objects.select_related("dialogue_version").get().dialogue_version
    assert version is not None
    assert version.number == 2
