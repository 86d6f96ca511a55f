"""A list of the API is never longer than the most, whatever is asked for."""

import pytest

from campaigns.models import Recipient
from tests import cast
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db


def test_a_page_is_never_longer_than_the_most() -> None:
    campaign = make_campaign()
    phones = [f"+91982{number:07d}" for number in range(1002)]
    Recipient.objects.bulk_create(Recipient(campaign=campaign, phone=phone) for phone in phones)
    browser = cast.browser(cast.manager())
    for limit in ("100000000", "9" * 40):
        answer = browser.get(f"/api/recipients/?limit={limit}").json()
        assert (answer["count"], len(answer["results"])) == (1002, 1000)
    assert len(browser.get("/api/recipients/").json()["results"]) == 100
    assert browser.get(f"/api/recipients/?offset={'9' * 40}").json()["results"] == []
