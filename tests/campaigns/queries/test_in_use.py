"""What is used can neither be deleted nor become another thing: the API and the admin say why."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from calls.models import Call, MediaProcess
from campaigns.models import (
    Account,
    Campaign,
    LegalHold,
    PhoneNumber,
    Template,
    TemplateLanguage,
    UploadBatch,
    User,
)
from campaigns.privacy import legal_holds
from campaigns.queries.in_use import frozen_fields
from tests import cast
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> Client:
    return cast.browser(User.objects.create_superuser("root"))


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(people=1)


@pytest.fixture
def other() -> Account:
    return Account.objects.create(
        name="Another", base_url="http://127.0.0.1:9", tenant="another", email="a@b.in", password="x"
    )


def patch(client: Client, path: str, **data: Any) -> Any:
    return client.patch(path, json.dumps(data), content_type="application/json")


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_a_template_a_number_and_a_list_in_use_are_kept_by_the_api_with_a_sentence(
    root: Client, campaign: Campaign
) -> None:
    for path in (f"/api/templates/{campaign.template_id}/", f"/api/numbers/{campaign.number_id}/"):
        response = root.delete(path)
        assert response.status_code == 409, path
        assert "campaigns" in text_of(response)
    assert Template.objects.exists()
    assert PhoneNumber.objects.exists()


@pytest.mark.parametrize("state", ["checked", "scheduled", "running", "paused", "stopped"])
def test_a_language_of_a_campaign_that_is_not_over_is_kept(
    root: Client, campaign: Campaign, state: str
) -> None:
    language = TemplateLanguage.objects.create(template=campaign.template, language="hi")
    Campaign.objects.update(state=state)
    response = root.delete(f"/api/template-languages/{language.pk}/")
    assert response.status_code == 409
    assert campaign.name in text_of(response)
    page = reverse("admin:campaigns_template_change", args=[campaign.template_id])
    form = {
        "account": campaign.template.account_id,
        "name": campaign.template.name,
        "response_type": "voice",
        "num_backups": 0,
        "max_touchtone_retries": 3,
        "languages-TOTAL_FORMS": 1,
        "languages-INITIAL_FORMS": 1,
        "languages-0-id": language.pk,
        "languages-0-template": campaign.template_id,
        "languages-0-language": "hi",
        "languages-0-DELETE": "on",
    }
    assert "can&#x27;t be deleted" in text_of(root.post(page, form))
    assert TemplateLanguage.objects.filter(pk=language.pk).exists()


@pytest.mark.parametrize("state", ["draft", "completed", "cancelled"])
def test_a_language_that_no_campaign_needs_goes(root: Client, campaign: Campaign, state: str) -> None:
    language = TemplateLanguage.objects.create(template=campaign.template, language="hi")
    Campaign.objects.update(state=state)
    assert root.delete(f"/api/template-languages/{language.pk}/").status_code == 204


def test_a_number_or_template_that_is_used_stays_with_its_account(
    root: Client, campaign: Campaign, other: Account
) -> None:
    number, template = f"/api/numbers/{campaign.number_id}/", f"/api/templates/{campaign.template_id}/"
    for path, change in (
        (number, {"account": other.pk}),
        (number, {"e164": "+911600110299"}),
        (template, {"account": other.pk}),
    ):
        response = patch(root, path, **change)
        assert response.status_code == 400, (path, change)
        assert "can't be changed any more" in text_of(response)
    assert patch(root, number, max_calls=7).status_code == 200
    page = reverse("admin:campaigns_phonenumber_change", args=[campaign.number_id])
    form = {"account": other.pk, "e164": "+911600110245", "series": "1600", "direction": "both"}
    html = text_of(root.post(page, form | {"container": "wav", "max_calls": 10, "stream_user": ""}))
    assert "any more. Make a new one instead." in html
    campaign.number.refresh_from_db()
    assert campaign.number.account_id == campaign.template.account_id


def test_what_is_not_used_yet_may_be_put_right(root: Client, other: Account) -> None:
    first = Account.objects.create(
        name="First", base_url="http://127.0.0.1:9", tenant="first", email="a@b.in", password="x"
    )
    number = PhoneNumber.objects.create(account=first, e164="+911600110245")
    assert patch(root, f"/api/numbers/{number.pk}/", account=other.pk).status_code == 200
    assert frozen_fields(first, ["tenant"]) == {}
    UploadBatch.objects.create(account=first, size=1, claimed_until=NOON)
    assert list(frozen_fields(first, ["tenant", "name"])) == ["tenant"]


def test_a_number_with_calls_alone_is_used(campaign: Campaign) -> None:
    account = campaign.template.account
    inbound = PhoneNumber.objects.create(account=account, e164="+911600110246")
    assert frozen_fields(inbound, ["e164"]) == {}
    Call.objects.create(number=inbound, process=MediaProcess.objects.create())
    assert "calls" in frozen_fields(inbound, ["e164"])["e164"]


def test_a_superuser_who_deletes_an_agent_in_use_is_told_what_uses_it(
    root: Client, campaign: Campaign
) -> None:
    html = text_of(root.get(reverse("admin:campaigns_agent_delete", args=[campaign.agent_id])))
    assert campaign.name in html
    assert "permission" not in html
    assert root.post(
        reverse("admin:campaigns_agent_delete", args=[campaign.agent_id]), {"post": "yes"}
    ).status_code in (200, 302)
    assert Campaign.objects.filter(agent=campaign.agent_id).exists()


def test_a_second_hold_is_refused_in_words(root: Client, campaign: Campaign) -> None:
    add = reverse("admin:campaigns_legalhold_add")
    form = {"phone": "98251 12410", "campaign": "", "reason": "Case 17 of 2026"}
    assert root.post(add, form).status_code == 302
    again = root.post(add, form)
    assert again.status_code == 200
    assert "This is held already" in text_of(again)
    on_campaign = {"phone": "", "campaign": campaign.pk, "reason": "Case 18 of 2026"}
    assert root.post(add, on_campaign).status_code == 302
    assert "This is held already" in text_of(root.post(add, on_campaign))
    assert LegalHold.objects.count() == 2


def test_a_refusal_of_ours_is_no_error_of_the_admin(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people place the same hold at the same moment: the form saw none yet."""
    legal_holds.place(phone="+919825112410", reason="first", by=None)
    monkeypatch.setattr("campaigns.admin.privacy.HoldForm.clean", lambda self: self.cleaned_data)
    form = {"phone": "98251 12410", "campaign": "", "reason": "second"}
    response = root.post(reverse("admin:campaigns_legalhold_add"), form, follow=True)
    assert response.status_code == 200
    assert "This is held already." in text_of(response)
