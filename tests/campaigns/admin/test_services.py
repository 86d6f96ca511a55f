"""Hosts are entered by superusers alone, and a service's secret is shown once."""

import re
import uuid
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from campaigns.models import AllowedHost, Notification, OutsideService, User
from campaigns.queries.notices import notices
from tests import cast
from tests.campaigns.world import NOON

pytestmark = pytest.mark.django_db
FORM = {
    "name": "shop",
    "url": "https://shop.example/calls",
    "timeout_seconds": "2",
    "give_up_hours": "24",
    "sends": "loan, phone",
    "returns": "due: amount\r\nday: date\r\n",
    "active": "on",
}


@pytest.fixture
def clerk() -> Client:
    """A member of staff with every permission of these tables, who is no superuser."""
    user = User.objects.create(username="clerk", is_staff=True)
    names = ("allowedhost", "outsideservice", "notification")
    user.user_permissions.set(Permission.objects.filter(content_type__model__in=names))
    return cast.browser(user)


def enter(client: Client, **fields: Any) -> str:
    address = reverse("admin:campaigns_outsideservice_add")
    return str(client.post(address, FORM | fields, follow=True).content.decode())


def test_only_a_superuser_enters_a_host(clerk: Client) -> None:
    host = AllowedHost.objects.create(host="shop.example")
    for name, keys in (("add", []), ("change", [host.pk]), ("delete", [host.pk])):
        address = reverse(f"admin:campaigns_allowedhost_{name}", args=keys)
        assert clerk.post(address, {"host": "evil.example", "port": 443}).status_code == 403
    root = cast.browser(User.objects.create_superuser("root"))
    add = reverse("admin:campaigns_allowedhost_add")
    assert root.post(add, {"host": "API.shop.example", "port": 443}).status_code == 302
    page = root.post(add, {"host": "https://other.example/", "port": 443}).content.decode()
    assert "Write the host alone" in page
    assert set(AllowedHost.objects.values_list("host", flat=True)) == {"shop.example", "api.shop.example"}


def test_a_service_is_entered_in_words_and_its_secret_is_shown_once(clerk: Client) -> None:
    AllowedHost.objects.create(host="shop.example")
    page = enter(clerk)
    row = OutsideService.objects.get()
    assert (row.sends, row.returns) == (["loan", "phone"], {"due": "amount", "day": "date"})
    assert f"named {row.key_id}, is {row.secret}" in page
    shown = clerk.get(reverse("admin:campaigns_outsideservice_change", args=[row.pk])).content.decode()
    assert row.secret not in shown
    assert "due: amount" in shown
    assert "loan, phone" in shown


def test_a_new_secret_has_a_new_name_and_is_in_no_audit(clerk: Client) -> None:
    from_before = OutsideService.objects.create(name="shop", url="https://shop.example/")
    data = {"action": "make_secret", "_selected_action": [from_before.pk]}
    page = clerk.post(
        reverse("admin:campaigns_outsideservice_changelist"), data, follow=True
    ).content.decode()
    row = OutsideService.objects.get()
    assert row.secret in page
    assert (row.secret != from_before.secret, row.key_id != from_before.key_id) == (True, True)
    audit = str(list(row_changes()))
    assert "(hidden)" in audit
    assert row.secret not in audit
    assert from_before.secret not in audit


def row_changes() -> Any:
    """What the audit log says of services."""
    from_model = OutsideService._meta.model_name
    return LogEntry.objects.filter(content_type__model=from_model).values_list("changes", flat=True)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"url": "https://other.example/"}, "“other.example”, port 443, is not among the allowed hosts"),
        ({"url": "https://a@shop.example/"}, "The address must be a plain one"),
        ({"returns": "due: money"}, "“due” can be "),
        ({"returns": "answer: text"}, "has a meaning of its own"),
        ({"sends": "loan number"}, "can&#x27;t be the name of a value"),
        ({"timeout_seconds": "60"}, "less than or equal to 10"),
    ],
)
def test_what_can_not_work_is_refused_with_a_sentence(
    clerk: Client, fields: dict[str, str], why: str
) -> None:
    AllowedHost.objects.create(host="shop.example")
    assert why in re.sub(r"\s+", " ", enter(clerk, **fields))
    assert not OutsideService.objects.exists()


def test_what_was_given_up_is_shown_and_can_be_tried_again_by_its_key(clerk: Client) -> None:
    shop = OutsideService.objects.create(name="shop", url="https://shop.example/")
    key = uuid.uuid4()
    Notification.objects.create(
        key=key,
        service=shop,
        service_name="shop",
        at=NOON,
        state=Notification.State.GIVEN_UP,
        reason="Given up after 30 tries.",
        next_try_at=NOON,
        give_up_at=NOON,
        settled_at=NOON,
    )
    [notice] = [each for each in notices() if "told" in each.title]
    assert notice.title == "“shop” was not told 1 thing."
    listed = reverse("admin:campaigns_notification_changelist")
    assert "Given up after 30 tries." in clerk.get(listed).content.decode()
    row = Notification.objects.get()
    clerk.post(listed, {"action": "try_again", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert (row.state, row.key, row.settled_at) == (Notification.State.WAITING, key, None)
    assert row.give_up_at > row.next_try_at
    assert not [each for each in notices() if "told" in each.title]
