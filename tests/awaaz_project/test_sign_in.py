"""Wrong passwords lock by name and address, and by address alone; behind proxies by the sender."""

from ipaddress import ip_network

import pytest
from django.test import Client
from pytest_django import Settings

from campaigns.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough one"


@pytest.fixture(autouse=True)
def vikram() -> User:
    return User.objects.create_user("vikram", password=PASSWORD, is_staff=True)


def sign_in(name: str, password: str, *, sender: str = "", peer: str = "10.0.0.9") -> int:
    headers = {"x-forwarded-for": sender} if sender else {}
    client = Client(headers=headers, REMOTE_ADDR=peer)
    return client.post("/login/", {"username": name, "password": password}).status_code


def test_behind_a_proxy_one_client_locks_a_name_for_itself_alone(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/24")]
    settings.AXES_FAILURE_LIMIT = 3
    answers = [sign_in("vikram", "guess", sender="203.0.113.7") for _ in range(3)]
    assert answers[-1] == 429
    assert sign_in("vikram", PASSWORD, sender="203.0.113.7") == 429
    assert sign_in("vikram", PASSWORD, sender="198.51.100.4") == 302


def test_an_address_that_a_client_writes_itself_is_not_believed(settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    for last in range(3):
        sign_in("vikram", "guess", sender=f"203.0.113.{last}")
    assert sign_in("vikram", PASSWORD, sender="203.0.113.9") == 429
    assert sign_in("vikram", PASSWORD, peer="10.0.0.10") == 302


def test_one_password_tried_on_many_names_is_slowed_by_the_address(settings: Settings) -> None:
    settings.LOGIN_FAILURES_BY_ADDRESS = 6
    assert [sign_in(f"name-{number}", "monsoon2026") for number in range(6)] == [200] * 6
    assert sign_in("name-7", "monsoon2026") == 429
    assert sign_in("vikram", PASSWORD) == 429
    assert sign_in("vikram", PASSWORD, peer="10.0.0.10") == 302
