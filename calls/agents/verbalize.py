"""Values from a spreadsheet as people say them, in the language of the call.

Amounts and counts by lakh and crore, dates by the name of the month, times with the part of the day, numbers
such as a loan account digit by digit, a telephone number in groups. All 13 languages of
`calls.agents.number_words` have words; another language gets plain digits, which its voice reads as it can.
How a value may be written is `campaigns.spreadsheets.written`'s to say.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from calls.agents.number_words import WORDS, Endings, Words
from campaigns.spreadsheets.written import (
    Kind,
    WrittenTime,
    read_account,
    read_amount,
    read_date,
    read_digits,
    read_name,
    read_number,
    read_ordinal,
    read_phone,
    read_pin,
    read_time,
    unclear,
)

__all__ = ["Kind", "readable", "speak"]


def speak(value: str, kind: Kind, language: str) -> str:
    """Return `value` in words of `language` (`hi`, `hi-IN` …). Raises `UnclearError` if it is no `kind`."""
    return _SPEAKERS[kind](value, WORDS.get(language.lower().replace("_", "-").partition("-")[0]))


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


def cardinal_words(number: int, words: Words | None) -> str:
    """Return a whole number from 0 as it is said without a noun behind it; plain digits without `words`."""
    return _ended(number_words(number, words), words.alone) if words else str(number)


def ordinal_words(number: int, words: Words | None) -> str:
    """Return `3` as तीसरा, the form for a masculine noun; plain digits without `words`."""
    if words is None:
        return str(number)
    if number <= len(words.first):
        return words.first[number - 1]
    return _ended(number_words(number, words), words.ordinal)


def _ended(said: str, endings: Endings) -> str:
    """Return `said` with its end changed by the first of `endings` that fits; as it is if none does."""
    for end, new in endings:
        if f" {said}".endswith(end):
            return f" {said}".removesuffix(end).lstrip() + new
    return said


def number_words(number: int, words: Words) -> str:
    """Return a whole number from 0 in words, by crore, lakh and thousand, as it is said before a noun."""
    parts, rest = [], number
    for scale in words.scales:
        count, rest = divmod(rest, scale.size)
        if count:
            if count == 1 and scale.single:
                parts.append(scale.single_joined if rest else scale.single)
            else:
                said, word = number_words(count, words), scale.joined if rest else scale.word
                parts.append(_ended(said, scale.fused) + word if scale.fused else f"{said} {word}")
    hundreds, rest = divmod(rest, 100)
    if hundreds:
        before_more = words.hundreds_joined or words.hundreds
        parts.append((before_more if rest else words.hundreds)[hundreds - 1])
    if rest or not parts:
        parts.append(words.small[rest])
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
    form = words.hour_minute if time.minute else words.hour
    if time.hour % 12 == 1:
        form = (words.one_hour_minute if time.minute else words.one_hour) or form
    said = form.format(hour=hour, minute=minute)
    if not time.certain:
        return said
    # From which hour on: 0 morning, 1 noon, 2 evening, 3 night.
    parts = ((20, 3), (16, 2), (12, 1), (4, 0), (0, 3))
    part = words.parts_of_day[next(place for first, place in parts if time.hour >= first)]
    return f"{said} {part}" if words.part_behind else f"{part} {said}"


def digit_words(digits: str, words: Words | None) -> str:
    """Return one word a digit; the digits themselves, with spaces, without `words`."""
    return " ".join(words.small[int(digit)] if words else digit for digit in digits)


def group_words(groups: Iterable[str], words: Words | None) -> str:
    """Return one word a digit, and a comma, which a voice makes a pause of, between the groups."""
    comma = words.comma if words else ","
    return f"{comma} ".join(digit_words(group, words) for group in groups)


_SPEAKERS: Mapping[Kind, Callable[[str, Words | None], str]] = {
    Kind.TEXT: lambda value, _: value.strip(),
    Kind.NAME: lambda value, _: read_name(value),
    Kind.NUMBER: lambda value, words: cardinal_words(read_number(value), words),
    Kind.ORDINAL: lambda value, words: ordinal_words(read_ordinal(value), words),
    Kind.AMOUNT: lambda value, words: amount_words(read_amount(value), words),
    Kind.DATE: lambda value, words: date_words(*read_date(value)[:2], words),
    Kind.TIME: lambda value, words: time_words(read_time(value), words),
    Kind.DIGITS: lambda value, words: digit_words(read_digits(value), words),
    Kind.PHONE: lambda value, words: group_words(read_phone(value), words),
    Kind.PIN: lambda value, words: group_words(read_pin(value), words),
    Kind.ACCOUNT: lambda value, words: group_words(read_account(value), words),
}
