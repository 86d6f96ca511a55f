"""Every address × role: the table of permissions is complete, and all doors keep to it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Permission
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import Settings

from calls import live_pages, routing
from calls.dialogues import publishing
from calls.models import Call, MediaProcess
from calls.studio import talk_consumer
from campaigns import permissions
from campaigns.models import (
    Appointment,
    Calendar,
    Callback,
    CallingBasis,
    Campaign,
    ColumnMapping,
    Complaint,
    Draw,
    Erasure,
    HostedVoice,
    Import,
    ImportRow,
    LegalHold,
    Member,
    Notification,
    OutsideService,
    Programme,
    Pronunciation,
    Slot,
    StaffCallback,
    StandingList,
    Suppression,
    TemplateLanguage,
    User,
)
from tests import cast
from tests.calls.agents.dialogue.samples import survey
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db

OPEN = {"login", "logout", "admin:login", "admin:logout", "admin:jsi18n"}
"""For all: they show nothing of ours."""
STAFF = {"api-schema", "api-docs", "admin:index", "admin:app_list", "admin:search", "admin:autocomplete"}
STAFF |= {"admin:view_on_site", "admin:password_change", "admin:password_change_done"}
"""For all staff: what they show goes by the permissions of its user, or is no data."""
REFUSALS = (401, 403, 405)
COLUMNS = {"headings": ["Phone"], "phone": 0, "name": None, "language": None, "variables": {}}
MAPPED = {"phone": "Phone", "name": "", "language": "", "variables": {}}
NOWHERE = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Address:
    name: str
    route: str

    def __str__(self) -> str:
        return self.name


def walk(patterns: Iterable[URLPattern | URLResolver], names: tuple[str, ...] = ()) -> Iterator[Address]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = (*names, pattern.namespace) if pattern.namespace else names
            yield from walk(pattern.url_patterns, inner)
        elif pattern.name or "admin" not in names:
            yield Address(":".join((*names, pattern.name or "?")), str(pattern.pattern))


ADDRESSES = {each.name: each for each in walk(get_resolver().url_patterns) if "format" not in each.route}
OF_TABLES = {
    f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}": (model, kind)
    for model in admin.site._registry
    for kind in ("changelist", "add", "change", "delete", "history")
} | {"admin:auth_user_password_change": (User, "password")}


@pytest.fixture
def world(db: None, settings: Settings, tmp_path: Path) -> dict[str, Any]:
    """One row for the key of every address, by the model's name."""
    settings.MEDIA_ROOT = tmp_path
    campaign = make_campaign(people=1)
    person, account = campaign.recipients.get(), campaign.template.account
    a_list = StandingList.objects.create(name="Borrowers")
    programme = Programme.objects.create(
        name="Reminders", standing_list=a_list, pattern=campaign, date_name="due_date", active=False
    )
    day = date(2026, 11, 24)
    calendar = Calendar.objects.create(name="Eye clinic")
    slot = Slot.objects.create(calendar=calendar, begins=NOON + timedelta(days=3650), capacity=2, taken=1)
    dialogue = publishing.create("Survey", survey(), by=None)
    publishing.publish(dialogue, by=None)
    return {
        "dialogue": dialogue,
        "calendar": calendar,
        "slot": Slot.objects.create(calendar=calendar, begins=slot.begins, place="Anand"),
        "appointment": Appointment.objects.create(
            calendar=calendar, slot=slot, phone="+919825112418", recipient=person, reason="Booked."
        ),
        "campaign": campaign,
        "recipient": person,
        "template": campaign.template,
        "templatelanguage": TemplateLanguage.objects.create(template=campaign.template, language="hi"),
        "number": campaign.number,
        "import": Import.objects.create(
            campaign=campaign,
            filename="list.csv",
            file=ContentFile(b"Phone\n9825112410\n", "list.csv"),
            sha256="0" * 64,
            kind="csv",
            encoding="utf-8",
            delimiter=",",
            columns=COLUMNS,
        ),
        "mapping": ColumnMapping.objects.create(
            account=account, name="ours", columns={**MAPPED, "phone": "Phone"}
        ),
        "callback": Callback.objects.create(
            recipient=person,
            asked_at=NOON,
            asked_for=NOON + timedelta(days=1),
            planned_for=NOON + timedelta(days=1),
            source=Callback.Source.STAFF,
        ),
        "staff-callback": StaffCallback.objects.create(
            phone="+919825112410", source="key", asked_at=NOON, about="EMI"
        ),
        "pronunciation": Pronunciation.objects.create(written="EMI", spoken="ee em aai"),
        "voice": HostedVoice.objects.create(
            name="Sarvam", provider="sarvam", url="https://voice.example/", key="k"
        ),
        "service": OutsideService.objects.create(name="shop", url="https://shop.example/"),
        "notification": Notification.objects.create(
            key=NOWHERE, service_name="shop", at=NOON, next_try_at=NOON, give_up_at=NOON
        ),
        "suppression": Suppression.objects.create(phone="+919825112419", source="staff", reason="asked"),
        "standing-list": a_list,
        "member": Member.objects.create(standing_list=a_list, phone="+919825112411", joined_on=day),
        "programme": programme,
        "draw": Draw.objects.create(
            programme=programme,
            phone="+919825112411",
            occurrence=day,
            falls_on=day,
            fate="drawn",
            drawn_at=NOON,
        ),
        "call": Call.objects.create(
            number=campaign.number, campaign=campaign, recipient=person, process=MediaProcess.objects.create()
        ),
    }


