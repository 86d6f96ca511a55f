"""Who did what, when, from where, to which thing, with before and after."""

import re
from io import StringIO
from ipaddress import ip_network

import pytest
from auditlog.models import LogEntry
from django.contrib.admin.models import LogEntry as AdminLog
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from campaigns import clock, numbers
from campaigns.imports import reader
from campaigns.models import Account, ApiToken, Campaign, Import, PhoneNumber, Suppression, User
from campaigns.models.tokens import issue
from campaigns.pseudonyms import token_name
from tests import cast
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db
MEENA = "+919825112410"


def of(thing: object) -> list[LogEntry]:
    """The entries of a thing, oldest first."""
    return list(LogEntry.objects.get_for_object(thing).order_by("pk"))


def last(kind: str) -> LogEntry:
    """The newest entry about a kind of thing."""
    return LogEntry.objects.filter(content_type__model=kind).latest("pk")


def auditor() -> User:
    """A manager who may read the log."""
    user = cast.manager()
    user.user_permissions.add(
        Permission.objects.get(codename="view_logentry", content_type__app_label="auditlog")
    )
    return user


def draft() -> Campaign:
    return make_campaign(people=1, state="draft", starts_at=clock.now())


def test_an_edit_in_the_portal_is_there_with_who_from_where_before_and_after() -> None:
    campaign = draft()
    browser = cast.browser(cast.manager())
    address = reverse("campaign-edit", args=[campaign.pk])
    form = browser.get(address).context["form"]
    given = {field.html_name: field.value() for field in form if field.value() is not None}
    given |= {"calls_per_minute": "30", "retry_gaps": "", "starts_at": "2026-11-24T11:00"}
    browser.post(address, given, REMOTE_ADDR="203.0.113.9")
    entry = of(campaign)[-1]
    assert entry.changes["calls_per_minute"] == ["600", "30"]
    assert (entry.actor, entry.remote_addr) == (User.objects.get(username="asha"), "203.0.113.9")
    assert entry.additional_data == {"who": "asha", "path": address}


def test_a_program_with_a_token_is_named_too() -> None:
    campaign, user = draft(), cast.manager()
    _, key = issue(user, name="test", scope="full", days=1, now=clock.now())
    client = Client(headers={"Authorization": f"Token {key}"})
    address = f"/api/campaigns/{campaign.pk}/"
    client.patch(address, {"name": "Another name"}, content_type="application/json")
    entry = of(campaign)[-1]
    assert (entry.actor, entry.changes["name"]) == (user, ["EMI reminder, November", "Another name"])
    assert entry.additional_data == {"who": "asha", "path": address, "token": token_name(key)}
    assert key not in str(list(LogEntry.objects.values()))


def test_what_a_service_notes_is_there_with_the_token_too() -> None:
    campaign, user = draft(), cast.manager()
    _, key = issue(user, name="test", scope="full", days=1, now=clock.now())
    client = Client(headers={"Authorization": f"Token {key}"})
    assert client.post(f"/api/campaigns/{campaign.pk}/launch/").status_code == 200
    asked = {"phone": MEENA, "reason": "Wrote a letter."}
    assert client.post("/api/suppressions/", asked, "application/json").status_code == 201
    name = token_name(key)
    states = [entry for entry in of(campaign) if "state" in entry.changes]
    assert len(states) == 4
    for entry in [*states, of(Suppression.objects.get())[0]]:
        assert (entry.actor, entry.additional_data["token"]) == (user, name)


def test_a_token_that_is_made_and_deleted_is_there_by_its_name_and_nowhere_by_itself() -> None:
    chief = User.objects.create_superuser("chief", password="x")
    user, browser = cast.manager(), cast.browser(chief)
    wanted = {"user": user.pk, "name": "the CRM", "scope": "read", "days": 30}
    page = browser.post(reverse("admin:campaigns_apitoken_add"), wanted, follow=True)
    (key,) = re.findall(r"The token is (\w+)", page.content.decode())
    listed = browser.get(reverse("admin:campaigns_apitoken_changelist")).content.decode()
    assert token_name(key) in listed
    assert key not in listed
    made = of(user)[-1]
    assert (made.actor, made.changes) == (chief, {"API token": ["", token_name(key)]})
    browser.post(
        reverse("admin:campaigns_apitoken_delete", args=[ApiToken.objects.get().pk]), {"post": "yes"}
    )
    assert not ApiToken.objects.exists()
    assert of(user)[-1].changes == {"API token": [token_name(key), "deleted"]}
    assert key not in str([*LogEntry.objects.values(), *AdminLog.objects.values()])


def test_a_token_made_on_the_command_line_is_there_too() -> None:
    user = cast.manager()
    told = StringIO()
    call_command("make_token", "asha", "--name", "the CRM", stdout=told)
    assert of(user)[-1].changes == {"API token": ["", token_name(told.getvalue().strip())]}


def test_a_change_of_state_is_there_and_one_by_the_system_is_not() -> None:
    campaign = draft()
    browser = cast.browser(cast.manager())
    for verb in ("launch", "pause"):
        browser.post(reverse("campaign-change", args=[campaign.pk, verb]))
    states = [entry.changes["state"] for entry in of(campaign) if "state" in entry.changes]
    assert [after for _, after in states] == ["checked", "approved", "scheduled", "running", "paused"]


def test_a_new_thing_is_there_with_its_own_fields_and_not_with_what_points_at_it() -> None:
    changes = of(draft())[0].changes
    assert changes["name"] == ["None", "EMI reminder, November"]
    assert not {"id", "scrubs", "recipients", "declaration", "created_at"} & changes.keys()


