"""Check the rows of one file, a chunk at a time and without the database."""

import re
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from typing import NamedTuple

import msgspec

from campaigns.imports.insert import NewPerson, Refusal
from campaigns.models import ImportRow
from campaigns.phones import parse_number
from campaigns.spreadsheets.columns import Columns, normalise_language
from campaigns.spreadsheets.reader import Row
from campaigns.spreadsheets.written import Kind, UnclearError, read_amount, unclear

_LONGEST_NAME = 200
_MOST_LANGUAGES_KEPT = 1000
_OFFICE_NOTE = re.compile(
    r"(?:(?:grand |sub[ -]?)?total(?:s|\b)"
    r"|(?:prepared|generated|checked|verified|approved|printed|submitted) (?:by|on)\b"
    r"|authori[sz]ed sign|signature|note\s*:|n\.?b\.?\s*:|page \d|help ?line|customer care"
    r"|contact us|for (?:any )?quer"
    r"|कुल\b|योग\b|नोट\s*:|तैयार कर|हेल्पलाइन|કુલ\b|નોંધ\s*:|હેલ્પલાઇન)",
    re.IGNORECASE,
)
_encode = msgspec.json.Encoder().encode


class CheckedRows(NamedTuple):
    """A chunk after its check: people who may be added, and the refused rows by their numbers."""

    people: list[NewPerson]
    refused: dict[int, Refusal]


class RowChecker:
    """Check rows by the columns chosen for their file: each becomes a person or is refused."""

    def __init__(
        self,
        columns: Columns,
        *,
        width: int,
        language: str,
        own: Collection[str],
        kinds: Mapping[str, str] | None = None,
        problems: MutableMapping[int, str] | None = None,
    ) -> None:
        """Take the number of headings as `width`; `own` are our numbers in E.164.

        `language` is taken where a row has none, or one that is not known. `kinds` says how the agent speaks
        each variable; a value that is not clearly so is refused. So are rows with `problems`, by their
        numbers; each is taken out with its row.
        """
        self._columns, self._width, self._language, self._own = columns, width, language, own
        self._languages: dict[str, tuple[str, str]] = {"": (language, "")}
        self._problems = {} if problems is None else problems
        self._values = _values_to_check(columns, kinds or {})

    def check(self, rows: Sequence[Row]) -> CheckedRows:
        """Return every row either among the people or among the refused."""
        people: list[NewPerson] = []
        refused: dict[int, Refusal] = {}
        for number, cells in rows:
            checked = self._checked(number, cells)
            if isinstance(checked, str):
                refused[number] = Refusal(ImportRow.Fate.REJECTED, checked)
            else:
                people.append(checked)
        return CheckedRows(people, refused)

    def _checked(self, number: int, cells: list[str]) -> NewPerson | str:
        """Return the row as a person, or why it is none."""
        columns = self._columns
        name = "" if columns.name is None else cells[columns.name]
        said_first = name or next(filter(None, cells), "")
        if _OFFICE_NOTE.match(said_first):  # what offices write below a list
            return f"“{said_first[:40]}”: this looks like a note or a total of the office, not like a person."
        if self._problems and (why := self._problems.pop(number, "")):
            return why
        if len(cells) > self._width:
            # A separator inside an unquoted cell moves all that follows: 1,25,000 would be spoken as 1.
            return (
                f"This row has {len(cells)} cells for {self._width} headings: a separator stands inside "
                "a cell. Put such cells in quotes."
            )
        if "\n" in name or "\n" in cells[columns.phone]:
            return (
                "The name or the phone number holds a line break: a quotation mark may be wrong, or two "
                "people share a cell. Write each on one line, a row for each person."
            )
        parsed = parse_number(cells[columns.phone], own_numbers=self._own)
        if parsed.e164 is None:
            return parsed.note
        language, remark = self._language_of("" if columns.language is None else cells[columns.language])
        said = {word: cells[place] for word, place in columns.variables.items()}
        notes = [parsed.note, remark]
        try:
            for value in self._values:
                said[value.word], note = value.checked(said[value.word])
                notes.append(note)
        except UnclearError as error:
            return str(error)
        variables = _encode(said).decode()
        return NewPerson(
            number, parsed.e164, name[:_LONGEST_NAME], language, variables, " ".join(filter(None, notes))
        )

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


class _Value(NamedTuple):
    """A variable whose writing is checked. `declared`: by its agent, else by its heading."""

    word: str
    kind: Kind
    declared: bool
    comma: bool

    def checked(self, text: str) -> tuple[str, str]:
        """Return the value as it is kept, and a note. Raises `UnclearError` for what must not be spoken.

        What an agent does not declare is kept as it is and noted.
        """
        if not text.strip():
            return text, f"There is no {self.word}, which the agent speaks." if self.declared else ""
        if self.comma:
            text = f"{read_amount(text, decimal_comma=True):f}"
        if why := unclear(text, self.kind):
            if self.declared:
                raise UnclearError(f"{self.word}: {why}")
            return text, f"{self.word}: {why}"
        is_nothing = self.kind is Kind.AMOUNT and not read_amount(text)
        return text, f"The {self.word} is zero." if is_nothing else ""


def _values_to_check(columns: Columns, kinds: Mapping[str, str]) -> list[_Value]:
    """Return the variables whose kind is known: from the agent, the choice of columns or the name."""
    found = []
    for word in columns.variables:
        comma = word in columns.decimal_comma
        by_name = _BY_NAME.get(re.sub(r"_\d+\Z", "", word))
        if kind := kinds.get(word) or by_name or (Kind.AMOUNT if comma else None):
            found.append(_Value(word, Kind(kind), declared=word in kinds, comma=comma))
    return found


#: What a variable holds that has its name from a known heading.
_BY_NAME = {"amount": Kind.AMOUNT, "due_date": Kind.DATE}
