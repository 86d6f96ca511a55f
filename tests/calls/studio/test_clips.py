"""A recording becomes a clip of the account, and the words that it stands for stay with it."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from calls.agents.dialogue.document import Clip
from calls.dialogues import publishing
from calls.studio.drafts import draft_of
from campaigns.models import Content, Dialogue, User
from tests import cast
from tests.calls.agents.dialogue.samples import survey
from tests.calls.recordings.clips import encoded, tone
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def dialogue(tmp_path: Any, settings: Settings) -> Dialogue:
    settings.MEDIA_ROOT = tmp_path
    make_campaign()
    return publishing.create("Survey", survey(), by=None)


def send(dialogue: Dialogue, content: bytes, *, place: str = "en.say", part: str = "bye") -> str:
    dialogue.refresh_from_db()
    file = SimpleUploadedFile("hello.flac", content)
    fields = {"revision": dialogue.revision, "part": part, "place": place, "file": file}
    asha = cast.browser(User.objects.filter(username="asha").first() or cast.manager())
    return asha.post(f"/dialogues/{dialogue.pk}/clip/", fields, follow=True).content.decode()


def test_the_words_become_the_clips_fallback(dialogue: Dialogue) -> None:
    told = send(dialogue, encoded("flac", "flac", tone()))
    assert "The recording is in: 1.0 s, level -12 dB." in told
    content = Content.objects.get()
    assert draft_of(dialogue.pk).document.words["en"]["bye"]["say"] == [Clip(content.name, "Goodbye.")]
    assert content.file.size > 16000
    send(dialogue, encoded("flac", "flac", tone()))
    assert Content.objects.count() == 2, "a clip that a version may say is never replaced"


@pytest.mark.parametrize(
    ("place", "part", "content", "why"),
    [
        ("en.say", "bye", b"nothing", "holds no sound"),
        ("en.say", "hello", b"", "have values in them"),
        ("hi.say", "bye", b"", "Write the words first"),
    ],
)
def test_what_is_refused_changes_nothing(
    dialogue: Dialogue, place: str, part: str, content: bytes, why: str
) -> None:
    assert why in send(dialogue, content, place=place, part=part)
    assert draft_of(dialogue.pk).document == survey()
    assert not Content.objects.exists()
