"""How an attempt ended, and what that means for the person: done, tried again, or not reached."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from campaigns import agent_inspection
from campaigns.bulk import add_campaigns, update
from campaigns.models import Callback, Campaign, Message, Recipient, Suppression
from campaigns.queries import campaign as queries
from campaigns.schedule import retries
from campaigns.transitions import callback as callbacks
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

#: How an attempt ended, and when it was to be dialled.
PastAttempt = tuple[str, datetime]

#: What is written of a message that has ended.
_OF_AN_END = (
    *("state", "disposition", "reason", "remote_state", "duration_seconds"),
    *("withdraw_at", "settled_at", "changed_at"),
)

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


def settle_message(message: Message, remote: RemoteMessage, *, now: datetime) -> bool:
    """Write down how XFin says an attempt ended; whether it was still open here."""
    return bool(settle_messages([(message, remote)], now=now))


@transaction.atomic
def settle_messages(told: Sequence[tuple[Message, RemoteMessage]], *, now: datetime) -> int:
    """Write down how XFin says attempts ended; how many of them were still open here.

    Repeated and late news change nothing. What XFin cancelled because we withdrew it is left to
    `withdrawing`: that attempt was never made.
    """
    still_open = _still_open([message.pk for message, _ in told])
    ended: list[Message] = []
    for message, remote in told:
        state, disposition = still_open.pop(message.pk, None), _disposition(remote)
        withdrawn = disposition == Disposition.CANCELLED and state == Message.State.WITHDRAWING
        if state is not None and not withdrawn:
            _end(message, remote, disposition, now)
            ended.append(message)
    update(ended, _OF_AN_END)
    _after_attempts(ended, now)
    return len(ended)


def _still_open(ids: Sequence[int]) -> dict[int, str]:
    """Of these messages those without an end, by key, locked. One that is being changed is told of again."""
    rows = Message.objects.filter(pk__in=ids, state__in=Message.AT_XFIN).order_by("pk")
    return dict(rows.select_for_update(of=("self",), skip_locked=True).values_list("pk", "state"))


def _end(message: Message, remote: RemoteMessage, disposition: Disposition, now: datetime) -> None:
    message.reason = WORDS[disposition]
    if remote.raw_reason and disposition in (Disposition.FAILED, Disposition.UNKNOWN):
        message.reason = f"{message.reason} XFin says: {remote.raw_reason}"
    message.state, message.disposition = ENDED[remote.state], disposition
    message.remote_state, message.duration_seconds = remote.raw_state[:60], remote.duration_s
    message.withdraw_at, message.settled_at, message.changed_at = None, now, now


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
        revert_attempt(recipient_id, now=now)
    return len(of_whom)


@transaction.atomic
def withdraw_answered(now: datetime) -> int:
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


def revert_attempt(recipient_id: int, *, now: datetime) -> None:
    """A withdrawn attempt does not count: the person waits again or is called no more, as things stand."""
    person = Recipient.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=recipient_id)
    state, reason = _without_attempt(person)
    same = Recipient.objects.filter(pk=recipient_id)
    same.update(attempts=F("attempts") - 1, changed_at=now)
    same.filter(state=Recipient.State.UNDER_WAY).update(state=state, reason=reason)
    callbacks.attempt_not_made(recipient_id)
    callbacks.wait_for(recipient_id)


def _without_attempt(person: Recipient) -> tuple[Recipient.State, str]:
    wish = Suppression.objects.live(person.campaign.category).filter(phone=person.phone).first()
    if wish:
        return Recipient.State.SUPPRESSED, wish.reason
    if person.campaign.state == Campaign.State.CANCELLED:
        return Recipient.State.CANCELLED, CANCELLED
    return Recipient.State.WAITING, "Its call was withdrawn before it was dialled; it is planned again."


def _disposition(remote: RemoteMessage) -> Disposition:
    """How the call ended. A finished message without any code was answered."""
    if remote.state == RemoteState.CANCELLED:
        return Disposition.CANCELLED
    if remote.disposition == Disposition.UNKNOWN and remote.state == RemoteState.DONE:
        return Disposition.ANSWERED
    if remote.disposition == Disposition.UNKNOWN and remote.state == RemoteState.FAILED:
        return Disposition.FAILED
    return remote.disposition


def _after_attempts(ended: Sequence[Message], now: datetime) -> None:
    """What the ends of attempts, at most one a person, mean for their people."""
    of_whom = {message.recipient_id: message for message in ended}
    people = _locked(list(of_whom))
    callbacks.attempts_made(ended)
    calls, asked = _calls(people), callbacks.waiting_for(list(people.values()))
    changed = [person for person in people.values() if person.state in Recipient.OPEN_STATES]
    for person in changed:
        message = of_whom[person.pk]
        disposition = Disposition(message.disposition)
        if callback := asked.get(person.pk):
            person.state, person.disposition = Recipient.State.WAITING, disposition
            person.due_at, person.reason = callback.planned_for, callback.reason
        else:
            _go_on(person, disposition, message.reason, calls[person.pk], now)
    _write(changed)


def callback_withdrawn(message: Message, *, now: datetime) -> None:
    """An attempt was taken back: if for a call-back that staff withdrew, the campaign's rules go on."""
    if Callback.objects.filter(message=message, state=Callback.State.WITHDRAWN).exists():
        go_on_without(message.recipient_id, "The call-back was withdrawn.", now=now)


