"""What staff enter about calendars."""

from datetime import date, time

import pytest

from campaigns.appointments.table import Table
from campaigns.portal.calendar_forms import WEEKDAYS, CancelForm, SlotFileForm, TableForm

SENT = {
    "first": "2026-12-07",
    "last": "2026-12-13",
    "weekdays": ["1", "7"],
    "times": "10:00",
    "capacity": "3",
}


def test_a_table_is_read() -> None:
    form = TableForm(SENT)
    assert form.is_valid()
    first, last = date(2026, 12, 7), date(2026, 12, 13)
    assert form.table() == Table(first=first, last=last, weekdays=[1, 7], times=[time(10)], capacity=3)
    assert (WEEKDAYS[0], WEEKDAYS[-1]) == ((1, "Monday"), (7, "Sunday"))


@pytest.mark.parametrize(
    ("name", "value"), [("capacity", "0"), ("capacity", "1001"), ("minutes", "0"), ("weekdays", ["8"])]
)
def test_figures_have_bounds(name: str, value: object) -> None:
    form = TableForm(SENT | {name: value})
    assert not form.is_valid()
    assert list(form.errors) == [name]


def test_a_file_and_a_reason_are_asked_for() -> None:
    assert "date, time, ends, place, capacity" in str(SlotFileForm())
    assert not SlotFileForm({}, {}).is_valid()
    assert not CancelForm({"reason": "  "}).is_valid()
