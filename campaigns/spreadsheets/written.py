"""PURE: amounts, numbers, dates, times, digits and names as people write them in a list.

What can mean two things is refused.

The one parser of written values: the import, the preflight and the call ask it, so that no row is accepted
that a call reads otherwise. Grouping is parsed and never stripped. `tests/data/written/forms.csv` has, by
hand, some two hundred written forms with their meaning.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a variable holds, and so how it is spoken.

    `number` is a count, `ordinal` a place in an order (3rd). Of the last four each digit is spoken: `digits`
    in one row, `phone` as 5 and 5, `pin` as 3 and 3, `account` by fours.
    """

    TEXT = "text"
    NAME = "name"
    NUMBER = "number"
    ORDINAL = "ordinal"
    AMOUNT = "amount"
    DATE = "date"
    TIME = "time"
    DIGITS = "digits"
    PHONE = "phone"
    PIN = "pin"
    ACCOUNT = "account"


class UnclearError(ValueError):
    """The text is not of the kind, or could mean two things. The message says so and shows it."""


class WrittenDate(NamedTuple):
    """A day. `year` is None if it was not written, or with two digits: the century is not known then."""

    day: int
    month: int
    year: int | None


class WrittenTime(NamedTuple):
    """A time by the clock of 24 hours. Not `certain`: it may mean 12 hours later."""

    hour: int
    minute: int
    certain: bool


#: An earlier or later year is a typing error.
FIRST_YEAR, LAST_YEAR = 1900, 2199
_LONGEST = 60
_SHOWN = 40
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " "))


def read_amount(text: str, *, decimal_comma: bool = False) -> Decimal:
    """Return the rupees, to the paisa, in `1,25,000`, `125,000.50`, `Rs. 500/-` or `१,२५,०००`.

    With `decimal_comma`, those in `1.250,50`. Raises `UnclearError` for anything else, and from 10^11 rupees.
    """
    plain = _plain(text)
    bare = _BEHIND.sub("", _BEFORE.sub("", plain))
    found = _AMOUNT.fullmatch(bare.translate(_SWAP) if decimal_comma else bare)
    whole, part = (found["whole"] or "", found["part"] or "") if found else ("", "")
    # The point of 1.250 may part thousands: it is 1250 to many.
    grouped_by_a_point = len(part) == 3 and re.fullmatch(r"[1-9]\d{0,2}", whole)
    if not (whole or part) or grouped_by_a_point:
        raise UnclearError(f"“{text[:_SHOWN]}” is no clear amount{_why_no_amount(bare)}.")
    whole = re.sub(r"[, ]", "", whole).lstrip("0") or "0"
    if len(whole) > _MOST_RUPEE_DIGITS:
        raise UnclearError(f"“{text[:_SHOWN]}” is more than can be said.")
    amount = Decimal(f"{whole}.{part or 0}").quantize(_PAISA, rounding=ROUND_HALF_UP)
    if amount >= Decimal(10) ** _MOST_RUPEE_DIGITS:
        raise UnclearError(f"“{text[:_SHOWN]}” is more than can be said.")
    return amount


def shows_decimal_comma(text: str) -> bool:
    """Return whether the text is an amount with a decimal comma and can't be anything else: `1.250,50`."""
    bare = _BEHIND.sub("", _BEFORE.sub("", _plain(text)))
    return bool(_POINTS_AND_A_COMMA.fullmatch(bare))


def read_date(text: str) -> WrittenDate:
    """Return the day in `28/11/2026`, `28-11-26`, `2026-11-28`, `28 Nov 2026` or `Nov 28, 2026`.

    The day comes before the month. A time behind it is passed over. Raises `UnclearError` for anything else
    and for a day that no month has.
    """
    plain = _TIME_BEHIND.sub("", _plain(text))
    for form, order in _DATE_FORMS:
        if found := form.fullmatch(plain):
            day, month, year = (found[name] for name in order)
            number = int(month) if month.isdecimal() else _month(month)
            if (read := _day(int(day), number, year)) is not None:
                return read
    why = ""
    two = re.fullmatch(r"(\d{1,2})([/.-])(\d{1,2})\2(?:\d{4}|\d{2})", plain)
    if re.fullmatch(r"[34]\d{4}(?:\.\d+)?", plain):
        why = ": a spreadsheet has written it as the number of the day"
    elif two and int(two[1]) <= 12 < int(two[3]) <= 31:
        why = ": the month seems to stand before the day"
    raise UnclearError(f"“{text[:_SHOWN]}” is no clear date{why}. Write it as 28/11/2026.")


