"""Tokens of programs: kept as hashes, with a scope and an end, never more than the person who makes them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from campaigns import clock
from campaigns.models import ApiToken, Recipient, User
from campaigns.models.tokens import issue
from tests import cast
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db


def program(user: User, scope: str, *, days: float = 1) -> Client:
    _, key = issue(user, name="the CRM", scope=scope, days=days, now=clock.now())
    return Client(headers={"authorization": f"Token {key}"})


def test_a_token_that_ended_or_whose_user_left_is_not_taken() -> None:
    user = cast.manager()
    client = program(user, "full")
    assert client.get("/api/campaigns/").status_code == 200
    ApiToken.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    answer = client.get("/api/campaigns/")
    assert (answer.status_code, "make a new one" in answer.content.decode()) == (401, True)
    ApiToken.objects.update(expires_at=clock.now() + timedelta(days=1))
    User.objects.update(is_active=False)
    assert client.get("/api/campaigns/").status_code == 401
    assert Client(headers={"authorization": "Token made-up"}).get("/api/campaigns/").status_code == 401


def test_a_scope_lets_through_what_it_says() -> None:
    campaign = make_campaign(people=1)
    user, phone = cast.manager(), Recipient.objects.get().phone
    people = f"/api/campaigns/{campaign.pk}/people/add/"
    row: dict[str, Any] = {"people": [{"phone": "9825112410", "name": "Meena"}]}
    seen = {}
    for scope in ("read", "add", "full"):
        client = program(user, scope)
        listed = client.get("/api/recipients/")
        added = client.post(people, row, content_type="application/json").status_code
        paused = client.post(f"/api/campaigns/{campaign.pk}/pause/").status_code
        seen[scope] = (listed.status_code, phone in listed.content.decode(), added, paused)
    assert seen == {
        "read": (200, False, 403, 403),
        "add": (200, False, 200, 403),
        "full": (200, True, 200, 200),
    }


def test_who_may_make_tokens_makes_none_for_those_who_may_do_more() -> None:
    root = User.objects.create_superuser("root")
    clerk = User.objects.create(username="clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=("add_apitoken", "view_apitoken")))
    other = User.objects.create(username="other", is_staff=True)
    browser, add = cast.browser(clerk), reverse("admin:campaigns_apitoken_add")
    wanted = {"name": "mine", "scope": "full", "days": 30}
    for user in (root, cast.manager()):
        page = browser.post(add, wanted | {"user": user.pk}, follow=True).content.decode()
        assert "may do more than you" in page
    assert not ApiToken.objects.exists()
    for user in (clerk, other):
        page = browser.post(add, wanted | {"user": user.pk}, follow=True).content.decode()
        assert re.search(r"The token is \w{60}\b", page)
    assert ApiToken.objects.get(user=other).expires_at > clock.now() + timedelta(days=29)
    assert browser.post(add, wanted | {"user": clerk.pk, "days": 4000}).status_code == 200


def test_who_may_change_users_gives_nobody_more_than_they_have() -> None:
    root = User.objects.create_superuser("root")
    clerk = User.objects.create(username="clerk", is_staff=True)
    clerk.user_permissions.set(
        Permission.objects.filter(codename__in=("change_user", "view_user", "change_group", "add_group"))
    )
    browser = cast.browser(clerk)
    own = reverse("admin:auth_user_password_change", args=[root.pk])
    assert browser.get(own).status_code == 403
    assert (
        browser.get(reverse("admin:auth_user_password_change", args=[cast.manager().pk])).status_code == 403
    )
    assert browser.get(reverse("admin:auth_group_add")).status_code == 403
    form = {
        "username": "clerk",
        "is_active": "on",
        "is_superuser": "on",
        "user_permissions": [Permission.objects.get(codename="approve_campaign").pk],
        "date_joined_0": "2026-11-24",
        "date_joined_1": "11:00:00",
    }
    assert browser.post(reverse("admin:campaigns_user_change", args=[clerk.pk]), form).status_code == 302
    clerk = User.objects.get(pk=clerk.pk)
    assert not clerk.is_superuser
    assert not clerk.has_perm("campaigns.approve_campaign")
