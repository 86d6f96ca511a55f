"""The client of an account: what it learns of XFin's clock, and rows that no client can be made of."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from pytest_django import Settings

from campaigns.delivery import account_client
from campaigns.models import Account
from campaigns.xfin.errors import AuthRefused
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_campaign().template.account


def ask(account: Account, *, ahead: timedelta) -> None:
    """One request to an XFin whose clock is ahead."""

    def answer(_: httpx.Request) -> httpx.Response:
        date = format_datetime(datetime.now(UTC) + ahead, usegmt=True)
        return httpx.Response(200, json={"token": "a-token", "user": {}}, headers={"date": date})

    account.refresh_from_db()
    with account_client.xfin_client(account, transport=httpx.MockTransport(answer)) as client:
        Account.objects.update(token="")
        client.ensure_login()


def kept() -> float | None:
    return Account.objects.get().clock_skew


def test_the_difference_of_the_clocks_is_kept_and_follows_a_change(account: Account) -> None:
    ask(account, ahead=timedelta(minutes=10))
    assert kept() == pytest.approx(600, abs=3)
    ask(account, ahead=timedelta(0))
    assert kept() == pytest.approx(0, abs=3)


def test_a_shifted_clock_tells_nothing_of_xfin_s(account: Account, settings: Settings) -> None:
    settings.CLOCK_OFFSET = -3600.0
    ask(account, ahead=timedelta(0))
    assert kept() is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("base_url", "https://xfin.example/v1"),
        ("base_url", "https://xfin.example:99999"),
        ("cookies", "not JSON"),
        ("cookies", '["a"]'),
        ("extra_headers", ["a"]),
        ("extra_headers", {"x": 1}),
        ("state_codes", {"7": "no such state"}),
        ("state_codes", [1]),
    ],
)
def test_a_row_of_which_no_client_can_be_made_is_a_refusal_and_nothing_else(
    account: Account, column: str, value: object
) -> None:
    Account.objects.filter(pk=account.pk).update(**{column: value})
    account.refresh_from_db()
    with (
        pytest.raises(AuthRefused, match="can't be used as it is entered"),
        account_client.xfin_client(account),
    ):
        pass