def path_to(name: str, world: dict[str, Any]) -> str:
    """The address of a row that is there."""
    route = ADDRESSES[name].route
    keys = set(re.findall(r"<(?:\w+:)?(\w+)>", route))
    what = next((kind for kind in OWNERS if re.match(kind, name)), "campaign")
    row = world.get(OWNERS.get(what, what)) if "pk" in keys else None
    values: dict[str, Any] = {
        "pk": getattr(row, "pk", 1),
        "recipient": world["recipient"].pk,
        "verb": "pause",
        "answer": 1,
        "number": 1,
        "campaign": world["campaign"].pk,
    }
    return reverse(name, kwargs={key: values[key] for key in keys})


OWNERS = {
    "api-template-language": "templatelanguage",
    "api-template": "template",
    "api-number|number$|number-": "number",
    "api-import|import": "import",
    "api-mapping": "mapping",
    "api-recipient": "recipient",
    "api-callback|callback-": "callback",
    "api-staff-callback|staff-callback$": "staff-callback",
    "pronunciation-": "pronunciation",
    "voice": "voice",
    "dialogue-|dialogue$": "dialogue",
    "api-suppression": "suppression",
    "api-standing-list|standing-list": "standing-list",
    "api-member": "member",
    "api-programme": "programme",
    "api-draw": "draw",
    "api-calendar|calendar": "calendar",
    "api-slot|slot-": "slot",
    "api-service": "service",
    "api-notification": "notification",
    "api-appointment|appointment-": "appointment",
    "api-call|call$|call-audio$|call-test$|recording$|spoken-message": "call",
}
"""Beginnings of names and whose key they carry; all others carry a campaign's."""


def staff(name: str, having: Iterable[str]) -> User:
    user = User.objects.create(username=name, is_staff=True)
    wanted = [tuple(permission.split(".")) for permission in having]
    give(user, [Permission.objects.get(content_type__app_label=app, codename=code) for app, code in wanted])
    return user


def give(user: User, having: Iterable[Permission]) -> None:
    """In rows: the audit's record of three hundred permissions takes longer than what is tested."""
    through = User.user_permissions.through
    through.objects.bulk_create(through(user=user, permission=permission) for permission in having)


def everything_but(name: str, lacking: str) -> User:
    app, code = lacking.split(".")
    user = User.objects.create(username=name, is_staff=True)
    give(user, Permission.objects.exclude(content_type__app_label=app, codename=code))
    return user


def ask(user: User | None, method: str, path: str) -> int:
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user, backend=cast.BACKEND)
    response = client.generic(method, path, content_type="application/json")
    if response.status_code == 302 and response.headers["Location"].startswith(("/login/", "/admin/login/")):
        return 401
    return response.status_code


def is_served(status: int) -> bool:
    return status not in REFUSALS and status < 500


def test_every_address_has_a_row_in_the_table() -> None:
    known = {*permissions.PAGES, *permissions.API, *OPEN, *STAFF, *OF_TABLES}
    assert sorted(set(ADDRESSES) - known) == [], "an address without a row in campaigns/permissions.py"
    assert sorted(known - set(ADDRESSES)) == [], "a row without an address"


def test_every_row_asks_for_permissions_that_exist() -> None:
    existing = {
        f"{app}.{code}" for app, code in Permission.objects.values_list("content_type__app_label", "codename")
    }
    for name, access in {**permissions.PAGES, **permissions.API}.items():
        for method, wanted in access.items():
            assert set(wanted) <= existing, name
            assert wanted or name == "api-root", f"{method} {name} is open to all who are signed in"
    assert {one for wanted in permissions.SOCKETS.values() for one in wanted} <= existing


