"""Book, move and cancel appointments. Each is one transaction; the calendar's lock puts them in a row.

Locks: calendar, slots, holds, appointments (`campaigns.locks`). As every change of a calendar's appointments
holds its lock, a person never gets two, and none is counted twice in `Slot.taken`.
"""

from datetime import datetime
from uuid import uuid4

from django.db import transaction

from campaigns import audit
from campaigns.appointments import places, reminders
from campaigns.appointments.finding import OnLine, booked_by
from campaigns.errors import NotAllowed
from campaigns.locks import locked
from campaigns.models import Appointment, Calendar, Hold, Slot, User
from campaigns.transitions.campaign import name_of

State = Appointment.State

BOOKED = "Booked in a call."
MOVED = "The person took another slot."
GIVEN_BACK = "The person gave it back in a call."
TAKEN = "Its last place was taken before the booking could be stored. Please call the person back."
SLOT_GONE = "The slot was removed before the booking could be stored. Please call the person back."


class NoCalendar(Exception):
    """There is neither a calendar of that name nor the slot."""


@transaction.atomic
def book(
    calendar_name: str, slot_id: int, who: OnLine, *, label: str, reference: str, at: datetime, now: datetime
) -> Appointment:
    """Book a slot for the person on the line and return the appointment.

    The call's hold becomes the booking; without one a free place is taken. What the person had booked in this
    calendar is given back. If no place is free, the appointment is NOT_BOOKED and the person keeps what they
    had. `at`: when the person took it. Raises `NoCalendar`.
    """
    of_slot = Slot.objects.filter(pk=slot_id).values("calendar")
    calendar = (
        locked(Calendar.objects.filter(pk__in=of_slot)).first()
        or locked(Calendar.objects.filter(name=calendar_name)).first()
    )
    if calendar is None:
        raise NoCalendar
    mine = list(booked_by(calendar.pk, who))
    holds = Hold.objects.filter(call=who.call, calendar=calendar)
    held = list(holds.values_list("slot", flat=True))
    slots = places.lock_slots([slot_id, *held, *(one.slot_id for one in mine)])
    if same := next((one for one in mine if one.slot_id == slot_id), None):
        places.drop(holds)
        return same
    slot = slots.get(slot_id)
    ours = Hold.objects.filter(pk__in=list(locked(holds.filter(slot=slot_id)).values_list("pk", flat=True)))
    is_ours = bool(ours.delete()[0])
    places.drop(holds)
    if slot is None or not (is_ours or places.take(Slot.objects.filter(pk=slot_id), now=now)):
        state, reason = State.NOT_BOOKED, TAKEN if slot else SLOT_GONE
    else:
        _end(mine, State.MOVED, MOVED, now=now)
        state, reason = State.BOOKED, BOOKED
    made = Appointment.objects.create(
        calendar=calendar,
        slot=slot,
        phone=who.phone,
        name=who.name,
        language=who.language,
        recipient_id=who.recipient_id,
        campaign_id=who.campaign_id,
        message_reference=reference,
        call=who.call,
        label=label[:200],
        state=state,
        reason=reason,
        at=at,
    )
    reminders.follow(calendar, [who.phone])
    return made


@transaction.atomic
def enter(slot_id: int, *, phone: str, name: str, by: User, now: datetime) -> Appointment:
    """Book a slot for a person who took it outside of a call, such as at the desk; return the appointment.

    What they had booked in the calendar is given back. Raises `NotAllowed`, with nothing changed, for a slot
    that is gone, over or full.
    """
    who = OnLine(call=uuid4(), phone=phone, name=name)
    try:
        made = book("", slot_id, who, label="", reference="", at=now, now=now)
    except NoCalendar as error:
        raise NotAllowed("This slot is not there any more.") from error
    begins = made.begins
    if made.state != State.BOOKED or begins is None:
        raise NotAllowed("No place of this slot is free any more.")
    if begins <= now:
        raise NotAllowed("This slot has begun already.")
    if made.call == who.call:  # no such call was held
        made.call, made.reason = None, f"Entered by {name_of(by)}."
        made.save(update_fields=["call", "reason", "changed_at"])
        audit.note(made, {"state": ("", State.BOOKED)})
    return made


@transaction.atomic
def cancel_on_line(calendar_name: str, who: OnLine, *, now: datetime) -> bool:
    """Give back what the person on the line has booked or holds in a calendar. False if there is nothing."""
    calendar = locked(Calendar.objects.filter(name=calendar_name)).first()
    if calendar is None:
        return False
    mine = list(booked_by(calendar.pk, who))
    holds = Hold.objects.filter(call=who.call, calendar=calendar)
    places.lock_slots([*holds.values_list("slot", flat=True), *(one.slot_id for one in mine)])
    places.drop(holds)
    _end(mine, State.CANCELLED, GIVEN_BACK, now=now)
    reminders.follow(calendar, {one.phone for one in mine})
    return bool(mine)


@transaction.atomic
def cancel(appointment_id: int, *, by: User | None, reason: str, now: datetime) -> Appointment:
    """Cancel a booked appointment, give its place back, and return it. Raises `NotAllowed` if it is over."""
    row = Appointment.objects.get(pk=appointment_id)
    list(locked(Calendar.objects.filter(pk=row.calendar_id)).values_list("pk"))
    row.refresh_from_db()
    if row.state != State.BOOKED:
        raise NotAllowed(f"This appointment is over: {row.get_state_display().lower()}.")
    places.lock_slots([row.slot_id])
    _end([row], State.CANCELLED, reason, now=now)
    reminders.follow(row.calendar, [row.phone])
    if by:
        audit.note(row, {"state": (State.BOOKED, State.CANCELLED)})
    row.refresh_from_db()
    return row


def _end(booked: list[Appointment], state: Appointment.State, reason: str, *, now: datetime) -> None:
    """Give these booked appointments a final state and their places back; their slots are locked."""
    keys = [one.pk for one in booked]
    still = dict(
        locked(Appointment.objects.filter(pk__in=keys, state=State.BOOKED)).values_list("pk", "slot")
    )
    Appointment.objects.filter(pk__in=still).update(state=state, reason=reason, changed_at=now)
    places.give_back([slot_id for slot_id in still.values() if slot_id], now=now)
