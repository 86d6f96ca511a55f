"""What an agent is told of a caller who keyed something in."""

from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async

from calls.agents.requests import Failed, NotRecognised, Recognise, Recognised, Reply
from calls.identification import Asker, Identity
from calls.media import performers
from campaigns.models import Campaign, Message, PhoneNumber, Recipient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tidy_thread")]


async def ask(number: PhoneNumber, keyed: str, call: UUID) -> Reply:
    asker = Asker(call, number.pk, Identity(caller="+919825112499"))
    request = Recognise("account", keyed)
    return await performers.perform(request, asker, performers=performers.PERFORMERS)


async def test_the_values_of_the_row_come_back_and_tries_are_bounded(
    number: PhoneNumber, message: Message
) -> None:
    reply = await ask(number, "12345678", uuid4())
    assert reply == Failed("This number does not recognise callers by what they key in.")
    await sync_to_async(PhoneNumber.objects.update)(recognise_days=30)
    await sync_to_async(Campaign.objects.update)(state="running", number=number)
    await sync_to_async(Recipient.objects.update)(name="Asha", variables={"account": "12345678", "due": "1"})
    call = uuid4()
    assert await ask(number, "87654321", call) == NotRecognised()
    assert await ask(number, "12345678", call) == Recognised(
        {"name": "Asha", "account": "12345678", "due": "1"}
    )
    await ask(number, "12345678", call)
    assert await ask(number, "12345678", call) == Failed("The caller has tried 3 times in this call.")
