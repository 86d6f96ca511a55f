"""Carry out what agents ask of calendars: slots to offer, a place to hold, the person's appointment."""

from collections.abc import Callable

from calls.agents.requests import (
    AppointmentFound,
    Failed,
    FindAppointment,
    FindSlots,
    HoldSlot,
    OfferedSlot,
    Reply,
    SlotGone,
    SlotHeld,
    SlotsFound,
)
from calls.identification import Asker
from calls.media.database_threads import bookings
from campaigns import clock, edges
from campaigns.appointments import places
from campaigns.appointments.finding import OnLine, booked_by, calendar_of, slots_to_offer
from campaigns.appointments.offers import Wish, readable_day
from campaigns.ist import IST
from campaigns.models import Calendar, Slot


def offered(slot: Slot) -> OfferedSlot:
    """Return a slot as an agent speaks of it."""
    return OfferedSlot(slot.pk, slot.place, slot.begins.astimezone(IST).isoformat())


async def find_slots(request: FindSlots, asker: Asker) -> Reply:
    """Return `SlotsFound`; `Failed` if no calendar of that name is open for this call."""

    def work(calendar: Calendar) -> Reply:
        wish = Wish(day=readable_day(request.day), passed=request.passed, most=request.most)
        who = OnLine.of(asker.call_id, asker.identity.recipient_id)
        slots = slots_to_offer(calendar, wish, who, now=clock.now())
        return SlotsFound(tuple(offered(slot) for slot in slots))

    return await _ask(request, asker, work)


async def hold_slot(request: HoldSlot, asker: Asker) -> Reply:
    """Return `SlotHeld` or `SlotGone`; `Failed` as `find_slots` does."""

    def work(calendar: Calendar) -> Reply:
        slot = places.hold(request.slot, calendar_id=calendar.pk, call=asker.call_id, now=clock.now())
        return SlotHeld(offered(slot)) if slot else SlotGone()

    return await _ask(request, asker, work)


async def find_appointment(request: FindAppointment, asker: Asker) -> Reply:
    """Return `AppointmentFound`; `Failed` as `find_slots` does."""

    def work(calendar: Calendar) -> Reply:
        who = OnLine.of(asker.call_id, asker.identity.recipient_id)
        coming = booked_by(calendar.pk, who).filter(slot__begins__gt=clock.now()).first()
        return AppointmentFound(offered(coming.slot) if coming and coming.slot else None)

    return await _ask(request, asker, work)


async def _ask(
    request: FindSlots | HoldSlot | FindAppointment, asker: Asker, work: Callable[[Calendar], Reply]
) -> Reply:
    """Return what `work` returns, in a thread that may wait for the database."""

    def do() -> Reply:
        calendar = calendar_of(request.calendar, number_id=asker.number_id)
        if calendar is None:
            return Failed(f"There is no calendar “{request.calendar[:120]}” that is offered in this call.")
        return work(calendar)

    return await bookings.run(lambda: edges.retried("a request for a slot", do))
