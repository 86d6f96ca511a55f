"""How an attempt ended, and what that means for the person: done, tried again, or not reached."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from campaigns.models import Campaign, Message, Recipient
from campaigns.xfin.schemas import RemoteMessage
from campaigns.xfin.states import Disposition, RemoteState

ENDED: Mapping[RemoteState, Message.State] = {
    RemoteState.DONE: Message.State.DONE,
    RemoteState.FAILED: Message.State.FAILED,
    RemoteState.CANCELLED: Message.State.CANCELLED,
}

#: How a disposition reads on a screen.
WORDS: Mapping[Disposition, str] = {
    Disposition.ANSWERED: "Answered.",
    Disposition.BUSY: "The line was busy.",
    Disposition.NO_ANSWER: "Nobody answered.",
    Disposition.REJECTED: "The call was declined.",
    Disposition.VOICEMAIL: "Voicemail answered.",
    Disposition.SWITCHED_OFF: "The phone was switched off.",
    Disposition.NOT_REACHABLE: "The phone was out of reach.",
    Disposition.INVALID_NUMBER: "The number does not exist.",
    Disposition.BLOCKED: "The operator does not let calls through to this number.",
    Disposition.DROPPED: "The call was dropped.",
    Disposition.CANCELLED: "The call was cancelled at XFin.",
    Disposition.FAILED: "The call failed.",
    Disposition.UNKNOWN: "XFin did not say how the call ended.",
}

#: Calling again would end the same way.
HOPELESS = frozenset({Disposition.INVALID_NUMBER, Disposition.BLOCKED, Disposition.CANCELLED})


def settle_recipient(recipient_id: int, state: Recipient.State, reason: str, **fields: object) -> bool:
    """Give a person a final state, unless there is one already; whether it was given."""
    still_open = Recipient.objects.filter(pk=recipient_id, state__in=Recipient.OPEN_STATES)
    return bool(still_open.update(state=state, reason=reason, **fields))


@transaction.atomic
def settle_message(message: Message, remote: RemoteMessage, *, now: datetime) -> bool:
    """Write down how XFin says an attempt ended; whether it was still open here.

    Repeated and late news change nothing.
    """
    state = ENDED[remote.state]
    disposition = _disposition(message, remote)
    reason = WORDS[disposition]
    if remote.raw_reason and disposition in (Disposition.FAILED, Disposition.UNKNOWN):
        reason = f"{reason} XFin says: {remote.raw_reason}"
    changed = Message.objects.filter(pk=message.pk, state=Message.State.QUEUED).update(
        state=state,
        disposition=disposition,
        reason=reason,
        remote_state=remote.raw_state[:60],
        duration_seconds=remote.duration_s,
        settled_at=now,
        changed_at=now,
    )
    if changed:
        _after_attempt(message, disposition, reason, now)
    return bool(changed)


def _disposition(message: Message, remote: RemoteMessage) -> Disposition:
    """How the call ended. A finished message without any code was answered."""
    if remote.disposition == Disposition.UNKNOWN and remote.state == RemoteState.DONE:
        return Disposition.ANSWERED
    if remote.disposition == Disposition.UNKNOWN and remote.state == RemoteState.FAILED:
        return Disposition.FAILED
    return remote.disposition


def _after_attempt(message: Message, disposition: Disposition, reason: str, now: datetime) -> None:
    person = Recipient.objects.select_for_update().select_related("campaign").get(pk=message.recipient_id)
    if disposition == Disposition.ANSWERED or person.outcome:
        # Whoever has given an answer is not called again, however the line ended.
        said = f"Answered: {person.outcome.replace('_', ' ')}." if person.outcome else reason
        settle_recipient(person.pk, Recipient.State.COMPLETED, said, disposition=disposition)
    elif _may_try_again(person, disposition):
        _put_back(person, disposition, reason, now)
    else:
        settle_recipient(person.pk, Recipient.State.UNREACHED, reason, disposition=disposition)


def _may_try_again(person: Recipient, disposition: Disposition) -> bool:
    campaign = person.campaign
    alive = campaign.state not in (Campaign.State.CANCELLED, Campaign.State.COMPLETED)
    return alive and disposition != Disposition.INVALID_NUMBER and person.attempts < campaign.max_attempts


def _put_back(person: Recipient, disposition: Disposition, reason: str, now: datetime) -> None:
    gaps = person.campaign.retry_gaps or [60]
    minutes = gaps[min(person.attempts, len(gaps)) - 1]
    due = now + timedelta(minutes=minutes)
    Recipient.objects.filter(pk=person.pk, state__in=Recipient.OPEN_STATES).update(
        state=Recipient.State.WAITING,
        due_at=due,
        disposition=disposition,
        reason=f"{reason} Call {person.attempts + 1} of at most {person.campaign.max_attempts} follows.",
    )
