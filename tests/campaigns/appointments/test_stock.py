"""Slots are entered once, whatever is sent again, and none is removed under a person."""

import io
from datetime import timedelta
from uuid import uuid4

import pytest

from campaigns.appointments import bookings, places, stock
from campaigns.appointments.table import SlotRow
from campaigns.errors import NotAllowed
from campaigns.models import Calendar, Slot
from tests.campaigns.appointments.clinic import assert_books_balance, clinic, person
from tests.campaigns.world import NOON

pytestmark = pytest.mark.django_db

LIST = """Date,Time,Place,Seats
01/12/2026,10:00,Anand,2
01/12/2026,10:30,Anand,2
01/12/2026,5:30,Anand,2
someday,10:00,Anand,2
01/12/2026,10:00,Nadiad,1
01/12/2026,10:00,Nadiad,3
"""


def enter(calendar: Calendar, text: str = LIST, name: str = "slots.csv") -> stock.Entered:
    return stock.enter_file(calendar, io.BytesIO(text.encode()), name)


def test_a_file_is_entered_row_by_row_and_again_changes_nothing() -> None:
    calendar = clinic()
    first = enter(calendar)
    assert (first.new, first.changed, first.same, first.rows) == (3, 0, 0, 6)
    assert first.refusals == [
        (4, "“5:30” may be in the morning or later. Write it as 17:30 or 5:30 PM."),
        (5, "“someday” is no clear date. Write it as 28/11/2026."),
        (6, "The same time and place stand in a later row."),
    ]
    shown = [f"{slot} for {slot.capacity}" for slot in Slot.objects.all()]
    assert shown == [
        "01.12.2026 10:00, Anand for 2",
        "01.12.2026 10:00, Nadiad for 3",
        "01.12.2026 10:30, Anand for 2",
    ]
    again = enter(calendar)
    assert (again.new, again.changed, again.same) == (0, 0, 3)
    assert Slot.objects.count() == 3


def test_another_capacity_counts_unless_more_is_taken() -> None:
    calendar = clinic(3, capacity=2)
    slot = calendar.slots.get()
    for number in (1, 2):
        bookings.book(calendar.name, slot.pk, person(number), label="", reference="", at=NOON, now=NOON)
    for capacity, outcome in ((3, (1, [])), (1, (0, [(1, "2 places of it are taken; it can't be for 1.")]))):
        result = stock.enter_rows(calendar, [SlotRow(slot.begins, "Anand", capacity)])
        assert (result.changed, result.refusals) == outcome
    slot.refresh_from_db()
    assert (slot.capacity, slot.taken) == (3, 2)
    ends = slot.begins + timedelta(minutes=15)
    assert stock.enter_rows(calendar, [SlotRow(slot.begins, "Anand", 3, ends)]).changed == 1
    assert stock.enter_rows(calendar, [SlotRow(slot.begins, "Anand", 3)]).same == 1
    assert stock.enter_rows(calendar, []).rows == 0
    assert_books_balance()


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("When,Time\n1,2\n", "slots.csv", "headed “date”"),
        ("\0\1\2", "slots.xlsx", "."),
    ],
)
def test_a_file_that_is_no_list_of_slots_says_why(text: str, name: str, why: str) -> None:
    with pytest.raises(NotAllowed, match=why):
        enter(clinic(), text, name)


def test_too_many_rows_are_refused_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock, "MOST_SLOTS", 5)
    with pytest.raises(NotAllowed, match="more than 5 rows"):
        enter(clinic())
    assert not Slot.objects.exists()


def test_a_slot_is_removed_unless_a_person_has_to_do_with_it() -> None:
    calendar = clinic(3, 4, 5)
    free, held, taken = calendar.slots.order_by("begins")
    places.hold(held.pk, calendar_id=calendar.pk, call=uuid4(), now=NOON)
    made = bookings.book(calendar.name, taken.pk, person(1), label="", reference="", at=NOON, now=NOON)
    bookings.cancel(made.pk, by=None, reason="", now=NOON)
    stock.remove(free.pk)
    for slot in (held, taken):
        with pytest.raises(NotAllowed, match="appointments in this slot"):
            stock.remove(slot.pk)
    assert Slot.objects.count() == 2
