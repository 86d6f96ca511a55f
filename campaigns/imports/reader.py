"""Read an import to its end, also if workers die on the way.

A worker claims an import that waits, or whose claim has lapsed, with a conditional UPDATE. Each chunk
of rows, the figures and the row reached are stored in one transaction, so the next worker goes on at
the row after it: none is taken twice and none is lost. A worker that lost its claim, or finds the import
cancelled, stores nothing more.
"""

import logging
from collections import Counter
from collections.abc import MutableMapping
from contextlib import closing
from datetime import datetime, timedelta
from itertools import islice
from typing import BinaryIO, cast

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from campaigns.agent_inspection import inspect
from campaigns.bulk import let_others_write
from campaigns.clock import Clock
from campaigns.errors import SheetError
from campaigns.formatting import grouped
from campaigns.imports.insert import add_people
from campaigns.imports.row_check import CheckedRows, RowChecker
from campaigns.lifecycle.quotas import place
from campaigns.locks import locked
from campaigns.models import Campaign, Import, ImportRow, PhoneNumber, Recipient
from campaigns.models.base import new_batch_reference
from campaigns.sheets.process import OpenList, opened
from campaigns.spreadsheets.columns import Columns
from campaigns.spreadsheets.reader import Row

log = logging.getLogger(__name__)

#: Rows checked and stored together: a transaction of a quarter of a second on a slow machine.
CHUNK = 5000
#: So many workers may die or fail over one chunk before the import is given up.
MOST_ATTEMPTS = 5
#: States of a campaign to which no people can be added any more.
ENDED = (Campaign.State.COMPLETED, Campaign.State.CANCELLED)

State = Import.State


class ClaimLost(Exception):
    """Raised when the import is cancelled, or another worker has taken it over."""


class CampaignEnded(Exception):
    """Raised when the campaign ended while people were being added."""


FILE_GONE = "The uploaded file is gone; upload it again."


def imports_to_read(now: datetime) -> list[int]:
    """Return the keys of imports that wait, or whose worker let its claim run out; the oldest first."""
    return list(_free(now).order_by("created_at").values_list("pk", flat=True))


def read_import(import_id: int, *, clock: Clock) -> None:
    """Read an import to its end, unless another worker does. May be called twice and at any time.

    A file that can't be read on ends the import as FAILED, with the reason.
    """
    source = _claim(import_id, now=clock())
    if source is None:
        return
    try:
        with (
            closing(source.file.open("rb")) as file,
            opened(cast("BinaryIO", file.file), source.filename, beyond=source.row_reached) as sheet,
        ):
            _Reading(source, sheet, clock).run()
    except ClaimLost:
        log.info("import %s: given up after row %s", import_id, source.row_reached)
    except SheetError as error:
        _fail(source, error.reason)
    except CampaignEnded:
        _fail(source, "The campaign has ended; make a new one for the others.")
    except FileNotFoundError:
        _fail(source, FILE_GONE)


def forget_files() -> int:
    """Delete the files of imports that are over. Return how many. Rows not accepted keep their cells."""
    over = Import.objects.exclude(state__in=Import.OPEN_STATES).exclude(file="")
    for source in over:
        source.file.delete(save=False)
        Import.objects.filter(pk=source.pk).update(file="")
    return len(over)


def columns_of(source: Import) -> Columns:
    """Return the columns chosen for an import."""
    kept = source.columns
    comma = tuple(kept.get("decimal_comma", ()))  # absent before there was a choice
    asked = kept.get("asked", {})
    return Columns(kept["phone"], kept["name"], kept["language"], kept["variables"], comma, asked)


def store_rows(source: Import, rows: list[Row], checked: CheckedRows, *, now: datetime) -> Counter[str]:
    """Store each checked row in its table, within the caller's transaction.

    Return the numbers of rows by the import's fields that count them: `uploaded`, `accepted`, `rejected` ...
    """
    refused = checked.refused | add_people(checked.people, source, now=now)
    place(source.campaign, Recipient.objects.filter(source=source, cell__isnull=True))
    cells = dict(rows)
    ImportRow.objects.bulk_create(
        [
            ImportRow(
                source=source,
                row_number=number,
                cells=cells[number],
                fate=refusal.fate,
                reason=refusal.reason,
            )
            for number, refusal in sorted(refused.items())
        ],
        batch_size=CHUNK // 10,
    )
    figures = Counter(str(refusal.fate) for refusal in refused.values())
    return figures + Counter(accepted=len(rows) - len(refused), uploaded=len(rows))


def finish_at_once(source: Import, rows: list[Row], *, now: datetime) -> None:
    """Check and store all rows of an import that has no file, within the caller's transaction."""
    checked = row_checker(source, width=len(source.columns["headings"]), problems={}).check(rows)
    _count(source, store_rows(source, rows, checked, now=now))
    source.state, source.row_reached = State.DONE, len(rows)
    source.reason = summary(source)
    source.save()


def _count(source: Import, figures: Counter[str]) -> None:
    for figure, count in figures.items():
        setattr(source, figure, getattr(source, figure) + count)


