"""PURE: a day as offices write it, day before month: 28/11/2026, 28-11-2026, 2026-11-28, 28 Nov 2026."""

import re
from datetime import date, datetime

#: An earlier or later day is a typing error: no programme runs then.
FIRST, LAST = date(1900, 1, 1), date(2200, 1, 1)
_FORMS = ("%d/%m/%Y", "%Y/%m/%d", "%d/%b/%Y", "%d/%B/%Y")
_BETWEEN = re.compile(r"[\s./,-]+")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2})?\s*\Z")
_LONGEST = 40


def read_day(text: str) -> date | None:
    """Return the day, None if the text is none. A year of two digits is refused: its century is not known."""
    if len(text) > _LONGEST:
        return None
    plain = _BETWEEN.sub("/", _TIME.sub("", text.strip())).strip("/")
    for form in _FORMS:
        try:
            found = datetime.strptime(plain, form).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
        return found if FIRST <= found <= LAST else None
    return None


def is_day(text: str) -> bool:
    """Return whether the text is a day."""
    return read_day(text) is not None
