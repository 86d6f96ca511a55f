"""How an organisation's own words are pronounced: `EMI` as “ee em aai”, put into a text before it is spoken.

Only the text that a voice gets changes; what is shown and logged keeps the written form.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple


class Entry(NamedTuple):
    """A word or words as `written`, and as `spoken` in a `language` by its code, or in every one if empty."""

    written: str
    spoken: str
    language: str = ""


def apply(text: str, entries: tuple[Entry, ...], language: str) -> str:
    """Return `text` with each written form of `language` (`hi`, `hi-IN` …) replaced by its spoken one.

    Whole words only, in every script: neither inside a longer word, nor before a vowel sign, a virama or
    another mark that belongs to the letter in front. Capital letters count: `EMI` is not `Emi`. The longest
    form is taken, and one of the language before one of all. What was put in is not looked at again, so an
    entry may hold its own written form. A text without any is returned as it is; another comes back in NFC.
    """
    spoken, pattern = _prepared(entries, language.lower().replace("_", "-").partition("-")[0])
    if not spoken:
        return text
    plain = unicodedata.normalize("NFC", text)
    said = pattern.sub(lambda found: spoken[tidy(found[0])], plain)
    return text if said == plain else said


def tidy(words: str) -> str:
    """Return `words` in NFC, with one space between them and none around."""
    return " ".join(unicodedata.normalize("NFC", words).split())


@lru_cache(maxsize=64)
def _prepared(entries: tuple[Entry, ...], base: str) -> tuple[dict[str, str], re.Pattern[str]]:
    """Return the spoken forms by written form, and the pattern that finds the longest of them.

    A form's words may have any space between them.
    """
    mine = sorted((each for each in entries if each.language in ("", base)), key=lambda each: each.language)
    spoken = {tidy(each.written): each.spoken for each in mine if tidy(each.written)}
    whole = []
    for written in sorted(spoken, key=lambda written: (-len(written), written)):
        before = f"(?<!{_IN_WORD})" if re.match(_IN_WORD, written[0]) else ""
        behind = _IN_WORD if re.match(_IN_WORD, written[-1]) else _MARK
        words = r"\s+".join(map(re.escape, written.split()))
        whole.append(f"{before}{words}(?!{behind})")
    return spoken, re.compile("|".join(whole))


# `\w` has letters and digits, but no vowel sign, virama or nukta (Mn, Mc), so `\b` lies inside Indian words.
# The joiners that shape a conjunct are part of a word too.
_MARKS = "".join(char for char in map(chr, range(0x300, 0x10000)) if unicodedata.category(char)[0] == "M")
_MARK = f"[{_MARKS}\u200c\u200d]"
_IN_WORD = rf"[\w{_MARKS}\u200c\u200d]"
