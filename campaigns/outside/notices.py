"""What services are to be told: one row for each, made in the transaction that stores the call's event."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from campaigns import clock
from campaigns.models import Message, Notification, OutsideService
from campaigns.models.services import MOST_VALUES
from campaigns.rules.results import Tell

ERASED = "The person's data was erased before the service took it."
NO_SERVICE = "No service outside has this name."
LONGEST_NAME, LONGEST_TEXT = 60, 500


def add(wish: Tell, *, key: UUID, message_id: int | None, recipient_id: int | None, at: datetime) -> str:
    """Have a service told what a call brought, in the caller's transaction. `key` is the event's own.

    Once for each key, however often the event is stored. Return why it can't be told; empty if it will be.
    """
    service = OutsideService.objects.filter(name=wish.service).first()
    attempt = Message.objects.filter(pk=message_id or 0).values_list("reference", flat=True)
    values = list(wish.values.items())[:MOST_VALUES]
    row = {
        "service": service,
        "service_name": wish.service[:LONGEST_NAME],
        "recipient_id": recipient_id,
        "reference": attempt.first() or "",
        "values": {name[:LONGEST_NAME]: text[:LONGEST_TEXT] for name, text in values},
        "at": at,
        "next_try_at": at,
        "give_up_at": at + timedelta(hours=service.give_up_hours if service else 0),
    }
    if service is None:
        row |= {"state": Notification.State.GIVEN_UP, "reason": NO_SERVICE, "settled_at": at}
    Notification.objects.get_or_create(key=key, defaults=row)
    return "" if service else f"a service is to be told that does not exist: “{wish.service[:LONGEST_NAME]}”."


def forget(recipients: Sequence[int]) -> None:
    """Delete what was to be told about people; what waits is given up. In the caller's transaction."""
    theirs, state = Notification.objects.filter(recipient__in=recipients), Notification.State
    theirs.filter(state=state.WAITING).update(state=state.GIVEN_UP, reason=ERASED, settled_at=clock.now())
    theirs.exclude(values={}).update(values={})
