"""Numbers as the platform reads them: one canonical `+…` form, and a masked form for logs and pages."""

import re

_SEPARATORS = re.compile(r"[\s().\-]+")
_INTERNATIONAL = re.compile(r"^\+[1-9][0-9]{9,14}$")
_INDIAN = re.compile(r"^(?:91|0)?([1-9][0-9]{9})$")


def canonical(text: object) -> str | None:
    """Return `+919876543210` for `98765 43210`, `09876543210`, `919876543210`…; None if it is no number."""
    if isinstance(text, bool) or not isinstance(text, str | int):
        return None
    digits = _SEPARATORS.sub("", str(text))
    if len(digits) > 20 or not digits.isascii():
        return None
    if _INTERNATIONAL.match(digits):
        return digits
    indian = _INDIAN.match(digits)
    return f"+91{indian[1]}" if indian else None


def masked(number: str) -> str:
    """Return a number with all but its first three and last four characters masked."""
    return f"{number[:3]}••••••{number[-4:]}" if len(number) > 8 else "••••"
