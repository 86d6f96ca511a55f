"""Amounts, dates and digits as people say them."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.agents.number_words import WORDS
from calls.agents.verbalize import Kind, amount_words, number_words, readable, speak, time_words
from campaigns.spreadsheets.written import UnclearError, WrittenTime, read_amount

FORMS = Path(__file__).resolve().parents[2] / "data" / "written" / "forms.csv"


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
def test_amounts_in_other_languages(language: str, value: str, said: str) -> None:
    assert speak(value, Kind.AMOUNT, language) == said


def _forms() -> list[tuple[str, str, str, str]]:
    with FORMS.open(encoding="utf-8", newline="") as file:
        return [(row["kind"], row["written"], row["english"], row["hindi"]) for row in csv.DictReader(file)]


def test_the_table_of_written_forms_is_long_enough_and_says_each_once() -> None:
    forms = _forms()
    assert len(forms) >= 120
    assert len({(kind, written) for kind, written, *_ in forms}) == len(forms)


@pytest.mark.parametrize(("kind", "written", "english", "hindi"), _forms())
def test_every_written_form_has_the_right_words_or_is_unclear(
    kind: str, written: str, english: str, hindi: str
) -> None:
    def say(language: str) -> str:
        if kind == "amount, decimal comma":
            return amount_words(read_amount(written, decimal_comma=True), WORDS[language])
        return speak(written, Kind(kind), language)

    if english == hindi == "unclear":
        with pytest.raises(UnclearError, match=re.escape(f"“{written[:40]}")):
            say("en")
    else:
        assert (say("en"), say("hi")) == (english, hindi)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("gu", "સાંજે પાંચ વાગીને ત્રીસ મિનિટે"),
        ("mr", "संध्याकाळी पाच वाजून तीस मिनिटांनी"),
        ("ta", "மாலை ஐந்து மணி முப்பது நிமிடம்"),
        ("bn", "সন্ধ্যা 5টা 30 মিনিট"),
        ("or", "17:30"),
    ],
)
def test_times_in_other_languages(language: str, said: str) -> None:
    assert speak("5:30 PM", Kind.TIME, language) == said


@pytest.mark.parametrize("language", WORDS)
def test_every_minute_of_the_day_sounds_different(language: str) -> None:
    day = [WrittenTime(hour, minute, True) for hour in range(24) for minute in range(60)]
    assert len({time_words(time, WORDS[language]) for time in day}) == len(day)


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


@given(st.text("0123456789.,₹ /-eENaif+१", max_size=60) | st.text(max_size=30), st.sampled_from(Kind))
def test_any_text_at_all_is_readable_or_not(value: str, kind: Kind) -> None:
    if readable(value, kind):
        assert all(isinstance(speak(value, kind, language), str) for language in WORDS)
