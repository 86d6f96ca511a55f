"""Read a file of people into a standing list: new ones join, known ones are updated, bad rows say why.

Nothing is lost by sending a file again: people in the list are found by the number, and an empty cell
leaves what was there. A changed date is a new occurrence, and `draw` draws no occurrence twice,
whatever a file says.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from django.db import transaction

from campaigns import audit, clock
from campaigns.errors import NotAllowed, SheetError
from campaigns.formatting import grouped
from campaigns.imports.insert import NewPerson
from campaigns.imports.row_check import RowChecker
from campaigns.models import Member, MemberDate, PhoneNumber, StandingList, Suppression
from campaigns.pseudonyms import pseudonym
from campaigns.sheets.process import opened
from campaigns.spreadsheets.columns import Columns, match_columns, question
from campaigns.spreadsheets.dates import is_day, read_day
from campaigns.spreadsheets.garbled_names import garbled
from campaigns.spreadsheets.reader import Row

#: Rows stored together.
CHUNK = 1000
SAMPLE = 50
#: A list is read within the request.
MOST_ROWS = 50_000
#: As `MemberDate` has it, which takes small Latin letters, digits and underscores.
LONGEST_NAME = 40


@dataclass(slots=True)
class ListResult:
    """What a file did to a list, or would do. Every row is new, changed, the same or refused.

    `read_as` holds pairs (heading, what it was taken for), `refusals` pairs (row number, reason).
    `remarks` are sentences about the file, `notes` pairs (row number, what is odd) of rows that were taken.
    """

    read_as: list[tuple[str, str]] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    same: int = 0
    refusals: list[tuple[int, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Return the number of rows that were not empty."""
        return self.new + self.changed + self.same + len(self.refusals)


@dataclass(frozen=True, slots=True)
class _Joining:
    """One good row: the person, with dates and variables apart."""

    person: NewPerson
    dates: Mapping[str, date]
    variables: Mapping[str, str]

    def update(self, member: Member) -> bool:
        """Bring a known person up to date, unsaved; return whether anything is new, the dates included."""
        kept = {each.name: each.day for each in member.dates.all()}
        before = (member.name, member.language, member.variables, kept)
        member.name = self.person.name.strip() or member.name
        member.language = self.person.language or member.language
        member.variables = {**member.variables, **self.variables}
        member.changed_at = clock.now()
        return before != (member.name, member.language, member.variables, {**kept, **self.dates})


def look_at_members(
    standing_list: StandingList, file: BinaryIO, filename: str, *, headings: Mapping[str, str] | None = None
) -> ListResult:
    """Return what `read_members` would do, without doing it. Raise `NotAllowed` as it does."""
    with transaction.atomic():
        result = read_members(standing_list, file, filename, headings=headings)
        transaction.set_rollback(True)
    return result


def read_members(
    standing_list: StandingList, file: BinaryIO, filename: str, *, headings: Mapping[str, str] | None = None
) -> ListResult:
    """Read every person of a file into the list and return what it did. All rows are stored, or none.

    `headings` of `phone`, `name` and `language` where they are not to be guessed. Raise `NotAllowed` if the
    file can't be read or has more than `MOST_ROWS` rows.
    """
    try:
        with opened(file, filename, most=MOST_ROWS + 1) as sheet:
            rows = list(sheet.rows)
        columns = match_columns(sheet.headers, [cells for _, cells in rows[:SAMPLE]], chosen=headings)
        if asked := question(columns, sheet.headers):
            raise SheetError(f"{asked} Say so by its heading.")
    except SheetError as error:
        raise NotAllowed(error.reason) from error
    if len(rows) > MOST_ROWS:
        raise NotAllowed(f"The file has more than {grouped(MOST_ROWS)} rows; split it and send the parts.")
    result = ListResult(dates=date_columns(columns, [cells for _, cells in rows[:SAMPLE]]))
    uses = {columns.phone: "phone", columns.name: "name", columns.language: "language"}
    for name, place in columns.variables.items():
        uses[place] = f"{'date' if name in result.dates else 'variable'} {name}"
    result.read_as = [(heading, uses.get(place, "not used")) for place, heading in enumerate(sheet.headers)]
    names = [] if columns.name is None else [cells[columns.name] for _, cells in rows[:SAMPLE]]
    result.remarks = list(filter(None, [*sheet.warnings, garbled(names)]))
    own = frozenset(PhoneNumber.objects.values_list("e164", flat=True))
    checker = RowChecker(columns, width=len(sheet.headers), language="", own=own, problems=sheet.problems)
    first_row: dict[str, int] = {}
    with transaction.atomic():
        StandingList.objects.select_for_update().get(pk=standing_list.pk)
        for start in range(0, len(rows), CHUNK):
            _take(standing_list, rows[start : start + CHUNK], checker, first_row, result)
        shown = f"{filename} into {standing_list}: {result.new} new, {result.changed} changed"
        audit.note(standing_list, {"people": ("", shown)})
    result.refusals.sort()
    return result


