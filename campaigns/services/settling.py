"""How an attempt ended, and what that means for the person: done, tried again, or not reached."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from campaigns import queries, retries
from campaigns.models import Agent, Campaign, Message, Recipient, Suppression
from campaigns.services import callbacks
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

CANCELLED = "The campaign was cancelled."

ANSWERED_LATE = "The answer of an earlier call came in; no further one is needed."
BROKE_OFF = "Answered, but the dialogue broke off before its end."


def settle_recipient(recipient_id: int, state: Recipient.State, reason: str, **fields: object) -> bool:
    """Give a person a final state, unless there is one already; whether it was given."""
    still_open = Recipient.objects.filter(pk=recipient_id, state__in=Recipient.OPEN_STATES)
    settled = bool(still_open.update(state=state, reason=reason, **fields))
    if settled:
        callbacks.end_of(recipient_id, reason)
    return settled


@transaction.atomic
def settle_message(message: Message, remote: RemoteMessage, *, now: datetime) -> bool:
    """Write down how XFin says an attempt ended; whether it was still open here.

    Repeated and late news change nothing. What XFin cancelled because we withdrew it is left to
    `withdrawing`: that attempt was never made.
    """
    state = ENDED[remote.state]
    disposition = _disposition(message, remote)
    reason = WORDS[disposition]
    if remote.raw_reason and disposition in (Disposition.FAILED, Disposition.UNKNOWN):
        reason = f"{reason} XFin says: {remote.raw_reason}"
    still_open = Message.objects.filter(pk=message.pk, state__in=Message.AT_XFIN)
    if disposition == Disposition.CANCELLED:
        still_open = still_open.exclude(state=Message.State.WITHDRAWING)
    changed = still_open.update(
        state=state,
        disposition=disposition,
        reason=reason,
        remote_state=remote.raw_state[:60],
        duration_seconds=remote.duration_s,
        withdraw_at=None,
        settled_at=now,
        changed_at=now,
    )
    if changed:
        _after_attempt(message, disposition, reason, now)
    return bool(changed)


@transaction.atomic
def withdraw_planned(campaign: Campaign, reason: str, *, now: datetime) -> int:
    """Take back every message of the campaign that has not been handed over; how many."""
    planned = Message.objects.filter(recipient__campaign=campaign, state=Message.State.PLANNED)
    # Locked first: a worker that claims one of them meanwhile keeps it, and its person.
    locked = planned.select_for_update(of=("self",)).values_list("pk", "recipient_id")
    of_whom = dict(locked)
    Message.objects.filter(pk__in=of_whom).update(
        state=Message.State.WITHDRAWN, reason=reason, settled_at=now, changed_at=now
    )
    for recipient_id in of_whom.values():
        attempt_was_not_made(recipient_id, now=now)
    return len(of_whom)


@transaction.atomic
def call_off_closed(now: datetime) -> int:
    """Take back what is planned for people who need no further call: their answer came late. How many."""
    closed = Message.objects.filter(
        state=Message.State.PLANNED, recipient__state=Recipient.State.COMPLETED
    ).select_for_update(of=("self",))
    of_whom = dict(closed.values_list("pk", "recipient_id"))
    Message.objects.filter(pk__in=of_whom).update(
        state=Message.State.WITHDRAWN, reason=ANSWERED_LATE, settled_at=now, changed_at=now
    )
    Recipient.objects.filter(pk__in=of_whom.values()).update(attempts=F("attempts") - 1, changed_at=now)
    return len(of_whom)


def attempt_was_not_made(recipient_id: int, *, now: datetime) -> None:
    """A withdrawn attempt does not count: the person waits again or is called no more, as things stand."""
    person = Recipient.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=recipient_id)
    state, reason = _without_attempt(person)
    same = Recipient.objects.filter(pk=recipient_id)
    same.update(attempts=F("attempts") - 1, changed_at=now)
    same.filter(state=Recipient.State.UNDER_WAY).update(state=state, reason=reason)
    callbacks.attempt_not_made(recipient_id)
    callbacks.wait_for(recipient_id)


def _without_attempt(person: Recipient) -> tuple[Recipient.State, str]:
    wish = live_suppressions(person.phone, person.campaign.category).first()
    if wish:
        return Recipient.State.SUPPRESSED, wish.reason
    if person.campaign.state == Campaign.State.CANCELLED:
        return Recipient.State.CANCELLED, CANCELLED
    return Recipient.State.WAITING, "Its call was withdrawn before it was dialled; it is planned again."


def live_suppressions(phone: str, category: str) -> QuerySet[Suppression]:
    """The wishes that forbid a call of this category to this number now."""
    scopes = Q(scope=Suppression.Scope.ORGANISATION) | Q(category=category)
    return Suppression.objects.filter(scopes, phone=phone, lifted_at__isnull=True)


def _disposition(message: Message, remote: RemoteMessage) -> Disposition:
    """How the call ended. A finished message without any code was answered."""
    if remote.state == RemoteState.CANCELLED:
        return Disposition.CANCELLED
    if remote.disposition == Disposition.UNKNOWN and remote.state == RemoteState.DONE:
        return Disposition.ANSWERED
    if remote.disposition == Disposition.UNKNOWN and remote.state == RemoteState.FAILED:
        return Disposition.FAILED
    return remote.disposition


def _after_attempt(message: Message, disposition: Disposition, reason: str, now: datetime) -> None:
    person = _locked(message.recipient_id)
    callbacks.attempt_made(message)
    if not callbacks.wait_for(person.pk, disposition=disposition):
        _go_on(person, disposition, reason, now)


def resume_course(person: Recipient, reason: str, *, now: datetime) -> None:
    """What the campaign's rules have in mind for a waiting person whose call-back was taken back."""
    last = _calls(person).last()
    if last is None:
        Recipient.objects.filter(pk=person.pk).update(due_at=None, reason=reason, changed_at=now)
    else:
        disposition = Disposition(last.disposition)
        _go_on(_locked(person.pk), disposition, f"{WORDS[disposition]} {reason}", now)


