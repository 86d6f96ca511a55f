"""A service is told at least once, always by the same key, and what it never takes is shown."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django import Settings

from campaigns.delivery import telling, turns
from campaigns.models import AllowedHost, Notification, OutsideService, Turn
from campaigns.outside import notices
from campaigns.rules.results import Tell
from tests.campaigns.outside.shop import Shop, enter, running
from tests.campaigns.world import NOON, at

pytestmark = pytest.mark.django_db
State = Notification.State


@pytest.fixture
def shop(settings: Settings) -> Iterator[Shop]:
    settings.OUTSIDE_HTTP_ON_THIS_MACHINE = True
    with running(Shop(manner="created")) as shop:
        enter(shop, scheme="http", host="127.0.0.1", timeout_seconds=10)
        yield shop


def add(count: int = 1) -> list[uuid.UUID]:
    """So many things to be told, all at NOON; their keys."""
    keys = [uuid.uuid4() for _ in range(count)]
    for number, key in enumerate(keys):
        wish = Tell("shop", {"number": str(number)})
        notices.add(wish, key=key, message_id=None, recipient_id=None, at=NOON)
    return keys


def tell(minutes: float = 0) -> int:
    now = NOON + timedelta(minutes=minutes)
    return sum(telling.tell(service, clock=at(now)) for service in telling.services_to_tell(now))


def test_what_waits_is_told_with_its_key_and_its_values_are_deleted(shop: Shop) -> None:
    keys = add(45)
    assert tell() == 45
    assert {content["key"] for content in shop.received} == {str(key) for key in keys}
    first = next(content for content in shop.received if content["key"] == str(keys[7]))
    assert (first["id"], first["event"], first["values"]) == (str(keys[7]), "tell", {"number": "7"})
    assert first["at"] == NOON.isoformat()
    assert 1 < shop.most_at_once <= telling.AT_ONCE
    assert set(Notification.objects.values_list("state", "tries")) == {(State.DELIVERED, 1)}
    assert not Notification.objects.exclude(values={}).exists()
    assert (tell(10), len(shop.received)) == (0, 45)


def test_a_failure_is_tried_again_by_the_same_key_after_twice_the_time_each(shop: Shop) -> None:
    [key] = add()
    shop.manners = ["fails", "busy", "redirects"]
    waits = []
    for minute in (0, 1, 2):
        assert tell(minute) == 0
        row = Notification.objects.get()
        waits.append(row.next_try_at - NOON - timedelta(minutes=minute))
        assert (row.state, row.tries) == (State.WAITING, minute + 1)
    assert waits == [timedelta(seconds=10), timedelta(seconds=20), timedelta(seconds=40)]
    assert row.reason == "The service answered with the status 302."
    assert tell(2.5) == 0  # not due yet
    assert tell(3) == 1
    assert [content["key"] for content in shop.received] == [str(key)] * 4


def test_a_reply_that_was_lost_is_asked_for_by_the_same_key(shop: Shop) -> None:
    [key] = add()
    shop.manners = ["breaks off"]
    assert (tell(), tell(1)) == (0, 1)
    assert [content["key"] for content in shop.received] == [str(key)] * 2


def test_it_is_given_up_after_the_time_that_is_set_and_keeps_what_was_to_be_told(shop: Shop) -> None:
    OutsideService.objects.update(give_up_hours=1)
    add()
    shop.manner = "fails"
    tell()
    assert tell(59) == 0
    row = Notification.objects.get()
    assert (row.state, row.next_try_at) == (State.WAITING, NOON + timedelta(minutes=59, seconds=20))
    tell(61)
    row.refresh_from_db()
    assert (row.state, row.values) == (State.GIVEN_UP, {"number": "0"})
    assert row.reason == "Given up after 3 tries. The service answered with the status 500."
    assert (tell(90), len(shop.received)) == (0, 3)


def test_a_worker_that_died_over_it_leaves_it_to_the_next(shop: Shop) -> None:
    add()
    service = OutsideService.objects.get()
    dead = turns.take(f"tell:{service.pk}")
    assert dead
    assert tell() == 0  # its turn is not over
    Turn.objects.update(until=NOON - timedelta(days=9000))
    assert tell() == 1
    assert len(shop.received) == 1


def test_a_service_that_takes_nothing_is_left_after_one_batch(shop: Shop) -> None:
    add(30)
    shop.manner = "fails"
    assert tell() == 0
    assert len(shop.received) == telling.AT_ONCE


def test_what_waits_for_a_service_that_is_switched_off_waits(shop: Shop) -> None:
    OutsideService.objects.update(active=False)
    add()
    assert telling.services_to_tell(NOON) == []
    OutsideService.objects.update(active=True)
    assert tell() == 1


def test_a_host_that_is_not_allowed_any_more_is_not_told(shop: Shop) -> None:
    add()
    AllowedHost.objects.all().delete()
    assert (tell(), shop.received) == (0, [])
    assert "is not among the allowed hosts" in Notification.objects.get().reason


def test_what_another_worker_delivered_is_not_put_back(shop: Shop) -> None:
    add()
    row = Notification.objects.get()
    tell()
    telling.settle(row, "The service answered with the status 500.", now=NOON)
    row.refresh_from_db()
    assert (row.state, row.tries) == (State.DELIVERED, 1)
