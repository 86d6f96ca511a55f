"""Days as offices write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.spreadsheets.dates import read_day
from campaigns.spreadsheets.written import FIRST_YEAR, LAST_YEAR

THE_DAY = date(2026, 11, 28)
FIRST, LAST = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)


@pytest.mark.parametrize(
    "text",
    [
        *("28/11/2026", "28-11-2026", "28.11.2026", " 28 / 11 / 2026 ", "2026-11-28", "2026/11/28"),
        *("28 Nov 2026", "28-Nov-2026", "28 November, 2026", "2026-11-28T00:00:00", "28/11/2026 00:00"),
    ],
)
def test_a_day_in_any_usual_writing(text: str) -> None:
    assert read_day(text) == THE_DAY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "28/11",
        "28/11/26",
        "31/02/2026",
        "11/28/2026",
        "12000",
        "9825112410",
        "1/1/1899",
        "x" * 500,
    ],
)
def test_what_is_no_day(text: str) -> None:
    assert read_day(text) is None


@given(st.dates(FIRST, LAST))
def test_every_day_is_read_back(day: date) -> None:
    assert read_day(day.isoformat()) == read_day(f"{day:%d/%m/}{day.year:04d}") == day


@given(st.text(max_size=60))
def test_any_text_is_a_day_or_none(text: str) -> None:
    found = read_day(text)
    assert found is None or FIRST <= found <= LAST