def read_time(text: str) -> WrittenTime:
    """Return the time in `10:30`, `10.30 am`, `5 PM`, `17:30`, `1030 hrs` or `शाम 5:30 बजे`.

    A date before it is passed over. Raises `UnclearError` for anything else.
    """
    found = _TIME.fullmatch(_DATE_BEFORE.sub("", _plain(text)))
    hour, minute = (int(found["hour"]), int(found["minute"] or 0)) if found else (24, 0)
    if found and hour < 24 and minute < 60:
        half, part = (found["half"] or "").lower()[:1], found["part"]
        if half and not part and 1 <= hour <= 12:
            return WrittenTime(hour % 12 + 12 * (half == "p"), minute, certain=True)
        if part and not half and 1 <= hour <= 12:
            return WrittenTime(_PARTS_OF_DAY[part](hour), minute, certain=True)
        has_form = found["minute"] or found["oclock"]
        if has_form and not half and not part:
            return WrittenTime(hour, minute, certain=not 1 <= hour <= 12)
    raise UnclearError(f"“{text[:_SHOWN]}” is no clear time. Write it as 17:30 or 5:30 PM.")


def read_digits(text: str) -> str:
    """Return the digits of an account or phone number, at most 40; single spaces and hyphens may part them.

    Raises `UnclearError` if there is anything else in it.
    """
    plain = _plain(text)
    if not _DIGITS.fullmatch(plain) or len(digits := re.sub(r"\D", "", plain)) > _MOST_DIGITS:
        raise UnclearError(f"“{text[:_SHOWN]}” is no clear number to be read digit by digit.")
    return digits


def read_number(text: str) -> int:
    """Return the whole number in `1,25,000`, `125000` or `१२`.

    Raises `UnclearError` for anything else: a part behind a point, below zero, from 10^11.
    """
    plain = _plain(text)
    found = _AMOUNT.fullmatch(plain)
    if not found or not found["whole"] or "." in plain:
        why = (
            ": it has a part behind the point."
            if found and found["whole"]
            else ". Write it as 1,250 or 1250."
        )
        why = ": it is below zero." if _BELOW_ZERO.fullmatch(plain) else why
        raise UnclearError(f"“{text[:_SHOWN]}” is no clear number{why}")
    digits = re.sub(r"[, ]", "", plain).lstrip("0") or "0"
    if len(digits) > _MOST_RUPEE_DIGITS:
        raise UnclearError(f"“{text[:_SHOWN]}” is more than can be said.")
    return int(digits)


def read_ordinal(text: str) -> int:
    """Return the place in an order in `3`, `3rd` or `३`, from 1 to 9,999.

    Raises `UnclearError` for anything else, and for an ending that is not the number's (`3th`).
    """
    plain = _plain(text)
    found = re.fullmatch(r"(\d{1,3}(?:,\d{3})?|\d{4,})(st|nd|rd|th)?", plain, re.IGNORECASE)
    place = int(found[1].replace(",", "")) if found else 0
    ending = "th" if place // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    if not found or not 1 <= place <= _MOST_PLACES or (found[2] or ending).lower() != ending:
        raise UnclearError(
            f"“{text[:_SHOWN]}” is no clear place in an order. Write it as 3 or 3rd, up to {_MOST_PLACES}."
        )
    return place


def read_phone(text: str) -> tuple[str, ...]:
    """Return an Indian number in groups: 5 and 5 digits; of 1800 and 1860, 4, then 2 or 3, then 4.

    `+91`, `0091`, `91` and `0` before ten digits are passed over. Raises `UnclearError` for anything else.
    """
    plain = _plain(text)
    digits = re.sub(r"\D", "", plain) if _DIGITS.fullmatch(plain) else ""
    if plain[:1] != "+" and (free := re.fullmatch(r"(18[06]0)(\d{2,3})(\d{4})", digits)):
        return free.groups()
    before = r"91" if plain[:1] == "+" else r"(?:00)?91|0"
    found = re.fullmatch(rf"(?:{before})?([1-9]\d{{4}})(\d{{5}})", digits)
    if not found or (plain[:1] == "+" and len(digits) != 12):
        raise UnclearError(f"“{text[:_SHOWN]}” is no clear Indian phone number. Write it with ten digits.")
    return found.groups()


