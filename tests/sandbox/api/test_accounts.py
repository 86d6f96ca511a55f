"""Login and tokens over HTTP."""

from datetime import timedelta

import jwt
import pytest
import time_machine
from django.conf import settings
from django.test import Client

from sandbox import clock
from tests.sandbox.conftest import TENANT
from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db
BOTH_SLASHES = pytest.mark.parametrize("slash", ["", "/"])


@BOTH_SLASHES
def test_login_gives_a_token_and_the_user(slash: str) -> None:
    office = Office(slash=slash)
    reply = office.call("POST", "account/login", TENANT)
    assert reply.status_code == 200
    assert reply.json()["user"]["email"] == TENANT["email"]
    assert jwt.decode(reply.json()["token"], settings.SECRET_KEY, algorithms=["HS256"])["tenant"] == "demo"


@BOTH_SLASHES
def test_wrong_password_has_the_documented_body(slash: str) -> None:
    reply = Office(slash=slash).call("POST", "account/login", {**TENANT, "password": "wrong"})
    assert reply.status_code == 401
    assert reply.json() == {"non_field_errors": ["Unable to log in with provided credentials."]}


def test_login_without_a_password_names_the_member() -> None:
    reply = Office().call("POST", "account/login", {"email": "a@b.c"})
    assert (reply.status_code, reply.json()) == (400, {"password": ["This field is required."]})


@pytest.mark.parametrize("scheme", ["Bearer", "JWT"])
def test_both_schemes_are_accepted_with_foreign_headers_and_cookies(scheme: str) -> None:
    office = Office(scheme=scheme)
    office.client.cookies["login_cookie"] = "1234567890"
    assert office.call("GET", "xact/message", HTTP_REFERER="https://app.awaaz.de/").status_code == 200


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "JWT not.a.token"])
def test_no_usable_token_is_401(header: str) -> None:
    Office()
    reply = Client().get("/demo/v1/xact/message/", headers={"Authorization": header})
    assert reply.status_code == 401
    assert reply.json()["detail"]


def test_a_token_lives_one_hour() -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False) as traveller:
        office = Office()
        traveller.move_to(start + timedelta(minutes=59))
        assert office.call("GET", "xact/message").status_code == 200
        traveller.move_to(start + timedelta(minutes=61))
        reply = office.call("GET", "xact/message")
    assert reply.status_code == 401
    assert "expired" in reply.json()["detail"]


def test_a_tenant_may_have_tokens_of_its_own_length() -> None:
    office = Office()
    office.control("tenants", {**TENANT, "token_seconds": 0})
    office.token = office.call("POST", "account/login", TENANT).json()["token"]
    assert office.call("GET", "xact/message").status_code == 401


def test_a_token_opens_its_own_organisation_only() -> None:
    office = Office()
    office.control("tenants", {**TENANT, "tenant": "other"})
    reply = office.client.get("/other/v1/xact/message/", headers={"Authorization": f"JWT {office.token}"})
    assert reply.status_code == 401


def test_an_unknown_organisation_is_404() -> None:
    assert Client().get("/nobody/v1/xact/message/").status_code == 404
