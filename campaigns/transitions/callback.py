"""The states of call-backs while calls are planned, made, withdrawn and settled.

`planning.callbacks` makes them.

WAITING    its person waits for it, or is on the line just now; at most one a person
UNDER_WAY  its attempt is planned or at XFin; withdrawn before it was dialled, it waits again
MADE       its attempt ended, in whatever way: the campaign's retry rules decide what follows
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet

from campaigns import clock
from campaigns.bulk import among_keys, keys
from campaigns.models import Callback, Message, Recipient
from campaigns.rules import Judgement
from campaigns.schedule import callback_times

State = Callback.State

MADE = "The call was made."
REPLACED = "A later wish took its place."
ANSWERED = "Another call reached the person before."


def waiting_for(people: Sequence[Recipient]) -> Mapping[int, Callback]:
    """Return the call-backs that these people wait for, by the person's key. One query."""
    rows = Callback.objects.filter(recipient__in=people, state=State.WAITING)
    return {row.recipient_id: row for row in rows}


def open_moments(people: Collection[Recipient]) -> Mapping[int, datetime]:
    """Return from when on each of these people asked to be called, by key; only those who did. One query."""
    rows = Callback.objects.filter(recipient__in=keys(people), state__in=Callback.OPEN_STATES)
    return dict(rows.order_by("-id").values_list("recipient_id", "asked_for"))


# --- Planning and hand-over ------------------------------------------------------------------------


def planned(asked: Mapping[int, Callback], messages: Sequence[Message]) -> None:
    """Link saved attempts to the call-backs they are made for; `asked` has the call-backs by person."""
    for_them = [message.reference for message in messages if message.recipient_id in asked]
    for message in Message.objects.filter(reference__in=for_them):
        callback = asked[message.recipient_id]
        _change(callback, state=State.UNDER_WAY, message=message, planned_for=message.send_on)


def put_off(callback: Callback, judgement: Judgement) -> None:
    """Move an open call-back to the later time that the rules want, with the reason on its row."""
    if judgement.waits_until:
        why = callback_times.explain(callback.asked_for, judgement.waits_until, judgement.reason)
        _change(callback, planned_for=judgement.waits_until, reason=why)


def attempts_put_off(judgements: Mapping[int, Judgement]) -> None:
    """Put off the call-backs of attempts that were put off at hand-over; judgements by the message's key.

    One query where no attempt was made for a call-back.
    """
    for callback in Callback.objects.filter(message__in=among_keys(judgements), state=State.UNDER_WAY):
        put_off(callback, judgements[callback.message_id or 0])


def attempt_put_off(message_id: int, until: datetime, reason: str) -> None:
    """Put off the call-back, if any, for which an attempt is made that a service had put off."""
    for callback in Callback.objects.filter(message=message_id, state=State.UNDER_WAY):
        _change(callback, planned_for=until, reason=reason)


def _change(callback: Callback, **fields: object) -> None:
    still = Callback.objects.filter(pk=callback.pk, state__in=Callback.OPEN_STATES)
    still.update(**fields, changed_at=clock.now())


# --- Attempts that end -----------------------------------------------------------------------------


def attempts_made(messages: Sequence[Message]) -> None:
    """Close the call-backs for which these attempts, which rang and ended, were made.

    Also one that staff withdrew too late.
    """
    rang = (State.UNDER_WAY, State.WITHDRAWN)
    theirs = Callback.objects.filter(message__in=messages, state__in=rang)
    theirs.update(state=State.MADE, reason=MADE, changed_at=clock.now())


def attempts_not_made(people: Collection[int]) -> Mapping[int, Callback]:
    """Have call-backs wait again whose attempts were withdrawn before they were dialled.

    If a person asked for a later one meanwhile, that takes its place. Return the call-backs for which these
    people wait now, by the person's key.
    """
    theirs = Callback.objects.filter(recipient__in=among_keys(people))
    later = set(theirs.filter(state=State.WAITING).values_list("recipient", flat=True))
    mine = theirs.filter(state=State.UNDER_WAY, message__state=Message.State.WITHDRAWN)
    now = clock.now()
    mine.filter(recipient__in=later).update(state=State.REPLACED, reason=REPLACED, changed_at=now)
    mine.update(state=State.WAITING, message=None, changed_at=now)
    return {row.recipient_id: row for row in theirs.filter(state=State.WAITING)}


def wait_for(recipient_id: int, **fields: object) -> bool:
    """Have an open person wait for their call-back. Return False if there is none, or the person is done.

    `fields` are written in the same UPDATE.
    """
    callback = Callback.objects.filter(recipient=recipient_id, state=State.WAITING).first()
    if callback is None:
        return False
    still_open = Recipient.objects.filter(pk=recipient_id, state__in=Recipient.OPEN_STATES)
    return bool(
        still_open.update(
            state=Recipient.State.WAITING, due_at=callback.planned_for, reason=callback.reason, **fields
        )
    )


def answered(message: Message) -> bool:
    """End the call-backs that an outcome makes needless.

    Kept are the one for which this call was made and one that was asked for in this very call. Return
    whether the latter is still open.
    """
    still = Callback.objects.filter(recipient=message.recipient_id, state__in=Callback.OPEN_STATES)
    others = still.exclude(message=message).exclude(message_reference=message.reference)
    _close(others, ANSWERED)
    return still.filter(message_reference=message.reference).exists()


def answered_by_caller(recipient_id: int, *, began_at: datetime) -> bool:
    """End the call-backs that an outcome makes needless, of a person who rang back in a call begun then.

    Return whether one that was asked for in this very call is still open.
    """
    still = Callback.objects.filter(recipient=recipient_id, state__in=Callback.OPEN_STATES)
    _close(still.filter(asked_at__lt=began_at), ANSWERED)
    return still.filter(asked_at__gte=began_at).exists()


# --- People who are not called any more ------------------------------------------------------------


def end_of(recipient_id: int, reason: str) -> None:
    """End the call-backs of a person with a final state."""
    _close(Callback.objects.filter(recipient=recipient_id), reason)


def end_of_many(reasons: Mapping[int, str]) -> None:
    """End the call-backs of people with a final state; reasons by person. One query where there are none."""
    still = Callback.objects.filter(recipient__in=reasons, state__in=Callback.OPEN_STATES)
    for recipient in set(still.values_list("recipient", flat=True)):
        end_of(recipient, reasons[recipient])


def end_all(people: QuerySet[Recipient], reason: str) -> None:
    """End the call-backs of all these people: they are not called any more."""
    _close(Callback.objects.filter(recipient__in=people.values("pk")), reason)


def _close(rows: QuerySet[Callback], reason: str) -> None:
    rows.filter(state__in=Callback.OPEN_STATES).update(
        state=State.ENDED, reason=reason, changed_at=clock.now()
    )
