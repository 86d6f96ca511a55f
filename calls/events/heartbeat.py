"""A web process's sign of life in the database: that it lives, what its journal holds, what its calls do."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from calls.events.records import JournalStatus
from calls.models import Call, MediaProcess


def give_sign_of_life(process_id: UUID, now: datetime, status: JournalStatus | None = None) -> None:
    """Write that this process is alive and how its journal is; its first sign makes its row.

    Raises `DatabaseError`, as all functions here do.
    """
    values: dict[str, object] = {"alive_at": now, "stopped_at": None}
    if status is not None:
        values |= {
            "events_waiting": status.waiting,
            "statistics_left_out": status.left_out,
            "events_lost": status.lost,
        }
        if status.is_new:
            values["troubled_at"] = now
    MediaProcess.objects.update_or_create(
        pk=process_id, defaults=values, create_defaults={**values, "started_at": now}
    )


def process_stopped(process_id: UUID, now: datetime) -> None:
    """Write that this process has closed its calls, stored all events and ends."""
    MediaProcess.objects.filter(pk=process_id).update(alive_at=now, stopped_at=now, events_waiting=0)


def nothing_waits(process_id: UUID) -> None:
    """Write that no event of this process is left on its disk."""
    MediaProcess.objects.filter(pk=process_id).update(events_waiting=0)


def set_doing(doing: Mapping[UUID, str]) -> None:
    """Write what live calls do just now, by call; calls that have ended are passed over."""
    with transaction.atomic():
        for call_id, text in doing.items():
            Call.objects.filter(pk=call_id, state=Call.State.LIVE).update(doing=text[:80])
