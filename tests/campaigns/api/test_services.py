"""Programs read which services there are and what they were told; secrets and values are not in it."""

import uuid

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from campaigns.models import Notification, OutsideService, User
from tests import cast
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db


def test_services_and_notifications_are_read_without_what_is_secret() -> None:
    shop = OutsideService.objects.create(name="shop", url="https://shop.example/", returns={"due": "amount"})
    Notification.objects.create(
        key=uuid.UUID(int=9),
        service=shop,
        service_name="shop",
        values={"paid": "on Monday"},
        at=NOON,
        next_try_at=NOON,
        give_up_at=NOON,
    )
    user = User.objects.create(username="program", is_staff=True)
    names = ("view_outsideservice", "view_notification")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    browser = cast.browser(user)
    [service] = browser.get(reverse("api-service-list")).json()["results"]
    assert (service["name"], service["returns"]) == ("shop", {"due": "amount"})
    reply = browser.get(reverse("api-notification-list"), {"state": "waiting"})
    [row] = reply.json()["results"]
    assert (row["key"], row["state"]) == (str(uuid.UUID(int=9)), "waiting")
    shown = (
        reply.content.decode() + browser.get(reverse("api-service-detail", args=[shop.pk])).content.decode()
    )
    assert shop.secret not in shown
    assert "on Monday" not in shown
    assert browser.delete(reverse("api-notification-detail", args=[row["id"]])).status_code == 405


def test_a_campaign_is_told_by_the_api_whom_to_ask() -> None:
    campaign = make_campaign(state="draft")
    shop = OutsideService.objects.create(name="shop", url="https://shop.example/")
    browser = cast.browser(cast.manager())
    address = reverse("api-campaign-detail", args=[campaign.pk])
    change = {"asks": shop.pk, "when_silent": "put_off"}
    reply = browser.patch(address, change, content_type="application/json")
    assert (reply.status_code, reply.json()["asks"]) == (200, shop.pk)
    campaign.refresh_from_db()
    assert (campaign.asks, campaign.when_silent) == (shop, "put_off")
    wrong = browser.patch(address, {"when_silent": "shout"}, content_type="application/json")
    assert wrong.status_code == 400