@pytest.mark.parametrize("name", sorted({*permissions.PAGES, *permissions.API} - {"api-root"}))
def test_an_address_is_open_to_those_with_its_permissions_alone(name: str, world: dict[str, Any]) -> None:
    is_page = name in permissions.PAGES
    access = permissions.PAGES[name] if is_page else permissions.API[name]
    path = path_to(name, world)
    nothing, outsider = staff("nothing", ()), cast.outsider()
    root = User.objects.create(username="root", is_staff=True, is_superuser=True)
    for place, (method, wanted) in enumerate(access.items()):
        assert ask(None, method, path) == 401
        assert ask(outsider, method, path) == 403
        assert ask(nothing, method, path) == 403
        for lacking in wanted:
            assert ask(everything_but(f"all-but-{lacking}-{place}", lacking), method, path) == 403, lacking
        for user in (staff(f"exactly-{place}", wanted), root):
            status = ask(user, method, path)
            assert is_served(status), f"{method} {path} for {user}: {status}"
    for method in {"GET", "POST", "PUT", "DELETE"} - set(access):
        assert ask(root, method, path) == 405, method


@pytest.mark.parametrize("role", ["viewer", "manager"])
def test_the_roles_of_the_portal_open_what_the_table_gives_them(role: str, world: dict[str, Any]) -> None:
    user = getattr(cast, role)()
    for name, access in {**permissions.PAGES, **permissions.API}.items():
        if "GET" not in access:
            continue
        status = ask(user, "GET", path_to(name, world))
        may = user.has_perms(access["GET"])
        assert is_served(status) if may else status == 403, f"{name}: {status}"


@pytest.mark.parametrize("name", sorted(STAFF))
def test_what_is_for_all_staff_is_for_them_alone(name: str) -> None:
    keys = set(re.findall(r"<(?:\w+:)?(\w+)>|\?P<(\w+)>", ADDRESSES[name].route))
    given = {first or second for first, second in keys}
    values = {"content_type_id": "1", "object_id": "1", "app_label": "campaigns"}
    path = reverse(name, kwargs={key: values[key] for key in given})
    assert ask(None, "GET", path) in (401, 403)
    assert ask(cast.outsider(), "GET", path) in (401, 403)


@pytest.mark.parametrize("name", sorted(OF_TABLES))
def test_the_admin_goes_by_the_permissions_of_each_table(name: str) -> None:
    model, kind = OF_TABLES[name]
    path = reverse(name, args=[] if kind in ("changelist", "add") else ["1"])
    app, table = model._meta.app_label, model._meta.model_name
    of_table = [f"{app}.{verb}_{table}" for verb in ("view", "add", "change", "delete")]
    lacking = User.objects.create(username="all-but-these", is_staff=True)
    of_others = Permission.objects.exclude(
        content_type__app_label=app, codename__in=[one.split(".")[1] for one in of_table]
    )
    give(lacking, of_others)
    assert ask(None, "GET", path) == 401
    assert ask(cast.outsider(), "GET", path) == 401
    for user in (staff("nothing", ()), lacking):
        assert ask(user, "GET", path) in (403, 302), (
            f"{path} for {user}"
        )  # 302: no such row, back to the index
        assert kind not in ("changelist", "add") or ask(user, "GET", path) == 403
    if kind == "changelist":
        assert ask(staff("viewer-of-it", of_table[:1]), "GET", path) == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("route", sorted(set(permissions.SOCKETS) - {talk_consumer.ROUTE}))
async def test_a_socket_is_open_to_those_with_its_permissions_alone(route: str) -> None:
    patterns = [*live_pages.live_urlpatterns, *routing.talk_urlpatterns]
    assert {str(pattern.pattern) for pattern in patterns} == set(permissions.SOCKETS)
    path = "/" + route.replace("<int:pk>", "1").replace("<uuid:pk>", NOWHERE)
    wanted = permissions.SOCKETS[route]

    async def opens(user: object) -> bool:
        page = WebsocketCommunicator(URLRouter(live_pages.live_urlpatterns), path)
        page.scope["user"] = user
        connected, _ = await page.connect(timeout=10)
        await page.disconnect()
        return bool(connected)

    assert not await opens(AnonymousUser())
    assert not await opens(await sync_to_async(cast.outsider)())
    assert not await opens(await sync_to_async(staff)("nothing", ()))
    for lacking in wanted:
        assert not await opens(await sync_to_async(everything_but)(f"all-but-{lacking}", lacking))
    assert await opens(await sync_to_async(staff)("exactly", wanted))


