"""What protects people has its own queue and never expires, and one bad row stops no other."""

import pytest
from celery.schedules import BaseSchedule
from django.conf import settings

from awaaz_project.celery import app
from campaigns import tasks
from campaigns.delivery import turns
from campaigns.models import Account, Campaign, Message
from tests.campaigns.world import make_campaign

PROTECTING = ("recheck_messages", "withdraw_messages", "withdraw_account", "stop_campaigns")


def queue_of(task: str) -> str:
    return str(app.amqp.router.route({}, f"campaigns.tasks.{task}")["queue"].name)


@pytest.mark.parametrize("task", PROTECTING)
def test_what_protects_people_has_its_own_queue(task: str) -> None:
    assert queue_of(task) == "protect"
    assert all(queue_of(name) != "protect" for name in ("upload_account", "pull_account", "plan_campaigns"))


def test_every_task_for_one_account_is_routed_to_the_queue_that_may_wait_for_xfin() -> None:
    assert all(name in app.tasks for name in (*settings.XFIN_TASKS, *settings.PROTECTING_TASKS))
    for_one = [name for name in app.tasks if name.endswith("_account") and "withdraw" not in name]
    assert for_one
    assert set(for_one) <= set(settings.XFIN_TASKS)


def test_ticks_that_protect_people_never_expire_and_all_others_do() -> None:
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert not isinstance(entry["schedule"], BaseSchedule)
        assert isinstance(options := entry["options"], dict)
        assert ("expires" in options) == (entry["task"] not in settings.PROTECTING_TASKS)


@pytest.mark.django_db
def test_of_the_ticks_that_waited_for_a_worker_one_is_enough() -> None:
    assert tasks.first_in_a_tick("withdraw")
    assert not tasks.first_in_a_tick("withdraw")
    assert tasks.first_in_a_tick("stop")


@pytest.mark.django_db
def test_a_step_that_fails_does_not_stop_the_next(caplog: pytest.LogCaptureFixture) -> None:
    done = []

    def bad(_: object) -> None:
        raise ZeroDivisionError

    def good(_: object) -> None:
        done.append(1)

    tasks.steps("withdrawing", bad, good)
    assert done == [1]
    assert "withdrawing: bad failed" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("work", [tasks.pull_account, tasks.withdraw_account, tasks.upload_account])
def test_an_account_that_cannot_work_is_refused_with_a_reason_and_raises_nothing(work: object) -> None:
    campaign = make_campaign(people=1)
    Account.objects.update(base_url="https://xfin.example/v1")
    assert callable(work)
    work(campaign.template.account_id)
    account = Account.objects.get()
    assert account.state == Account.State.REFUSED
    assert "base_url" in account.reason
    assert Campaign.objects.get().state == Campaign.State.STOPPED
    assert turns.take(f"pull:{account.pk}"), "its turn was given back"
    assert not Message.objects.exists()
