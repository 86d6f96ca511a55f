"""Close the calls of processes that are gone, and act on what their callers had asked for by then."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q

from calls import services
from calls.conversation.outputs import EntryKind
from calls.events import rows
from calls.models import Call, CallEvent
from campaigns import call_results

MOST_AT_ONCE = 500
_GONE = "The server that held this call stopped without notice. The call was closed afterwards."


def close_abandoned(now: datetime) -> list[UUID]:
    """Close live calls whose process is gone. Returns their ids. `now` is the database's time.

    How long a call lasts is not asked here: a process that lives ends its own calls by a clock that does not
    jump (`events.journal`).
    """
    is_gone = Q(process__stopped_at__isnull=False)
    if gone_before := services.gone_since(services.record_watch(now), now):
        is_gone |= Q(process__alive_at__lt=gone_before)
    abandoned = Call.objects.filter(is_gone, state=Call.State.LIVE)
    calls = abandoned.select_related("process").order_by("started_at")[:MOST_AT_ONCE]
    return [call.pk for call in calls if _close_abandoned_call(call)]


@transaction.atomic
def _close_abandoned_call(call: Call) -> bool:
    """Close one call, write its last event and act on its keys; False if it was closed meanwhile."""
    ended_at = max(call.process.alive_at, call.started_at)
    columns: dict[str, object] = {
        "state": Call.State.ENDED,
        "ended_at": ended_at,
        "ended_by": Call.EndedBy.SERVER,
        "reason": _GONE,
        "doing": "",
        "disposition": "dropped",
        "duration_ms": services.milliseconds(call.started_at, ended_at),
    }
    if not Call.objects.filter(pk=call.pk, state=Call.State.LIVE).update(**columns):
        return False
    last = CallEvent.objects.filter(call=call).aggregate(last=Max("sequence"))["last"] or 0
    CallEvent.objects.create(
        call=call,
        sequence=last + 1,
        at_ms=services.milliseconds(call.started_at, ended_at),
        kind=EntryKind.END.value,
        text=_GONE,
        data={"ended_by": str(columns["ended_by"]), "closed_for_it": True},
    )
    if message_id := rows.draw_from_log(call.pk):
        call_results.calls_ended(unserved=[message_id], served=[])
    call_results.give_back_held_slots([call.pk])
    return True
