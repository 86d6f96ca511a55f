"""In the admin a voice is entered by the portal's form."""

import pytest
from django.urls import reverse

from campaigns.models import AllowedHost, HostedVoice, User
from tests import cast
from tests.campaigns.portal.test_voices import FORM

pytestmark = pytest.mark.django_db


def test_in_the_admin_it_is_entered_by_the_same_form() -> None:
    AllowedHost.objects.create(host="api.sarvam.ai")
    browser = cast.browser(User.objects.create_superuser("root"))
    add = reverse("admin:campaigns_hostedvoice_add")
    assert "A new voice needs its key." in browser.post(add, FORM | {"new_key": ""}).content.decode()
    assert browser.post(add, FORM).status_code == 302
    voice = HostedVoice.objects.get()
    html = browser.get(reverse("admin:campaigns_hostedvoice_change", args=[voice.pk])).content.decode()
    assert "hi: anushka" in html
    assert "key-1" not in html
