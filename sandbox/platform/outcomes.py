"""How calls went, written to the calls and their messages. Synchronous, one thread.

A call that was under way when the process ended is never dialled again; a message that waits for its redial
is.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from sandbox.line.leg import Ended
from sandbox.line.predicted_call import NOT_ANSWERED
from sandbox.models import CallRecord, Message
from sandbox.pacing import Redials
from sandbox.people import people
from sandbox.platform.orders import Order

RESTARTED = "The platform restarted during the call; it is not dialled again."


@dataclass
class Outcome:
    """How a call went; `counted` are further columns of CallRecord."""

    how: Ended
    reason: str
    answered_at: datetime | None = None
    duration_ms: int = 0
    counted: dict[str, Any] = field(default_factory=dict)


# Reason codes of the message (`execution_state_reason_code`) for each way a call can end, and its state.
CODES: dict[Ended, tuple[Message.State, str]] = {
    Ended.AGENT_ENDED: (Message.State.DONE, "ANSWERED"),
    Ended.PERSON_HUNG_UP: (Message.State.DONE, "ANSWERED"),
    Ended.TOO_LONG: (Message.State.DONE, "ANSWERED"),
    Ended.BUSY: (Message.State.FAILED, "BUSY"),
    Ended.NO_ANSWER: (Message.State.FAILED, "NO_ANSWER"),
    Ended.SWITCHED_OFF: (Message.State.FAILED, "SWITCHED_OFF"),
    Ended.LINE_CUT: (Message.State.FAILED, "DROPPED"),
    Ended.AGENT_UNREACHABLE: (Message.State.FAILED, "AGENT_CONNECTION_FAILED"),
    Ended.AGENT_LOST: (Message.State.FAILED, "AGENT_ERROR"),
    Ended.AGENT_NONSENSE: (Message.State.FAILED, "AGENT_ERROR"),
    Ended.AGENT_STUCK: (Message.State.FAILED, "AGENT_ERROR"),
    Ended.PLATFORM_RESTARTED: (Message.State.FAILED, "PLATFORM_RESTARTED"),
    Ended.PLATFORM_FAILED: (Message.State.FAILED, "PLATFORM_ERROR"),
}
VOICEMAIL = "VOICEMAIL"


def recover(now: datetime) -> int:
    """Finish the calls under way when the last process ended. Returns how many messages failed by that."""
    with transaction.atomic():
        CallRecord.objects.filter(state__in=[CallRecord.State.RINGING, CallRecord.State.LIVE]).update(
            state=CallRecord.State.ENDED,
            disposition=Ended.PLATFORM_RESTARTED,
            reason=RESTARTED,
            ended_at=now,
        )
        dialled = Message.objects.filter(state=Message.State.IN_PROGRESS, due_at__isnull=True)
        return dialled.update(
            state=Message.State.FAILED, reason_code="PLATFORM_RESTARTED", reason=RESTARTED, finished_at=now
        )


def picked_up(order: Order, now: datetime) -> None:
    """Store that the person picked up."""
    CallRecord.objects.filter(pk=order.record).update(state=CallRecord.State.LIVE, answered_at=now)


def finish(order: Order, outcome: Outcome, now: datetime) -> None:
    """Close the call record, and its message or this dial of it, both or neither."""
    with transaction.atomic():
        CallRecord.objects.filter(pk=order.record).update(
            state=CallRecord.State.ENDED,
            disposition=outcome.how,
            reason=outcome.reason,
            answered_at=outcome.answered_at,
            ended_at=now,
            duration_ms=outcome.duration_ms,
            **outcome.counted,
        )
        if order.message is None:
            return
        dialled = Message.objects.filter(
            pk=order.message, state=Message.State.IN_PROGRESS, due_at__isnull=True
        )
        for message in dialled.select_related("template"):
            redial = redial_at(message.template.redials(), order.attempt, outcome.how, now)
            dialled.update(**({"due_at": redial} if redial else final(order.person, outcome, now)))


def redial_at(redials: Redials, dials: int, how: Ended, ended_at: datetime) -> datetime | None:
    """Return when a message is dialled again after `dials`, the last of which ended so; None: no more."""
    return redials.next_after(dials, ended_at) if how in NOT_ANSWERED else None


def final(person: people.Person, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """Return the columns of a message whose last dial is over, by name."""
    state, code = CODES[outcome.how]
    if person.picks_up is people.PicksUp.VOICEMAIL and code == "ANSWERED":
        code = VOICEMAIL
    return {
        "state": state,
        "reason_code": code,
        "reason": outcome.reason,
        "duration_ms": outcome.duration_ms,
        "response_value": outcome.counted.get("digits", ""),
        "finished_at": now,
        "due_at": None,
    }
