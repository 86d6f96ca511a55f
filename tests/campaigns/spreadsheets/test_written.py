"""Amounts, dates, times and digits as people write them; the words for each are in tests/calls/agents."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.spreadsheets.written import (
    Kind,
    UnclearError,
    read_amount,
    read_date,
    read_time,
    shows_decimal_comma,
    unclear,
)


@pytest.mark.parametrize(
    "value",
    ["1,25,000", "125000", "₹1,25,000", "Rs 1,25,000/-", "INR 125000.00", "१,२५,०००", "૧૨૫૦૦૦", "1 25 000"],
)
def test_one_amount_in_many_hands(value: str) -> None:
    assert read_amount(value) == Decimal(125000)


@given(st.integers(0, 10**11 - 1), st.integers(0, 99))
def test_every_amount_is_read_back_in_both_groupings(rupees: int, paise: int) -> None:
    whole, last = str(rupees)[:-3], str(rupees)[-3:]
    pairs = ",".join(whole[max(0, end - 2) : end] for end in range(len(whole) % 2 or 2, len(whole) + 2, 2))
    wanted = Decimal(rupees) + Decimal(paise) / 100
    indian = f"{pairs},{last}" if whole else last
    for written in (f"{rupees:,}.{paise:02d}", f"{indian}.{paise:02d}"):
        assert read_amount(written) == wanted
        assert read_amount(written.translate(str.maketrans(",.", ".,")), decimal_comma=True) == wanted


@pytest.mark.parametrize("value", ["9" * 30, "99999999999.999", "100000000000"])
def test_an_amount_beyond_all_bounds_is_no_amount(value: str) -> None:
    with pytest.raises(UnclearError, match="more than can be said"):
        read_amount(value)


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (Kind.AMOUNT, "1250,50", "“1250,50” is no clear amount. If its comma parts the paise"),
        (Kind.AMOUNT, "5.00E+05", "power of ten"),
        (Kind.AMOUNT, "1,200.00 Cr", "may be a crore"),
        (Kind.AMOUNT, "(500)", "below zero"),
        (Kind.AMOUNT, "1" * 8000, "too long"),
        (Kind.DATE, "46354", "number of the day"),
        (Kind.DATE, "11/28/2026", "month seems to stand before the day"),
        (Kind.TIME, "10", "Write it as 17:30"),
        (Kind.DIGITS, "9012.0", "“9012.0” is no clear number"),
        (Kind.DIGITS, "9012", ""),
        (Kind.NUMBER, "-5", "“-5” is no clear number: it is below zero."),
        (Kind.NUMBER, "12.5", "it has a part behind the point"),
        (Kind.NUMBER, "12,5000", "“12,5000” is no clear number. Write it as 1,250 or 1250."),
        (Kind.NUMBER, "1" * 12, "more than can be said"),
        (Kind.ORDINAL, "3th", "Write it as 3 or 3rd, up to 9999."),
        (Kind.PHONE, "+44 20 7946 0958", "is no clear Indian phone number"),
        (Kind.PIN, "38001", "It has six digits, the first not 0."),
        (Kind.ACCOUNT, "XX12", "is no clear number to be read digit by digit"),
        (Kind.NAME, "Asha 2", "Use letters, points and hyphens"),
        (Kind.NAME, "A" * 61, "at most 60"),
        (Kind.NAME, "आशा बेन", ""),
        (Kind.TEXT, "anything", ""),
    ],
)
def test_the_sentence_says_what_stands_in_the_way(kind: Kind, value: str, why: str) -> None:
    said = unclear(value, kind)
    assert why in said
    assert bool(said) == bool(why)


@pytest.mark.parametrize(
    ("value", "shows"),
    [("1.250,50", True), ("1.25.000,5", True), ("1250,50", False), ("1,250.50", False), ("1.250", False)],
)
def test_what_proves_a_decimal_comma(value: str, shows: bool) -> None:
    assert shows_decimal_comma(value) is shows


def test_a_year_counts_only_with_four_digits() -> None:
    assert read_date("28/11/2026") == (28, 11, 2026)
    assert read_date("28/11/26") == (28, 11, None)
    assert read_date("28 Nov") == (28, 11, None)


def test_a_time_is_certain_if_it_says_which_half_of_the_day() -> None:
    assert read_time("5:30") == (5, 30, False)
    assert read_time("5:30 pm") == read_time("17:30") == (17, 30, True)


@given(st.text("0123456789.,₹ /-eENaif+१CrDpm:", max_size=60) | st.text(max_size=70), st.sampled_from(Kind))
def test_any_text_at_all_is_clear_or_not(value: str, kind: Kind) -> None:
    assert isinstance(unclear(value, kind), str)
