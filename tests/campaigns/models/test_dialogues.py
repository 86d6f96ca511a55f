"""Published versions: never changed, and longer there than the user who published them."""

import pytest
from django.db import DatabaseError, transaction

from calls.dialogues.publishing import create, publish, stored
from campaigns.models import Dialogue, DialogueVersion, User
from campaigns.models.dialogues import VersionChangedError
from tests.calls.agents.dialogue.samples import survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> User:
    return User.objects.create_user("asha", first_name="Asha", last_name="Patel")


@pytest.fixture
def dialogue() -> Dialogue:
    return create("Survey", survey(), by=None)


def test_a_version_is_never_changed_whichever_way_it_is_tried(dialogue: Dialogue) -> None:
    version = publish(dialogue, by=None)
    with pytest.raises(VersionChangedError):
        version.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        DialogueVersion.objects.update(configuration={})
    assert DialogueVersion.objects.get().configuration == stored(survey())


def test_versions_outlive_the_user_who_published_them(dialogue: Dialogue, asha: User) -> None:
    publish(dialogue, by=asha)
    asha.delete()
    assert DialogueVersion.objects.get().published_by is None
