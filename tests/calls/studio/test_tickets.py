"""A ticket opens one draft for one person within a minute, and says why it does not."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core import signing

from calls.studio.tickets import VALID_SECONDS, Ticket, TicketError
from campaigns import clock


def ticket(**changes: object) -> Ticket:
    fields = {"call": uuid4(), "user": 1, "dialogue": 2, "revision": 3, "language": "hi", "values": {}}
    return Ticket(**(fields | changes))  # type: ignore[arg-type]  # fields by name


def test_a_ticket_comes_back_as_it_was() -> None:
    one = ticket(values={"name": "गीता"}, record=True)
    assert Ticket.read(one.signed()) == one


def test_a_ticket_is_good_for_a_minute() -> None:
    with time_machine.travel(clock.now() - timedelta(seconds=VALID_SECONDS - 20)):
        young = ticket().signed()
    with time_machine.travel(clock.now() - timedelta(seconds=VALID_SECONDS + 2)):
        old = ticket().signed()
    assert Ticket.read(young)
    with pytest.raises(TicketError, match="older than 60 s"):
        Ticket.read(old)


@pytest.mark.parametrize("text", ["", "x", "a:b:c", "é:1:2"])
def test_what_we_did_not_sign_opens_nothing(text: str) -> None:
    with pytest.raises(TicketError, match="not one of ours"):
        Ticket.read(text)


def test_what_we_signed_for_another_purpose_opens_nothing() -> None:
    # Not a parameter: its signature holds the second, and xdist's processes must collect the same names.
    with pytest.raises(TicketError, match="not one of ours"):
        Ticket.read(signing.dumps({"call": 1}, salt="another"))


def test_a_changed_ticket_opens_nothing() -> None:
    signed = ticket().signed()
    with pytest.raises(TicketError):
        Ticket.read(("A" if signed[3] != "A" else "B").join([signed[:3], signed[4:]]))


def test_values_too_long_for_an_address_are_told() -> None:
    with pytest.raises(TicketError, match="too long"):
        ticket(values={str(number): str([uuid4() for _ in range(5)]) for number in range(40)}).signed()
