"""Writes to the tables of live calls: opening, withdrawing, and closing calls whose process is gone.

Every function that writes is one transaction a call, and may be repeated.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Max, Q

from calls.conversation.outputs import EntryKind
from calls.models import Call, CallEvent, MediaProcess, Watch
from campaigns.models import PhoneNumber

log = logging.getLogger(__name__)

MOST_ABANDONED_AT_ONCE = 500


class LineFullError(Exception):
    """The number has as many calls as it may have at once."""


class ProcessFullError(Exception):
    """This process holds as many calls as it may."""


# --- Opening --------------------------------------------------------------------------------------


@transaction.atomic
def open_call(number_id: int, *, process_id: UUID, now: datetime, reserved_for_resume: int = 0) -> UUID:
    """Add a live call to this number and return its id. Raises `LineFullError` or `ProcessFullError`.

    Counting and adding are one step, across all processes: both rows are locked, always in this order.
    `reserved_for_resume`: so many more may be opened, for calls whose connection broke and may come back on a
    second one.
    """
    number = PhoneNumber.objects.select_for_update().get(pk=number_id)
    if live_calls(number, now).count() >= number.max_calls + reserved_for_resume:
        raise LineFullError
    if most := settings.MAX_PROCESS_CALLS:
        process = MediaProcess.objects.select_for_update().get(pk=process_id)
        if process.calls.filter(state=Call.State.LIVE).count() >= most + reserved_for_resume:
            raise ProcessFullError
    return Call.objects.create(number=number, process_id=process_id, started_at=now).pk


def live_calls(number: PhoneNumber, now: datetime) -> models.QuerySet[Call]:
    """Return the calls that take up a line of this number. Those of a process that is gone do not.

    Where silence proves nothing (see `gone_since`; no worker runs, or not yet again), the lines of a process
    that died are free after the time of the longest call: too late, but ringing more people at once than a
    number may is worse than that, and after that time it has no call in any case.
    """
    gone_before = gone_since(Watch.objects.filter(pk=1).first(), now) or now - _longest_call()
    return Call.objects.filter(
        number=number,
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
    if now - watch.seen_at > longest:
        watch.since = now
    watch.seen_at = now
    watch.save()
    return watch


def _longest_call() -> timedelta:
    """The age at which a call's row is closed from outside, if it is still open."""
    return timedelta(seconds=settings.MAX_CALL_SECONDS + settings.CALL_MARGIN_SECONDS)


# --- Closing abandoned calls ----------------------------------------------------------------------


def close_abandoned(now: datetime) -> list[UUID]:
    """Close live calls whose process is gone, and calls longer than any call may be. Returns their ids."""
    is_gone = Q(process__stopped_at__isnull=False)
    if gone_before := gone_since(record_watch(now), now):
        is_gone |= Q(process__alive_at__lt=gone_before)
    is_overdue = Q(started_at__lt=now - _longest_call())
    abandoned = Call.objects.filter(is_gone | is_overdue, state=Call.State.LIVE)
    calls = abandoned.select_related("process").order_by("started_at")[:MOST_ABANDONED_AT_ONCE]
    return [call.pk for call in calls if _close_abandoned_call(call, now)]


@transaction.atomic
def _close_abandoned_call(call: Call, now: datetime) -> bool:
    """Close one call and write its last event; False if it was closed meanwhile."""
    silent_since = now - timedelta(seconds=settings.PROCESS_SILENT_SECONDS)
    lives = call.process.stopped_at is None and call.process.alive_at >= silent_since
    ended_at = now if lives else max(call.process.alive_at, call.started_at)
    reason = _OVERDUE if lives else _GONE
    columns: dict[str, object] = {
        "state": Call.State.ENDED,
        "ended_at": ended_at,
        "ended_by": Call.EndedBy.LIMIT if lives else Call.EndedBy.SERVER,
        "reason": reason,
        "doing": "",
        "disposition": "dropped",
        "duration_ms": milliseconds(call.started_at, ended_at),
    }
    if not Call.objects.filter(pk=call.pk, state=Call.State.LIVE).update(**columns):
        return False
    last = CallEvent.objects.filter(call=call).aggregate(last=Max("sequence"))["last"] or 0
    CallEvent.objects.create(
        call=call,
        sequence=last + 1,
        at_ms=milliseconds(call.started_at, ended_at),
        kind=EntryKind.END.value,
        text=reason,
        data={"ended_by": str(columns["ended_by"]), "closed_for_it": True},
    )
    return True


_GONE = "The server that held this call stopped without notice. The call was closed afterwards."
_OVERDUE = "The call was open longer than any call may be, and was closed."


def milliseconds(start: datetime, end: datetime) -> int:
    """Return the time from `start` to `end` in whole milliseconds; 0 if `end` is earlier."""
    return max(0, round((end - start).total_seconds() * 1000))