def note_one(member: Member, what: str) -> None:
    """Record with its list that one person was entered, changed or deleted by hand."""
    audit.note(member.standing_list, {"people": ("", f"one person {what}")})


def date_columns(columns: Columns, sample: Sequence[Sequence[str]]) -> list[str]:
    """Return the variables that are dates: a fitting name, and mostly days in the first rows.

    Mostly, because a mistake or two must not turn a column of dates into words: such rows are refused with
    the reason.
    """
    found = []
    for name, place in columns.variables.items():
        filled = [cells[place] for cells in sample if place < len(cells) and cells[place].strip()]
        fits = name.isascii() and len(name) <= LONGEST_NAME
        if fits and filled and sum(map(is_day, filled)) >= 0.6 * len(filled):
            found.append(name)
    return found


def _take(
    standing_list: StandingList,
    rows: Sequence[Row],
    checker: RowChecker,
    first_row: dict[str, int],
    result: ListResult,
) -> None:
    """Check and store a chunk of rows; `first_row` has the row in which each number came first."""
    checked = checker.check(rows)
    result.refusals += [(number, refusal.reason) for number, refusal in checked.refused.items()]
    # Who must not be called at all, also people whose data was erased: those stand under their pseudonym.
    numbers = [person.phone for person in checked.people]
    known = {pseudonym(number): number for number in numbers} | {number: number for number in numbers}
    live = Suppression.objects.filter(
        phone__in=known, scope=Suppression.Scope.ORGANISATION, lifted_at__isnull=True
    )
    stopped = {known[phone]: reason for phone, reason in live.values_list("phone", "reason")}
    good: list[_Joining] = []
    for person in checked.people:
        joining = _joining(person, result.dates)
        if why := stopped.get(person.phone):
            result.refusals.append((person.row_number, why))
        elif isinstance(joining, str):
            result.refusals.append((person.row_number, joining))
        elif before := first_row.get(person.phone):
            result.refusals.append((person.row_number, f"The same number as in row {before}."))
        else:
            first_row[person.phone] = person.row_number
            good.append(joining)
            if person.note:
                result.notes.append((person.row_number, person.note))
    _store(standing_list, good, result)


def _joining(person: NewPerson, dates: Iterable[str]) -> "_Joining | str":
    """Return the row with dates and variables apart, or the reason why it can't be taken."""
    said: dict[str, str] = {name: text for name, text in json.loads(person.variables).items() if text.strip()}
    days: dict[str, date] = {}
    for name in dates:
        text = said.pop(name, "")
        day = read_day(text) if text else None
        if text and day is None:
            return f"“{text[:40]}” under {name} is no date; write it as 28/11/2026."
        if day:
            days[name] = day
    return _Joining(person, days, said)


# --- Storing ---------------------------------------------------------------------------------------


def _store(standing_list: StandingList, good: Sequence[_Joining], result: ListResult) -> None:
    found = Member.objects.filter(
        standing_list=standing_list, phone__in=[joining.person.phone for joining in good]
    )
    known = {member.phone: member for member in found.prefetch_related("dates")}
    fresh = [
        Member(
            standing_list=standing_list,
            phone=joining.person.phone,
            name=joining.person.name,
            language=joining.person.language,
            variables=dict(joining.variables),
        )
        for joining in good
        if joining.person.phone not in known
    ]
    Member.objects.bulk_create(fresh)
    there = [(known[each.person.phone], each) for each in good if each.person.phone in known]
    changed = [member for member, joining in there if joining.update(member)]
    Member.objects.bulk_update(changed, ["name", "language", "variables", "changed_at"])
    members = known | {member.phone: member for member in fresh}
    MemberDate.objects.bulk_create(
        [
            MemberDate(member=members[joining.person.phone], name=name, day=day)
            for joining in good
            for name, day in joining.dates.items()
        ],
        update_conflicts=True,
        unique_fields=["member", "name"],
        update_fields=["day"],
    )
    result.new += len(fresh)
    result.changed += len(changed)
    result.same += len(good) - len(fresh) - len(changed)
