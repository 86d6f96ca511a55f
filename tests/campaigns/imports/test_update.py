"""A corrected list updates those who wait, and says of each row what became of it."""

from pathlib import Path

import pytest
from django.urls import reverse
from pytest_django import Settings

from campaigns.errors import UnreadableFile
from campaigns.imports.update import UPDATED, update_those_who_wait
from campaigns.imports.upload import import_people
from campaigns.models import Campaign, Import, Recipient
from tests import cast
from tests.calls.agents.texts import MENU, dialogue
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db
FIRST = b"""Name,Mobile,Amount,Branch
Asha,9825012401,500,Paldi
Ravi,9825012402,700,Paldi
Sita,9825012403,900,Paldi
"""
EDITED = b"""Name,Mobile,Amount
Asha Patel,9825012401,650
Ravi,9825012402,750
Sita,9825012403,950
Asha,9825012401,1
"""


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def load(campaign: Campaign, data: bytes) -> Import:
    return import_people(campaign, data=data, filename="list.csv", by=None)


def said(name: str) -> dict[str, str]:
    found: dict[str, str] = Recipient.objects.get(name=name).variables
    return found


def test_those_who_wait_get_the_new_values_and_the_others_keep_theirs() -> None:
    campaign = make_campaign()
    load(campaign, FIRST)
    campaign.recipients.filter(name="Sita").update(state=Recipient.State.UNDER_WAY)
    source = load(campaign, EDITED)
    assert (source.accepted, source.duplicate) == (0, 4)
    assert update_those_who_wait(source, now=NOON) == 2
    assert said("Asha Patel") == {"amount": "650", "branch": "Paldi"}
    assert (said("Ravi")["amount"], said("Sita")["amount"]) == ("750", "900")
    reasons = dict(source.rows.values_list("row_number", "reason"))
    assert [reasons[row] == UPDATED for row in (2, 3, 4, 5)] == [True, True, False, False]


def test_a_value_that_was_missing_brings_a_person_back() -> None:
    campaign = make_campaign()
    campaign.agent.configuration = dialogue(MENU)
    campaign.agent.save()
    load(campaign, b"Name,Mobile,Amount,Due date\nAsha,9825012401,500,\n")
    why = "The texts need due_date, and there is no usable value for it."
    campaign.recipients.update(state=Recipient.State.BLOCKED, reason=why)
    source = load(campaign, b"Name,Mobile,Amount,Due date\nAsha,9825012401,500,28/11/2026\n")
    assert update_those_who_wait(source, now=NOON) == 1
    person = campaign.recipients.get()
    assert (person.state, person.variables["due_date"]) == (Recipient.State.WAITING, "28/11/2026")


def test_an_unclear_value_updates_nobody() -> None:
    campaign = make_campaign()
    campaign.agent.configuration = dialogue(MENU)
    campaign.agent.save()
    load(campaign, FIRST)
    source = load(campaign, b'Name,Mobile,Amount\nAsha,9825012401,"1250,50"\n')
    assert (source.rejected, update_those_who_wait(source, now=NOON)) == (1, 0)
    assert said("Asha")["amount"] == "500"


def test_not_in_a_campaign_that_has_ended() -> None:
    campaign = make_campaign()
    load(campaign, FIRST)
    source = load(campaign, EDITED)
    Campaign.objects.update(state=Campaign.State.COMPLETED)
    with pytest.raises(UnreadableFile, match="has ended"):
        update_those_who_wait(source, now=NOON)


def test_the_page_offers_it_and_says_how_many() -> None:
    campaign = make_campaign()
    load(campaign, FIRST)
    source = load(campaign, EDITED)
    browser = cast.browser(cast.manager())
    assert "Update those who wait" in browser.get(reverse("import", args=[source.pk])).content.decode()
    page = browser.post(reverse("import-update", args=[source.pk]), follow=True).content.decode()
    assert "Brought up to date: 3." in page
