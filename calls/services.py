"""All writes to the tables of live calls. Every function is one transaction and may be repeated."""

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
    """A new live call of this number. Counting and adding are one step, across all processes: both rows
    are locked, always in this order. Raises `LineFullError` or `ProcessFullError`.

    Calls of a process that is gone do not take up a line, see `_gone_before`. `reserved_for_resume`: so many
    more may be opened, for calls whose connection broke and may come back on a second one.
    """
    number = PhoneNumber.objects.select_for_update().get(pk=number_id)
    if live_calls(number, now).count() >= number.max_calls + reserved_for_resume:
        raise LineFullError
    _claim_place(process_id, reserved_for_resume=reserved_for_resume)
    return Call.objects.create(number=number, process_id=process_id, started_at=now).pk


def _claim_place(process_id: UUID, *, reserved_for_resume: int) -> None:
    if most := settings.MAX_PROCESS_CALLS:
        process = MediaProcess.objects.select_for_update().get(pk=process_id)
        if process.calls.filter(state=Call.State.LIVE).count() >= most + reserved_for_resume:
            raise ProcessFullError


def withdraw_call(call_id: UUID) -> None:
    """Take back the row of a connection that turned out to go on with another call. It has no events."""
    Call.objects.filter(pk=call_id, events__isnull=True).delete()


def live_calls(number: PhoneNumber, now: datetime) -> models.QuerySet[Call]:
    """The calls that take up a line of this number."""
    return Call.objects.filter(
        number=number,
        state=Call.State.LIVE,
        process__stopped_at__isnull=True,
        process__alive_at__gte=_gone_before(now),
    )


def _gone_before(now: datetime) -> datetime:
    """Whoever has given no sign of life since then holds no calls any more.

    Silence tells that only to somebody who looked for signs all through it, up to his last look: after an
    outage all processes have been silent, and whoever is back first must not give away the others' lines.
    `close_abandoned` judges by the same. Where nobody looks (no worker runs, or not yet again), the lines of
    a process that died are free after the time of the longest call: too late, but ringing more people at
    once than a number may is worse than that, and after that time it holds no call in any case.
    """
    patience = timedelta(seconds=settings.PROCESS_SILENT_SECONDS)
    looks = Watch.objects.filter(pk=1, seen_at__gte=now - patience).values_list("since", "seen_at")
    for since, seen_at in looks:
        if since <= seen_at - patience:
            return seen_at - patience
    return now - _longest_call()


def _longest_call() -> timedelta:
    """The age at which a call's row is closed from outside, if it is still open."""
    return timedelta(seconds=settings.MAX_CALL_SECONDS + settings.CALL_MARGIN_SECONDS)


def milliseconds(start: datetime, end: datetime) -> int:
    return max(0, round((end - start).total_seconds() * 1000))


# --- Closing what nobody holds any more -----------------------------------------------------------


def close_abandoned(now: datetime) -> list[UUID]:
    """Close live calls whose process is gone, and calls longer than any call may be; which those were.

    A process that gives no sign of life counts as gone only if we, who look for its signs, could reach the
    database all the while: after an outage every process has been silent, and holds its calls still.
    """
    patience = timedelta(seconds=settings.PROCESS_SILENT_SECONDS)
    silent = now - patience
    oldest = now - _longest_call()
    gone = Q(process__stopped_at__isnull=False)
    if watching_since(now) <= silent:
        gone |= Q(process__alive_at__lt=silent)
    abandoned = Call.objects.filter(gone | Q(started_at__lt=oldest), state=Call.State.LIVE)
    calls = abandoned.select_related("process").order_by("started_at")[:MOST_ABANDONED_AT_ONCE]
    return [call.pk for call in calls if _close_abandoned_call(call, silent=silent, now=now)]


@transaction.atomic
def watching_since(now: datetime) -> datetime:
    """Note that somebody looks after the processes now, and since when without a longer break."""
    longest = timedelta(seconds=max(settings.PROCESS_SILENT_SECONDS, 3 * settings.TICK_SECONDS))
    watch, _ = Watch.objects.select_for_update().get_or_create(pk=1, defaults={"since": now, "seen_at": now})
    if now - watch.seen_at > longest:
        watch.since = now
    watch.seen_at = now
    watch.save()
    return watch.since


@transaction.atomic
def _close_abandoned_call(call: Call, *, silent: datetime, now: datetime) -> bool:
    """Whether it was us who closed it."""
    lives = call.process.stopped_at is None and call.process.alive_at >= silent
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
