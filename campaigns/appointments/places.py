"""Take and give back the places of slots: held for a call, or booked.

A place is taken by one conditional UPDATE, given back under the slot's lock. Locks: slot, hold
(`campaigns.locks`). `Slot.taken` counts live and expired holds until these are deleted.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from campaigns.locks import locked
from campaigns.models import Hold, Slot

MOST_AT_ONCE = 500
"""Holds that are freed in one transaction."""


@transaction.atomic
def hold(slot_id: int, *, calendar_id: int, call: UUID, now: datetime) -> Slot | None:
    """Keep a place of a slot for a call, in place of what it held in this calendar; return the slot.

    None if no place is free or the slot has begun; then the call keeps what it held.
    """
    until = now + timedelta(seconds=settings.SLOT_HOLD_SECONDS)
    held = Hold.objects.filter(call=call, calendar=calendar_id)
    earlier = held.first()
    if earlier:
        lock_slots([slot_id, earlier.slot_id])
        if held.filter(slot=slot_id).update(until=until):
            return Slot.objects.get(pk=slot_id)
    coming = Slot.objects.filter(pk=slot_id, calendar=calendar_id, begins__gt=now)
    if not take(coming, now=now):
        return None
    if earlier:
        drop(held)
    Hold.objects.create(calendar_id=calendar_id, slot_id=slot_id, call=call, until=until)
    return Slot.objects.get(pk=slot_id)


def take(slot: QuerySet[Slot], *, now: datetime) -> bool:
    """Take one place of a slot, in the caller's transaction. Return False if none is free.

    Holds of this slot that have run out are freed first if that is needed.
    """
    with_room = slot.filter(taken__lt=F("capacity"))
    taken = F("taken") + 1
    if with_room.update(taken=taken, changed_at=now):
        return True
    expired = Hold.objects.filter(slot__in=slot, until__lte=now)
    return bool(drop(expired)) and bool(with_room.update(taken=taken, changed_at=now))


def lock_slots(keys: Iterable[int | None]) -> dict[int, Slot]:
    """Lock the slots with these keys and return them by key; those that are gone are missing."""
    return {slot.pk: slot for slot in locked(Slot.objects.filter(pk__in={key for key in keys if key}))}


def give_back(slots: Collection[int], *, now: datetime | None = None) -> None:
    """Give back one place of each of these slots, which the caller has locked; a key may come twice."""
    stamp = {"changed_at": now} if now else {}
    for slot_id, places in sorted(Counter(slots).items()):
        Slot.objects.filter(pk=slot_id).update(taken=F("taken") - places, **stamp)


def drop(holds: QuerySet[Hold]) -> int:
    """Delete holds and give their places back, in the caller's transaction. Return how many."""
    slots = lock_slots(holds.values_list("slot", flat=True))
    if not slots:
        return 0
    ours = dict(locked(holds.filter(slot__in=slots)).values_list("pk", "slot"))
    Hold.objects.filter(pk__in=ours).delete()
    give_back(list(ours.values()))
    return len(ours)


@transaction.atomic
def drop_for_calls(calls: Collection[UUID]) -> int:
    """Drop what these calls still hold: they are over. Return how many holds. One query if there are none."""
    return drop(Hold.objects.filter(call__in=calls))


@transaction.atomic
def free_expired(now: datetime) -> int:
    """Free some places whose hold has run out. Return how many; 0 if there are no more."""
    expired = Hold.objects.filter(until__lte=now).order_by("pk").values("pk")[:MOST_AT_ONCE]
    return drop(Hold.objects.filter(pk__in=list(expired.values_list("pk", flat=True))))
