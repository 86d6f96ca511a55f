"""The admin opens for every model, shows no secret, and lets nobody rewrite what happened."""

import json

import pytest
from auditlog.models import LogEntry
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError
from django.templatetags.static import static
from django.urls import reverse

from campaigns.admin import RecordAdmin
from campaigns.delivery import upload
from campaigns.models import (
    Account,
    Campaign,
    Import,
    ImportRow,
    PhoneNumber,
    Suppression,
    UploadBatch,
    User,
)
from campaigns.planning import plan
from tests import cast
from tests.campaigns.world import NOON, FakeXFin, at, lost_before, make_campaign, states

pytestmark = pytest.mark.django_db
OURS = [model for model in admin.site._registry if model._meta.app_label in ("campaigns", "calls")]


def change_address(thing: object) -> str:
    meta = thing._meta  # type: ignore[attr-defined]  # a model
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[thing.pk])  # type: ignore[attr-defined]


def test_its_pages_name_an_icon_that_is_there() -> None:
    page = cast.browser(User.objects.create_superuser("root")).get(reverse("admin:index")).content.decode()
    assert f'rel="icon" href="{static("mark.svg")}"' in page
    assert finders.find("mark.svg")


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_list_opens_and_can_be_searched(model: type) -> None:
    make_campaign(people=1)
    root = User.objects.create_superuser("root")
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # type: ignore[attr-defined]
    assert cast.browser(root).get(address, follow=True).status_code == 200
    if admin.site._registry[model].search_fields:
        assert cast.browser(root).get(address, {"q": "9825"}, follow=True).status_code == 200


def test_every_word_of_the_design_has_an_admin() -> None:
    names = {model.__name__ for model in OURS}
    assert names >= {
        "Account",
        "PhoneNumber",
        "Template",
        "Content",
        "Agent",
        "Campaign",
        "Import",
        "Recipient",
        "Message",
        "UploadBatch",
        "Evidence",
        "Suppression",
        "Call",
        "CallEvent",
        "Recording",
        "Answer",
        "MediaProcess",
        "User",
    }


def test_an_outsider_does_not_come_in() -> None:
    answer = cast.browser(cast.outsider()).get("/admin/")
    assert answer.headers["Location"].startswith("/admin/login/")


def account_form(**changes: object) -> dict[str, object]:
    return {
        "name": "Saraswati Finance",
        "base_url": "http://127.0.0.1:9",
        "tenant": "saraswati",
        "email": "uploads@saraswati.example",
        "auth_scheme": "Bearer",
        "extra_headers": "{}",
        "chunk_size": 5000,
        "reference_tag": "tag5",
        "batch_tag": "tag4",
        "state_codes": "{}",
        "new_password": "",
        "new_cookies": "",
        **changes,
    }


def test_credentials_are_never_shown() -> None:
    account = make_campaign().template.account
    account.cookies = json.dumps({"login_cookie": "crumbs-77"})
    account.token = "jwt-of-today"
    account.save()
    html = cast.browser(cast.manager()).get(change_address(account)).content.decode()
    for secret in ("not-a-real-one", "crumbs-77", "jwt-of-today"):
        assert secret not in html


def test_an_empty_password_keeps_the_one_that_is_stored() -> None:
    account = make_campaign().template.account
    answer = cast.browser(cast.manager()).post(change_address(account), account_form(tenant="other"))
    assert answer.status_code == 302
    account.refresh_from_db()
    assert (account.tenant, account.password) == ("other", "not-a-real-one")


def test_new_credentials_replace_the_old_and_are_tried_at_once() -> None:
    account = make_campaign().template.account
    Account.objects.update(state="refused", reason="XFin refused the login.", token="old")
    cast.browser(cast.manager()).post(change_address(account), account_form(new_password="another"))
    account.refresh_from_db()
    assert (account.password, account.token, account.state, account.reason) == ("another", "", "ready", "")


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ({"base_url": "https://xfin.example/v1", "new_password": "word"}, "host only"),
        (
            {"base_url": "https://user:word@xfin.example", "new_password": "word"},
            "must not hold credentials",
        ),
        ({"tenant": "no such/path"}, "letters, digits"),
        ({"reference_tag": "tag9"}, "one of tag1 to tag5"),
        ({"extra_headers": '{"x-number": 1}'}, "objects of texts"),
        ({"extra_headers": '["x"]'}, "objects of texts"),
        ({"state_codes": '{"7": "no such state"}'}, "no such state"),
        ({"new_cookies": '{"name": "ünicode"}'}, "plain ASCII"),
    ],
)
def test_an_account_is_refused_that_no_request_could_be_made_with(entered: dict[str, str], said: str) -> None:
    account = make_campaign().template.account
    answer = cast.browser(cast.manager()).post(change_address(account), account_form(**entered))
    assert answer.status_code == 200, "it was stored"
    assert said in answer.content.decode()
    account.refresh_from_db()
    assert (account.base_url, account.tenant) == ("http://127.0.0.1:9", "saraswati")


