"""An account's secrets go where they were entered for, and nowhere else."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from campaigns.models import Account, PhoneNumber, User
from tests import cast

pytestmark = pytest.mark.django_db
HERE = "https://api.awaaz.example"


@pytest.fixture
def account() -> Account:
    return Account.objects.create(
        name="Saraswati Finance",
        base_url=HERE,
        tenant="saraswati",
        email="uploads@saraswati.example",
        password="kept",
        cookies='{"login_cookie": "kept"}',
        token="a token of the old host",
    )


@pytest.fixture
def changer() -> Client:
    user = User.objects.create(username="changer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=("change_account", "view_account")))
    return cast.browser(user)


def change(client: Client, account: Account, **fields: Any) -> Any:
    form = {
        "name": account.name,
        "base_url": account.base_url,
        "tenant": account.tenant,
        "email": account.email,
        "auth_scheme": "Bearer",
        "extra_headers": "{}",
        "chunk_size": 5000,
        "reference_tag": "tag5",
        "batch_tag": "tag4",
        "state_codes": "{}",
    }
    return client.post(reverse("admin:campaigns_account_change", args=[account.pk]), form | fields)


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "https://api.awaaz.example:8443", "http://127.0.0.1:9"]
)
def test_another_destination_needs_its_secrets_again(
    changer: Client, account: Account, elsewhere: str
) -> None:
    page = change(changer, account, base_url=elsewhere).content.decode()
    assert "enter the password again" in page
    assert "enter the cookies again" in page
    account.refresh_from_db()
    assert account.base_url == HERE
    secrets = {"new_password": "new", "new_cookies": '{"login_cookie": "new"}'}
    assert change(changer, account, base_url=elsewhere, **secrets).status_code == 302
    account.refresh_from_db()
    assert (account.base_url, account.password, account.token) == (elsewhere, "new", "")
    assert "kept" not in account.cookies


def test_what_leads_to_the_same_place_needs_no_secrets(changer: Client, account: Account) -> None:
    assert change(changer, account, base_url=f"{HERE}/", name="Saraswati").status_code == 302
    account.refresh_from_db()
    assert (account.name, account.password) == ("Saraswati", "kept")


def test_a_password_does_not_travel_in_the_clear(changer: Client, account: Account) -> None:
    secrets = {"new_password": "new", "new_cookies": '{"login_cookie": "new"}'}
    page = change(changer, account, base_url="http://api.awaaz.example", **secrets).content.decode()
    assert "Write an address with https" in page
    assert change(changer, account, base_url="http://localhost:9000", **secrets).status_code == 302


def test_opening_hours_of_a_number_are_entered_in_words(account: Account) -> None:
    number = PhoneNumber.objects.create(account=account, e164="+911600110245")
    browser = cast.browser(User.objects.create(username="admin", is_staff=True, is_superuser=True))
    form = {
        "account": account.pk,
        "e164": number.e164,
        "series": "ordinary",
        "direction": "both",
        "container": "wav",
        "max_calls": 10,
        "inbound_hours": "Mon-Fri 18:00-9:00",
        "ring_back_hours": 48,
        "recognise_days": 0,
    }
    address = reverse("admin:campaigns_phonenumber_change", args=[number.pk])
    assert "ends before it begins" in browser.post(address, form).content.decode()
    assert browser.post(address, form | {"inbound_hours": "Mon-Fri 9:00-18:00"}).status_code == 302
    number.refresh_from_db()
    assert (number.inbound_hours, number.ring_back_hours) == ("Mon-Fri 9:00-18:00", 48)