def go_on_without(recipient_id: int, reason: str, *, now: datetime) -> None:
    """What the campaign's rules have in mind for a person, if waiting, whose call-back was taken back."""
    person = Recipient.objects.filter(pk=recipient_id, state=Recipient.State.WAITING).first()
    if person is None:
        return
    calls = _calls([person.pk])[person.pk]
    if not calls:
        Recipient.objects.filter(pk=person.pk).update(due_at=None, reason=reason, changed_at=now)
        return
    disposition = Disposition(calls[-1][0])
    changed = [one for one in _locked([person.pk]).values() if one.state in Recipient.OPEN_STATES]
    for one in changed:
        _go_on(one, disposition, f"{WORDS[disposition]} {reason}", calls, now)
    _write(changed)


def _write(people: Sequence[Recipient]) -> None:
    """Locked people as they were changed; whoever is done waits for no call-back."""
    update(people, ("state", "reason", "disposition", "due_at"))
    done = {person.pk: person.reason for person in people if person.state not in Recipient.OPEN_STATES}
    callbacks.end_of_many(done)


def _go_on(
    person: Recipient, disposition: Disposition, reason: str, calls: Sequence[PastAttempt], now: datetime
) -> None:
    """After calls that have ended, with no call-back to wait for: done, tried again, or not reached.

    Changes a locked person; the caller writes the row.
    """
    person.disposition = disposition
    answered = disposition == Disposition.ANSWERED
    broke_off = answered and _should_have_asked(person)
    if person.outcome or (answered and not broke_off):
        # Whoever has given an answer is not called again, however the line ended.
        said = f"Answered: {person.outcome.replace('_', ' ')}." if person.outcome else reason
        person.state, person.reason = Recipient.State.COMPLETED, said
        return
    reason = BROKE_OFF if broke_off else reason
    if retry := _retry(person, calls):
        _put_back(person, retry, calls, reason=reason, now=now)
        return
    person.state = Recipient.State.COMPLETED if broke_off else Recipient.State.UNREACHED
    person.reason = reason


def ended_unknown(recipient_id: int, reason: str) -> None:
    """Nobody knows how an attempt ended. A call-back that was asked for in it is made all the same."""
    if not callbacks.wait_for(recipient_id):
        settle_recipient(recipient_id, Recipient.State.UNKNOWN, reason)


def _locked(ids: Sequence[int]) -> dict[int, Recipient]:
    """People by key, with what decides whether they are called again; always locked in the same order."""
    people = Recipient.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",))
    return add_campaigns(list(people))


def _should_have_asked(person: Recipient) -> bool:
    """Whether an answered call without an outcome is to be taken up again."""
    campaign = person.campaign
    return retries.UNFINISHED in campaign.retry_rules and agent_inspection.asks(campaign.agent.kind)


def _retry(person: Recipient, calls: Sequence[PastAttempt]) -> retries.Retry | None:
    """The next call that the campaign's rules give this person; the attempts counted here are a bound too."""
    campaign = person.campaign
    ended = campaign.state in (Campaign.State.CANCELLED, Campaign.State.COMPLETED)
    if ended or person.attempts >= campaign.max_attempts:
        return None
    return campaign.retries.after([_reason(how) for how, _ in calls])


def _calls(people: Collection[int]) -> Mapping[int, Sequence[PastAttempt]]:
    """The attempts of each person that were made and have ended, in order."""
    calls: defaultdict[int, list[PastAttempt]] = defaultdict(list)
    ended = Message.objects.filter(recipient__in=people).exclude(disposition="").order_by("attempt")
    for person, how, at in ended.values_list("recipient", "disposition", "send_on"):
        calls[person].append((how, at))
    return calls


def _reason(disposition: str) -> str:
    """Whoever answered and is called again was called because the dialogue broke off."""
    return retries.UNFINISHED if disposition == Disposition.ANSWERED else disposition


def _put_back(
    person: Recipient, retry: retries.Retry, calls: Sequence[PastAttempt], *, reason: str, now: datetime
) -> None:
    due = now + retry.gap
    if retry.another_hour:
        due = retries.at_another_hour(due, [at for _, at in calls], queries.daily_hours(person.campaign))
    person.state, person.due_at = Recipient.State.WAITING, due
    person.reason = f"{reason} Call {person.attempts + 1} of at most {person.campaign.max_attempts} follows."
