"""What services are to be told: once for each event, and nothing lost in silence."""

from datetime import timedelta
from uuid import UUID

import pytest

from campaigns.models import Notification, OutsideService
from campaigns.outside import notices
from campaigns.rules.results import Tell
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db
KEY = UUID(int=7)
NOT_A_PERSON = {"message_id": None, "recipient_id": None}


def test_it_waits_for_the_service_and_for_so_long_as_that_says() -> None:
    shop = OutsideService.objects.create(name="shop", url="https://shop.example/", give_up_hours=3)
    for _ in range(2):
        assert notices.add(Tell("shop", {"paid": "yes"}), key=KEY, **NOT_A_PERSON, at=NOON) == ""
    row = Notification.objects.get()
    assert (row.key, row.service, row.state, row.values) == (KEY, shop, "waiting", {"paid": "yes"})
    assert (row.next_try_at, row.give_up_at) == (NOON, NOON + timedelta(hours=3))


def test_one_for_a_service_that_does_not_exist_is_shown_as_given_up() -> None:
    undone = notices.add(Tell("shop", {}), key=KEY, **NOT_A_PERSON, at=NOON)
    assert undone == "a service is to be told that does not exist: “shop”."
    row = Notification.objects.get()
    assert (row.state, row.reason, row.settled_at) == ("given_up", notices.NO_SERVICE, NOON)


def test_an_agent_that_tells_a_library_is_cut_to_what_is_sent() -> None:
    OutsideService.objects.create(name="shop", url="https://shop.example/")
    library = {f"{number:03d}" + "n" * 80: "x" * 900 for number in range(50)}
    assert notices.add(Tell("shop", library), key=KEY, **NOT_A_PERSON, at=NOON) == ""
    values = Notification.objects.get().values
    assert len(values) == 30
    assert {(len(name), len(text)) for name, text in values.items()} == {(60, 500)}


def test_of_a_person_who_is_forgotten_nothing_is_told_any_more() -> None:
    OutsideService.objects.create(name="shop", url="https://shop.example/")
    campaign = make_campaign(people=2)
    for number, person in enumerate(campaign.recipients.order_by("pk")):
        whose = {"message_id": None, "recipient_id": person.pk}
        notices.add(Tell("shop", {"paid": "yes"}), key=UUID(int=number), **whose, at=NOON)
    notices.forget([campaign.recipients.order_by("pk")[0].pk])
    gone, kept = Notification.objects.order_by("key")
    assert (gone.state, gone.reason, gone.values) == ("given_up", notices.ERASED, {})
    assert (kept.state, kept.values) == ("waiting", {"paid": "yes"})
