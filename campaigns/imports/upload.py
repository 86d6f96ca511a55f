"""Take an import up to its reading: a file comes in, its columns are chosen, it may be cancelled.

receive: stored, columns guessed         -> MAPPING
choose:  a person confirmed the columns  -> WAITING, which `reader` finds and reads
cancel:  from any state that is not over -> CANCELLED; rows stored until then stay
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, BinaryIO, cast

from django.core.files.base import ContentFile, File
from django.db import transaction

from campaigns import audit, clock
from campaigns.errors import SheetError, UnreadableFile
from campaigns.imports import mappings
from campaigns.imports.reader import (
    ENDED,
    FILE_GONE,
    CampaignEnded,
    columns_of,
    finish_at_once,
    how_far,
    lock_campaign,
    read_import,
)
from campaigns.models import Campaign, ColumnMapping, Import, User
from campaigns.sheets.process import opened
from campaigns.spreadsheets.columns import Columns, check_columns, match_columns, question
from campaigns.spreadsheets.garbled_names import garbled

#: Rows from which it is guessed which column is which.
SAMPLE = 50
#: Rows shown to the person who confirms the columns.
PREVIEW = 8
#: A file whose columns were not confirmed is deleted after so long.
FORGOTTEN_AFTER = timedelta(days=7)

State = Import.State


def receive(
    campaign: Campaign,
    file: "File[bytes]",
    *,
    filename: str,
    by: User | None,
    headings: Mapping[str, str] | None = None,
) -> Import:
    """Store a list, guess its columns and return the import.

    `headings` names those of `phone`, `name` and `language` where they are not to be guessed. Raise
    `UnreadableFile` if it is no list or the campaign has ended; nothing is kept then.
    """
    refuse_ended(campaign)
    try:
        with opened(cast("BinaryIO", file.file), filename, most=SAMPLE) as sheet:
            sample = [cells for _, cells in sheet.rows]
        known: ColumnMapping | None = next(iter(mappings.offered(campaign, sheet.headers)), None)
        if known and not any((headings or {}).values()):
            columns = mappings.columns_in(known, sheet.headers)
            reason = f"Columns as in the mapping “{known.name}”."
        else:
            columns = match_columns(sheet.headers, sample, chosen=headings)
            reason = question(columns, sheet.headers) or "Columns found by their headings and cells."
    except SheetError as error:
        raise UnreadableFile(error.reason) from error
    names = [] if columns.name is None else [cells[columns.name] for cells in sample]
    remarks = list(filter(None, [*sheet.warnings, garbled(names)]))
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    checksum = digest.hexdigest()
    before = Import.objects.filter(campaign=campaign, sha256=checksum, state=State.DONE)
    source = Import(
        campaign=campaign,
        filename=filename[:255],
        size=file.size,
        sha256=checksum,
        kind=sheet.kind,
        encoding=sheet.encoding,
        delimiter=sheet.delimiter,
        columns=_described(sheet.headers, columns) | {"asked": columns.asked, "remarks": remarks},
        state=State.MAPPING,
        reason=" ".join(filter(None, [_IMPORTED_BEFORE if before.exists() else "", reason, *remarks])),
        created_by=by,
    )
    file.seek(0)
    suffix = "csv" if sheet.kind == "csv" else "book"
    source.file.save(f"{checksum[:16]}.{suffix}", file, save=False)
    source.save()
    return source


def choose(source: Import, columns: Columns, *, by: User | None, remember_as: str = "") -> None:
    """Confirm which column is which, so that the import is read. `remember_as` keeps the choice as a mapping.

    Raise `UnreadableFile` if the columns don't fit, were confirmed before, or the import is over.
    """
    refuse_ended(source.campaign)
    headings = source.columns["headings"]
    if open_question := question(columns, headings):
        raise UnreadableFile(open_question)
    try:
        check_columns(columns, len(headings))
    except SheetError as error:
        raise UnreadableFile(error.reason) from error
    described = _described(headings, columns) | {"remarks": source.columns.get("remarks", [])}
    waiting = {"state": State.WAITING, "reason": "A worker reads it within seconds."}
    mapping = Import.objects.filter(pk=source.pk, state=State.MAPPING)
    if not mapping.update(columns=described, changed_at=clock.now(), **waiting):
        raise UnreadableFile("The columns of this file were confirmed before, or it was cancelled.")
    if remember_as.strip():
        mappings.remember(source.campaign, remember_as, columns=columns, headings=headings, by=by)
    source.refresh_from_db()


def cancel(source: Import, by: User | None) -> bool:
    """Cancel an import. Return False if it was over. A chunk being stored is stored whole or not at all."""
    who = (by.get_full_name() or by.get_username()) if by else "the system"
    stopped = Import.objects.filter(pk=source.pk, state__in=Import.OPEN_STATES)
    changed = stopped.update(
        state=State.CANCELLED, claim="", changed_at=clock.now(), reason=f"Cancelled by {who}."
    )
    source.refresh_from_db()
    if changed:
        source.reason = f"{source.reason} {how_far(source.row_reached)}"
        source.save(update_fields=["reason"])
        audit.note(source, {"state": ("", State.CANCELLED)})
    return bool(changed)


def drop_forgotten(now: datetime) -> int:
    """Cancel imports whose columns were not confirmed in time. Return how many; their files go with them."""
    forgotten = Import.objects.filter(state=State.MAPPING, changed_at__lt=now - FORGOTTEN_AFTER)
    days = FORGOTTEN_AFTER.days
    return forgotten.update(
        state=State.CANCELLED, reason=f"Nobody confirmed the columns for {days} days. No row was read."
    )


def import_people(campaign: Campaign, *, data: bytes, filename: str, by: User | None) -> Import:
    """Import a file at once with the guessed columns and return the import.

    For small lists, and where no worker runs. Raise `UnreadableFile` as `receive` and `choose` do.
    """
    source = receive(campaign, ContentFile(data), filename=filename, by=by)
    choose(source, columns_of(source), by=by)
    read_import(source.pk, clock=clock.now)
    source.refresh_from_db()
    return source


@transaction.atomic
def add_rows(
    campaign: Campaign, rows: Sequence[Mapping[str, Any]], *, by: User | None, filename: str = "API"
) -> Import:
    """Add the people of a program's request, numbered from 1, and return the import; all are stored, or none.

    Each row holds `phone`, and optionally `name`, `language`, `variables`; a bad row is refused alone. Raise
    `UnreadableFile` if the variables' names are no good or the campaign has ended.
    """
    words = sorted({word for row in rows for word in row.get("variables", ())})
    columns = Columns(0, 1, 2, {word: place for place, word in enumerate(words, start=3)})
    try:
        check_columns(columns, 3 + len(words))
        lock_campaign(campaign.pk)
    except SheetError as error:
        raise UnreadableFile(error.reason) from error
    except CampaignEnded as error:
        raise UnreadableFile(_ENDED) from error
    cells = []
    for row in rows:
        said = row.get("variables", {})
        fixed = (row["phone"], row.get("name", ""), row.get("language", ""))
        texts = (*fixed, *(said.get(word, "") for word in words))
        cells.append([text.replace("\x00", "").strip() for text in texts])
    source = Import.objects.create(
        campaign=campaign,
        filename=filename,
        sha256=hashlib.sha256(repr(cells).encode()).hexdigest(),
        kind="api",
        columns=_described(["phone", "name", "language", *words], columns),
        created_by=by,
    )
    finish_at_once(source, list(enumerate(cells, start=1)), now=clock.now())
    return source


def preview(source: Import) -> list[list[str]]:
    """Return the cells of the first rows of a file whose columns are to be confirmed.

    Raise `UnreadableFile` if the file is gone, or cannot be read any more.
    """
    try:
        if not source.file:
            raise FileNotFoundError
        with source.file.open("rb") as file, opened(file.file, source.filename, most=PREVIEW) as sheet:
            return [cells for _, cells in sheet.rows]
    except FileNotFoundError as error:
        raise UnreadableFile(FILE_GONE) from error
    except SheetError as error:
        raise UnreadableFile(error.reason) from error


def refuse_ended(campaign: Campaign) -> None:
    """Raise `UnreadableFile` if no people can be added to the campaign any more."""
    if Campaign.objects.filter(pk=campaign.pk, state__in=ENDED).exists():
        raise UnreadableFile(_ENDED)


def _described(headings: list[str], columns: Columns) -> dict[str, Any]:
    return {
        "headings": headings,
        "phone": columns.phone,
        "name": columns.name,
        "language": columns.language,
        "variables": columns.variables,
        "decimal_comma": list(columns.decimal_comma),
    }


_IMPORTED_BEFORE = "This very file was imported before: importing it again adds nobody."
_ENDED = "This campaign has ended; make a new one for these people."
