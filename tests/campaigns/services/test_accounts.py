"""What an account's row says of XFin, and the guard round the demonstration's clock."""

from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from campaigns.models import Account, Campaign
from campaigns.services import accounts
from campaigns.xfin.errors import NotSent, Throttled
from tests.campaigns.world import NOON, FakeXFin, make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_campaign().template.account


def usable() -> bool:
    return Account.objects.filter(accounts.usable(NOON)).exists()


def test_trouble_makes_the_account_wait_longer_each_time(account: Account) -> None:
    pauses = []
    for _ in range(12):
        account.refresh_from_db()
        accounts.note_trouble(account, NotSent("No connection."), now=NOON)
        account.refresh_from_db()
        assert account.retry_at
        pauses.append((account.retry_at - NOON).total_seconds())
    assert 2.5 <= pauses[0] <= 5
    assert 150 <= pauses[-1] <= accounts.LONGEST_PAUSE
    assert not usable()


def test_the_pause_xfin_asks_for_is_kept(account: Account) -> None:
    accounts.note_trouble(account, Throttled("Too fast.", retry_after=90), now=NOON)
    account.refresh_from_db()
    assert account.retry_at == NOON + timedelta(seconds=90)


def test_recovery_forgets_the_trouble(account: Account) -> None:
    accounts.note_trouble(account, NotSent("No connection."), now=NOON)
    accounts.note_recovery(account)
    account.refresh_from_db()
    assert (account.state, account.failures, account.reason) == (Account.State.READY, 0, "")
    assert usable()


def test_secrets_are_encrypted_at_rest(account: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM campaigns_account")
        stored = cursor.fetchone()[0]
    assert "not-a-real-one" not in stored
    assert Account.objects.get().password == "not-a-real-one"


def test_all_processes_share_one_login(account: Account) -> None:
    xfin = FakeXFin()
    for _ in range(2):
        with accounts.xfin_client(account, transport=xfin) as client:
            list(client.iter_messages())
    assert xfin.requests.count(("POST", "account/login")) == 1


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:9000", True),
        ("http://localhost:9000", True),
        ("http://[::1]:9000", True),
        ("https://api.awaaz.de", False),
        ("http://127.0.0.1.example.org", False),
        ("http://10.0.0.1", False),
    ],
)
def test_a_shifted_clock_is_refused_for_any_account_elsewhere(
    url: str, here: bool, account: Account, settings: Settings
) -> None:
    settings.CLOCK_OFFSET = -3600.0
    Account.objects.update(base_url=url)
    account.refresh_from_db()
    if here:
        accounts.check_clock()
        return
    with pytest.raises(accounts.ClockShifted, match="not on this machine"):
        accounts.check_clock()
    with pytest.raises(accounts.ClockShifted), accounts.xfin_client(account):
        pass


def test_a_campaign_that_starts_after_the_refusal_is_stopped_too(account: Account) -> None:
    Account.objects.update(state=Account.State.REFUSED, reason="XFin knows no organisation of this name.")
    assert accounts.stop_refused() == 1
    campaign = account.templates.get().campaigns.get()
    assert campaign.state == Campaign.State.STOPPED
    assert campaign.reason.startswith("Stopped: XFin knows no organisation of this name.")
    assert accounts.stop_refused() == 0
