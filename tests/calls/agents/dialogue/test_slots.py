"""Slots as values, and days that are asked for."""

import pytest

from calls.agents.dialogue.slots import KINDS, day_asked, label_of, values_of
from calls.agents.requests import OfferedSlot
from calls.agents.verbalize import speak


@pytest.mark.parametrize(
    ("time", "written", "spoken"),
    [
        ("10:30", "10:30 AM", "ten thirty in the morning"),
        ("00:05", "12:05 AM", "twelve oh five at night"),
        ("12:00", "12:00 PM", "twelve o'clock in the afternoon"),
        ("17:00", "5:00 PM", "five o'clock in the evening"),
    ],
)
def test_the_values_of_a_slot_are_clear_and_can_be_spoken(time: str, written: str, spoken: str) -> None:
    values = values_of(OfferedSlot(7, "Pune", f"2026-12-03T{time}:00+05:30"))
    assert values == {"place": "Pune", "day": "2026-12-03", "time": written}
    assert speak(values["time"], KINDS["time"], "en") == spoken
    assert speak(values["day"], KINDS["day"], "en") == "3 December"


def test_a_slot_has_a_label_for_people() -> None:
    assert label_of(OfferedSlot(7, "Pune", "2026-12-03T17:30:00+05:30")) == "3 Dec 2026, 5:30 PM, Pune"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("03/12/2026", "2026-12-03"),
        ("3 Dec", "2026-12-03"),
        ("30 Nov", "2026-11-30"),
        ("29 Nov", "2027-11-29"),
        ("29 Feb", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_a_day_without_a_year_is_the_next_one_and_what_is_no_day_is_none(written: str, day: str) -> None:
    assert day_asked(written, "2026-11-30") == day


def test_without_a_today_a_day_needs_no_year_to_be_refused() -> None:
    assert day_asked("3 Dec", "") == ""
