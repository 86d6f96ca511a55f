"""A list goes in: good rows become recipients, the others keep their cells and get a reason."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db import transaction

from campaigns import clock
from campaigns.models import Campaign, Import, ImportRow, PhoneNumber, Recipient, User
from campaigns.phones import judge
from campaigns.services.judging import suppression_reasons
from campaigns.sheets import Columns, Sheet, SheetError, match_columns, normalise_language, read_sheet

#: Rows judged and stored together.
STRIDE = 1000
#: Rows looked at to find out which column is which.
SAMPLE = 50

#: Nobody can be added any more.
ENDED = (Campaign.State.COMPLETED, Campaign.State.CANCELLED)

Row = tuple[int, list[str]]


class UnreadableFile(Exception):
    """Nobody could be taken from the file. `reason` says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Sorted:
    """A stride of rows, each in one place."""

    accepted: list[Recipient] = field(default_factory=list)
    others: list[ImportRow] = field(default_factory=list)


def import_people(campaign: Campaign, *, data: bytes, filename: str, by: User | None) -> Import:
    """Add a file's people to a campaign; `UnreadableFile` if that can't be, and then nothing is kept.

    Duplicates are found after normalising, within the file and against the campaign; so a file that is
    uploaded twice adds nobody, and every row says so.
    """
    try:
        sheet = read_sheet(data, filename)
        columns = match_columns(sheet.headers, [cells for _, cells in islice(sheet.rows, SAMPLE)])
        return _store(campaign, sheet, columns, data=data, filename=filename, by=by)
    except SheetError as error:
        raise UnreadableFile(error.reason) from error


@transaction.atomic
def _store(
    campaign: Campaign, sheet: Sheet, columns: Columns, *, data: bytes, filename: str, by: User | None
) -> Import:
    # The campaign's row is locked: two files at once must not both take the same person for new.
    if Campaign.objects.select_for_update().get(pk=campaign.pk).state in ENDED:
        raise UnreadableFile("This campaign has ended; make a new one for these people.")
    source = Import.objects.create(
        campaign=campaign,
        filename=filename[:255],
        sha256=hashlib.sha256(data).hexdigest(),
        encoding=sheet.encoding,
        columns=_described(sheet, columns),
        created_by=by,
    )
    counts: Counter[str] = Counter()
    sorter = _Sorter(campaign, source, columns, width=len(sheet.headers))
    for stride in _strides(sheet):
        rows = sorter.sort(stride)
        Recipient.objects.bulk_create(rows.accepted)
        ImportRow.objects.bulk_create(rows.others)
        counts["accepted"] += len(rows.accepted)
        counts.update(row.fate for row in rows.others)
    return _finish(source, sheet, counts)


class _Sorter:
    """Decides the fate of each row, in the file's order."""

    def __init__(self, campaign: Campaign, source: Import, columns: Columns, *, width: int) -> None:
        self.campaign, self.source, self.columns, self.width = campaign, source, columns, width
        self.own = frozenset(PhoneNumber.objects.values_list("e164", flat=True))
        self.first_rows: dict[str, int] = {}

    def sort(self, rows: Sequence[Row]) -> Sorted:
        """Judge a stride of rows with two queries."""
        judged = [(row, judge(row[1][self.columns.phone], own_numbers=self.own)) for row in rows]
        phones = [verdict.e164 for _, verdict in judged if verdict.e164]
        known = set(self.campaign.recipients.filter(phone__in=phones).values_list("phone", flat=True))
        suppressed = suppression_reasons(phones, self.campaign.category)
        result = Sorted()
        for (number, cells), verdict in judged:
            refusal = self._shifted(cells) or self._refusal(
                number, verdict.e164, verdict.note, known, suppressed
            )
            if refusal or not verdict.e164:
                result.others.append(self._other(number, cells, *(refusal or (_REJECTED, verdict.note))))
            else:
                result.accepted.append(self._recipient(number, cells, verdict.e164, verdict.note))
        return result

    def _shifted(self, cells: list[str]) -> tuple[str, str] | None:
        """A separator inside an unquoted cell moves all that follows: 1,25,000 would be spoken as 1."""
        if len(cells) <= self.width:
            return None
        reason = (
            f"This row has {len(cells)} cells for {self.width} headings: a separator stands inside a cell."
        )
        return _REJECTED, f"{reason} Put such cells in quotes."

    def _refusal(
        self, number: int, phone: str | None, note: str, known: set[str], suppressed: dict[str, str]
    ) -> tuple[str, str] | None:
        if phone is None:
            return _REJECTED, note
        if phone in suppressed:
            return ImportRow.Fate.SUPPRESSED, suppressed[phone]
        first = self.first_rows.setdefault(phone, number)
        if first != number:
            return ImportRow.Fate.DUPLICATE, f"The same number as in row {first}."
        if phone in known:
            return ImportRow.Fate.DUPLICATE, "This number is in the campaign already."
        return None

    def _other(self, number: int, cells: list[str], fate: str, reason: str) -> ImportRow:
        return ImportRow(source=self.source, row_number=number, cells=cells, fate=fate, reason=reason)

    def _recipient(self, number: int, cells: list[str], phone: str, note: str) -> Recipient:
        columns = self.columns
        written = cells[columns.language] if columns.language is not None else ""
        language = normalise_language(written) if written else None
        if written and not language:
            note = f"{note} The language “{written}” is not known; the campaign's own is used.".strip()
        return Recipient(
            campaign=self.campaign,
            source=self.source,
            row_number=number,
            phone=phone,
            name=(cells[columns.name] if columns.name is not None else "")[:200],
            language=language or self.campaign.default_language,
            variables={name: cells[place] for name, place in columns.variables.items()},
            note=note,
        )


_REJECTED = ImportRow.Fate.REJECTED


def _strides(sheet: Sheet) -> Iterator[list[Row]]:
    rows = iter(sheet.rows)
    while stride := list(islice(rows, STRIDE)):
        yield stride


def _described(sheet: Sheet, columns: Columns) -> dict[str, str | list[str]]:
    """The file's headings in order, and which of them was taken for what."""
    places = {"phone": columns.phone, "name": columns.name, "language": columns.language, **columns.variables}
    taken = {word: sheet.headers[place] for word, place in places.items() if place is not None}
    return {"headings": sheet.headers, **taken}


def _finish(source: Import, sheet: Sheet, counts: Counter[str]) -> Import:
    source.accepted, source.rejected = counts["accepted"], counts["rejected"]
    source.duplicate, source.suppressed = counts["duplicate"], counts["suppressed"]
    source.uploaded = counts.total()
    source.empty = sheet.rows.empty
    source.state = Import.State.DONE
    source.reason = " ".join([_summary(source), *sheet.warnings])
    source.save()
    return source


def _summary(source: Import) -> str:
    twice = Import.objects.filter(
        campaign=source.campaign, sha256=source.sha256, state=Import.State.DONE, created_at__lt=clock.now()
    ).exclude(pk=source.pk)
    if not source.accepted and twice.exists():
        return "This file was imported before; nobody was added."
    return f"{source.accepted} of {source.uploaded} people were added."