def row_checker(source: Import, *, width: int, problems: MutableMapping[int, str]) -> RowChecker:
    """Return what checks the rows of an import, by its columns and its campaign's agent."""
    own = frozenset(PhoneNumber.objects.values_list("e164", flat=True))
    return RowChecker(
        columns_of(source),
        width=width,
        language=source.campaign.default_language,
        own=own,
        kinds=inspect(source.campaign.agent.kind, source.campaign.spoken).kinds,
        problems=problems,
    )


def lock_campaign(campaign_id: int) -> None:
    """Lock a campaign to which people are added until the transaction ends.

    Raise `CampaignEnded` if it is completed or cancelled.
    """
    if locked(Campaign.objects.all()).get(pk=campaign_id).state in ENDED:
        raise CampaignEnded


def _free(now: datetime) -> QuerySet[Import]:
    lapsed = Q(state=State.READING, claimed_until__lt=now)
    return Import.objects.exclude(file="").filter(Q(state=State.WAITING) | lapsed)


def _claim(import_id: int, *, now: datetime) -> Import | None:
    """Claim an import and return it; None if another worker has it, or it failed too often."""
    token = new_batch_reference()
    until = now + timedelta(seconds=settings.IMPORT_CLAIM_SECONDS)
    claimed = {
        "state": State.READING,
        "reason": "",
        "claim": token,
        "claimed_until": until,
        "changed_at": now,
    }
    if not _free(now).filter(pk=import_id).update(**claimed, attempts=F("attempts") + 1):
        return None
    source = Import.objects.select_related("campaign").get(pk=import_id)
    if source.attempts <= MOST_ATTEMPTS:
        return source
    _fail(source, f"It broke off {MOST_ATTEMPTS} times at the same place; the worker's log says why.")
    return None


class _Reading:
    """One worker's pass over what is left of an import."""

    def __init__(self, source: Import, sheet: OpenList, clock: Clock) -> None:
        self._source, self._sheet, self._clock = source, sheet, clock
        self._checker = row_checker(source, width=len(sheet.headers), problems=sheet.problems)
        self._chunk_began = clock()

    def run(self) -> None:
        """Read chunk by chunk and finish the import.

        Raise ClaimLost, CampaignEnded or SheetError, with all chunks before it stored.
        """
        source = self._source
        empty_before = source.empty
        while rows := list(islice(self._sheet.rows, CHUNK)):
            checked, empty = self._checker.check(rows), empty_before + self._sheet.empty
            self._store(rows, checked, empty=empty, now=self._clock())
            let_others_write()
        with transaction.atomic():
            _lock_claim(source)
            source.empty, source.bytes_read = empty_before + self._sheet.empty, source.size
            source.state, source.claim = State.DONE, ""
            source.reason = " ".join([summary(source), *source.columns.get("remarks", self._sheet.warnings)])
            source.save(update_fields=[*_FIGURES, "state", "reason", "claim"])

    @transaction.atomic
    def _store(self, rows: list[Row], checked: CheckedRows, *, empty: int, now: datetime) -> None:
        source = self._source
        _lock_claim(source)
        lock_campaign(source.campaign_id)
        _count(source, store_rows(source, rows, checked, now=now))
        source.row_reached, source.empty = rows[-1][0], empty
        source.bytes_read = int(source.size * self._sheet.share_read)
        seconds = max(0.001, (now - self._chunk_began).total_seconds())
        source.rows_a_second, self._chunk_began = round(len(rows) / seconds), now
        source.attempts = 0
        source.claimed_until = now + timedelta(seconds=settings.IMPORT_CLAIM_SECONDS)
        source.save(update_fields=_FIGURES)


_FIGURES = (
    *("uploaded", "accepted", "rejected", "duplicate", "suppressed", "empty"),
    *("row_reached", "bytes_read", "rows_a_second", "attempts", "claimed_until", "changed_at"),
)


def _lock_claim(source: Import) -> None:
    """Lock the import's row until the transaction ends. Raise `ClaimLost` if its claim is not ours."""
    ours = locked(Import.objects.filter(pk=source.pk, claim=source.claim, state=State.READING))
    if not ours.exists():
        raise ClaimLost


def _fail(source: Import, reason: str) -> None:
    """End an import that can't be read on; what was stored stays, and the reason says how far that is."""
    ours = Import.objects.filter(pk=source.pk, claim=source.claim, state=State.READING)
    ours.update(state=State.FAILED, claim="", reason=f"{reason} {how_far(source.row_reached)}")


def how_far(row_reached: int) -> str:
    """Return a sentence that says what of a file was taken that was not read to its end."""
    if not row_reached:
        return "No row was read."
    return f"The rows up to row {row_reached} were taken; those after it were not read."


def summary(source: Import) -> str:
    """Return the result of an import as a sentence; another one if the file had been imported before."""
    twice = Import.objects.filter(campaign=source.campaign_id, sha256=source.sha256, state=State.DONE)
    if not source.accepted and twice.exclude(pk=source.pk).exists():
        return "This file was imported before; nobody was added."
    return f"{grouped(source.accepted)} of {grouped(source.uploaded)} people were added."
