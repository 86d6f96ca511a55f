"""What is entered of a voice is tidy, allowed and speaks; its key goes only where it was entered for."""

import pytest

from campaigns.models import AllowedHost, HostedVoice
from tests import cast
from tests.campaigns.portal.test_voices import FORM, PAGE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def allowed() -> None:
    AllowedHost.objects.create(host="api.sarvam.ai")


def test_it_is_changed_without_its_key_unless_the_key_goes_elsewhere() -> None:
    browser = cast.browser(cast.manager())
    browser.post(PAGE, FORM)
    voice = HostedVoice.objects.get()
    page, change = voice.get_absolute_url(), FORM | {"new_key": "", "speakers": "hi: manisha"}
    assert browser.post(page, change).status_code == 302
    voice.refresh_from_db()
    assert (voice.speakers, voice.key) == ({"hi": "manisha"}, "key-1")
    AllowedHost.objects.create(host="evil.example")
    answer = browser.post(page, change | {"url": "https://evil.example/take"})
    assert answer.status_code == 422
    assert "The key is sent there: enter the key again." in answer.content.decode()
    voice.refresh_from_db()
    assert voice.url == "https://api.sarvam.ai/text-to-speech"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"new_key": ""}, "A new voice needs its key."),
        ({"new_key": "ключ"}, "signs that no key has"),
        ({"url": "https://other.example/"}, "“other.example”, port 443, is not among the allowed hosts"),
        ({"url": "https://user@api.sarvam.ai/"}, "must be a plain one"),
        ({"provider": "google"}, "“texttospeech.googleapis.com”, port 443, is not among the allowed hosts"),
        ({"speakers": ""}, "This field is required."),
        ({"speakers": "ur: anushka"}, "Sarvam (Bulbul) does not speak Urdu."),
        ({"speakers": "xx: anushka"}, "“xx” is none of the languages hi, gu"),
        ({"speakers": "hi: two words"}, "“two words” can&#x27;t be the name of a speaker"),
        ({"speakers": "hi"}, "can&#x27;t be the name of a speaker"),
        ({"speakers": "hi: a\nhi: b"}, "“hi” stands there twice."),
        ({"model": ""}, "Write the model, such as bulbul:v2."),
        ({"sample_rate": "11025"}, "Select a valid choice."),
        ({"timeout_seconds": "60"}, "less than or equal to 9"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_what_can_not_speak_is_refused_with_a_sentence(fields: dict[str, str], sentence: str) -> None:
    answer = cast.browser(cast.manager()).post(PAGE, FORM | fields)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not HostedVoice.objects.exists()


def test_a_language_has_one_voice() -> None:
    browser = cast.browser(cast.manager())
    browser.post(PAGE, FORM)
    again = browser.post(PAGE, FORM | {"name": "Second", "speakers": "gu: a\nhi: b"})
    assert "“Sarvam” speaks Hindi already; take it out there first." in again.content.decode()
    assert browser.post(PAGE, FORM | {"name": "Second", "active": ""}).status_code == 302
    assert HostedVoice.objects.filter(active=True).count() == 1
