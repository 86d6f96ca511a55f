"""An item that fails stops no other, and a lost race in the database is run again a few times."""

import logging

import pytest
from django.db import IntegrityError, OperationalError

from campaigns import edges
from campaigns.models import Account, Trouble
from campaigns.queries import notices
from tests.campaigns.world import make_campaign


class Deadlock(Exception):
    """As psycopg raises it."""

    sqlstate = "40P01"


def deadlock() -> OperationalError:
    """As Django raises it."""
    error = OperationalError("deadlock detected")
    error.__cause__ = Deadlock()
    return error


@pytest.mark.django_db
def test_the_items_after_a_bad_one_are_done_and_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def work(item: int) -> int:
        if item == 2:
            raise ZeroDivisionError
        return item

    with caplog.at_level(logging.ERROR):
        assert edges.each("planning", [1, 2, 3], work) == 4
    assert "planning failed for 2" in caplog.text


@pytest.mark.django_db
def test_what_fails_is_counted_and_shown_until_it_works_again() -> None:
    def work(item: int) -> None:
        if item < 3:
            raise IntegrityError("Key (phone)=(+919825112410) already exists.")

    for _ in range(2):
        edges.each("planning", [1, 2, 3], work)
        assert not edges.step("slots: free", lambda: 1 / 0)
    shown = [f"{notice.title} {notice.text}" for notice in notices.notices()]
    assert shown[0].startswith("An error of this program: planning failed for 2 of 3. Key (phone)")
    assert "(2 times since " in shown[0]
    assert "9825112" not in shown[0]
    assert "slots: free failed for 1 of 1. division by zero" in shown[1]
    edges.each("planning", [3], work)
    edges.step("slots: free", lambda: 1)
    assert notices.notices() == []
    assert not Trouble.objects.exists()


@pytest.mark.django_db
def test_a_step_that_fails_is_said_and_raises_nothing() -> None:
    assert not edges.step("a step", lambda: 1 / 0)
    assert edges.step("a step", lambda: 1)


@pytest.mark.django_db(transaction=True)
def test_a_lost_race_is_run_again() -> None:
    left = [deadlock(), OperationalError("database is locked")]

    def work() -> str:
        if left:
            raise left.pop()
        return "done"

    before = edges.lost_races["work"]
    assert edges.retried("work", work) == "done"
    assert edges.lost_races["work"] == before + 2


@pytest.mark.django_db(transaction=True)
def test_a_race_that_is_always_lost_ends() -> None:
    runs = []

    def work() -> None:
        runs.append(1)
        raise deadlock()

    with pytest.raises(OperationalError):
        edges.retried("work", work)
    assert len(runs) == edges.TRIES


@pytest.mark.django_db
def test_inside_a_transaction_nothing_is_run_again() -> None:
    runs = []

    def work() -> None:
        runs.append(1)
        raise deadlock()

    with pytest.raises(OperationalError):
        edges.retried("work", work)
    assert len(runs) == 1


def test_other_errors_are_no_lost_races() -> None:
    assert not edges.is_lost_race(IntegrityError("duplicate key"))
    assert not edges.is_lost_race(OperationalError("no such table"))
    assert not edges.is_lost_race(ZeroDivisionError())


@pytest.mark.django_db
def test_what_fails_for_an_account_is_counted_and_shown_there() -> None:
    account = make_campaign().template.account
    for _ in range(2):
        assert not edges.for_account("pulling", account.pk, lambda: [][1])
    account.refresh_from_db()
    assert (account.own_failures, account.own_failure) == (2, "pulling: list index out of range")
    assert Account.objects.filter(own_failures__gt=0).count() == 1


@pytest.mark.django_db
def test_a_phone_number_in_an_error_is_not_shown_on_the_account() -> None:
    account = make_campaign().template.account

    def work() -> None:
        raise IntegrityError("Key (phone)=(+919825112410) already exists.")  # as PostgreSQL words it

    assert not edges.for_account("uploading", account.pk, work)
    account.refresh_from_db()
    assert "Key (phone)" in account.own_failure
    assert "9825112" not in account.own_failure
