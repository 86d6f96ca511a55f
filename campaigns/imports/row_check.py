"""Check the rows of one file, a chunk at a time and without the database."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec

from campaigns.imports.insert import NewPerson, Refusal
from campaigns.models import ImportRow
from campaigns.phones import parse_number
from campaigns.spreadsheets.columns import Columns, normalise_language
from campaigns.spreadsheets.reader import Row

_LONGEST_NAME = 200
_MOST_LANGUAGES_KEPT = 1000
_encode = msgspec.json.Encoder().encode


class CheckedRows(NamedTuple):
    """A chunk after its check: people who may be added, and the refused rows by their numbers."""

    people: list[NewPerson]
    refused: dict[int, Refusal]


class RowChecker:
    """Check rows by the columns chosen for their file: each becomes a person or is refused."""

    def __init__(self, columns: Columns, *, width: int, language: str, own: Collection[str]) -> None:
        """Take the number of headings as `width`; `own` are our numbers in E.164.

        `language` is taken where a row has none, or one that is not known.
        """
        self._columns, self._width, self._language, self._own = columns, width, language, own
        self._languages: dict[str, tuple[str, str]] = {"": (language, "")}

    def check(self, rows: Sequence[Row]) -> CheckedRows:
        """Return every row either among the people or among the refused."""
        columns = self._columns
        people: list[NewPerson] = []
        refused: dict[int, Refusal] = {}
        for number, cells in rows:
            if len(cells) > self._width:
                # A separator inside an unquoted cell moves all that follows: 1,25,000 would be spoken as 1.
                reason = (
                    f"This row has {len(cells)} cells for {self._width} headings: a separator stands inside "
                    "a cell. Put such cells in quotes."
                )
                refused[number] = Refusal(ImportRow.Fate.REJECTED, reason)
                continue
            parsed = parse_number(cells[columns.phone], own_numbers=self._own)
            if parsed.e164 is None:
                refused[number] = Refusal(ImportRow.Fate.REJECTED, parsed.note)
                continue
            name = "" if columns.name is None else cells[columns.name][:_LONGEST_NAME]
            language, remark = self._language_of("" if columns.language is None else cells[columns.language])
            variables = _encode({word: cells[place] for word, place in columns.variables.items()}).decode()
            note = f"{parsed.note} {remark}".strip() if remark else parsed.note
            people.append(NewPerson(number, parsed.e164, name, language, variables, note))
        return CheckedRows(people, refused)

    def _language_of(self, written: str) -> tuple[str, str]:
        """Return the code and a remark, from a cache: a list has few languages and a million rows."""
        known = self._languages.get(written)
        if known is None:
            remark = f"The language “{written[:40]}” is not known; the campaign's own is used."
            code = normalise_language(written)
            known = (code, "") if code else (self._language, remark)
            if len(self._languages) < _MOST_LANGUAGES_KEPT:
                self._languages[written] = known
        return known
