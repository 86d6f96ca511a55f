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
    letters = [c for name in names for c in name.lower() if c.isascii() and c.isalpha()]
    vowels = sum(c in "aeiou" for c in letters)
    marked = [name for name in names if name.isascii() and _INSIDE.search(name)]
    accented = [name for name in names if sum("\x80" <= c <= "\xff" for c in name) * 5 > len(name) * 2]
    if len(accented) * 2 > len(names):
        how, example = "in ISCII", accented[0]
    elif (
        len(letters) < _LEAST_LETTERS
        or vowels >= _FEWEST_VOWELS * len(letters)
        or len(marked) * 4 < len(names)
    ):
        return ""
    else:
        how, example = "for a font such as Kruti Dev", marked[0]
    return (
        f"The names seem to be written {how} (“{example[:30]}”), which no voice can read. Convert them to "
        "Unicode "
        "and upload the file again."
    )
