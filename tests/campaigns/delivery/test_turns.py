"""One worker at a time does one kind of work for an account, and a dead or frozen one does not keep it."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from campaigns.delivery import turns
from campaigns.models import Turn

pytestmark = pytest.mark.django_db


def run_out(name: str) -> None:
    """As if its worker had been silent for longer than a turn lasts."""
    Turn.objects.filter(name=name).update(until=Now() - timedelta(seconds=1))


def test_the_second_gets_none_until_the_first_is_done() -> None:
    with turns.turn("pull", 1) as first, turns.turn("pull", 1) as second:
        assert first
        assert second is None
    with turns.turn("pull", 1) as again:
        assert again


def test_kinds_and_accounts_do_not_wait_for_each_other() -> None:
    with turns.turn("pull", 1) as one, turns.turn("pull", 2) as two, turns.turn("withdraw", 1) as three:
        assert all((one, two, three))


def test_a_worker_that_was_frozen_learns_that_another_has_taken_over() -> None:
    frozen = turns.take("pull:1")
    assert frozen
    assert frozen.renew()
    run_out("pull:1")
    assert turns.take("pull:1")
    assert not frozen.renew()
    frozen.release()
    assert turns.take("pull:1") is None, "the frozen one's release ended the other's turn"


def test_one_that_has_run_out_and_was_not_taken_is_renewed() -> None:
    held = turns.take("pull:1")
    assert held
    run_out("pull:1")
    assert held.renew()
    assert turns.take("pull:1") is None


def test_the_next_one_learns_where_the_last_one_stopped() -> None:
    with turns.turn("pull", 1) as held:
        assert held
        held.places["old"] = "2026-11-24T05:30:00+00:00"
    with turns.turn("pull", 1) as held:
        assert held
        assert held.places == {"old": "2026-11-24T05:30:00+00:00"}


@pytest.mark.django_db(transaction=True)
def test_it_is_renewed_while_the_work_goes_on(settings: Settings) -> None:
    settings.TURN_SECONDS = 0.3
    with turns.turn("pull", 1) as held:
        assert held
        first = Turn.objects.get().until
        while (row := Turn.objects.get()).until == first:
            pass
        assert row.until > first
