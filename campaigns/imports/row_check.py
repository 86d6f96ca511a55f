"""The rows of one file, judged a chunk at a time and without the database."""

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
    """A chunk: who may be added, and the rows that can't, by their numbers."""

    people: list[NewPerson]
    refused: dict[int, Refusal]


class RowChecker:
    """Judges rows by the columns chosen for their file."""

    def __init__(self, columns: Columns, *, width: int, language: str, own: Collection[str]) -> None:
        """`language` is taken where a row has none; `own` are our numbers in E.164."""
        self._columns, self._width, self._language, self._own = columns, width, language, own
        self._languages: dict[str, tuple[str, str]] = {"": (language, "")}

    def sort(self, rows: Sequence[Row]) -> CheckedRows:
        """Each row in one place."""
        people: list[NewPerson] = []
        refused: dict[int, Refusal] = {}
        for number, cells in rows:
            if len(cells) > self._width:
                refused[number] = self._shifted(cells)
                continue
            verdict = parse_number(cells[self._columns.phone], own_numbers=self._own)
            if verdict.e164 is None:
                refused[number] = Refusal(ImportRow.Fate.REJECTED, verdict.note)
            else:
                people.append(self._person(number, cells, verdict.e164, verdict.note))
        return CheckedRows(people, refused)

    def _person(self, number: int, cells: Sequence[str], phone: str, note: str) -> NewPerson:
        columns = self._columns
        name = "" if columns.name is None else cells[columns.name]
        language, remark = self._language_of("" if columns.language is None else cells[columns.language])
        variables = _encode({word: cells[place] for word, place in columns.variables.items()}).decode()
        note = f"{note} {remark}".strip() if remark else note
        return NewPerson(number, phone, name[:_LONGEST_NAME], language, variables, note)

    def _language_of(self, written: str) -> tuple[str, str]:
        """The code and a remark; a list has few languages and a million rows."""
        known = self._languages.get(written)
        if known is None:
            known = self._read_language(written)
            if len(self._languages) < _MOST_LANGUAGES_KEPT:
                self._languages[written] = known
        return known

    def _read_language(self, written: str) -> tuple[str, str]:
        code = normalise_language(written)
        if code:
            return code, ""
        remark = f"The language “{written[:40]}” is not known; the campaign's own is used."
        return self._language, remark

    def _shifted(self, cells: Sequence[str]) -> Refusal:
        """A separator inside an unquoted cell moves all that follows: 1,25,000 would be spoken as 1."""
        reason = (
            f"This row has {len(cells)} cells for {self._width} headings: a separator stands inside a cell."
        )
        return Refusal(ImportRow.Fate.REJECTED, f"{reason} Put such cells in quotes.")
