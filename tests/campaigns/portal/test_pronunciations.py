"""The page on which staff say how their own words are spoken."""

import pytest
from auditlog.models import LogEntry
from django.urls import reverse

from campaigns.models import Pronunciation
from tests import cast

pytestmark = pytest.mark.django_db
PAGE = "/pronunciations/"


def test_a_word_is_added_heard_and_removed() -> None:
    browser = cast.browser(cast.manager())
    assert "No word yet." in browser.get(PAGE).content.decode()
    sent = browser.post(
        PAGE,
        {"written": " EMI ", "spoken": "ई  एम आई", "language": "hi"},
        follow=True,
        REMOTE_ADDR="127.0.0.1",
    )
    word = Pronunciation.objects.get()
    assert (word.written, word.spoken, word.language) == ("EMI", "ई एम आई", "hi")
    html = sent.content.decode()
    assert "Added. “EMI” is spoken so in calls from now on" in html
    assert f'src="{reverse("pronunciation-hear", args=[word.pk])}"' in html
    assert '<td lang="hi" dir="auto">ई एम आई</td>' in html
    assert LogEntry.objects.get_for_object(word).get().actor.username == "asha"
    gone = browser.post(reverse("pronunciation-remove", args=[word.pk]), follow=True)
    assert "Removed. “EMI” is spoken as the voice reads it." in gone.content.decode()
    assert not Pronunciation.objects.exists()
    assert browser.post(reverse("pronunciation-remove", args=[word.pk])).status_code == 404


@pytest.mark.parametrize(
    ("written", "spoken", "language", "sentence"),
    [
        ("", "ee em aai", "", "This field is required."),
        ("EMI", " ", "", "This field is required."),
        ("!!", "bang", "", "Write at least one letter."),
        ("EMI", "...", "", "Write at least one letter."),
        ("EMI", "ee em aai", "fr", "Select a valid choice."),
        ("A" * 61, "a", "", "at most 60 characters"),
        ("EMI", "a" * 201, "", "at most 200 characters"),
        ("Old  word", "another", "en", "This word is there already for this language."),
        ("a\0b", "x", "", "Null characters are not allowed."),
    ],
)
def test_a_bad_word_is_refused_with_a_sentence_and_stored_not_at_all(
    written: str, spoken: str, language: str, sentence: str
) -> None:
    Pronunciation.objects.create(written="Old word", spoken="old", language="en")
    browser = cast.browser(cast.manager())
    answer = browser.post(PAGE, {"written": written, "spoken": spoken, "language": language})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert [word.spoken for word in Pronunciation.objects.all()] == ["old"]


def test_the_same_word_may_sound_otherwise_in_another_language() -> None:
    browser = cast.browser(cast.manager())
    for language in ("", "hi", "ta"):
        browser.post(PAGE, {"written": "EMI", "spoken": f"say{language}", "language": language})
    assert Pronunciation.objects.count() == 3


def test_what_staff_write_is_text_and_never_markup() -> None:
    Pronunciation.objects.create(written="<b>x</b>", spoken='"><script>', language="")
    html = cast.browser(cast.viewer()).get(PAGE).content.decode()
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "<script>alert" not in html
    assert '"><script>' not in html


def test_who_may_only_look_gets_no_form_and_no_button() -> None:
    Pronunciation.objects.create(written="EMI", spoken="ee em aai")
    browser = cast.browser(cast.viewer())
    html = browser.get(PAGE).content.decode()
    assert "Add the word" not in html
    assert "Remove" not in html
    assert browser.post(PAGE, {"written": "A", "spoken": "b"}).status_code == 403
    assert "/pronunciations/" in browser.get("/").content.decode()
