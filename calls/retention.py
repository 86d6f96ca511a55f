"""Delete what live calls left: by retention periods, and for a person who asked. See `campaigns.privacy`."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from calls.models import Answer, Call, CallEvent, Recording
from calls.recordings.files import path_of, stored_name
from calls.speech import disk_cache
from campaigns.models import Erasure, LegalHold
from campaigns.privacy import erasure
from campaigns.privacy import purge as purging
from campaigns.privacy.legal_holds import held
from campaigns.privacy.purge import Sweep

ON_THE_LINE = "A call with this person is on the line."


def purge(now: datetime) -> int:
    """Do tonight's purge of everything. Return how many rows went. May be called at any time and twice."""
    erase_late()
    disk_cache.delete_unused(Path(settings.SPEECH_CACHE), settings.RETENTION_DAYS["speech"] * 86400.0)
    return purging.purge([*SWEEPS, *purging.SWEEPS], now=now)


def erase_people(now: datetime) -> int:
    """Do every erasure that nothing keeps waiting, a transaction each. Return how many were done."""
    done = 0
    for request_id in erasure.open_requests():
        with transaction.atomic():
            waiting = Erasure.objects.select_for_update().filter(state=Erasure.State.WAITING)
            request = waiting.filter(pk=request_id).first()
            if request is None:
                continue
            calls = Call.objects.filter(Q(recipient__phone=request.phone) | Q(caller=request.phone))
            waits = erasure.waits_for(request, now=now)
            if not waits and calls.filter(state="live").exists():
                waits = ON_THE_LINE
            if waits:
                Erasure.objects.filter(pk=request_id).update(waits_for=waits, changed_at=now)
                continue
            removed = forget_calls(list(calls.values_list("pk", flat=True)))
            removed["spoken"] = disk_cache.forget(Path(settings.SPEECH_CACHE), request.pseudonym)
            erasure.finish(request, removed | erasure.forget(request), now=now)
        done += 1
    return done


def erase_late() -> int:
    """Erase what came from another machine's disk after its person was erased, and what was spoken for them
    on this machine's. Return how many calls."""
    erased = Erasure.objects.filter(state=Erasure.State.DONE).values("pseudonym")
    audio = Q(recording__isnull=False) & ~Q(recording__file="")
    late = Q(events__isnull=False) | Q(answers__isnull=False) | audio
    calls = Call.objects.filter(late, recipient__phone__in=erased, state=Call.State.ENDED).distinct()
    keys = list(calls.values_list("pk", flat=True)[: purging.CHUNK])
    forget_calls(keys)
    spoken = set(disk_cache.people_of(Path(settings.SPEECH_CACHE)))
    for whose in spoken.intersection(erased.values_list("pseudonym", flat=True)) if spoken else ():
        disk_cache.forget(Path(settings.SPEECH_CACHE), whose)
    return len(keys)


def forget_calls(calls: Sequence[UUID]) -> dict[str, int]:
    """Delete recordings, logs and answers; how a call ended and its length stay. Return how many of each.

    A recording that is not filed yet is deleted where it grew; one on another machine by the next night's
    `erase_late`. What a killed process stored without a row is found by its name.
    """
    recordings = list(Recording.objects.filter(call__in=calls).exclude(file="").values_list("pk", flat=True))
    forget_recordings(recordings)
    for call_id, started_at in Call.objects.filter(pk__in=calls).values_list("pk", "started_at"):
        path_of(call_id).unlink(missing_ok=True)  # first: `file_recording` looks whether it is gone
        default_storage.delete(stored_name(call_id, started_at))
    forget_ids(calls)
    return {
        "recordings": len(recordings),
        "events": _delete(CallEvent.objects.filter(call__in=calls)),
        "answers": _delete(Answer.objects.filter(call__in=calls)),
        "calls": len(calls),
    }


def forget_recordings(keys: Sequence[int]) -> None:
    """Delete the files of these rows, then their names: a process that dies between finds the rows again."""
    rows = Recording.objects.filter(pk__in=keys)
    for name in rows.values_list("file", flat=True):
        default_storage.delete(name)
    rows.update(file="")


def forget_ids(calls: Sequence[UUID]) -> None:
    """Delete the ids under which other systems know these calls, and the figures of every second."""
    Call.objects.filter(pk__in=calls).update(
        call_sid="", stream_sid="", reference="", caller="", statistics={}
    )


def _forget_person(calls: Sequence[UUID]) -> None:
    forget_ids(calls)
    Answer.objects.filter(call__in=calls).delete()
    Call.objects.filter(pk__in=calls).update(recipient=None, message=None)


def _delete(rows: QuerySet[CallEvent] | QuerySet[Answer]) -> int:
    return rows.order_by().delete()[0]


def _ended(cutoff: datetime) -> QuerySet[Call]:
    return Call.objects.filter(state=Call.State.ENDED, started_at__lt=cutoff)


def _held(call: str = "") -> Q:
    """Return the condition that a call is under a legal hold; `call` is the lookup path to it."""
    numbers = LegalHold.objects.filter(released_at=None).exclude(phone="").values("phone")
    return held(f"{call}recipient__", f"{call}campaign") | Q(**{f"{call}caller__in": numbers})


_NAMES_PERSON = (
    Q(recipient__isnull=False)
    | Q(message__isnull=False)
    | ~Q(call_sid="")
    | ~Q(stream_sid="")
    | ~Q(reference="")
    | ~Q(caller="")
    | Exists(Answer.objects.filter(call=OuterRef("pk")))
)
SWEEPS = (
    Sweep(
        "recordings",
        lambda cutoff: Recording.objects.filter(call__started_at__lt=cutoff).exclude(file=""),
        lambda: _held("call__"),
        forget_recordings,
    ),
    Sweep(
        "events",
        lambda cutoff: _ended(cutoff).filter(Exists(CallEvent.objects.filter(call=OuterRef("pk")))),
        _held,
        lambda calls: _delete(CallEvent.objects.filter(call__in=calls)),
    ),
    Sweep("calls", lambda cutoff: _ended(cutoff).filter(_NAMES_PERSON), _held, _forget_person),
)