def _go_on(person: Recipient, disposition: Disposition, reason: str, now: datetime) -> None:
    """After calls that have ended, with no call-back to wait for: done, tried again, or not reached."""
    broke_off = disposition == Disposition.ANSWERED and _should_have_asked(person)
    if person.outcome or (disposition == Disposition.ANSWERED and not broke_off):
        # Whoever has given an answer is not called again, however the line ended.
        said = f"Answered: {person.outcome.replace('_', ' ')}." if person.outcome else reason
        settle_recipient(person.pk, Recipient.State.COMPLETED, said, disposition=disposition)
        return
    reason = BROKE_OFF if broke_off else reason
    if retry := _retry(person):
        _put_back(person, retry, disposition=disposition, reason=reason, now=now)
        return
    state = Recipient.State.COMPLETED if broke_off else Recipient.State.UNREACHED
    settle_recipient(person.pk, state, reason, disposition=disposition)


def ended_unknown(recipient_id: int, reason: str) -> None:
    """Nobody knows how an attempt ended. A call-back that was asked for in it is made all the same."""
    if not callbacks.wait_for(recipient_id):
        settle_recipient(recipient_id, Recipient.State.UNKNOWN, reason)


def _locked(recipient_id: int) -> Recipient:
    related = ("campaign__agent", "campaign__number")
    people = Recipient.objects.select_for_update(of=("self",)).select_related(*related)
    return people.get(pk=recipient_id)


def _should_have_asked(person: Recipient) -> bool:
    """Whether an answered call without an outcome is to be taken up again."""
    campaign = person.campaign
    return retries.UNFINISHED in campaign.retry_rules and campaign.agent.kind in Agent.ASKING


def _retry(person: Recipient) -> retries.Retry | None:
    """The next call that the campaign's rules give this person; the attempts counted here are a bound too."""
    campaign = person.campaign
    ended = campaign.state in (Campaign.State.CANCELLED, Campaign.State.COMPLETED)
    if ended or person.attempts >= campaign.max_attempts:
        return None
    return campaign.retries.after(
        [_reason(how) for how in _calls(person).values_list("disposition", flat=True)]
    )


def _calls(person: Recipient) -> QuerySet[Message]:
    """The attempts of a person that were made and have ended, in order."""
    return Message.objects.filter(recipient=person).exclude(disposition="").order_by("attempt")


def _reason(disposition: str) -> str:
    """Whoever answered and is called again was called because the dialogue broke off."""
    return retries.UNFINISHED if disposition == Disposition.ANSWERED else disposition


def _put_back(
    person: Recipient, retry: retries.Retry, *, disposition: Disposition, reason: str, now: datetime
) -> None:
    due = now + retry.gap
    if retry.another_hour:
        tried = _calls(person).values_list("send_on", flat=True)
        due = retries.at_another_hour(due, tried, queries.daily_hours(person.campaign))
    Recipient.objects.filter(pk=person.pk, state__in=Recipient.OPEN_STATES).update(
        state=Recipient.State.WAITING,
        due_at=due,
        disposition=disposition,
        reason=f"{reason} Call {person.attempts + 1} of at most {person.campaign.max_attempts} follows.",
    )
