"""What an agent asks of the world: carried out, or a sentence that says why not; never an exception."""

import uuid

import pytest
from django.db import OperationalError

from calls.agents.requests import Failed, Reply, Request
from calls.identification import Asker, Identity
from calls.media.performers import perform

ASKER = Asker(uuid.uuid4(), 1, Identity(call_sid="CA1"))


class Greet(Request, frozen=True):
    name: str


class Greeted(Reply, frozen=True):
    text: str


async def greet(request: Greet, asker: Asker) -> Reply:
    if request.name == "database":
        raise OperationalError("gone")
    if request.name == "slip":
        raise KeyError("slip")
    return Greeted(f"Hello {request.name} of {asker.identity.call_sid}")


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("Asha", Greeted("Hello Asha of CA1")),
        ("database", Failed("Our database did not answer.")),
        ("slip", Failed("An error in our own program.")),
    ],
)
async def test_a_request_is_answered_whatever_happens(name: str, reply: Reply) -> None:
    assert await perform(Greet(name), ASKER, performers={Greet: greet}) == reply


async def test_a_request_of_another_kind_is_refused_with_a_sentence() -> None:
    reply = await perform(Greet("Asha"), ASKER, performers={})
    assert reply == Failed("This server does not know requests of the kind “Greet”.")
