"""How an attempt ended, and what that means for the person: done, called again, or not reached."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet

from campaigns import agent_inspection
from campaigns.bulk import add_campaigns, among, among_keys, update
from campaigns.locks import locked
from campaigns.models import Callback, Campaign, Message, Recipient, Suppression
from campaigns.queries.campaign import daily_hours
from campaigns.schedule import retries
from campaigns.transitions import callback
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


class PastAttempt(NamedTuple):
    """How an attempt ended, when it was to be dialled, and whether it broke off after some answers."""

    how: str
    at: datetime
    broke_off: bool


#: The fields of a message that are written when it has ended.
_END_FIELDS = (
    *("state", "disposition", "reason", "remote_state", "duration_seconds"),
    *("withdraw_at", "settled_at", "changed_at"),
)

CANCELLED = "The campaign was cancelled."

ANSWERED_LATE = "The answer of an earlier call came in; no further one is needed."
PLANNED_AGAIN = "Its call was withdrawn before it was dialled; it is planned again."
UNSPOKEN = "Answered, but our words could not be spoken: a value is missing, or no voice speaks them."
UNSPEAKABLE = "It cannot be spoken:"
"""How the reason of an attempt begins that was not handed over, because no voice speaks its words."""
UNSERVED = "Answered, but no agent of ours served the call to its end."
#: How an answered call reads that counts as something else, by `Message.counts_as`.
_NOT_AN_ANSWER: Mapping[str, str] = {Disposition.FAILED: UNSPOKEN, Disposition.DROPPED: UNSERVED}
BROKE_OFF = "Answered, but the dialogue broke off before its end."


def settle_recipient(recipient_id: int, state: Recipient.State, reason: str, **fields: object) -> bool:
    """Give a person a final state and end their call-backs. Return False if they had a final state already.

    `fields` are written in the same UPDATE.
    """
    still_open = Recipient.objects.filter(pk=recipient_id, state__in=Recipient.OPEN_STATES)
    settled = bool(still_open.update(state=state, reason=reason, **fields))
    if settled:
        callback.end_of(recipient_id, reason)
    return settled


def settle_message(message: Message, remote: RemoteMessage, *, now: datetime) -> bool:
    """Write down how XFin says an attempt ended. Return False if it had ended here before."""
    return bool(settle_messages([(message, remote)], now=now))


@transaction.atomic
def settle_messages(reported: Sequence[tuple[Message, RemoteMessage]], *, now: datetime) -> int:
    """Write down how XFin says attempts ended. Return how many of them were still open here.

    Repeated and late reports change nothing. What XFin cancelled because we withdrew it is left to
    `delivery.withdraw`: that attempt was never made. A message that another transaction is changing is left
    out; the next poll reports it again.
    """
    rows = Message.objects.filter(pk__in=[message.pk for message, _ in reported], state__in=Message.AT_XFIN)
    still_open = dict(locked(rows, skip=True).values_list("pk", "state"))
    # An outcome stands, whatever went wrong behind it.
    odd = dict(rows.filter(recipient__outcome="").exclude(counts_as="").values_list("pk", "counts_as"))
    ended: list[Message] = []
    for message, remote in reported:
        state, disposition = still_open.pop(message.pk, None), _disposition(remote)
        withdrawn = disposition == Disposition.CANCELLED and state == Message.State.WITHDRAWING
        if state is None or withdrawn:
            continue
        message.reason = WORDS[disposition]
        if remote.raw_reason and disposition in (Disposition.FAILED, Disposition.UNKNOWN):
            message.reason = f"{message.reason} XFin says: {remote.raw_reason}"
        message.state, message.disposition = ENDED[remote.state], disposition
        if disposition == Disposition.ANSWERED and (counts_as := odd.get(message.pk)):
            message.state, message.disposition = Message.State.FAILED, counts_as
            message.reason = _NOT_AN_ANSWER[counts_as]
        message.remote_state, message.duration_seconds = remote.raw_state[:60], remote.duration_s
        message.withdraw_at, message.settled_at, message.changed_at = None, now, now
        ended.append(message)
    update(ended, _END_FIELDS)
    _after_attempts(ended, now)
    return len(ended)


@transaction.atomic
def not_an_answer(message_ids: Collection[int], disposition: Disposition, *, now: datetime) -> None:
    """Count attempts as FAILED (our words were not spoken) or DROPPED (no agent served them) where XFin says
    "answered", so that their people may be called again.

    Where XFin has not said yet how an attempt ended, that is done when it does (`settle_messages`). A person
    who has given an outcome keeps it, and the attempt stays answered.
    """
    attempts = locked(Message.objects.filter(pk__in=message_ids, counts_as=""))
    found = list(attempts.values_list("pk", "recipient_id", "disposition"))
    Message.objects.filter(pk__in=[pk for pk, _, _ in found]).update(counts_as=disposition)
    answered = {recipient_id: pk for pk, recipient_id, how in found if how == Disposition.ANSWERED}
    people = [person for person in _locked(list(answered)).values() if not person.outcome]
    reason = _NOT_AN_ANSWER[disposition]
    Message.objects.filter(pk__in=[answered[person.pk] for person in people]).update(
        state=Message.State.FAILED, disposition=disposition, reason=reason, changed_at=now
    )
    calls = _calls([person.pk for person in people])
    done = [person for person in people if person.state == Recipient.State.COMPLETED]
    for person in done:
        _go_on(person, disposition, reason, calls[person.pk], now)
    _write(done)


@transaction.atomic
def fail_unspeakable(reasons: Mapping[int, str], *, now: datetime) -> None:
    """Fail planned attempts whose words no voice can speak; reasons by the message's key.

    They count as attempts, as one does in which this came out on the line: the circuit breaker counts both,
    and the retry rules for “failed” say whether it is tried again.
    """
    planned = Message.objects.filter(pk__in=among_keys(reasons), state=Message.State.PLANNED)
    failed = list(locked(planned))
    for message in failed:
        message.state, message.reason = Message.State.FAILED, reasons[message.pk]
        message.disposition = message.counts_as = Disposition.FAILED
        message.settled_at = message.changed_at = now
    update(failed, (*_END_FIELDS, "counts_as"))
    _after_attempts(failed, now)


@transaction.atomic
def note_broken_off(message_ids: Collection[int], *, now: datetime) -> None:
    """Note attempts in whose calls the person hung up after some of the answers, without an outcome.

    Only of campaigns that go on where a call broke off. A person of whom XFin has said already that the call
    was answered is called again as the retry rules say; for the others that follows from XFin's report.
    """
    cut = Message.objects.filter(pk__in=message_ids, broke_off=False, recipient__campaign__goes_on=True)
    found = list(locked(cut).values_list("pk", "recipient_id", "disposition"))
    Message.objects.filter(pk__in=[pk for pk, _, _ in found]).update(broke_off=True, changed_at=now)
    people = _locked([recipient_id for _, recipient_id, how in found if how == Disposition.ANSWERED])
    done = [one for one in people.values() if one.state == Recipient.State.COMPLETED and not one.outcome]
    calls = _calls([person.pk for person in done])
    for person in done:
        _go_on(person, Disposition.ANSWERED, WORDS[Disposition.ANSWERED], calls[person.pk], now)
    _write(done)


@transaction.atomic
def an_answer_after_all(message_ids: Collection[int]) -> None:
    """Let attempts count as XFin says that were taken for unserved: another call of theirs was served."""
    dropped = Message.objects.filter(pk__in=message_ids, counts_as=Disposition.DROPPED)
    Message.objects.filter(pk__in=list(locked(dropped).values_list("pk", flat=True))).update(counts_as="")


@transaction.atomic
def withdraw_planned(campaign: Campaign, reason: str, *, now: datetime) -> int:
    """Withdraw every message of the campaign that has not been handed over. Return how many."""
    planned = Message.objects.filter(recipient__campaign=campaign, state=Message.State.PLANNED)
    # Locked first: a worker that claims one of them meanwhile keeps it, and its person.
    of_whom = dict(locked(planned).values_list("pk", "recipient_id"))
    Message.objects.filter(pk__in=among_keys(of_whom)).update(
        state=Message.State.WITHDRAWN, reason=reason, settled_at=now, changed_at=now
    )
    attempts_withdrawn(list(of_whom.values()), now=now)
    return len(of_whom)


@transaction.atomic
def withdraw_answered(now: datetime) -> int:
    """Withdraw what is planned for people whose answer to an earlier call came late. Return how many."""
    closed = Message.objects.filter(state=Message.State.PLANNED, recipient__state=Recipient.State.COMPLETED)
    of_whom = dict(locked(closed).values_list("pk", "recipient_id"))
    _locked(list(of_whom.values()))
    Message.objects.filter(pk__in=of_whom).update(
        state=Message.State.WITHDRAWN, reason=ANSWERED_LATE, settled_at=now, changed_at=now
    )
    revert_attempt(Recipient.objects.filter(pk__in=of_whom.values()), changed_at=now)
    return len(of_whom)


def revert_attempt(people: QuerySet[Recipient], **fields: object) -> None:
    """Take one attempt off each person's count: it was planned and never made, so no limit counts it.

    `fields` are written in the same UPDATE. The caller withdraws or blocks the attempt itself.
    """
    people.update(attempts=F("attempts") - 1, **fields)


def attempts_withdrawn(recipient_ids: Sequence[int], *, now: datetime) -> None:
    """Revert people's attempts that were withdrawn before they were dialled; the caller's transaction.

    A person under way waits again, for a call-back if there is one, or is not called any more: opted out
    meanwhile, or of a cancelled campaign.
    """
    people = _locked(recipient_ids)
    suppressed = _suppressed(list(people.values()))
    asked = callback.attempts_not_made(list(people))
    for person in people.values():
        person.attempts, person.changed_at = person.attempts - 1, now
        open_before = person.state in Recipient.OPEN_STATES
        if person.state == Recipient.State.UNDER_WAY:
            if person.pk in suppressed:
                person.state, person.reason = Recipient.State.SUPPRESSED, suppressed[person.pk]
            elif person.campaign.state == Campaign.State.CANCELLED:
                person.state, person.reason = Recipient.State.CANCELLED, CANCELLED
            else:
                person.state, person.reason = Recipient.State.WAITING, PLANNED_AGAIN
        if open_before and person.state in Recipient.OPEN_STATES and (wanted := asked.get(person.pk)):
            person.state, person.due_at = Recipient.State.WAITING, wanted.planned_for
            person.reason = wanted.reason
    update(list(people.values()), ("attempts", "state", "reason", "due_at", "changed_at"))


def _suppressed(people: Sequence[Recipient]) -> Mapping[int, str]:
    """Return why people may not be called any more for their campaign, by key; only those. One query."""
    phones = [person.phone for person in people]
    by_phone: defaultdict[str, list[Suppression]] = defaultdict(list)
    for row in Suppression.objects.filter(phone__in=among(phones), lifted_at__isnull=True):
        by_phone[row.phone].append(row)
    return {
        person.pk: row.reason
        for person in people
        for row in by_phone[person.phone]
        if row.covers(person.campaign.category)
    }


def _disposition(remote: RemoteMessage) -> Disposition:
    """Return how the call ended. A finished message without any code was answered."""
    if remote.state == RemoteState.CANCELLED:
        return Disposition.CANCELLED
    if remote.disposition == Disposition.UNKNOWN and remote.state == RemoteState.DONE:
        return Disposition.ANSWERED
    if remote.disposition == Disposition.UNKNOWN and remote.state == RemoteState.FAILED:
        return Disposition.FAILED
    return remote.disposition


def _after_attempts(ended: Sequence[Message], now: datetime) -> None:
    """Move on the people whose attempts ended; `ended` holds at most one attempt a person."""
    of_whom = {message.recipient_id: message for message in ended}
    people = _locked(list(of_whom))
    callback.attempts_made(ended)
    calls, asked = _calls(people), callback.waiting_for(list(people.values()))
    changed = [person for person in people.values() if person.state in Recipient.OPEN_STATES]
    for person in changed:
        message = of_whom[person.pk]
        disposition = Disposition(message.disposition)
        if wanted := asked.get(person.pk):
            person.state, person.disposition = Recipient.State.WAITING, disposition
            person.due_at, person.reason = wanted.planned_for, wanted.reason
        else:
            _go_on(person, disposition, message.reason, calls[person.pk], now)
    _write(changed)


def callbacks_withdrawn(messages: Sequence[Message], *, now: datetime) -> None:
    """Apply the campaign's rules after attempts were withdrawn, to those for a call-back staff withdrew."""
    theirs = Callback.objects.filter(message__in=messages, state=Callback.State.WITHDRAWN)
    for recipient_id in theirs.values_list("recipient", flat=True):
        go_on_without(recipient_id, "The call-back was withdrawn.", now=now)


