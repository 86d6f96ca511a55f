"""Tell services outside what calls brought: at least once, each time with the same Idempotency-Key.

find:   rows that wait and are due, of one service, by one worker at a time (`turns`)
send:   some at once, outside any transaction
settle: 2xx read -> DELIVERED, its values are deleted
        else     -> later, after twice the time; GIVEN_UP once the service's hours are over

A worker that dies in between leaves the rows waiting: they are sent again, with the same keys.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from campaigns.clock import Clock
from campaigns.delivery.turns import turn
from campaigns.models import Notification, OutsideService
from campaigns.outside import client, registry
from campaigns.outside.errors import NoAnswer
from campaigns.outside.registry import Known

AT_ONCE = 20
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
#: So long one task goes on; the next tick's goes on where it ended.
LONGEST = timedelta(seconds=60)


def services_to_tell(now: datetime) -> list[int]:
    """Return the services that are switched on and have something due. One query."""
    due = Notification.objects.filter(state=Notification.State.WAITING, next_try_at__lte=now)
    return list(
        OutsideService.objects.filter(active=True, pk__in=due.values("service")).values_list("pk", flat=True)
    )


def tell(service_id: int, *, clock: Clock) -> int:
    """Tell a service what is due, the oldest first. Return how many it took; 0 if another worker does it.

    It ends when nothing is due, after `LONGEST`, and with the first batch of which nothing was taken.
    """
    taken, until = 0, clock() + LONGEST
    with turn("tell", service_id) as held:
        while held and held.renew() and clock() < until and (batch := due(service_id, clock())):
            reasons = send(service_id, batch)
            for row, reason in zip(batch, reasons, strict=True):
                settle(row, reason, now=clock())
            taken += reasons.count("")
            if not reasons.count(""):
                break
    return taken


def due(service_id: int, now: datetime) -> list[Notification]:
    """Return what a service is to be told now, `AT_ONCE` at most, the oldest first."""
    waiting = Notification.objects.filter(service=service_id, state=Notification.State.WAITING)
    return list(waiting.filter(next_try_at__lte=now).order_by("next_try_at", "pk")[:AT_ONCE])


def send(service_id: int, batch: Sequence[Notification]) -> list[str]:
    """Return for each of the batch why the service did not take it; empty where it did."""
    try:
        service = registry.usable(OutsideService.objects.get(pk=service_id))
    except NoAnswer as error:
        return [error.reason] * len(batch)

    async def all_at_once() -> list[str]:
        return await asyncio.gather(*(told(service, each) for each in batch))

    return asyncio.run(all_at_once())


async def told(service: Known, row: Notification) -> str:
    """Send one. Return why the service did not take it; empty where it did."""
    content = {"event": "tell", "at": row.at.isoformat(), "reference": row.reference, "values": row.values}
    try:
        await client.post(service, content, key=row.key)
    except NoAnswer as error:
        return error.reason
    return ""


def settle(row: Notification, reason: str, *, now: datetime) -> None:
    """Write down one try; nothing if another worker, or an erasure, has ended it meanwhile."""
    state, tries = Notification.State, row.tries + 1
    pause = min(FIRST_PAUSE * 2 ** min(row.tries, 20), LONGEST_PAUSE)
    fields: dict[str, object] = {"tries": tries, "changed_at": now}
    if not reason:
        fields |= {
            "state": state.DELIVERED,
            "reason": "The service took it.",
            "values": {},
            "settled_at": now,
        }
    elif now >= row.give_up_at:
        why = f"Given up after {tries} tries. {reason}"
        fields |= {"state": state.GIVEN_UP, "reason": why, "settled_at": now}
    else:
        fields |= {"reason": reason, "next_try_at": min(now + pause, row.give_up_at)}
    Notification.objects.filter(pk=row.pk, state=state.WAITING).update(**fields)
