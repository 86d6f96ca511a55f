"""Writes to the tables of live calls: opening, withdrawing, and closing calls whose process is gone.

Every function that writes is one transaction a call, and may be repeated.
"""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count

from calls import database_time
from calls.models import Call, MediaProcess, Watch
from campaigns.models import PhoneNumber

log = logging.getLogger(__name__)

MOST_TRIES = 4
"""Drafts that are tried in one process at once: each costs it as much as a call."""


class Full(Enum):
    """Why no call is opened."""

    LINES = "lines"
    """The number has as many calls as it may have at once."""
    PROCESS = "process"
    """This process holds as many calls as it may."""
    TRIES = "tries"
    """As many drafts are tried in this process as may be."""
    USED = "used"
    """A call of this id was opened before."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A call's new row. `for_resume`: beyond the limits, for a call whose connection broke to go on."""

    call_id: UUID
    for_resume: bool = False


# --- Opening --------------------------------------------------------------------------------------


@transaction.atomic
def open_calls(
    number_ids: Sequence[int],
    *,
    process_id: UUID,
    now: datetime,
    awaiting: Mapping[int, int] | None = None,
    ended: Collection[UUID] = (),
) -> list[Opened | Full]:
    """Add a live call for each of these numbers, as far as there are lines. Return what became of each.

    Counting and adding are one step, across all processes: the numbers are locked in the order of their
    keys, then the process. `awaiting`: how many calls of a number may come back on a second connection; so
    many more may be opened. `ended`: calls of this process that are over and not yet stored as such.
    """
    locked = PhoneNumber.objects.select_for_update().filter(pk__in=set(number_ids)).order_by("pk")
    most = {number.pk: number.max_calls for number in locked}
    lines = live_calls(most, database_time.now()).exclude(pk__in=ended).order_by().values_list("number")
    used = Counter(dict(lines.annotate(Count("pk"))))
    held = 0  # counted only where it is limited
    if settings.MAX_PROCESS_CALLS:
        process = MediaProcess.objects.select_for_update().get(pk=process_id)
        on_lines = process.calls.filter(state=Call.State.LIVE, number__isnull=False)
        held = on_lines.exclude(pk__in=ended).count()
    results: list[Opened | Full] = []
    rows: list[Call] = []
    for number_id in number_ids:
        spare = (awaiting or {}).get(number_id, 0)
        beyond = max(used[number_id] - most[number_id], held - (settings.MAX_PROCESS_CALLS or held + 1))
        if beyond >= spare:
            is_line_full = used[number_id] >= most[number_id] + spare
            results.append(Full.LINES if is_line_full else Full.PROCESS)
            continue
        row = Call(number_id=number_id, process_id=process_id, started_at=now)
        rows.append(row)
        used[number_id], held = used[number_id] + 1, held + 1
        results.append(Opened(row.pk, for_resume=beyond >= 0))
    Call.objects.bulk_create(rows)
    return results


@transaction.atomic
def open_try(
    call_id: UUID, *, process_id: UUID, now: datetime, ended: Collection[UUID] = ()
) -> Opened | Full:
    """Add the live call in which a draft is tried. It has no number and takes up no line.

    Counting and adding are one step in a process. Raises `IntegrityError` if another process adds it now.
    """
    process = MediaProcess.objects.select_for_update().get(pk=process_id)
    if Call.objects.filter(pk=call_id).exists():
        return Full.USED
    live = process.calls.filter(state=Call.State.LIVE, direction=Call.Direction.TRY)
    if live.exclude(pk__in=ended).count() >= MOST_TRIES:
        return Full.TRIES
    Call.objects.create(pk=call_id, process=process, direction=Call.Direction.TRY, started_at=now)
    return Opened(call_id)


def live_calls(numbers: Collection[int], now: datetime) -> models.QuerySet[Call]:
    """Return the calls that take up a line of these numbers. Those of a process that is gone do not.

    Where silence proves nothing (see `gone_since`; no worker runs, or not yet again), the lines of a process
    that died are free after the time of the longest call: too late, but ringing more people at once than a
    number may is worse than that, and after that time it has no call in any case.
    """
    longest_call = timedelta(seconds=settings.MAX_CALL_SECONDS + settings.CALL_MARGIN_SECONDS)
    gone_before = gone_since(Watch.objects.filter(pk=1).first(), now) or now - longest_call
    return Call.objects.filter(
        number__in=list(numbers),
        state=Call.State.LIVE,
        process__stopped_at__isnull=True,
        process__alive_at__gte=gone_before,
    )


def withdraw_call(call_id: UUID) -> None:
    """Delete the row of a connection that went on with another call. A call with events stays."""
    Call.objects.filter(pk=call_id, events__isnull=True).delete()


# --- Which processes are gone ---------------------------------------------------------------------


def gone_since(watch: Watch | None, now: datetime) -> datetime | None:
    """Return the time before which a last sign of life means that a process is gone; None: silence proves
    nothing now.

    It proves something only if the worker looked for signs all through `PROCESS_SILENT_SECONDS`, up to its
    last look: after an outage of the database every process has been silent and still runs its calls, and
    the first that is back must not give away the lines of the others.
    """
    silence = timedelta(seconds=settings.PROCESS_SILENT_SECONDS)
    if watch is None or watch.seen_at < now - silence or watch.since > watch.seen_at - silence:
        return None
    return watch.seen_at - silence


@transaction.atomic
def record_watch(now: datetime) -> Watch:
    """Record that the worker looks for signs of life now; returns since when without a longer break."""
    longest = timedelta(seconds=max(settings.PROCESS_SILENT_SECONDS, 3 * settings.TICK_SECONDS))
    watch, _ = Watch.objects.select_for_update().get_or_create(pk=1, defaults={"since": now, "seen_at": now})
    if abs(now - watch.seen_at) > longest:  # also where the clock went back
        watch.since = now
    watch.seen_at = now
    watch.save()
    return watch


def milliseconds(start: datetime, end: datetime) -> int:
    """Return the time from `start` to `end` in whole milliseconds; 0 if `end` is earlier."""
    return max(0, round((end - start).total_seconds() * 1000))