def test_a_new_account_needs_a_password() -> None:
    answer = cast.browser(cast.manager()).post(reverse("admin:campaigns_account_add"), account_form())
    assert "needs its password" in answer.content.decode()
    assert not Account.objects.exists()


def test_the_stream_s_address_is_shown_to_those_who_may_change_the_number_and_nobody_else() -> None:
    number = make_campaign().number
    for user, shown in ((cast.manager(), True), (cast.viewer(), False)):
        html = cast.browser(user).get(change_address(number)).content.decode()
        assert (number.stream_secret in html) is shown


@pytest.mark.parametrize(("action", "kept"), [("new_secret", True), ("new_secret_now", False)])
def test_a_new_secret_is_made_by_those_who_may_and_the_old_one_kept_if_wished(
    action: str, kept: bool
) -> None:
    number = make_campaign().number
    address = reverse("admin:campaigns_phonenumber_changelist")
    data = {"action": action, "_selected_action": [number.pk]}
    cast.browser(cast.viewer()).post(address, data)
    assert PhoneNumber.objects.get().stream_secret == number.stream_secret
    cast.browser(cast.manager()).post(address, data)
    after = PhoneNumber.objects.get()
    assert after.stream_secret != number.stream_secret
    assert (after.previous_stream_secret == number.stream_secret) is kept
    assert (after.previous_secret_until is not None) is kept


def number_form(number: PhoneNumber, **values: object) -> dict[str, object]:
    names = (
        "account_id",
        "e164",
        "series",
        "direction",
        "container",
        "max_calls",
        "ring_back_hours",
        "recognise_days",
    )
    form = {name.removesuffix("_id"): getattr(number, name) for name in names}
    return form | {"active": "on", "record_calls": "on", **values}


def test_a_stream_s_password_is_kept_and_never_shown_and_goes_with_its_user_name() -> None:
    number = make_campaign().number
    browser, address = cast.browser(cast.manager()), change_address(number)
    refused = browser.post(address, number_form(number, stream_user="awaaz"))
    assert "needs a password" in refused.content.decode()
    form = number_form(number, stream_user="awaaz", new_stream_password="sesame-77")
    assert browser.post(address, form).status_code == 302
    number.refresh_from_db()
    assert (number.stream_user, number.stream_password) == ("awaaz", "sesame-77")
    assert "sesame-77" not in browser.get(address).content.decode()
    browser.post(address, number_form(number, stream_user="awaaz", max_calls=7))
    number.refresh_from_db()
    assert (number.max_calls, number.stream_password) == (7, "sesame-77")
    browser.post(address, number_form(number))
    number.refresh_from_db()
    assert (number.stream_user, number.stream_password) == ("", "")


def test_networks_that_are_none_are_told() -> None:
    number = make_campaign().number
    answer = cast.browser(cast.manager()).post(
        change_address(number), number_form(number, allowed_networks="everywhere")
    )
    assert "Write networks such as" in answer.content.decode()


def test_a_campaign_s_state_cannot_be_written_here_and_a_launched_one_not_at_all() -> None:
    campaign = make_campaign()
    browser = cast.browser(cast.manager())
    browser.post(change_address(campaign), {"name": "Other", "state": "completed"})
    campaign.refresh_from_db()
    assert (campaign.name, campaign.state) == ("EMI reminder, November", "running")
    assert browser.post(reverse("admin:campaigns_campaign_delete", args=[campaign.pk])).status_code == 403
    assert Campaign.objects.exists()


def test_a_changed_template_is_to_be_uploaded_again() -> None:
    template = make_campaign().template
    data = {
        "account": template.account_id,
        "name": template.name,
        "description": "Changed",
        "response_type": "voice",
        "num_backups": 0,
        "max_touchtone_retries": 3,
        "languages-TOTAL_FORMS": 1,
        "languages-INITIAL_FORMS": 0,
        "languages-0-language": "hi",
        "languages-0-syntax": "Namaste _W_",
    }
    browser = cast.browser(cast.manager())
    refused = browser.post(change_address(template), data | {"num_backups": 1})
    assert "XFin&#x27;s own redials are judged by no rule" in refused.content.decode()
    template.refresh_from_db()
    assert (template.description, template.num_backups) == ("", 0)
    answer = browser.post(change_address(template), data)
    assert answer.status_code == 302
    template.refresh_from_db()
    assert template.sync_state == "pending"
    assert template.languages.get().sync_state == "pending"