def test_who_has_no_permission_is_told_so_and_can_sign_out() -> None:
    client = cast.browser(staff("newcomer", ()))
    response = client.get("/")
    html = response.content.decode()
    assert response.status_code == 403
    assert "newcomer" in html
    assert f'action="{reverse("logout")}"' in html
    assert 'href="/"' not in html, "the home page is what was refused"
    assert client.post(reverse("logout")).status_code == 302
    assert ask(None, "GET", "/") == 401


def test_a_page_offers_no_door_that_is_closed(world: dict[str, Any]) -> None:
    browser = cast.browser(staff("one", ("campaigns.view_campaign",)))
    html = browser.get(world["campaign"].get_absolute_url()).content.decode()
    assert ">Home</a>" not in html
    for name in ("calls", "campaign-files", "live-calls"):
        assert f'"{path_to(name, world)}' not in html, name
    assert "/live/campaigns/" not in html


def test_an_approver_who_may_not_change_sees_the_button() -> None:
    campaign = make_campaign(people=1, category=Campaign.Category.PROMOTIONAL, state=Campaign.State.CHECKED)
    approver = staff("approver", ("campaigns.view_campaign", "campaigns.approve_campaign"))
    html = cast.browser(approver).get(campaign.get_absolute_url()).content.decode()
    assert f'action="{reverse("campaign-approve", args=[campaign.pk])}"' in html
    assert reverse("campaign-cancel", args=[campaign.pk]) not in html


def test_no_whole_number_reaches_who_may_only_look(world: dict[str, Any]) -> None:
    """Pages, files, the API and the admin: every address that answers a viewer, on rows with numbers."""
    campaign = world["campaign"]
    numbers = {
        world["recipient"].phone,
        "+919825112418",
        "+919825112419",
        "+919825112411",
        "+919825112412",
        "+919825112413",
    }
    CallingBasis.objects.create(phone="+919825112412", kind="consent", given_at=NOON)
    Complaint.objects.create(kind="unsolicited", phone="+919825112413", received_at=NOON, text="…")
    LegalHold.objects.create(phone="+919825112412", reason="a case")
    Erasure.objects.create(phone="+919825112413", reason="asked", due_at=NOON)
    ImportRow.objects.create(
        source=world["import"], row_number=2, fate="rejected", reason="?", cells=["+919825112419"]
    )
    Import.objects.update(state="done")
    viewer = cast.browser(cast.viewer())
    paths = [
        path_to(name, world)
        for name, access in {**permissions.PAGES, **permissions.API}.items()
        if "GET" in access
    ]
    paths += [f"{reverse('campaign-report', args=[campaign.pk])}?kind=csv"]
    for model in admin.site._registry:
        app, name = model._meta.app_label, model._meta.model_name
        if app not in ("campaigns", "calls"):
            continue
        paths += [reverse(f"admin:{app}_{name}_changelist")]
        keys = model._default_manager.values_list("pk", flat=True)[:3]
        paths += [reverse(f"admin:{app}_{name}_change", args=[key]) for key in keys]
    shown = {}
    for path in paths:
        answer = viewer.get(path)
        body = b"".join(answer) if answer.streaming else answer.content
        html = body.decode(errors="replace")  # spoken words are sound
        plain = re.sub(r"[\s\u00a0]", "", html)
        if found := {number for number in numbers if number[-10:] in plain}:
            shown[path] = found
    assert shown == {}


# --- The way back after a sign-in -----------------------------------------------------------------


@pytest.mark.parametrize("sent_from", ["campaign-files", "itself", "elsewhere", ""])
@pytest.mark.parametrize(
    "name", sorted(name for name, access in permissions.PAGES.items() if "POST" in access)
)
def test_a_sign_in_that_came_between_leads_to_a_page(
    world: dict[str, Any], name: str, sent_from: str
) -> None:
    address, files = path_to(name, world), reverse("campaign-files", args=[world["campaign"].pk])
    form = {"campaign-files": f"http://testserver{files}?page=2", "itself": f"http://testserver{address}"}
    referer = form.get(sent_from, "https://elsewhere.example/campaigns/" if sent_from else "")
    answer = Client().post(address, headers={"referer": referer} if referer else {})
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/login/")
    wanted = parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]
    asha = Client()
    asha.force_login(User.objects.create(username="root", is_staff=True, is_superuser=True), cast.BACKEND)
    assert asha.get(wanted, follow=True).status_code == 200
    if sent_from == "campaign-files":
        assert wanted == f"{files}?page=2"
