"""Amounts, dates and digits as people say them."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.agents.number_words import WORDS
from calls.agents.verbalize import (
    Kind,
    amount_words,
    cardinal_words,
    number_words,
    ordinal_words,
    readable,
    speak,
    time_words,
)
from campaigns.spreadsheets.written import UnclearError, WrittenTime, read_amount

DATA = Path(__file__).resolve().parents[2] / "data"
FORMS = DATA / "written" / "forms.csv"
SPOKEN = sorted((DATA / "spoken").glob("*.csv"))
THIRTEEN = {"hi", "gu", "mr", "ta", "te", "kn", "ml", "bn", "pa", "ur", "en", "or", "as"}
"""india-calling-rules, section 8."""


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
        ("bn", "125000", "এক লাখ পঁচিশ হাজার টাকা"),
        ("te", "1,000", "వెయ్యి రూపాయలు"),
        ("kn", "25500", "ಇಪ್ಪತ್ತೈದು ಸಾವಿರದ ಐನೂರು ರೂಪಾಯಿ"),
        ("ml", "125000", "ഒരു ലക്ഷത്തി ഇരുപത്തിയഞ്ചായിരം രൂപ"),
        ("pa", "125678", "ਇੱਕ ਲੱਖ ਪੱਚੀ ਹਜ਼ਾਰ ਛੇ ਸੌ ਅਠੱਤਰ ਰੁਪਏ"),
        ("or", "1,25,000.00", "ଏକ ଲକ୍ଷ ପଚିଶ ହଜାର ଟଙ୍କା"),
        ("ne", "1,25,000.00", "125000"),
    ],
)
def test_amounts_in_other_languages(language: str, value: str, said: str) -> None:
    assert speak(value, Kind.AMOUNT, language) == said


def _spoken() -> list[tuple[str, str, str, str]]:
    rows = []
    for path in SPOKEN:
        with path.open(encoding="utf-8", newline="") as file:
            rows += [(path.stem, row["kind"], row["value"], row["words"]) for row in csv.DictReader(file)]
    return rows


def test_thirteen_languages_have_at_least_twelve_examples_each_of_every_kind() -> None:
    assert set(WORDS) == {path.stem for path in SPOKEN} == THIRTEEN
    for language in THIRTEEN:
        examples = [kind for tag, kind, *_ in _spoken() if tag == language]
        assert len(examples) >= 12
        assert {*examples, "text"} == set(Kind)


@pytest.mark.parametrize(("language", "kind", "value", "words"), _spoken())
def test_examples_in_every_language(language: str, kind: str, value: str, words: str) -> None:
    assert speak(value, Kind(kind), language) == words


@pytest.mark.parametrize(
    ("language", "number", "words"),
    [
        ("kn", 83, "ಎಂಬತ್ತಮೂರು"),  # indic-numtowords says 82
        ("kn", 120, "ನೂರ ಇಪ್ಪತ್ತು"),  # and 100
        ("kn", 25_000, "ಇಪ್ಪತ್ತೈದು ಸಾವಿರ"),  # and the form before a rest
        ("ml", 10_000, "പതിനായിരം"),
        ("ml", 5_000, "അയ്യായിരം"),
        ("ml", 29_000, "ഇരുപത്തിയൊമ്പതിനായിരം"),
        ("pa", 75, "ਪੰਝੱਤਰ"),
        ("ur", 27, "ستائیس"),
        ("as", 33, "তেত্ৰিশ"),
        ("ta", 20_47, "இரண்டு ஆயிரத்து நாற்பத்து ஏழு"),  # without a double space
        ("te", 200, "రెండు వందలు"),
        ("hi", 10**10 + 5, "एक हज़ार करोड़ पाँच"),  # an int of ten digits
    ],
)
def test_numbers_that_a_library_says_wrong(language: str, number: int, words: str) -> None:
    assert cardinal_words(number, WORDS[language]) == words


@given(st.integers(0, 10**9), st.sampled_from(sorted(THIRTEEN)))
def test_every_number_has_words_and_says_its_lakhs_and_crores(number: int, language: str) -> None:
    words = WORDS[language]
    said = speak(str(number), Kind.NUMBER, language)
    assert said == " ".join(said.split())
    assert not any(char.isdigit() for char in said)
    for scale in words.scales:
        count, number = divmod(number, scale.size)
        forms = {scale.word, scale.joined, *(form for form in (scale.single, scale.single_joined) if form)}
        forms |= {new for end, new in words.alone if end in forms}
        assert not count or any(form in said for form in forms)


@given(st.integers(1, 9999), st.sampled_from(sorted(THIRTEEN)))
def test_no_place_in_an_order_is_said_as_its_number(place: int, language: str) -> None:
    said = speak(f"{place:,}", Kind.ORDINAL, language)
    assert said == ordinal_words(place, WORDS[language])
    assert said not in {cardinal_words(place, WORDS[language]), number_words(place, WORDS[language])}
    assert not any(char.isdigit() for char in said)


@pytest.mark.parametrize("language", WORDS)
def test_all_places_up_to_a_thousand_sound_different(language: str) -> None:
    assert len({ordinal_words(place, WORDS[language]) for place in range(1, 1001)}) == 1000


def test_groups_are_parted_by_the_comma_of_the_language() -> None:
    assert speak("98765 43210", Kind.PHONE, "ne") == "9 8 7 6 5, 4 3 2 1 0"
    assert speak("1800 123 4567", Kind.PHONE, "en") == (
        "one eight zero zero, one two three, four five six seven"
    )
    assert "، " in speak("380015", Kind.PIN, "ur")
    assert speak("1234567890", Kind.ACCOUNT, "ne") == "1 2 3 4, 5 6 7 8, 9 0"


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
        ("bn", "সন্ধ্যা পাঁচটা ত্রিশ মিনিট"),
        ("ne", "17:30"),
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
    [("hi", "28 नवंबर"), ("gu", "28 નવેમ્બર"), ("ta", "நவம்பர் 28"), ("te", "నవంబర్ 28"), ("ne", "28 November")],
)
def test_dates(language: str, said: str) -> None:
    assert speak("28/11/2026", Kind.DATE, language) == said


def test_digits_one_by_one() -> None:
    assert speak("90-12", Kind.DIGITS, "hi") == "नौ शून्य एक दो"
    assert speak("9012", Kind.DIGITS, "ne") == "9 0 1 2"
    assert not readable("12A", Kind.DIGITS)


def test_text_stays() -> None:
    assert speak(" आशा बेन ", Kind.TEXT, "hi") == "आशा बेन"


@pytest.mark.parametrize("language", WORDS)
def test_every_number_below_a_lakh_sounds_different(language: str) -> None:
    words = WORDS[language]
    said = {number_words(number, words) for number in range(100_000)}
    assert len(said) == 100_000
    assert not any(re.search(r"\d|  ", phrase) for phrase in said)


@pytest.mark.parametrize("language", WORDS)
def test_twelve_months(language: str) -> None:
    assert len(set(WORDS[language].months)) == 12


@given(st.text(max_size=30), st.sampled_from(list(Kind)), st.sampled_from([*WORDS, "ne", "", "xx-YY"]))
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
