"""Amounts, dates and digits as people say them."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.agents.number_words import WORDS
from calls.agents.verbalize import Kind, number_words, parse_amount, parse_date, readable, speak


@pytest.mark.parametrize(
    ("language", "value", "said"),
    [
        ("hi", "1,25,000", "एक लाख पच्चीस हज़ार रुपये"),
        ("hi", "125000.50", "एक लाख पच्चीस हज़ार रुपये पचास पैसे"),
        ("hi", "1", "एक रुपया"),
        ("hi", "0.75", "पचहत्तर पैसे"),
        ("hi", "12345678", "एक करोड़ तेईस लाख पैंतालीस हज़ार छह सौ अठहत्तर रुपये"),
        ("gu", "₹ 2,499/-", "બે હજાર ચારસો નવ્વાણું રૂપિયા"),
        ("mr", "100", "शंभर रुपये"),
        ("mr", "125", "एकशे पंचवीस रुपये"),
        ("ta", "1,25,000", "ஒரு லட்சத்து இருபத்து ஐந்து ஆயிரம் ரூபாய்"),
        ("ta", "1905", "ஆயிரத்து தொள்ளாயிரத்து ஐந்து ரூபாய்"),
        ("en-IN", "Rs. 1,00,21,300", "one crore twenty one thousand three hundred rupees"),
        ("bn", "125000", "1 লাখ 25 হাজার টাকা"),
        ("te", "1,000", "వెయ్యి రూపాయలు"),
        ("kn", "25500", "25 ಸಾವಿರ 500 ರೂಪಾಯಿ"),
        ("ml", "125000", "ഒരു ലക്ഷത്തി 25 ആയിരം രൂപ"),
        ("pa", "125678", "1 ਲੱਖ 25 ਹਜ਼ਾਰ 678 ਰੁਪਏ"),
        ("or", "1,25,000.00", "125000"),
    ],
)
def test_amounts(language: str, value: str, said: str) -> None:
    assert speak(value, Kind.AMOUNT, language) == said


@pytest.mark.parametrize(
    "value",
    ["1,25,000", "125000", "₹1,25,000", "Rs 1,25,000/-", "INR 125000.00", "१,२५,०००", "૧૨૫૦૦૦", "1 25 000"],
)
def test_one_amount_in_many_hands(value: str) -> None:
    assert parse_amount(value) == Decimal("125000")


@pytest.mark.parametrize("value", ["", "-5", "1.2.3", "five", "1e9", "100000000000", "NaN", "²"])
def test_what_is_no_amount(value: str) -> None:
    with pytest.raises(ValueError, match=r"amount|more than"):
        parse_amount(value)


@pytest.mark.parametrize(
    "value",
    [
        "28/11/2026",
        "28-11-26",
        "28.11.2026",
        "2026-11-28",
        "2026-11-28 00:00:00",
        "28 Nov 2026",
        "28th November",
        "२८/११/२०२६",
    ],
)
def test_one_date_in_many_hands(value: str) -> None:
    assert parse_date(value) == (28, 11)


@pytest.mark.parametrize(
    "value", ["", "31/02/2026", "11/28/2026", "soon", "28", "28 Foo", "2026-13-01", "45988"]
)
def test_what_is_no_date(value: str) -> None:
    assert not readable(value, Kind.DATE)


@pytest.mark.parametrize(
    ("language", "said"),
    [("hi", "28 नवंबर"), ("gu", "28 નવેમ્બર"), ("ta", "நவம்பர் 28"), ("te", "నవంబర్ 28"), ("or", "28 November")],
)
def test_dates(language: str, said: str) -> None:
    assert speak("28/11/2026", Kind.DATE, language) == said


def test_digits_one_by_one() -> None:
    assert speak("90-12", Kind.DIGITS, "hi") == "नौ शून्य एक दो"
    assert speak("9012", Kind.DIGITS, "bn") == "9 0 1 2"
    assert not readable("12A", Kind.DIGITS)


def test_text_stays() -> None:
    assert speak(" आशा बेन ", Kind.TEXT, "hi") == "आशा बेन"


@pytest.mark.parametrize("language", [tag for tag, words in WORDS.items() if words.small])
def test_every_number_below_a_lakh_sounds_different(language: str) -> None:
    words = WORDS[language]
    said = {number_words(number, words) for number in range(100_000)}
    assert len(said) == 100_000
    assert not any(re.search(r"\d|  ", phrase) for phrase in said)


@pytest.mark.parametrize("language", WORDS)
def test_twelve_months(language: str) -> None:
    assert len(set(WORDS[language].months)) == 12


@given(st.text(max_size=30), st.sampled_from(list(Kind)), st.sampled_from([*WORDS, "or", "", "xx-YY"]))
def test_nothing_but_a_value_error(value: str, kind: Kind, language: str) -> None:
    if readable(value, kind):
        assert isinstance(speak(value, kind, language), str)
    else:
        with pytest.raises(ValueError, match=r".+"):
            speak(value, kind, language)


@pytest.mark.parametrize("value", ["9" * 30, "1" * 8000, "99999999999.999", "0" * 40 + "1" * 12])
def test_an_amount_beyond_all_bounds_is_no_amount(value: str) -> None:
    """Variables of an inbound call come from outside: a wrong value must be a ValueError, nothing else."""
    with pytest.raises(ValueError, match="more than can be said"):
        parse_amount(value)


@given(st.text("0123456789.,₹ /-eENaif+१", max_size=60) | st.text(max_size=30), st.sampled_from(Kind))
def test_any_text_at_all_is_readable_or_not(value: str, kind: Kind) -> None:
    if readable(value, kind):
        assert all(isinstance(speak(value, kind, language), str) for language in WORDS)