def read_pin(text: str) -> tuple[str, ...]:
    """Return the two halves of a pin code, `380 015` or `380015`. Raises `UnclearError` for anything else."""
    found = re.fullmatch(r"([1-9]\d{2}) ?(\d{3})", _plain(text))
    if not found:
        raise UnclearError(f"“{text[:_SHOWN]}” is no clear pin code. It has six digits, the first not 0.")
    return found.groups()


def read_account(text: str) -> tuple[str, ...]:
    """Return the digits of an account by fours, the rest last. Raises `UnclearError` as `read_digits`."""
    return tuple(re.findall(r"\d{1,4}", read_digits(text)))


def read_name(text: str) -> str:
    """Return a person's or a place's name with single spaces; `ASHA BEN` as `Asha Ben`, not to be spelt out.

    Raises `UnclearError` if it holds no letter, a digit, or a sign that names don't have.
    """
    name = " ".join(text.translate(_SPACES).split())
    signs = all(unicodedata.category(c)[0] in "LM" or c in _SIGNS_OF_NAMES for c in name)
    if len(name) > _LONGEST or not signs or not any(c.isalpha() for c in name):
        raise UnclearError(
            f"“{text[:_SHOWN]}” is no clear name. Use letters, points and hyphens, at most {_LONGEST}."
        )
    return re.sub(r"\b[A-Z]{3,}\b", lambda word: word[0].capitalize(), name) if name.isupper() else name


def unclear(text: str, kind: Kind) -> str:
    """Return the sentence that says why the text is not of the kind; empty if it is."""
    try:
        _READERS[kind](text)
    except UnclearError as error:
        return str(error)
    return ""


# --- amounts -----------------------------------------------------------------------------------------

_PAISA = Decimal("0.01")
_MOST_RUPEE_DIGITS = 11
_BELOW_ZERO = re.compile(r"\(.*\)|[-−–].*|.*[-−–]")
_SWAP = str.maketrans(",.", ".,")
_BEFORE = re.compile(r"\A(?:₹|₨|rs\.?|re\.|inr|रुपये|रुपए|रु\.?|रू\.?|રૂ\.?)\s*", re.IGNORECASE)
_BEHIND = re.compile(r"(?:\s*(?:/[-=]|rs\.?|inr|rupees?|only|₹|रुपये|रुपए|રૂપિયા))+\Z", re.IGNORECASE)
_AMOUNT = re.compile(
    r"(?P<whole>\d+"
    r"|[1-9]\d{0,2}(?P<west>[, ])\d{3}(?:(?P=west)\d{3})*"
    r"|[1-9]\d?(?P<india>[, ])(?:\d{2}(?P=india))*\d{3})?"
    r"(?:\.(?P<part>\d*))?"
)
_POINTS_AND_A_COMMA = re.compile(r"(?:[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d?(?:\.\d{2})*\.\d{3}),\d{1,2}")


def _why_no_amount(bare: str) -> str:
    """Return what stands in the way, to be set behind "is no clear amount"."""
    if re.search(r"\d[eE][+-]?\d", bare):
        return ": a spreadsheet has written it as a power of ten and cut its digits off"
    if re.search(r"\b[CD]r\b\.?", bare, re.IGNORECASE):
        return ": Cr and Dr say who owes whom, and Cr may be a crore"
    if _BELOW_ZERO.fullmatch(bare):
        return ": it is below zero"
    if re.fullmatch(r"\d+,\d{1,2}|[\d.]+,\d+", bare):
        return ". If its comma parts the paise, choose “Amount with a decimal comma” for the column"
    return ": write it as 1,25,000 or 125000.50" if re.search(r"\d", bare) else ""


# --- dates and times -----------------------------------------------------------------------------------