RECORDS = [model for model in OURS if isinstance(admin.site._registry[model], RecordAdmin)]


@pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.__name__)
def test_records_are_neither_added_nor_changed_nor_deleted_even_by_root(model: type) -> None:
    root = User.objects.create_superuser("root")
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"  # type: ignore[attr-defined]
    assert cast.browser(root).get(reverse(f"{name}_add")).status_code == 403
    html = cast.browser(root).get(reverse(f"{name}_changelist")).content.decode()
    assert "delete_selected" not in html


def test_people_s_numbers_are_masked_in_lists_and_on_their_page() -> None:
    campaign = make_campaign(people=1)
    person = campaign.recipients.get()
    source = Import.objects.create(campaign=campaign, filename="a.csv", uploaded=1, rejected=1)
    ImportRow.objects.create(
        source=source, row_number=2, cells=["9825012345", "Asha"], fate="rejected", reason="Why not."
    )
    browser = cast.browser(cast.manager())
    for address in (
        reverse("admin:campaigns_recipient_changelist"),
        change_address(person),
        change_address(source),
    ):
        html = browser.get(address).content.decode()
        assert person.phone[3:] not in html
        assert "9825012345" not in html


def test_staff_enter_a_number_that_must_not_be_called_in_any_spelling() -> None:
    data = {"phone": "098251 12410", "scope": "organisation", "category": "", "reason": "Wrote a letter."}
    cast.browser(cast.manager()).post(reverse("admin:campaigns_suppression_add"), data)
    entered = Suppression.objects.get()
    assert (entered.phone, entered.source) == ("+919825112410", "staff")


def test_a_suppression_is_lifted_with_a_reason_and_keeps_all_else() -> None:
    entered = Suppression.objects.create(phone="+919825112410", source="key", reason="Pressed 9.")
    data = {
        "phone": "+919800000000",
        "reason": "x",
        "lifted_reason": "She asked for calls again, in writing.",
    }
    cast.browser(cast.manager()).post(change_address(entered), data)
    entered.refresh_from_db()
    assert entered.lifted_at is not None
    assert (entered.phone, entered.reason) == ("+919825112410", "Pressed 9.")


def test_a_suppression_is_never_deleted() -> None:
    entered = Suppression.objects.create(phone="+919825112410", source="key", reason="Pressed 9.")
    root = User.objects.create_superuser("root")
    address = reverse("admin:campaigns_suppression_delete", args=[entered.pk])
    assert cast.browser(root).post(address, {"post": "yes"}).status_code == 403
    assert Suppression.objects.exists()


def test_an_agent_that_cannot_run_is_not_saved() -> None:
    address = reverse("admin:campaigns_agent_add")
    data = {"name": "Broken", "kind": "dialogue", "configuration": '{"nonsense": 1}'}
    browser = cast.browser(cast.manager())
    assert browser.post(address, data).status_code == 200
    data = {"name": "Fine", "kind": "echo", "configuration": "{}"}
    assert browser.post(address, data).status_code == 302


def test_permissions_of_the_cast_are_what_the_tests_believe() -> None:
    assert Permission.objects.filter(codename="change_campaign").exists()
    assert cast.manager().has_perm("campaigns.change_campaign")
    viewer = cast.viewer()
    assert viewer.has_perm("campaigns.view_campaign")
    assert not viewer.has_perm("campaigns.change_campaign")


@pytest.mark.parametrize(
    "rules", [{"busy": 5}, [1], {"busy": {}}, {"bored": {"gaps": [1]}}, {"busy": {"gaps": ["a"]}}]
)
def test_retry_rules_that_can_not_be_followed_are_refused_in_the_admin_too(rules: object) -> None:
    with pytest.raises(ValidationError, match="retry_rules"):
        Campaign(retry_rules=rules).clean_fields(exclude=["template", "number", "agent", "name"])


@pytest.mark.parametrize(("action", "end"), [("say_at_xfin", "unknown"), ("say_absent", "planned")])
def test_staff_who_may_say_what_became_of_an_unclear_request(action: str, end: str) -> None:
    campaign, xfin = make_campaign(people=2), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    xfin.faults.append(lost_before)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    UploadBatch.objects.update(state=UploadBatch.State.UNCLEAR)
    batch = UploadBatch.objects.get()
    chosen = {"action": action, "_selected_action": [batch.pk]}
    address = reverse("admin:campaigns_uploadbatch_changelist")
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_uploadbatch"))
    cast.browser(reader).post(address, chosen)
    assert states(campaign) == {"unconfirmed": 2}
    cast.browser(User.objects.create_superuser("root")).post(address, chosen)
    assert states(campaign) == {end: 2}
    assert LogEntry.objects.get_for_object(batch).exists()
