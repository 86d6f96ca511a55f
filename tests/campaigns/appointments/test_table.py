"""Slots as people write them."""

from datetime import date, datetime, time, timedelta

import pytest

from campaigns.appointments import table
from campaigns.appointments.table import SlotRow, Table, find_columns, read_clock, read_row, read_times
from campaigns.errors import NotAllowed
from campaigns.ist import IST

MONDAY = date(2026, 11, 30)
HEADERS = ["Date", "Time", "Ends", "Clinic", "Seats"]


def test_days_times_and_places_make_slots() -> None:
    made = Table(
        first=MONDAY,
        last=MONDAY + timedelta(days=8),
        weekdays={1, 3},
        times=[time(17), time(10, 30), time(10, 30)],
        place=" Anand ",
        capacity=4,
        minutes=15,
    ).rows()
    days = [(row.begins.day, row.begins.hour) for row in made]
    assert days == [(30, 10), (30, 17), (2, 10), (2, 17), (7, 10), (7, 17)]
    begins = datetime(2026, 11, 30, 10, 30, tzinfo=IST)
    assert made[0] == SlotRow(begins, "Anand", 4, begins + timedelta(minutes=15))


def test_a_table_without_a_day_or_with_too_many_slots_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = Table(first=MONDAY, last=MONDAY, weekdays={2}, times=[time(10)])
    with pytest.raises(NotAllowed, match="no such day"):
        empty.rows()
    monkeypatch.setattr(table, "MOST_SLOTS", 3)
    many = Table(first=MONDAY, last=MONDAY + timedelta(days=1), weekdays={1, 2}, times=[time(10), time(11)])
    with pytest.raises(NotAllowed, match="more than 3 slots"):
        many.rows()


def test_times_are_read_as_offices_write_them() -> None:
    assert read_times("10:00, 5 PM, शाम 5:30 बजे,17:45") == [time(10), time(17), time(17, 30), time(17, 45)]
    with pytest.raises(NotAllowed, match="at least one time"):
        read_times(" , ")


@pytest.mark.parametrize(("text", "why"), [("5:30", "may be in the morning"), ("noon", "no clear time")])
def test_a_time_that_is_unclear_is_refused(text: str, why: str) -> None:
    with pytest.raises(NotAllowed, match=why):
        read_clock(text)


def test_columns_are_found_by_their_headings() -> None:
    assert find_columns(HEADERS) == {"date": 0, "time": 1, "ends": 2, "place": 3, "capacity": 4}
    assert find_columns(["Date"]) == {"date": 0, "time": 0}
    for headers, why in ((["When"], "headed “date”"), (["Date", "Day"], "Two columns")):
        with pytest.raises(NotAllowed, match=why):
            find_columns(headers)


def test_a_row_is_a_slot() -> None:
    columns = find_columns(HEADERS)
    begins = datetime(2026, 12, 1, 10, 30, tzinfo=IST)
    row = read_row(["01/12/2026", "10:30", "11:00", "Anand", "3"], columns)
    assert row == SlotRow(begins, "Anand", 3, begins + timedelta(minutes=30))
    assert read_row(["2026-12-01 10:30:00"], find_columns(["date"])) == SlotRow(begins)
    assert read_row(["01/12/2026", "10:30"], columns) == SlotRow(begins)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["Tuesday", "10:30"], "“Tuesday” is no clear date"),
        (["01/12/2026", ""], "no clear time"),
        (["01/12/2026", "10:30", "10:00"], "ends before it begins"),
        (["01/12/2026", "10:30", "", "", "0"], "no number of people"),
        (["01/12/2026", "10:30", "", "", "many"], "no number of people"),
        (["01/12/2026", "10:30", "", "A" * 121, "1"], "longer than 120 letters"),
    ],
)
def test_a_row_that_is_none_says_why(cells: list[str], why: str) -> None:
    with pytest.raises(NotAllowed, match=why):
        read_row(cells, find_columns(HEADERS))
