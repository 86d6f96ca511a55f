"""Keep a calendar's appointments as dates of people in a standing list, which programmes draw from.

The list holds each person with the date `appointment`, and `appointment_time` and `appointment_place` as
variables. It is written in the transaction that books, moves or cancels.
"""

from collections.abc import Iterable

from campaigns.ist import IST, ist_day
from campaigns.models import Appointment, Calendar, Member, MemberDate

DATE = "appointment"
TIME, PLACE = "appointment_time", "appointment_place"


def follow(calendar: Calendar, phones: Iterable[str]) -> None:
    """Bring the calendar's list up to date for people whose appointments have changed.

    Nothing is done where the calendar has no list, or the number is not known. The calendar is locked.
    """
    if calendar.reminder_list_id is None:
        return
    for phone in filter(None, phones):
        booked = Appointment.objects.filter(calendar=calendar, phone=phone, state=Appointment.State.BOOKED)
        found = booked.select_related("slot").first()
        if found:
            _note(calendar.reminder_list_id, found)
        else:
            theirs = MemberDate.objects.filter(
                member__standing_list=calendar.reminder_list_id, member__phone=phone
            )
            theirs.filter(name=DATE).delete()


def _note(list_id: int, booked: Appointment) -> None:
    assert booked.slot is not None  # the database holds it of what is booked
    member, _ = Member.objects.get_or_create(
        standing_list_id=list_id,
        phone=booked.phone,
        defaults={"name": booked.name, "language": booked.language},
    )
    begins = booked.slot.begins.astimezone(IST)
    member.variables = {**member.variables, TIME: f"{begins:%H:%M}", PLACE: booked.slot.place}
    member.save(update_fields=["variables", "changed_at"])
    MemberDate.objects.update_or_create(member=member, name=DATE, defaults={"day": ist_day(begins)})
