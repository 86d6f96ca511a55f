"""What an agent asks of a service outside: values of their kinds come back, or a sentence."""

import uuid

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from calls.agents.requests import Failed, Fetch, Fetched, Reply
from calls.identification import Asker, Identity
from calls.media.performers import PERFORMERS, perform
from tests.campaigns.outside.shop import Shop, enter, running

ASKER = Asker(uuid.uuid4(), 1, Identity(call_sid="CA1"))


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        ({"due": 1500, "secret": "x"}, Fetched({"due": "1500"})),
        ({"due": "lots"}, Failed("The service's value “due” is no clear amount.")),
    ],
)
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("tidy_thread")
async def test_a_service_outside_is_asked_and_its_declared_values_come_back(
    settings: Settings, answer: dict[str, object], reply: Reply
) -> None:
    settings.OUTSIDE_HTTP_ON_THIS_MACHINE = True
    with running(Shop(answer=answer)) as shop:
        await sync_to_async(enter)(shop, scheme="http", host="127.0.0.1", timeout_seconds=10)
        asked = Fetch("shop", {"loan": "A-17"})
        assert await perform(asked, ASKER, performers=PERFORMERS) == reply
    [content] = shop.received
    assert (content["event"], content["values"]) == ("fetch", {"loan": "A-17"})
    assert content["call"] == str(ASKER.call_id)


@pytest.mark.django_db(transaction=True)
async def test_a_service_that_is_not_entered_is_a_failure_with_a_sentence() -> None:
    reply = await perform(Fetch("shop", {}), ASKER, performers=PERFORMERS)
    assert reply == Failed("No service outside is called “shop”.")
