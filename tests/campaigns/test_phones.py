"""Every line of the table of parsing traps (india-calling-rules.md §7), and what offices send."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.phones import (
    NumberSeries,
    ParsedNumber,
    PhoneProblem,
    mask,
    parse_number,
    parse_number_thoroughly,
    series,
)

MEANT = "+919876543210"


@pytest.mark.parametrize(
    "text",
    [
        "9876543210",
        "09876543210",
        "+919876543210",
        "919876543210",
        "00919876543210",
        "98765 43210",
        "+91-98765-43210",
        "+91 (0) 98765 43210",
        "(+91) 98765–43210",
        " 98765\u00a043210 ",
        "98765.43210",
        "९८७६५४३२१०",
        "૯૮૭૬૫૪૩૨૧૦",
        "௯௮௭௬௫௪௩௨௧௦",
        "９８７６５４３２１０",
        "+९१ ९८७६५ ४३२१०",
        "'9876543210",
        "’09876543210",
        '="9876543210"',
        "tel:+91-98765-43210",
        "\u200e+91 98765 43210\u200c",
        "+9109876543210",
    ],
)
def test_every_spelling_of_one_number_is_that_number(text: str) -> None:
    assert parse_number(text) == ParsedNumber(MEANT, None, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9876543210.0", "“.0”"),
        ("9876543210.00", "“.0”"),
        ("0919876543210", "both a leading 0 and 91"),
        ("9109876543210", "both a leading 0 and 91"),
        ("9,87,65,43,210", "commas"),
        ("9,876,543,210", "commas"),
        ("9.876543210E+09", "power of ten"),
    ],
)
def test_what_can_be_repaired_without_guessing_is_repaired_with_a_note(text: str, words: str) -> None:
    judged = parse_number(text)
    assert judged.e164 == MEANT
    assert words in judged.note


def test_91_is_never_stripped_from_ten_digits() -> None:
    assert parse_number("9198765432").e164 == "+919198765432"
    assert parse_number("09198765432").e164 == "+919198765432"
    assert parse_number("919198765432").e164 == "+919198765432"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", PhoneProblem.EMPTY),
        ("  - ", PhoneProblem.EMPTY),
        ("N.A.", PhoneProblem.EMPTY),
        ("#N/A", PhoneProblem.EMPTY),
        ("0", PhoneProblem.EMPTY),
        ("9.87654E+09", PhoneProblem.DAMAGED),
        ("9,87654E+09", PhoneProblem.DAMAGED),
        ("9.87654e9", PhoneProblem.DAMAGED),
        ("9.19877E+11", PhoneProblem.DAMAGED),
        ("9876543210 / 9812300001", PhoneProblem.SEVERAL_NUMBERS),
        ("9876543210/11", PhoneProblem.SEVERAL_NUMBERS),
        ("9876543210, 9812300001", PhoneProblem.SEVERAL_NUMBERS),
        ("9876543210 or 9812300001", PhoneProblem.SEVERAL_NUMBERS),
        ("9876543210\n9812300001", PhoneProblem.SEVERAL_NUMBERS),
        ("9876543210 9812300001", PhoneProblem.SEVERAL_NUMBERS),
        ("ask the son", PhoneProblem.NOT_A_NUMBER),
        ("98765x3210", PhoneProblem.NOT_A_NUMBER),
        ("9876543210 ext 12", PhoneProblem.NOT_A_NUMBER),
        ("112", PhoneProblem.SHORT_CODE),
        ("1909", PhoneProblem.SHORT_CODE),
        ("+911909", PhoneProblem.SHORT_CODE),
        ("98765432", PhoneProblem.WRONG_LENGTH),
        ("987654321", PhoneProblem.WRONG_LENGTH),
        ("98765432101", PhoneProblem.WRONG_LENGTH),
        ("9198765432101", PhoneProblem.WRONG_LENGTH),
        ("1600112345", PhoneProblem.SPECIAL_SERIES),
        ("1601112345", PhoneProblem.SPECIAL_SERIES),
        ("1401234567", PhoneProblem.SPECIAL_SERIES),
        ("+911600112345", PhoneProblem.SPECIAL_SERIES),
        ("01401234567", PhoneProblem.SPECIAL_SERIES),
        ("1800112345", PhoneProblem.SERVICE_NUMBER),
        ("1800 200 1234", PhoneProblem.SERVICE_NUMBER),
        ("1860 266 0333", PhoneProblem.SERVICE_NUMBER),
        ("1234567890", PhoneProblem.PLACEHOLDER),
        ("0123456789", PhoneProblem.PLACEHOLDER),
        ("9999999999", PhoneProblem.PLACEHOLDER),
        ("+919999999999", PhoneProblem.PLACEHOLDER),
        ("0000000000", PhoneProblem.PLACEHOLDER),
        ("9000000000", PhoneProblem.PLACEHOLDER),
        ("9123456789", PhoneProblem.PLACEHOLDER),
        ("+1 202 555 0123", PhoneProblem.FOREIGN),
        ("00447911123456", PhoneProblem.FOREIGN),
        ("+9876543210", PhoneProblem.FOREIGN),
        ("5098765432", PhoneProblem.NOT_ASSIGNED),
    ],
)
def test_what_cannot_be_called_is_refused_with_its_reason(text: str, problem: PhoneProblem) -> None:
    judged = parse_number(text)
    assert (judged.e164, judged.problem) == (None, problem)
    assert judged.note.endswith(".")


@pytest.mark.parametrize("text", ["079 2630 1234", "08041234567", "+91 11 2301 4567", "0651-2345678"])
def test_a_landline_is_accepted_with_a_note(text: str) -> None:
    judged = parse_number(text)
    assert judged.e164 is not None
    assert "looks like a landline" in judged.note


def test_mobiles_and_landlines_share_their_first_digits() -> None:
    assert "landline" in parse_number("7926301234").note
    assert parse_number("7012345670").note == ""


def test_ones_own_number_is_never_called() -> None:
    assert parse_number("98765 43210", own_numbers={MEANT}).problem is PhoneProblem.OWN_NUMBER
    assert parse_number("98765 43211", own_numbers={MEANT}).e164 == "+919876543211"


@pytest.mark.parametrize(
    ("e164", "expected"),
    [
        ("+911401234567", NumberSeries.PROMOTIONAL),
        ("+911600112345", NumberSeries.SERVICE_1600),
        ("+911601112345", NumberSeries.SERVICE_1601),
        ("+919876543210", NumberSeries.ORDINARY),
        ("+911140123456", NumberSeries.ORDINARY),
        ("+91140123", NumberSeries.ORDINARY),
    ],
)
def test_series(e164: str, expected: NumberSeries) -> None:
    assert series(e164) is expected


def test_mask_keeps_the_ends_only() -> None:
    assert mask("+919812300984") == "+91 98••• ••984"
    assert mask("+14155550123") == "•••123"
    assert mask("12") == mask("") == "•••"


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_judged_and_a_note_never_repeats_it(text: str) -> None:
    judged = parse_number(text)
    assert (judged.e164 is None) != (judged.problem is None)
    assert judged.e164 is None or len(judged.e164) == 13


@settings(deadline=None)
@given(st.integers(min_value=6_000_000_000, max_value=9_999_999_999))
def test_prefixes_never_change_the_verdict(number: int) -> None:
    plain = parse_number(str(number))
    for prefix in ("0", "91", "+91", "0091", "+91 0"):
        judged = parse_number(f"{prefix}{number}")
        assert (judged.e164, judged.problem) == (plain.e164, plain.problem)


@settings(deadline=None)
@given(st.integers(min_value=6_000_000_000, max_value=9_999_999_999))
def test_what_is_accepted_is_accepted_again_and_its_mask_hides_it(number: int) -> None:
    e164 = parse_number(str(number)).e164
    if e164 is not None:
        assert parse_number(e164).e164 == e164
        assert str(number) not in mask(e164)


_WAYS_OF_WRITING = (
    *("{}", "+91{}", "91{}", "0091{}", "0{}", "+91 {}", "+91-{}", " {} ", "\t{}\n", "+910{}", "00910{}"),
    *("'{}", "{}.0", "9{}", "{}1", "091{}", "+1{}", "{}/{}", "{} {}", "91 {}", "0 {}", "{}\u200b", "={}"),
)
_NUMBERS = st.one_of(
    st.from_regex(r"[6-9][0-9]{9}", fullmatch=True),
    st.from_regex(r"[0-9]{8,12}", fullmatch=True),
    st.sampled_from(["9999999999", "6666666666", "9876543210", "8041234567", "7926301234", "1600112345"]),
)


@settings(max_examples=1500)
@given(_NUMBERS, st.sampled_from(_WAYS_OF_WRITING), st.sampled_from(["", " ", "-", "  "]), st.booleans())
def test_the_short_way_and_the_thorough_one_never_differ(
    number: str, way: str, gap: str, is_ours: bool
) -> None:
    written = number[:5] + gap + number[5:]
    text = way.format(*[written] * way.count("{}"))
    own = {f"+91{number}"} if is_ours else set()
    assert parse_number(text, own_numbers=own) == parse_number_thoroughly(text, own_numbers=own)


def test_no_mobile_is_of_a_kind_that_is_refused() -> None:
    """What the short way rests on: the library's pattern for mobiles shares nothing with service numbers."""
    for prefix in range(60000, 100000):
        number = phonenumbers.parse(f"+91{prefix}12358")
        short = parse_number(f"{prefix}12358")
        assert (short.e164 is not None) == phonenumbers.is_valid_number(number)


@pytest.mark.parametrize("text", ["982511241.5", "9825112410.000002", "98251124.10"])
def test_a_number_with_a_decimal_point_is_no_phone_number(text: str) -> None:
    assert parse_number(text).problem is PhoneProblem.FRACTION
