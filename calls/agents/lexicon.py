"""How an organisation's own words are pronounced: `EMI` as “ee em aai”, put into a text before it is spoken.

Only the text that a voice gets changes; what is shown and logged keeps the written form.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias


class Entry(NamedTuple):
    """A word or words as `written`, and as `spoken` in a `language` by its code, or in every one if empty."""

    written: str
    spoken: str
    language: str = ""


def apply(text: str, entries: Iterable[Entry], language: str) -> str:
    """Return what `Lexicon(entries).spoken(text, language)` does; for one text."""
    return Lexicon(entries).spoken(text, language)


class Lexicon:
    """Entries, looked up by their first word: a text costs about the same with ten of them and a thousand."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = tuple(entries)
        languages = {each.language for each in self.entries} | {""}
        self._tables = {language: self._table(language) for language in languages}

    def spoken(self, text: str, language: str) -> str:
        """Return `text` with each written form of `language` (`hi`, `hi-IN` …) replaced by its spoken one.

        Whole words only, in every script: neither inside a longer word, nor before a vowel sign, a virama or
        another mark that belongs to the letter in front. Capital letters count: `EMI` is not `Emi`. The
        longest form is taken, and one of the language before one of all. What was put in is not looked at
        again, so an entry may hold its own written form. A text without any is returned as it is; another
        comes back in NFC with single spaces.
        """
        base = language.lower().replace("_", "-").partition("-")[0]
        table = self._tables.get(base, self._tables[""])
        if not table:
            return text
        tokens, said, place = _tokens(text), list[str](), 0
        while place < len(tokens):
            for written, spoken in table.get(tokens[place], ()):
                if tokens[place : place + len(written)] == written:
                    said.append(spoken)
                    place += len(written)
                    break
            else:
                said.append(tokens[place])
                place += 1
        return "".join(said) if said != tokens else text

    def _table(self, language: str) -> "_Table":
        """Return the forms of a language by their first token, the longest first."""
        forms = {tidy(each.written): each.spoken for each in self.entries if not each.language}
        forms |= {tidy(each.written): each.spoken for each in self.entries if each.language == language}
        table: _Table = {}
        for written in sorted(filter(None, forms), key=len, reverse=True):
            tokens = _tokens(written)
            table.setdefault(tokens[0], []).append((tokens, forms[written]))
        return table


def tidy(words: str) -> str:
    """Return `words` in NFC, with one space between them and none around."""
    return " ".join(unicodedata.normalize("NFC", words).split())


def _tokens(text: str) -> list[str]:
    """Return whole words, spaces (any run of them as one) and single other signs, in their order."""
    found = _TOKEN.findall(unicodedata.normalize("NFC", text))
    return [" " if token.isspace() else token for token in found]


_Table: TypeAlias = dict[str, list[tuple[list[str], str]]]

# `\w` has letters and digits, but no vowel sign, virama or nukta (Mn, Mc), so `\b` lies inside Indian words.
# The joiners that shape a conjunct are part of a word too.
_MARKS = "".join(char for char in map(chr, range(0x300, 0x10000)) if unicodedata.category(char)[0] == "M")
_TOKEN = re.compile(rf"[\w{_MARKS}\u200c\u200d]+|\s+|.", re.DOTALL)
