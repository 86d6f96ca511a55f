"""Values from a spreadsheet as people say them, in the language of the call.

Amounts by lakh and crore, dates by the name of the month, times with the part of the day, numbers such as
a loan account digit by digit. A language without tables here gets plain digits, which its voice reads as it
can. How a value may be written is `campaigns.spreadsheets.written`'s to say.
"""

from decimal import Decimal

from calls.agents.number_words import WORDS, Words
from campaigns.spreadsheets.written import (
    Kind,
    WrittenTime,
    read_amount,
    read_date,
    read_digits,
    read_time,
    unclear,
)

__all__ = ["Kind", "readable", "speak"]


def speak(value: str, kind: Kind, language: str) -> str:
    """Return `value` in words of `language` (`hi`, `hi-IN` …). Raises `UnclearError` if it is no `kind`."""
    words = WORDS.get(language.lower().replace("_", "-").partition("-")[0])
    match kind:
        case Kind.AMOUNT:
            return amount_words(read_amount(value), words)
        case Kind.DATE:
            day, month, _ = read_date(value)
            return date_words(day, month, words)
        case Kind.TIME:
            return time_words(read_time(value), words)
        case Kind.DIGITS:
            return digit_words(read_digits(value), words)
        case Kind.TEXT:
            return value.strip()


def readable(value: str, kind: Kind) -> bool:
    """Return whether `speak` takes it: it is clearly of its `kind`."""
    return not unclear(value, kind)


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


def time_words(time: WrittenTime, words: Words | None) -> str:
    """Return `17:30` as शाम पाँच बजकर तीस मिनट; the part of the day only if the time says which it is."""
    if words is None:
        return f"{time.hour}:{time.minute:02d}"
    hour = number_words((time.hour - 1) % 12 + 1, words)
    minute = number_words(time.minute, words)
    if words.zero_minute and time.minute < 10:
        minute = f"{words.zero_minute} {minute}"
    said = (words.hour_minute if time.minute else words.hour).format(hour=hour, minute=minute)
    if not time.certain:
        return said
    # From which hour on: 0 morning, 1 noon, 2 evening, 3 night.
    parts = ((20, 3), (16, 2), (12, 1), (4, 0), (0, 3))
    part = words.parts_of_day[next(place for first, place in parts if time.hour >= first)]
    return f"{said} {part}" if words.part_behind else f"{part} {said}"


def digit_words(digits: str, words: Words | None) -> str:
    """Return one word a digit; the digits themselves, with spaces, for a language without its own words."""
    if words is None or not words.small:
        return " ".join(digits)
    return " ".join(words.small[int(digit)] for digit in digits)
