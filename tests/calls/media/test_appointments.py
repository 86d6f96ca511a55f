"""What agents ask of calendars, from the database itself."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async

from calls.agents.requests import (
    AppointmentFound,
    Failed,
    FindAppointment,
    FindSlots,
    HoldSlot,
    OfferedSlot,
    Reply,
    Request,
    SlotGone,
    SlotHeld,
    SlotsFound,
)
from calls.identification import Asker, Identity
from calls.media import performers
from campaigns import clock
from campaigns.appointments import bookings
from campaigns.appointments.finding import OnLine
from campaigns.ist import IST
from campaigns.models import Calendar, Hold, Message, PhoneNumber, Slot
from tests.campaigns.appointments.clinic import add_slot

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tidy_thread")]


@pytest.fixture
def slots(number: PhoneNumber) -> list[Slot]:
    """Three slots of one place each: tomorrow at this hour, and the next two days."""
    calendar = Calendar.objects.create(name="Eye clinic", account=number.account)
    begin = clock.now().replace(microsecond=0)
    return [add_slot(calendar, begin + timedelta(days=day)) for day in (1, 2, 3)]


def offered(slot: Slot) -> OfferedSlot:
    return OfferedSlot(slot.pk, "Anand", f"{slot.begins.astimezone(IST):%Y-%m-%dT%H:%M:%S}+05:30")


async def ask(request: Request, number: PhoneNumber, *, call: UUID, person: int | None = None) -> Reply:
    asker = Asker(call, number.pk, Identity(recipient_id=person))
    return await performers.perform(request, asker, performers=performers.PERFORMERS)


async def test_slots_are_found_by_day_and_without_those_offered(
    number: PhoneNumber, slots: list[Slot]
) -> None:
    first, second, third = slots
    call = uuid4()
    found = await ask(FindSlots("Eye clinic", most=2), number, call=call)
    assert found == SlotsFound((offered(first), offered(second)))
    found = await ask(FindSlots("Eye clinic", passed=(first.pk, second.pk)), number, call=call)
    assert found == SlotsFound((offered(third),))
    day = f"{third.begins.astimezone(IST):%Y-%m-%d}"
    found = await ask(FindSlots("Eye clinic", day=day, most=1), number, call=call)
    assert found == SlotsFound((offered(third),))


async def test_a_slot_is_held_once(number: PhoneNumber, slots: list[Slot]) -> None:
    first = slots[0]
    assert await ask(HoldSlot("Eye clinic", first.pk), number, call=uuid4()) == SlotHeld(offered(first))
    assert await ask(HoldSlot("Eye clinic", first.pk), number, call=uuid4()) == SlotGone()
    assert await ask(HoldSlot("Eye clinic", 10**9), number, call=uuid4()) == SlotGone()


async def test_a_calendar_that_is_not_offered_is_said(number: PhoneNumber, slots: list[Slot]) -> None:
    for request in (FindSlots("Dentist"), HoldSlot("Dentist", 1), FindAppointment("Dentist")):
        reply = await ask(request, number, call=uuid4())
        assert reply == Failed("There is no calendar “Dentist” that is offered in this call.")


async def test_the_persons_own_appointment_is_found_until_it_begins(
    number: PhoneNumber, slots: list[Slot], message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, meena = uuid4(), message.recipient_id
    question = FindAppointment("Eye clinic")
    assert await ask(question, number, call=call, person=meena) == AppointmentFound(None)
    assert await ask(question, number, call=call) == AppointmentFound(None)

    def book() -> None:
        now: datetime = clock.now()
        who = OnLine.of(call, meena)
        bookings.book("Eye clinic", slots[1].pk, who, label="", reference="", at=now, now=now)

    await sync_to_async(book)()
    found = AppointmentFound(offered(slots[1]))
    assert await ask(question, number, call=uuid4(), person=meena) == found
    begun = slots[1].begins
    monkeypatch.setattr("campaigns.clock.now", lambda: begun)
    assert await ask(question, number, call=uuid4(), person=meena) == AppointmentFound(None)
    assert not await Hold.objects.aexists()
