"""PURE: a text as the sentences that are spoken one by one, so that what is the same is spoken once.

“Hello Asha. This is a call of Sahyog Gas.” holds one sentence for Asha and one for all people. Where a
sentence ends is decided by the words on both sides of a mark alone, so a sentence is not divided again, and
it stays the same whatever stands further off.
"""

import re
from functools import lru_cache
from typing import Final

PAUSE_MS: Final = 240
"""Between two sentences, beside the 2 × 30 ms that are kept of their own silence: espeak-ng's own pause."""
_LEAST_LETTERS: Final = 3
"""Of the word before a full stop: initials and the numbers of lists end no sentence."""
_ABBREVIATIONS: Final = frozenset(
    (
        *("adv", "approx", "asst", "capt", "col", "dept", "dist", "engg", "gen", "govt", "hon", "lieut"),
        *("ltd", "messrs", "mrs", "opp", "prof", "pvt", "secy", "sgt", "shri", "smt"),
    )
)
_MARK: Final = re.compile(r"(?<=[.!?।॥۔؟])\s+(?=\S)")
_WORD: Final = re.compile(r"[^\W\d_][\w\u0900-\u0dff'’}]*(?=\W*\Z)")


@lru_cache(maxsize=4096)
def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text, each with its mark; joined by spaces they are the text.

    One that can't be told from an abbreviation stays with the next. Empty for a blank text.
    """
    found: list[str] = []
    begin = 0
    for gap in _MARK.finditer(text):
        if _ends(text[begin : gap.start()], text[gap.end()]):
            found.append(text[begin : gap.start()].strip())
            begin = gap.end()
    rest = text[begin:].strip()
    if found and not any(map(str.isalnum, rest)):
        rest = f"{found.pop()} {rest}".strip()
    return (*found, rest) if rest else tuple(found)


def _ends(before: str, following: str) -> bool:
    """Return whether the mark at the end of `before` ends a sentence if this character follows."""
    if following.islower() or not any(map(str.isalnum, before)):
        return False
    if not before.endswith("."):
        return True
    word = _WORD.search(before.split()[-1].rstrip("."))
    return word is not None and len(word[0]) >= _LEAST_LETTERS and word[0].casefold() not in _ABBREVIATIONS
