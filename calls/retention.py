"""What of live calls goes by the clocks, and with a person who asked. See campaigns/services/purging."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from calls.models import Answer, Call, CallEvent, Recording
from calls.recordings.files import path_of, stored_name
from campaigns.models import Erasure
from campaigns.privacy import erasure
from campaigns.privacy import purge as purging
from campaigns.privacy.legal_holds import held
from campaigns.privacy.purge import Sweep

ON_THE_LINE = "A call with this person is on the line."


def purge(now: datetime) -> int:
    """Tonight's purge of everything; how many rows went. May be called at any time and twice."""
    erase_late()
    return purging.purge([*SWEEPS, *purging.SWEEPS], now=now)


def erase_people(now: datetime) -> int:
    """Do every erasure that nothing keeps waiting; how many were done."""
    return sum(_erase(wish_id, now=now) for wish_id in erasure.open_wishes())


def erase_late() -> int:
    """What was stored of calls after their person was erased, from another machine's disk; how many calls."""
    erased = Erasure.objects.filter(state=Erasure.State.DONE).values("pseudonym")
    audio = Q(recording__isnull=False) & ~Q(recording__file="")
    late = Q(events__isnull=False) | Q(answers__isnull=False) | audio
    calls = Call.objects.filter(late, recipient__phone__in=erased, state=Call.State.ENDED).distinct()
    keys = list(calls.values_list("pk", flat=True)[: purging.CHUNK])
    forget_calls(keys)
    return len(keys)


@transaction.atomic
def _erase(wish_id: int, *, now: datetime) -> bool:
    wish = Erasure.objects.select_for_update().filter(pk=wish_id, state=Erasure.State.WAITING).first()
    if wish is None:
        return False
    calls = Call.objects.filter(recipient__phone=wish.phone)
    if waits := erasure.waits_for(wish, now=now) or (calls.filter(state="live").exists() and ON_THE_LINE):
        Erasure.objects.filter(pk=wish_id).update(waits_for=waits, changed_at=now)
        return False
    removed = forget_calls(list(calls.values_list("pk", flat=True)))
    erasure.finish(wish, removed | erasure.forget(wish), now=now)
    return True


def forget_calls(calls: Sequence[UUID]) -> dict[str, int]:
    """Recordings, logs and answers go; how a call ended and how long it was stays. Rows of each kind.

    A recording that is not filed yet is deleted where it grew; on another machine the next night finds it.
    What a killed process stored without a row is found by its name.
    """
    recordings = list(Recording.objects.filter(call__in=calls).exclude(file="").values_list("pk", flat=True))
    forget_recordings(recordings)
    for call_id, started_at in Call.objects.filter(pk__in=calls).values_list("pk", "started_at"):
        path_of(call_id).unlink(missing_ok=True)  # first: who files it just now looks whether it is gone
        default_storage.delete(stored_name(call_id, started_at))
    forget_ids(calls)
    return {
        "recordings": len(recordings),
        "events": _delete(CallEvent.objects.filter(call__in=calls)),
        "answers": _delete(Answer.objects.filter(call__in=calls)),
        "calls": len(calls),
    }


def forget_recordings(keys: Sequence[int]) -> None:
    """The files first: whoever dies between the two finds the rows again."""
    rows = Recording.objects.filter(pk__in=keys)
    for name in rows.values_list("file", flat=True):
        default_storage.delete(name)
    rows.update(file="")


def forget_ids(calls: Sequence[UUID]) -> None:
    """What names a call outside of this house, and the figures of every second."""
    Call.objects.filter(pk__in=calls).update(call_sid="", stream_sid="", statistics={})


def _forget_whose(calls: Sequence[UUID]) -> None:
    forget_ids(calls)
    Answer.objects.filter(call__in=calls).delete()
    Call.objects.filter(pk__in=calls).update(recipient=None, message=None)


def _delete(rows: QuerySet[CallEvent] | QuerySet[Answer]) -> int:
    return rows.order_by().delete()[0]


def _ended(cutoff: datetime) -> QuerySet[Call]:
    return Call.objects.filter(state=Call.State.ENDED, started_at__lt=cutoff)


def _with_events(cutoff: datetime) -> QuerySet[Call]:
    return _ended(cutoff).filter(Exists(CallEvent.objects.filter(call=OuterRef("pk"))))


def _somebodys(cutoff: datetime) -> QuerySet[Call]:
    named = Q(recipient__isnull=False) | Q(message__isnull=False) | ~Q(call_sid="") | ~Q(stream_sid="")
    return _ended(cutoff).filter(named | Exists(Answer.objects.filter(call=OuterRef("pk"))))


def _recordings(cutoff: datetime) -> QuerySet[Recording]:
    return Recording.objects.filter(call__started_at__lt=cutoff).exclude(file="")


def _drop_events(calls: Sequence[UUID]) -> None:
    _delete(CallEvent.objects.filter(call__in=calls))


SWEEPS = (
    Sweep(
        "recordings",
        _recordings,
        lambda: held("call__recipient__", "call__campaign"),
        forget_recordings,
    ),
    Sweep("events", _with_events, held, _drop_events),
    Sweep("calls", _somebodys, held, _forget_whose),
)
