"""PURE: which number is meant by a cell of an uploaded list, and may such a number be called at all.

phonenumberslite knows the numbering plan; the rules around it are ours, because it takes 1600, 1601
and 140 numbers for ordinary ones, accepts 1234567890, and reads spreadsheet damage as digits
(india-calling-rules.md §7, where every trap was run).
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType


class PhoneProblem(StrEnum):
    """Why a text cannot be called."""

    EMPTY = "empty"
    NOT_A_NUMBER = "not_a_number"
    DAMAGED = "damaged"
    FRACTION = "fraction"
    SEVERAL_NUMBERS = "several_numbers"
    WRONG_LENGTH = "wrong_length"
    SHORT_CODE = "short_code"
    FOREIGN = "foreign"
    SPECIAL_SERIES = "special_series"
    SERVICE_NUMBER = "service_number"
    PLACEHOLDER = "placeholder"
    NOT_ASSIGNED = "not_assigned"
    OWN_NUMBER = "own_number"


class NumberSeries(StrEnum):
    """The series of an Indian number, which says what it may be used for (§2.3)."""

    PROMOTIONAL = "140"
    SERVICE_1600 = "1600"
    SERVICE_1601 = "1601"
    ORDINARY = "ordinary"


@dataclass(frozen=True)
class ParsedNumber:
    """`e164` when the number can be called, else a `problem`; `note` is a sentence for staff.

    A note beside an accepted number tells what was repaired or is to be expected. It never holds
    the number itself.
    """

    e164: str | None
    problem: PhoneProblem | None
    note: str = ""


_SENTENCES = {
    PhoneProblem.EMPTY: "There is no phone number.",
    PhoneProblem.NOT_A_NUMBER: "This is not a phone number: it holds letters or signs.",
    PhoneProblem.DAMAGED: (
        "The spreadsheet has cut digits off this number (as in 9.87E+09)."
        " Format the column as text and export it again."
    ),
    PhoneProblem.FRACTION: "This is a number with a decimal point, not a phone number.",
    PhoneProblem.SEVERAL_NUMBERS: "There is more than one number in the cell. Keep one in each row.",
    PhoneProblem.SHORT_CODE: "This is a short code, not a person's number.",
    PhoneProblem.FOREIGN: "This is a number outside India. Only +91 numbers can be called.",
    PhoneProblem.SPECIAL_SERIES: "This is a 140, 1600 or 1601 number, used for calling and never called.",
    PhoneProblem.SERVICE_NUMBER: "This is a toll-free or service number, not a person's.",
    PhoneProblem.PLACEHOLDER: "This is a made-up number, written to fill the cell.",
    PhoneProblem.NOT_ASSIGNED: "No such number exists in India's numbering plan.",
    PhoneProblem.OWN_NUMBER: "This is your own calling number.",
}
_LANDLINE = "This looks like a landline: key presses may not arrive."
_POINT_ZERO = "The spreadsheet had added “.0”; it was removed."
_GROUPED = "The spreadsheet had added commas; they were removed."
_EXACT_POWER = "The spreadsheet had written it as a power of ten; all digits were still there."
_ZERO_AND_91 = "It had both a leading 0 and 91; the 0 was removed."

_NOTHING = frozenset({"", "na", "nil", "none", "null", "nan", "notavailable", "#n/a", "#value!", "0"})
_POWER = re.compile(r"\+?(\d)(?:[.,](\d*))?[eE]\+?(\d{1,2})")
_POINT_ZEROS = re.compile(r"(\+?\d+)[.,]0{1,2}")
_FRACTION = re.compile(r"\+?\d{8,}\.\d+")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{2,3})+")
_BETWEEN_NUMBERS = re.compile(r"[/,;&|\\\n]|\b(?:or|and)\b", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s().\-‐-―−_]")
_EXCEL_TEXT = re.compile(r'=?"(.*)"')
_NATIONAL_LENGTH = 10
_SHORTEST_SUBSCRIBER = 6
_LONGEST_CELL = 100
_LEAST_POWER = 9  # ten digits; less is an amount
_ASCENDING = "01234567890123456789"
_CALLABLE = {
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.VOIP,
}

# The usual ways of writing a mobile number, which need no repair and no search for damage. The library
# takes 40 µs for a number; its own pattern for Indian mobiles, asked directly, takes one.
_PLAIN = re.compile(r"\s*(?:\+91[ -]?|91|0091|0)?([6-9][0-9]{4})[ -]?([0-9]{5})\s*", re.ASCII)
_INDIA: Any = PhoneMetadata.metadata_for_region("IN")
_MOBILE = re.compile(_INDIA.mobile.national_number_pattern)


def parse_number(text: str, *, own_numbers: Collection[str] = frozenset()) -> ParsedNumber:
    """Return the one Indian number `text` means, or why it cannot be called; never raises.

    `own_numbers` are E.164. Repairs nothing by guessing: what could mean two numbers is refused.
    """
    if plain := _PLAIN.fullmatch(text):
        national = plain[1] + plain[2]
        e164 = "+91" + national
        if _MOBILE.fullmatch(national) and not _is_made_up(national) and e164 not in own_numbers:
            return ParsedNumber(e164, None)
    return parse_number_thoroughly(text, own_numbers=own_numbers)


def parse_number_thoroughly(text: str, *, own_numbers: Collection[str] = frozenset()) -> ParsedNumber:
    """Return the same as `parse_number`, for any text and without the short way."""
    clean, note = _repair(text)
    problem = _problem_of_text(clean)
    if problem:
        return _refused(problem)
    national, prefix_note = _national(_SEPARATORS.sub("", clean))
    if isinstance(national, ParsedNumber):
        return national
    e164 = f"+91{national}"
    number = phonenumbers.parse(e164)
    kind = phonenumbers.number_type(number)
    problem = _problem_of_number(national, number, kind)
    if problem is None and e164 in own_numbers:
        problem = PhoneProblem.OWN_NUMBER
    if problem:
        return _refused(problem)
    landline = _LANDLINE if kind == PhoneNumberType.FIXED_LINE else ""
    return ParsedNumber(e164, None, " ".join(filter(None, (note or prefix_note, landline))))


def series(e164: str) -> NumberSeries:
    """Return the series of an Indian number in E.164 or national form (§7.6)."""
    national = e164.removeprefix("+91")
    for special in (NumberSeries.SERVICE_1600, NumberSeries.SERVICE_1601, NumberSeries.PROMOTIONAL):
        if len(national) == _NATIONAL_LENGTH and national.startswith(special.value):
            return special
    return NumberSeries.ORDINARY


def is_landline(parsed: ParsedNumber) -> bool:
    """Return whether an accepted number looks like a landline (§7.3: only the reverse is sure)."""
    return parsed.e164 is not None and _LANDLINE in parsed.note


#: What stands where a number stood begins so (`campaigns.pseudonyms`); no number in E.164 does.
REMOVED = "x"


def mask(e164: str) -> str:
    """Return the number with its middle hidden, as `+91 98••• ••984`; never raises, for logs and lists."""
    if e164.startswith(REMOVED):
        return "number removed"
    national = e164.removeprefix("+91")
    if not e164.startswith("+91") or len(national) != _NATIONAL_LENGTH:
        return f"•••{e164[-3:]}" if len(e164) >= 8 else "•••"
    return f"+91 {national[:2]}••• ••{national[-3:]}"


def _refused(problem: PhoneProblem) -> ParsedNumber:
    return ParsedNumber(None, problem, _SENTENCES[problem])


def _repair(text: str) -> tuple[str, str]:
    """Return `text` freed of what a spreadsheet did to it without losing a digit, and a note about it.

    Digits of every script become 0-9; invisible signs and a spreadsheet's quoting go without a note.
    """
    text = unicodedata.normalize("NFKC", text[:_LONGEST_CELL])
    text = "".join(str(unicodedata.decimal(c, c)) for c in text if unicodedata.category(c) != "Cf")
    text = text.strip()
    quoted = _EXCEL_TEXT.fullmatch(text)
    text = (quoted[1] if quoted else text).strip().strip("'’‘`´\"").strip()
    text = text.removeprefix("tel:").strip()
    if found := _POINT_ZEROS.fullmatch(text):
        return found[1], _POINT_ZERO
    power = _POWER.fullmatch(text)
    if power and len(power[2] or "") == int(power[3]):
        return power[1] + power[2], _EXACT_POWER
    if _THOUSANDS.fullmatch(text) and len(text.replace(",", "")) == _NATIONAL_LENGTH:
        return text.replace(",", ""), _GROUPED
    return text, ""


def _problem_of_text(text: str) -> PhoneProblem | None:
    squeezed = _SEPARATORS.sub("", text)
    if squeezed.casefold() in _NOTHING:
        return PhoneProblem.EMPTY
    power = _POWER.fullmatch(text)
    if power and int(power[3]) >= _LEAST_POWER:
        return PhoneProblem.DAMAGED
    if _FRACTION.fullmatch(text):
        return PhoneProblem.FRACTION
    # Two numbers, or one and the end of another ("…10/11"); no amount, no date.
    parts = [part for each in _BETWEEN_NUMBERS.split(text) if (part := re.sub(r"\D", "", each))]
    words = [word for word in text.split() if len(re.sub(r"\D", "", word)) >= _NATIONAL_LENGTH]
    listed = len(parts) > 1 and max(map(len, parts)) >= _SHORTEST_SUBSCRIBER
    if listed or len(words) > 1 or text.count("+") > 1:
        return PhoneProblem.SEVERAL_NUMBERS
    if not re.fullmatch(r"\+?[0-9]+", squeezed):
        return PhoneProblem.NOT_A_NUMBER
    return PhoneProblem.PLACEHOLDER if _is_made_up(squeezed.lstrip("+")) else None


def _national(number: str) -> tuple[str | ParsedNumber, str]:
    """Return the ten digits after +91, or why there are none, and a note on what was repaired.

    Only the length tells whether 91 is the country code: ten digits may begin with 91 (§7).
    """
    international, digits = number.startswith("+"), number.lstrip("+")
    if not international and digits.startswith("00"):
        international, digits = True, digits[2:]
    if international and not digits.startswith("91"):
        return _refused(PhoneProblem.FOREIGN), ""
    if international:
        return _ten(digits[2:].removeprefix("0")), ""
    if len(digits) == 13 and digits.startswith("091"):
        return digits[3:], _ZERO_AND_91
    if len(digits) == 13 and digits.startswith("910"):
        return digits[3:], _ZERO_AND_91
    if len(digits) == 12 and digits.startswith("91"):
        return digits[2:], ""
    return _ten(digits.removeprefix("0") if len(digits) == 11 else digits), ""


def _ten(digits: str) -> str | ParsedNumber:
    if len(digits) == _NATIONAL_LENGTH:
        return digits
    if re.fullmatch(r"18[06]0\d{5,8}", digits):
        return _refused(PhoneProblem.SERVICE_NUMBER)
    if len(digits) <= 6:
        return _refused(PhoneProblem.SHORT_CODE)
    hint = " The STD code may be missing." if len(digits) in (7, 8) else ""
    note = f"The number has {len(digits)} digits; Indian numbers have {_NATIONAL_LENGTH}.{hint}"
    return ParsedNumber(None, PhoneProblem.WRONG_LENGTH, note)


def _problem_of_number(national: str, number: phonenumbers.PhoneNumber, kind: int) -> PhoneProblem | None:
    if _is_made_up(national):
        return PhoneProblem.PLACEHOLDER
    if series(national) is not NumberSeries.ORDINARY:
        return PhoneProblem.SPECIAL_SERIES
    if not phonenumbers.is_valid_number(number):
        return PhoneProblem.NOT_ASSIGNED
    return None if kind in _CALLABLE else PhoneProblem.SERVICE_NUMBER


def _is_made_up(digits: str) -> bool:
    """Return whether all digits after the first are the same, or they count upwards.

    Counting downwards is let through: 9876543210 is a number like any other to §7.
    """
    if len(digits) < _NATIONAL_LENGTH:
        return False
    return len(set(digits[1:])) == 1 or digits in _ASCENDING or digits[1:] in _ASCENDING
