"""PURE: names that a voice cannot read because they were typed for one old font, or in ISCII.

Kruti Dev and its kind draw Hindi where the file holds Latin letters: जगदीश is stored as txnh'k. ISCII holds
Indian letters in the places where ISO-8859-1 has accents: it reads as ÍÖ¢.
"""

import re
from collections.abc import Sequence

_LEAST_NAMES, _LEAST_LETTERS = 4, 20
#: Of the letters of Latin names at least three in ten are vowels; in Kruti Dev one in six is.
_FEWEST_VOWELS = 0.27
#: Signs inside a word, or a capital behind a small letter: consonants and vowel signs of the font.
_INSIDE = re.compile(r"[A-Za-z][';\\[\]{}|/^&~`$%][A-Za-z]|[a-z][A-Z]|[;'{}\[\]\\]\Z")


def garbled(names: Sequence[str]) -> str:
    """Return a sentence with an example if most of the names are written for a font or in ISCII; or empty."""
    names = [name for name in names if name.strip()]
    if len(names) < _LEAST_NAMES:
        return ""
    accented = [name for name in names if sum("\x80" <= c <= "\xff" for c in name) * 5 > len(name) * 2]
    if len(accented) * 2 > len(names):
        how, example = "in ISCII", accented[0]
    elif _is_for_a_font(names):
        how, example = "for a font such as Kruti Dev", next(filter(_INSIDE.search, names))
    else:
        return ""
    return (
        f"The names seem to be written {how} (“{example[:30]}”), which no voice can read. Convert them to "
        "Unicode "
        "and upload the file again."
    )


def _is_for_a_font(names: Sequence[str]) -> bool:
    letters = [c for name in names for c in name.lower() if c.isascii() and c.isalpha()]
    if not all(map(str.isascii, names)) or len(letters) < _LEAST_LETTERS:
        return False
    vowels = sum(c in "aeiou" for c in letters)
    marked = sum(1 for name in names if _INSIDE.search(name))
    return vowels < _FEWEST_VOWELS * len(letters) and marked * 4 >= len(names)
