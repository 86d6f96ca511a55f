"""Opening hours as people write them, and what they mean at a moment in India."""

from datetime import datetime

import pytest

from campaigns.ist import IST
from campaigns.schedule.inbound import HOLIDAYS, UnreadableHours, is_open, read_hours

OFFICE = read_hours("Mon-Fri 9:00-13:00\nMon-Fri 14:00-18:00\n\nSat 10:00 – 14:00\nHolidays 10:00-12:00\n")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of December 2026, whose 1st is a Tuesday."""
    return datetime(2026, 12, day, hour, minute, tzinfo=IST)


def test_lines_are_spans_of_days() -> None:
    assert OFFICE[0] == OFFICE[4] == ((540, 780), (840, 1080))
    assert (OFFICE[5], OFFICE[HOLIDAYS]) == (((600, 840),), ((600, 720),))
    assert 6 not in OFFICE
    assert read_hours("Sat-Mon 0:00-24:00").keys() == {5, 6, 0}
    assert read_hours("tue, Thursday 7.30-8.15") == {1: ((450, 495),), 3: ((450, 495),)}
    assert read_hours(" \n") == {}


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        (at(1, 9), True),
        (at(1, 8, 59), False),
        (at(1, 12, 59), True),
        (at(1, 13), False),
        (at(5, 13, 59), True),
        (at(5, 14), False),
        (at(6, 11), False),
    ],
)
def test_a_span_has_its_beginning_and_not_its_end(moment: datetime, opened: bool) -> None:
    assert is_open(OFFICE, moment, holiday=False) is opened


def test_a_holiday_has_hours_of_its_own_or_none() -> None:
    assert is_open(OFFICE, at(1, 11), holiday=True)
    assert not is_open(OFFICE, at(1, 15), holiday=True)
    assert not is_open(read_hours("Mon-Sun 0:00-24:00"), at(1, 11), holiday=True)


def test_without_hours_it_is_always_open() -> None:
    assert is_open({}, at(6, 3), holiday=True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("whenever", "write lines such as"),
        ("Mon-Fri 18:00-9:00", "ends before it begins"),
        ("Mon-Fri 9:00-9:00", "ends before it begins"),
        ("Mon 9:00-24:01", "no time of day"),
        ("Mon 9:60-10:00", "no time of day"),
        ("Mon 9-18", "no time of day"),
        ("Mo 9:00-18:00", "“mo” is no day"),
        ("Monkey 9:00-18:00", "“monkey” is no day"),
        ("Mon-Holidays 9:00-18:00", "are no days"),
        ("Mon-Tue-Fri 9:00-18:00", "are no days"),
    ],
)
def test_what_is_no_hours_is_refused_in_a_sentence(text: str, why: str) -> None:
    with pytest.raises(UnreadableHours, match=why):
        read_hours(text)
