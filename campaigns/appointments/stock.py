"""Enter and remove the slots of a calendar. Entering the same again changes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

from django.db import transaction
from django.db.models import ProtectedError

from campaigns import audit
from campaigns.appointments.table import MOST_SLOTS, SlotRow, find_columns, read_row
from campaigns.errors import NotAllowed, SheetError
from campaigns.formatting import grouped
from campaigns.locks import locked
from campaigns.models import Calendar, Slot
from campaigns.sheets.process import opened


@dataclass(slots=True)
class Entered:
    """What became of rows: each is new, changed, the same or refused.

    `refusals` holds pairs (row number, reason); rows of a table count from 1.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    refusals: list[tuple[int, str]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Return how many rows there were."""
        return self.new + self.changed + self.same + len(self.refusals)


def enter_file(calendar: Calendar, file: BinaryIO, filename: str) -> Entered:
    """Enter the slots of a list (CSV or Excel) and return what became of each row.

    Good rows are entered although others are refused. Raises `NotAllowed` if the file can't be read, has no
    column of dates, or too many rows.
    """
    result = Entered()
    rows: list[tuple[int, SlotRow]] = []
    try:
        with opened(file, filename, most=MOST_SLOTS + 1) as sheet:
            columns = find_columns(sheet.headers)
            for number, cells in sheet.rows:
                try:
                    rows.append((number, read_row(cells, columns)))
                except NotAllowed as error:
                    result.refusals.append((number, error.reason))
    except SheetError as error:
        raise NotAllowed(error.reason) from error
    if len(rows) + len(result.refusals) > MOST_SLOTS:
        raise NotAllowed(f"The file has more than {grouped(MOST_SLOTS)} rows; split it and send the parts.")
    return _enter(calendar, rows, result, shown=filename)


def enter_rows(calendar: Calendar, rows: Iterable[SlotRow], *, shown: str = "a table") -> Entered:
    """Enter these slots and return what became of each."""
    return _enter(calendar, list(enumerate(rows, 1)), Entered(), shown=shown)


@transaction.atomic
def _enter(calendar: Calendar, rows: list[tuple[int, SlotRow]], result: Entered, *, shown: str) -> Entered:
    """Write rows under the calendar's lock: no booking counts on what changes here."""
    list(locked(Calendar.objects.filter(pk=calendar.pk)).values_list("pk"))
    if not rows:
        return result
    wanted = {(row.begins, row.place): number for number, row in rows}
    moments = [begins for begins, _ in wanted]
    nearby = locked(calendar.slots.filter(begins__gte=min(moments), begins__lte=max(moments)))
    known = {(slot.begins, slot.place): slot for slot in nearby}
    new: list[Slot] = []
    for number, row in rows:
        slot = known.get((row.begins, row.place))
        if wanted[(row.begins, row.place)] != number:
            result.refusals.append((number, "The same time and place stand in a later row."))
        elif slot is None:
            new.append(
                Slot(
                    calendar=calendar,
                    place=row.place,
                    begins=row.begins,
                    ends=row.ends,
                    capacity=row.capacity,
                )
            )
        elif row.capacity < slot.taken:
            why = f"{slot.taken} places of it are taken; it can't be for {row.capacity}."
            result.refusals.append((number, why))
        elif (row.capacity, row.ends or slot.ends) == (slot.capacity, slot.ends):
            result.same += 1
        else:
            slot.capacity, slot.ends = row.capacity, row.ends or slot.ends
            slot.save(update_fields=["capacity", "ends", "changed_at"])
            result.changed += 1
    Slot.objects.bulk_create(new, batch_size=1000)
    result.new = len(new)
    result.refusals.sort()
    audit.note(calendar, {"slots": ("", f"{shown}: {result.new} new, {result.changed} changed")})
    return result


@transaction.atomic
def remove(slot_id: int) -> None:
    """Delete a slot that was never taken. Raises `NotAllowed` if it has or had appointments, or is held."""
    slot = Slot.objects.select_related("calendar").get(pk=slot_id)
    list(locked(Calendar.objects.filter(pk=slot.calendar_id)).values_list("pk"))
    shown = str(slot)
    try:
        slot.delete()
    except ProtectedError as error:
        raise NotAllowed(
            "People have or had appointments in this slot, or it is just being taken."
        ) from error
    audit.note(slot.calendar, {"slots": (shown, "")})