def go_on_without(recipient_id: int, reason: str, *, now: datetime) -> None:
    """Apply the campaign's rules to a waiting person whose call-back was withdrawn.

    Without an earlier call the person is due at once; a person in any other state is left as they are.
    """
    person = Recipient.objects.filter(pk=recipient_id, state=Recipient.State.WAITING).first()
    if person is None:
        return
    calls = _calls([person.pk])[person.pk]
    if not calls:
        Recipient.objects.filter(pk=person.pk).update(due_at=None, reason=reason, changed_at=now)
        return
    disposition = Disposition(calls[-1].how)
    changed = [one for one in _locked([person.pk]).values() if one.state in Recipient.OPEN_STATES]
    for one in changed:
        _go_on(one, disposition, f"{WORDS[disposition]} {reason}", calls, now)
    _write(changed)


def _write(people: Sequence[Recipient]) -> None:
    """Write locked people as they were changed, and end the call-backs of those with a final state."""
    update(people, ("state", "reason", "disposition", "due_at", "outcome"))
    done = {person.pk: person.reason for person in people if person.state not in Recipient.OPEN_STATES}
    callback.end_of_many(done)


def _go_on(
    person: Recipient, disposition: Disposition, reason: str, calls: Sequence[PastAttempt], now: datetime
) -> None:
    """Set what follows calls that ended, with no call-back to wait for: done, called again, or not reached.

    Changes a locked person; the caller writes the row.
    """
    person.disposition = disposition
    campaign, answered = person.campaign, disposition == Disposition.ANSWERED
    # Whether the agent should have got an outcome, and the campaign calls again where it got none.
    asks_again = retries.UNFINISHED in campaign.retry_rules and agent_inspection.asks(campaign.agent.kind)
    broke_off = answered and (asks_again or (campaign.goes_on and calls[-1].broke_off))
    if person.outcome or (answered and not broke_off):
        # A person who has given an answer is not called again, however the line ended.
        said = f"Answered: {person.outcome.replace('_', ' ')}." if person.outcome else reason
        person.state, person.reason = Recipient.State.COMPLETED, said
        return
    reason = BROKE_OFF if broke_off else reason
    over = campaign.state in (Campaign.State.CANCELLED, Campaign.State.COMPLETED)
    # An answered call that is followed by another one was one that broke off.
    history = [retries.UNFINISHED if call.how == Disposition.ANSWERED else call.how for call in calls]
    # The attempts counted on the person are a bound too.
    none_left = over or person.attempts >= campaign.max_attempts
    retry = None if none_left else campaign.retries.after(history)
    if retry is None:
        unspoken = reason.startswith((UNSPOKEN, UNSPEAKABLE))
        missed = Recipient.State.FAILED if unspoken else Recipient.State.UNREACHED
        person.state = Recipient.State.COMPLETED if broke_off else missed
        person.reason = reason
        return
    due = now + retry.gap
    if retry.another_hour:
        due = retries.at_another_hour(due, [call.at for call in calls], daily_hours(campaign))
    person.state, person.due_at = Recipient.State.WAITING, due
    person.reason = f"{reason} Call {person.attempts + 1} of at most {campaign.max_attempts} follows."


def ended_unknown(recipient_id: int, reason: str) -> None:
    """Close an attempt whose end is not known. A call-back that was asked for in it is made all the same."""
    if not callback.wait_for(recipient_id):
        settle_recipient(recipient_id, Recipient.State.UNKNOWN, reason)


def _locked(ids: Sequence[int]) -> dict[int, Recipient]:
    """Lock people in the order of their keys; return them by key, with what decides on further calls."""
    return add_campaigns(list(locked(Recipient.objects.filter(pk__in=among_keys(ids)))))


def _calls(people: Collection[int]) -> Mapping[int, Sequence[PastAttempt]]:
    """Return the attempts of each person that were made and have ended, in order."""
    calls: defaultdict[int, list[PastAttempt]] = defaultdict(list)
    ended = Message.objects.filter(recipient__in=people).exclude(disposition="").order_by("attempt")
    for person, how, at, cut in ended.values_list("recipient", "disposition", "send_on", "broke_off"):
        calls[person].append(PastAttempt(how, at, cut))
    return calls