_MONTHS = re.findall(
    r"\w+", "january february march april may june july august september october november december"
)
_HINDI_MONTHS = re.findall(r"\S+", "जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर")
_LEAP_YEAR = 2000
_BY_NUMBER = ("day", "month", "year")
_DATE_FORMS = tuple(
    (re.compile(form, re.IGNORECASE), _BY_NUMBER)
    for form in (
        r"(?P<day>\d{1,2}) ?(?P<by>[/.-]) ?(?P<month>\d{1,2}) ?(?P=by) ?(?P<year>\d{4}|\d{2})",
        r"(?P<year>\d{4})(?P<by>[/.-])(?P<month>\d{1,2})(?P=by)(?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[ /.-]?(?P<month>[^\W\d_][^\d\s,./-]{2,})"
        r"\.?,?(?:[ /-]?(?P<year>\d{4}|\d{2}))?",
        r"(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,? (?P<year>\d{4}))?",
    )
)
_TIME_BEHIND = re.compile(r"(?:T|,? )\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AP]M)?\Z", re.IGNORECASE)
_DATE_BEFORE = re.compile(r"\A(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}-\d{2}-\d{2})[T ](?=\d{1,2}:\d{2})")
_TIME = re.compile(
    r"(?:(?P<part>सुबह|दोपहर|शाम|रात) )?"
    r"(?P<hour>\d{1,2})(?:(?:[:.]| ?(?=\d{2} ?hrs\b))(?P<minute>\d{2})(?::\d{2})?)?"
    r"(?: ?(?P<half>[ap]\.?m\.?))?(?P<oclock> ?(?:बजे|hrs\.?|o'clock))?",
    re.IGNORECASE,
)
_PARTS_OF_DAY: Mapping[str, Callable[[int], int]] = {
    "सुबह": lambda hour: hour,
    "दोपहर": lambda hour: hour if hour >= 11 else hour + 12,
    "शाम": lambda hour: hour % 12 + 12,
    "रात": lambda hour: hour % 12 + (12 if 6 < hour < 12 else 0),
}


def _month(name: str) -> int:
    """Return the month's number by its English name, whole or cut short, or its Hindi one; 0 for no month."""
    said = name.lower()
    english = [place for place, month in enumerate(_MONTHS, 1) if month.startswith(said)]
    hindi = [place for place, month in enumerate(_HINDI_MONTHS, 1) if _letters(month) == _letters(name)]
    return next(iter(english + hindi), 0)


def _letters(name: str) -> str:
    """Return the name without the dot below, which फरवरी is often written without."""
    return unicodedata.normalize("NFD", name).replace("\u093c", "")


def _day(day: int, month: int, year: str | None) -> WrittenDate | None:
    """Return the day; None if there is none."""
    full = 2000 + int(year) if year and len(year) == 2 else int(year or _LEAP_YEAR)
    try:
        date(full, month, day)
    except ValueError:
        return None
    if not FIRST_YEAR <= full <= LAST_YEAR:
        return None
    return WrittenDate(day, month, full if year and len(year) == 4 else None)


# --- digits and what all share -------------------------------------------------------------------------

_MOST_DIGITS = 40
_MOST_PLACES = 9999
_SIGNS_OF_NAMES = " .'’‘-,()/&\u200c\u200d"
_DIGITS = re.compile(r"\+?(?:\(\d+\)[ -]?)?\d+(?:[ -]\d+)*")


def _plain(text: str) -> str:
    """Return the text, if it is not too long, with digits of any script (०, ૦, ௦ …) as 0 to 9."""
    if len(text) > _LONGEST:
        raise UnclearError(
            f"“{text[:_SHOWN]}…” is too long to be a number, an amount, a date, a time or digits."
        )
    if text.isascii():
        return text.strip()
    spaced = text.translate(_SPACES)
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in spaced).strip()


_READERS: Mapping[Kind, Callable[[str], object]] = {
    Kind.TEXT: str,
    Kind.NAME: read_name,
    Kind.NUMBER: read_number,
    Kind.ORDINAL: read_ordinal,
    Kind.AMOUNT: read_amount,
    Kind.DATE: read_date,
    Kind.TIME: read_time,
    Kind.DIGITS: read_digits,
    Kind.PHONE: read_phone,
    Kind.PIN: read_pin,
    Kind.ACCOUNT: read_account,
}
