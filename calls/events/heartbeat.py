"""The web process's sign of life in the database, and what it says of its unwritten events."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from calls.events.records import Trouble
from calls.models import Call, MediaProcess

# --- Processes ------------------------------------------------------------------------------------


def give_sign_of_life(process_id: UUID, now: datetime, trouble: Trouble | None = None) -> None:
    """This process holds calls and is alive; its first sign makes its row. `trouble`: of its journal."""
    values: dict[str, object] = {"alive_at": now, "stopped_at": None}
    if trouble is not None:
        values |= _trouble_columns(trouble, now)
    MediaProcess.objects.update_or_create(
        pk=process_id, defaults=values, create_defaults={**values, "started_at": now}
    )


def _trouble_columns(trouble: Trouble, now: datetime) -> dict[str, object]:
    columns: dict[str, object] = {
        "events_waiting": trouble.waiting,
        "statistics_left_out": trouble.left_out,
        "events_lost": trouble.lost,
    }
    return columns | ({"troubled_at": now} if trouble.is_new else {})


def process_stopped(process_id: UUID, now: datetime) -> None:
    """This process has closed its calls and ends."""
    MediaProcess.objects.filter(pk=process_id).update(alive_at=now, stopped_at=now, events_waiting=0)


def nothing_waits(process_id: UUID) -> None:
    """What this process had left on its disk is stored."""
    MediaProcess.objects.filter(pk=process_id).update(events_waiting=0)


def set_doing(doing: Mapping[UUID, str]) -> None:
    """What happens just now in live calls."""
    with transaction.atomic():
        for call_id, text in doing.items():
            Call.objects.filter(pk=call_id, state=Call.State.LIVE).update(doing=text[:80])