def test_a_forged_address_is_not_believed_and_one_of_our_proxy_is(settings: Settings) -> None:
    browser, forged = cast.browser(cast.manager()), {"X-Forwarded-For": "198.51.100.7"}
    campaign = draft()
    browser.post(reverse("campaign-change", args=[campaign.pk, "launch"]), headers=forged)
    assert of(campaign)[-1].remote_addr == "127.0.0.1"
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    browser.post(reverse("campaign-change", args=[campaign.pk, "pause"]), headers=forged)
    assert of(campaign)[-1].remote_addr == "198.51.100.7"


def test_that_a_secret_changed_is_there_and_the_secret_is_not() -> None:
    make_campaign()
    account, number = Account.objects.get(), PhoneNumber.objects.get()
    account.password, account.cookies, account.token = "open sesame", '{"login_cookie": "crumbs"}', "a-jwt"
    account.save()
    before = number.stream_secret
    numbers.rotate_secret(number, 1)
    user = cast.manager()
    user.set_password("open sesame")
    user.save()
    assert of(account)[-1].changes == {"password": ["(hidden)"] * 2, "cookies": ["", "(hidden)"]}
    assert of(number)[-1].changes["stream_secret"] == ["(hidden)"] * 2
    everything = str(list(LogEntry.objects.values()))
    for secret in (
        "sesame",
        "crumbs",
        "a-jwt",
        before,
        number.stream_secret,
        user.password,
        "not-a-real-one",
    ):
        assert secret not in everything


def test_a_suppression_is_there_masked_when_it_is_entered_and_when_it_is_lifted() -> None:
    browser = cast.browser(cast.manager())
    browser.post("/api/suppressions/", {"phone": MEENA, "reason": "Wrote a letter."}, "application/json")
    row = Suppression.objects.get()
    browser.post(
        reverse("admin:campaigns_suppression_change", args=[row.pk]), {"lifted_reason": "Came to the branch."}
    )
    entered, lifted = of(row)
    assert entered.changes == {"phone": ["", "+91 98••• ••410"], "reason": ["", "Wrote a letter."]}
    assert lifted.changes == {"lifted": ["", "Came to the branch."]}
    assert MEENA not in str(list(LogEntry.objects.values()))


def test_who_may_do_what_is_there() -> None:
    user = cast.viewer()
    entry = of(user)[-1]
    assert entry.changes["user_permissions"]["operation"] == "add"
    assert any("Can view campaign" in name for name in entry.changes["user_permissions"]["objects"])


def test_an_import_of_many_people_is_one_entry_and_what_staff_did_with_it() -> None:
    campaign = draft()
    browser = cast.browser(cast.manager())
    rows = "".join(f"98251{number:05d},P\n" for number in range(300))
    file = SimpleUploadedFile("people.csv", f"Mobile,Name\n{rows}".encode())
    before = LogEntry.objects.count()
    browser.post(f"/api/campaigns/{campaign.pk}/people/", {"file": file})
    reader.read_import(Import.objects.get().pk, clock=clock.now)
    assert campaign.recipients.count() > 250
    assert [entry.changes["filename"] for entry in of(Import.objects.get())] == [["None", "people.csv"]]
    assert LogEntry.objects.count() == before + 1


def test_what_is_handed_out_is_there() -> None:
    campaign = draft()
    browser = cast.browser(cast.manager())
    answer = browser.get(reverse("campaign-report", args=[campaign.pk]), {"kind": "csv"})
    assert b"".join(answer)
    entry = of(campaign)[-1]
    assert (entry.action, entry.changes) == (LogEntry.Action.ACCESS, {"handed out": ["", "report as csv"]})
    assert b"".join(browser.post(reverse("person"), {"phone": MEENA, "do": "export"}))
    assert last("recipient").object_repr == "+91 98••• ••410"


def test_nobody_changes_the_log() -> None:
    entry = of(draft())[0]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LogEntry.objects.filter(pk=entry.pk).update(object_repr="nothing")
    browser = cast.browser(auditor())
    for page in ("change", "delete"):
        address = reverse(f"admin:auditlog_logentry_{page}", args=[entry.pk])
        assert browser.post(address, {"post": "yes"}).status_code == 403
    assert of(Campaign.objects.get())[0].object_repr == entry.object_repr


def test_the_name_stays_when_the_user_goes() -> None:
    campaign, user = draft(), cast.manager()
    cast.browser(user).post(reverse("campaign-change", args=[campaign.pk, "launch"]))
    user.delete()
    entry = of(campaign)[-1]
    assert (entry.actor, entry.additional_data["who"]) == (None, "asha")


def test_the_page_is_for_who_may_read_it_and_can_be_filtered() -> None:
    campaign = draft()
    browser, address = cast.browser(auditor()), reverse("admin:auditlog_logentry_changelist")
    browser.post(reverse("campaign-change", args=[campaign.pk, "launch"]))
    user = User.objects.get(username="asha")
    page = browser.get(address, {"actor__id__exact": str(user.pk), "action__exact": "1"}).content.decode()
    assert "state: draft → checked" in page
    assert "not-a-real-one" not in page
    assert "state: draft" not in browser.get(address, {"action__exact": "3"}).content.decode()
    assert (
        browser.get(reverse("admin:auditlog_logentry_change", args=[of(campaign)[0].pk])).status_code == 200
    )
    assert cast.browser(cast.viewer()).get(address).status_code == 403
