"""Values from a spreadsheet as people say them, in the language of the call.

Amounts by lakh and crore, dates by the name of the month, numbers such as a loan account digit by digit. A
language without tables here gets plain digits, which its voice reads as it can.
"""

import re
import unicodedata
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from calls.agents.number_words import WORDS, Words


class Kind(StrEnum):
    """How a variable is to be spoken."""

    TEXT = "text"
    AMOUNT = "amount"
    DATE = "date"
    DIGITS = "digits"


_MOST = Decimal(10) ** 11
_AMOUNT = re.compile(r"\d+(\.\d*)?|\.\d+")
_CURRENCY = re.compile(r"₹|\b(?:rs|inr)\b\.?|rupees?|/-|[,\s]", re.IGNORECASE)
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{2}|\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})(?:[ T].*)?")
_NAMED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s\-]+([A-Za-z]{3,9})\.?,?(?:[\s\-]+(\d{2}|\d{4}))?")
_SEPARATORS = re.compile(r"[\s+()\-./]")
_LEAP_YEAR = 2000


def speak(value: str, kind: Kind, language: str) -> str:
    """Return `value` in words of `language` (`hi`, `hi-IN` …). Raises `ValueError` if it is no `kind`."""
    words = WORDS.get(language.lower().replace("_", "-").partition("-")[0])
    match kind:
        case Kind.AMOUNT:
            return amount_words(parse_amount(value), words)
        case Kind.DATE:
            return date_words(*parse_date(value), words)
        case Kind.DIGITS:
            return digit_words(parse_digits(value), words)
        case Kind.TEXT:
            return value.strip()


def readable(value: str, kind: Kind) -> bool:
    """Return whether `speak` takes it: it is an amount, a date or digits, if `kind` says so."""
    try:
        speak(value, kind, "en")
    except ValueError:
        return False
    return True


# --- reading -----------------------------------------------------------------------------------------


def parse_amount(value: str) -> Decimal:
    """Return the rupees, to the paisa, in `1,25,000`, `₹ 125000.50`, `Rs. 500/-` or `१,२५,०००`.

    Raises `ValueError` for anything else, and from 10^11 rupees.
    """
    plain = _CURRENCY.sub("", _ascii_digits(value))
    if not _AMOUNT.fullmatch(plain):
        raise ValueError("not an amount")
    amount = Decimal(plain)
    if amount < _MOST:  # beyond the context's precision `quantize` raises, and not a ValueError
        amount = amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    if amount >= _MOST:
        raise ValueError("more than can be said")
    return amount


def parse_date(value: str) -> tuple[int, int]:
    """Return (day, month) of `28/11/2026`, `28-11-26`, `2026-11-28` or `28 Nov 2026`; day before month.

    Raises `ValueError` for anything else and for a day that the month does not have.
    """
    plain = _ascii_digits(value).strip()
    if found := _YEAR_FIRST.fullmatch(plain):
        year, month, day = (int(part) for part in found.groups())
    elif found := _DAY_FIRST.fullmatch(plain):
        day, month, year = (int(part) for part in found.groups())
    elif found := _NAMED.fullmatch(plain):
        months = [name.lower().startswith(found[2].lower()) for name in WORDS["en"].months]
        # `index` raises ValueError too
        day, month, year = int(found[1]), months.index(True) + 1, int(found[3] or _LEAP_YEAR)
    else:
        raise ValueError("not a date")
    checked = date(year if year > 99 else 2000 + year, month, day)
    return checked.day, checked.month


def parse_digits(value: str) -> str:
    """Return the digits of an account or phone number without separators, at most 40.

    Raises `ValueError` if there is anything else in it.
    """
    plain = _SEPARATORS.sub("", _ascii_digits(value))
    if not (plain.isascii() and plain.isdecimal()) or len(plain) > 40:
        raise ValueError("not a number to be read digit by digit")
    return plain


def _ascii_digits(value: str) -> str:
    """Return `value` with the digits of any script (०, ૦, ௦ …) as 0 to 9."""
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in value)


# --- saying ------------------------------------------------------------------------------------------


def amount_words(amount: Decimal, words: Words | None) -> str:
    """Return `125000` as एक लाख पच्चीस हज़ार रुपये; paise only if there are any; plain digits without `words`."""
    rupees, paise = divmod(int(amount * 100), 100)
    if words is None:
        return f"{amount.normalize():f}"
    said = words.one_rupee if rupees == 1 else f"{number_words(rupees, words)} {words.rupees}"
    if not paise:
        return said
    small = f"{number_words(paise, words)} {words.paise}"
    return f"{said} {small}" if rupees else small


def number_words(number: int, words: Words) -> str:
    """Return a whole number from 0 in words, by crore, lakh and thousand."""
    parts, rest = [], number
    for scale in words.scales:
        count, rest = divmod(rest, scale.size)
        if count:
            if count == 1 and scale.single:
                parts.append(scale.single_joined if rest else scale.single)
            else:
                parts.append(f"{number_words(count, words)} {scale.joined if rest else scale.word}")
    if words.small:
        hundreds, rest = divmod(rest, 100)
        if hundreds:
            before_more = words.hundreds_joined or words.hundreds
            parts.append((before_more if rest else words.hundreds)[hundreds - 1])
    if rest or not parts:
        parts.append(words.small[rest] if words.small else str(rest))
    return " ".join(parts)


def date_words(day: int, month: int, words: Words | None) -> str:
    """Return `28 नवंबर`, the month first where that is the custom, and no year."""
    words = words or WORDS["en"]
    name = words.months[month - 1]
    return f"{name} {day}" if words.month_first else f"{day} {name}"


def digit_words(digits: str, words: Words | None) -> str:
    """Return one word a digit; the digits themselves, with spaces, for a language without its own words."""
    if words is None or not words.small:
        return " ".join(digits)
    return " ".join(words.small[int(digit)] for digit in digits)
