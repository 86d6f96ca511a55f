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


def test_every_user_of_an_organisation_logs_in_with_a_password_of_its_own() -> None:
    office = Office()
    asha = {"tenant": "demo", "email": "Asha@example.org", "password": "chalo"}
    assert office.control("users", asha).status_code == 201
    ids = set()
    for given in (TENANT, {**asha, "email": "asha@EXAMPLE.org"}):
        reply = office.call("POST", "account/login", given)
        assert reply.status_code == 200
        ids.add(reply.json()["user"]["id"])
        office.token = reply.json()["token"]
        assert office.call("GET", "xact/message").status_code == 200
    assert len(ids) == 2
    assert office.call("POST", "account/login", {**asha, "password": TENANT["password"]}).status_code == 401
    listed = office.control("users", method="GET").json()
    assert [user["email"] for user in listed] == [TENANT["email"], "Asha@example.org"]


def test_a_user_of_another_organisation_is_a_stranger() -> None:
    office = Office()
    other = {"tenant": "other", "email": "ravi@example.org", "password": "chalo"}
    office.control("tenants", other)
    assert office.call("POST", "account/login", other).status_code == 401


def test_a_user_made_again_has_the_new_password() -> None:
    office = Office()
    again = {**TENANT, "email": TENANT["email"].upper(), "password": "another"}
    assert office.control("users", again).status_code == 200
    assert office.call("POST", "account/login", TENANT).status_code == 401
    assert office.call("POST", "account/login", again).status_code == 200
    assert office.control("users", {**again, "tenant": "nobody"}).status_code == 400
    assert office.control("users", {"tenant": "demo", "email": "x@y.z"}).status_code == 400
