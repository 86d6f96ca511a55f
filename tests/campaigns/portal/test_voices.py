"""The pages on which staff enter voices of services outside."""

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.urls import reverse

from campaigns.models import AllowedHost, HostedVoice
from tests import cast

pytestmark = pytest.mark.django_db
PAGE = "/voices/"
FORM = {
    "name": "Sarvam",
    "provider": "sarvam",
    "url": "",
    "new_key": "key-1",
    "model": "bulbul:v2",
    "speakers": "hi: anushka\r\nor: vidya\r\n",
    "sample_rate": "8000",
    "timeout_seconds": "5",
    "active": "on",
}


@pytest.fixture(autouse=True)
def allowed() -> None:
    AllowedHost.objects.create(host="api.sarvam.ai")


def test_a_voice_is_added_and_its_key_is_never_shown() -> None:
    browser = cast.browser(cast.manager())
    assert "No voice of a service." in browser.get(PAGE).content.decode()
    html = browser.post(PAGE, FORM, follow=True).content.decode()
    assert "Added. “Sarvam” speaks in calls from now on, within ten seconds." in html
    assert "Hindi: anushka, Odia: vidya" in html
    voice = HostedVoice.objects.get()
    assert (voice.url, voice.key) == ("https://api.sarvam.ai/text-to-speech", "key-1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM campaigns_hostedvoice")
        assert "key-1" not in cursor.fetchone()[0]
    assert "key-1" not in html + browser.get(voice.get_absolute_url()).content.decode()
    assert "key-1" not in str(LogEntry.objects.get_for_object(voice).get().changes)


def test_a_voice_is_removed() -> None:
    browser = cast.browser(cast.manager())
    browser.post(PAGE, FORM)
    address = reverse("voice-remove", args=[HostedVoice.objects.get().pk])
    assert (
        "Removed. espeak-ng speaks what “Sarvam” spoke."
        in browser.post(address, follow=True).content.decode()
    )
    assert browser.post(address).status_code == 404
