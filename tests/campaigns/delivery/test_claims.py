"""Claims by the database's clock: what ended is never renewed, and another's hold is never touched."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.functions import Now

from campaigns.delivery.claims import AccountHold, from_now
from campaigns.models import Account
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db
PAST = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture
def account() -> Account:
    return make_campaign().template.account


def hold(account: Account) -> AccountHold:
    return AccountHold(account.pk, "synchronising_until", seconds=60)


def ends(at: datetime | None) -> None:
    Account.objects.update(synchronising_until=at)


def test_a_moment_from_now_is_so_many_seconds_after_the_databases_now(account: Account) -> None:
    moments = Account.objects.annotate(
        now=ExpressionWrapper(Now(), output_field=DateTimeField()),
        then=ExpressionWrapper(from_now(90), output_field=DateTimeField()),
    )
    found = moments.get()
    assert abs(found.then - found.now - timedelta(seconds=90)) < timedelta(seconds=1)


def test_one_worker_holds_an_account_at_a_time(account: Account) -> None:
    first, second = hold(account), hold(account)
    assert first.take()
    assert not second.take()
    assert first.renew()
    second.release()
    assert not second.take()
    first.release()
    assert second.take()


def test_a_hold_whose_time_is_over_is_taken_by_another_and_renewed_by_nobody(account: Account) -> None:
    first, second = hold(account), hold(account)
    assert first.take()
    ends(PAST)
    assert not first.renew()
    assert second.take()
    assert not first.renew()
    first.release()
    assert second.renew()


def test_what_was_never_taken_can_be_neither_renewed_nor_released(account: Account) -> None:
    assert hold(account).take()
    other = hold(account)
    assert not other.renew()
    other.release()
    assert Account.objects.get().synchronising_until
