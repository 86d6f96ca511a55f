"""The door through which `calls` reports to campaigns: whom a call is for, and what it brought.

Called by `calls` inside the transaction that stores the call's event, so that the two never disagree.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from campaigns import clock
from campaigns.appointments import bookings, places
from campaigns.appointments.finding import OnLine
from campaigns.compliance.suppressions import SuppressionRequest, enter, suppress
from campaigns.lifecycle import quotas
from campaigns.locks import locked
from campaigns.models import Appointment, Message, PhoneNumber, Recipient, StaffCallback, Suppression
from campaigns.outside import notices
from campaigns.phones import parse_number
from campaigns.planning import callbacks, staff_callbacks
from campaigns.rules.results import (
    NOT_SPOKEN,
    OPT_OUTS,
    WRONG_NUMBERS,
    Booking,
    CallbackAsked,
    LanguageChosen,
    OptOut,
    Outcome,
    PersonWanted,
    Tell,
)
from campaigns.transitions import attempt, callback, language
from campaigns.transitions.attempt import settle_recipient
from campaigns.xfin.states import Disposition

log = logging.getLogger(__name__)

#: Ends of people who may still call us and answer.
_NOT_REACHED = (
    Recipient.State.UNREACHED,
    Recipient.State.FAILED,
    Recipient.State.UNKNOWN,
    Recipient.State.QUOTA_FULL,
)


def call_identified(reference: str, *, number_id: int, now: datetime) -> Message | None:
    """Return the attempt with this reference, with person, campaign, agent and account.

    None if it is unknown, or if a call of this number cannot be its call: then the log says why.
    """
    related = ("agent", "dialogue_version", "template__account")
    message = (
        Message.objects.filter(reference=reference)
        .select_related(*(f"recipient__campaign__{name}" for name in related))
        .first()
    )
    if message is None:
        return None
    if why := _cannot_be_its_call(message, number_id, now):
        log.warning("A call named an attempt that is not its own: %s It is served as one without.", why)
        return None
    return message


def _cannot_be_its_call(message: Message, number_id: int, now: datetime) -> str:
    """Return why a call of this number, now, cannot be for this attempt, as a sentence; empty if it can."""
    campaign = message.recipient.campaign
    if message.batch_id is None:
        return f"{message.reference} was never handed over to XFin."
    bound = now - timedelta(hours=settings.STATE_BOUND_HOURS)
    if message.settled_at and message.settled_at < bound:
        return f"{message.reference} ended more than {settings.STATE_BOUND_HOURS:g} hours ago."
    if number_id != campaign.number_id:
        templates = [campaign.template_id, campaign.retry_template_id]
        if not PhoneNumber.objects.filter(pk=number_id, templates__in=filter(None, templates)).exists():
            return f"the campaign of {message.reference} does not call from this number."
    return ""


def caller_identified(parameters: Mapping[str, str], *, account_id: int) -> Recipient | None:
    """Return the person who calls us, as the account's latest campaign has them; None if not found.

    `parameters` are the custom parameters of the stream's start. The platform's documents do not say under
    which name the caller's number comes, so `CALLER_PARAMETERS` lists the names that are looked for.
    """
    ours = Recipient.objects.filter(campaign__template__account=account_id)
    return ours.filter(phone__in=phones_in(parameters)).order_by("-pk").first()


def phones_in(parameters: Mapping[str, str]) -> set[str]:
    """Return the callers' numbers that `caller_identified` looks for, in E.164."""
    names = {name.lower() for name in settings.CALLER_PARAMETERS}
    numbers = (parse_number(text[:40]).e164 for name, text in parameters.items() if name.lower() in names)
    return set(filter(None, numbers))


def apply(
    result: Outcome | CallbackAsked | OptOut | Tell,
    *,
    message_id: int | None,
    recipient_id: int | None,
    at: datetime,
    key: UUID,
    rang_back_at: datetime | None = None,
) -> str:
    """Act on what a call brought. Return why nothing could be done, as a sentence; empty if it was done.

    `message_id` is the attempt, None if the person called us; `recipient_id` is None for an unknown number.
    `at` is the moment of the wish, so that one stored hours later means the same time; `key` is the event's
    own. `rang_back_at` is the beginning of a call in which a person rang back, None for all others. Raises
    `ObjectDoesNotExist` if the attempt or the person is gone.
    """
    match result:
        case Outcome() if message_id is not None:
            record_outcome(message_id, result.outcome[:60], result.label[:200])
        case Outcome() if result.outcome in OPT_OUTS:
            return _opt_out_on_line(OptOut("chosen", result.label), None, recipient_id)
        case Outcome() if rang_back_at and recipient_id is not None:
            record_outcome_of_caller(
                recipient_id, result.outcome[:60], result.label[:200], began_at=rang_back_at
            )
        case CallbackAsked():
            caller = recipient_id if rang_back_at else None
            return _call_back(result, message_id, caller, asked_at=at)
        case OptOut():
            return _opt_out_on_line(result, message_id, recipient_id)
        case Tell():
            return notices.add(result, key=key, message_id=message_id, recipient_id=recipient_id, at=at)
    return ""


def _call_back(wish: CallbackAsked, message_id: int | None, caller: int | None, *, asked_at: datetime) -> str:
    """Record a call-back. Return why that is impossible; empty if it is done. `caller` rang back."""
    when, how = wish.when[:60], wish.how[:20]
    if message_id is not None:
        callbacks.asked_in_call(message_id, when=when, how=how, asked_at=asked_at)
    elif caller is not None:
        callbacks.asked_ringing_back(caller, when=when, how=how, asked_at=asked_at)
    else:
        return "somebody whose campaign we do not know asked to be called back."
    return ""


def book(
    result: Booking, call: UUID, *, message_id: int | None, recipient_id: int | None, at: datetime
) -> str:
    """Book the slot that was taken in a call, or give an appointment back, in the caller's transaction.

    Return why that could not be done, as a sentence; empty if it was done. A slot whose last place is taken
    by now becomes an appointment that is not booked, which staff see.
    """
    who, now = OnLine.of(call, recipient_id), clock.now()
    if not result.slot:
        given_back = bookings.cancel_on_line(result.calendar[:120], who, now=now)
        return "" if given_back else f"there is no appointment in “{result.calendar[:120]}” to give back."
    if not result.slot.isdecimal():
        return "a slot was taken whose key is no number."
    attempt = Message.objects.filter(pk=message_id or 0).values_list("reference", flat=True)
    try:
        appointment = bookings.book(
            result.calendar[:120],
            int(result.slot),
            who,
            label=result.label,
            reference=attempt.first() or "",
            at=at,
            now=now,
        )
    except bookings.NoCalendar:
        return f"a slot was taken in “{result.calendar[:120]}”, and there is no such calendar."
    not_booked = appointment.state == Appointment.State.NOT_BOOKED
    return f"an appointment was not booked. {appointment.reason}" if not_booked else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOf:
    """Whose call it is, as far as that is known. `caller`: the number of a caller who is no recipient."""

    call: UUID
    number_id: int | None
    recipient_id: int | None = None
    campaign_id: int | None = None
    caller: str = ""


def want_person(result: PersonWanted, whose: CallOf, *, at: datetime) -> str:
    """Put the person in the queue of those whom staff call, in the caller's transaction. Return why that is
    impossible, as a sentence; empty if it is done."""
    by_key = result.how == "key"
    wish = staff_callbacks.Wish(
        call=whose.call,
        number_id=whose.number_id,
        source=StaffCallback.Source.KEY if by_key else StaffCallback.Source.STEP,
        asked_at=at,
        about=result.about,
        step=result.step,
    )
    whom = {"recipient_id": whose.recipient_id, "campaign_id": whose.campaign_id}
    return staff_callbacks.enter(wish, **whom, phone=whose.caller)


def keep_language(result: LanguageChosen, whose: CallOf, *, at: datetime) -> str:
    """Keep the language that the person on the line chose, in the caller's transaction. Return why that is
    impossible, as a sentence; empty if it is done."""
    people = Recipient.objects.filter(pk=whose.recipient_id or 0)
    phone = people.values_list("phone", flat=True).first() or whose.caller
    if not phone.startswith("+"):
        return "a caller whose number is not known chose a language, which is not kept."
    language.choose(phone, result.language[:10], at=at)
    return ""


def caller_not_served(whose: CallOf, *, at: datetime) -> None:
    """Put a caller in that queue whose call ended before an agent had it, or by a fault of ours."""
    if not whose.caller and whose.recipient_id is None:
        return
    wish = staff_callbacks.Wish(
        call=whose.call,
        number_id=whose.number_id,
        source=StaffCallback.Source.UNSERVED,
        asked_at=at,
        about="The call was not served.",
    )
    whom = {"recipient_id": whose.recipient_id, "campaign_id": whose.campaign_id}
    staff_callbacks.enter(wish, **whom, phone=whose.caller)


def give_back_held_slots(calls: Collection[UUID]) -> None:
    """Give back the slots that calls held and did not book, in the caller's transaction: they are over."""
    places.drop_for_calls(calls)


def _opt_out_on_line(wish: OptOut, message_id: int | None, recipient_id: int | None) -> str:
    """Suppress the number of the person on the line. Return why that is impossible; empty if it is done."""
    if recipient_id is None:
        return "somebody whose number we do not know asked not to be called."
    attempt = Message.objects.filter(pk=message_id or 0).values_list("reference", flat=True)
    opt_out(
        phone=Recipient.objects.values_list("phone", flat=True).get(pk=recipient_id),
        how=wish.how[:20],
        what=wish.what[:200],
        message_reference=attempt.first() or "",
        inbound=message_id is None,
    )
    return ""


@transaction.atomic
def record_outcome(message_id: int, outcome: str, label: str) -> None:
    """Store what was achieved in a call, beside the disposition that XFin reports.

    If XFin's report came first and the person waits for a retry, the retry is taken back: a planned one by
    `transitions.attempt.withdraw_answered`, one that is at XFin by `delivery.withdraw`. A call-back that was
    asked for in the same call stands: it is a promise. `NOT_SPOKEN` makes the attempt a failed one. An
    outcome of `OPT_OUTS` or `WRONG_NUMBERS` suppresses the number. Raises `Message.DoesNotExist`.
    """
    message = Message.objects.select_related("recipient").get(pk=message_id)
    if outcome == NOT_SPOKEN:
        attempt.not_an_answer([message_id], Disposition.FAILED, now=clock.now())
        return
    phone, suppression = message.recipient.phone, _suppression_of(outcome, label, message.reference)
    if suppression:
        enter([phone], suppression)
    person = Recipient.objects.filter(pk=message.recipient_id)
    # What an opt-out blocks is locked before its person, as everywhere (`campaigns.locks`).
    planned = Message.objects.filter(recipient__phone=phone, state=Message.State.PLANNED)
    list(locked(planned).values_list("pk"))
    person.update(outcome=outcome, changed_at=clock.now())
    if not callback.answered(message) and message.state not in Message.OPEN_STATES:
        settle_recipient(message.recipient_id, Recipient.State.COMPLETED, "Answered.")
        # The cell filled between XFin's report and this answer: it was given all the same.
        person.filter(state=Recipient.State.QUOTA_FULL).update(state=Recipient.State.COMPLETED)
    person.filter(state=Recipient.State.COMPLETED).update(reason=f"Answered: {label}.")
    if suppression:
        suppress(phone, suppression)


@transaction.atomic
def record_outcome_of_caller(recipient_id: int, outcome: str, label: str, *, began_at: datetime) -> None:
    """Store what was achieved in a call, begun at `began_at`, in which a person rang back.

    The person is done, also one whose calls were used up without reaching them; what is planned or at XFin
    for them is taken back as after a late answer (`record_outcome`). A call-back that was asked for in this
    very call stands. `NOT_SPOKEN` changes nothing: no attempt of ours failed. Raises `DoesNotExist`.
    """
    if outcome == NOT_SPOKEN:
        return
    person = Recipient.objects.filter(pk=recipient_id)
    phone, suppression = person.values_list("phone", flat=True).get(), _suppression_of(outcome, label, "")
    if suppression:
        enter([phone], suppression)
    planned = Message.objects.filter(recipient__phone=phone, state=Message.State.PLANNED)
    list(locked(planned).values_list("pk"))
    person.update(outcome=outcome, changed_at=clock.now())
    if not callback.answered_by_caller(recipient_id, began_at=began_at):
        reason = f"Answered when calling us: {label}."
        settle_recipient(recipient_id, Recipient.State.COMPLETED, reason)
        done = person.filter(state__in=(Recipient.State.COMPLETED, *_NOT_REACHED))
        done.update(state=Recipient.State.COMPLETED, reason=reason)
    if suppression:
        suppress(phone, suppression)


def _suppression_of(outcome: str, label: str, reference: str) -> SuppressionRequest | None:
    """Return what is to be suppressed after an outcome; None for nothing."""
    if outcome in OPT_OUTS:
        return _wish("chosen", label or outcome, message_reference=reference)
    if outcome in WRONG_NUMBERS:
        reason = f"Wrong number: somebody else chose “{label or outcome}” in a call."
        source = Suppression.Source.KEY
        return SuppressionRequest(source=source, reason=reason, message_reference=reference)
    return None


def in_episodes(people: Collection[int]) -> set[int]:
    """Return those of these people who are called for a part of a programme's message. One query."""
    if not people:
        return set()
    told = Recipient.objects.filter(pk__in=people, campaign__programme_round__programme__parts__gt=1)
    return set(told.values_list("pk", flat=True))


def heard(shares: Mapping[int, int]) -> None:
    """Note how many percent of their part people heard, by the person; of several calls the best counts.

    The caller's transaction, which has locked them.
    """
    for pk, percent in sorted(shares.items()):
        less = Q(heard_percent__isnull=True) | Q(heard_percent__lt=percent)
        Recipient.objects.filter(less, pk=pk).update(heard_percent=percent)


def answers_given(answers: Mapping[int, Mapping[str, str]]) -> None:
    """Take what people answered in calls, by question and person, for the quotas of their campaigns.

    The caller's transaction.
    """
    if answers:
        quotas.answers_given(answers)


def acts_on_others(result: object) -> bool:
    """Return whether `apply` locks more than the people of the attempts that `lock_ahead` was given.

    Such a result is stored in a transaction of its own: it begins with rows that come first in the order of
    locks, a suppression or a campaign.
    """
    is_wish = isinstance(result, Outcome) and result.outcome in (*OPT_OUTS, *WRONG_NUMBERS)
    return is_wish or isinstance(result, CallbackAsked | OptOut | LanguageChosen)


def lock_ahead(message_ids: Collection[int], callers: Collection[int] = ()) -> None:
    """Lock attempts with what is planned for the same numbers, then their people: for several results in one
    transaction, which would lock them in the order in which they came. The caller's transaction.

    `callers` are the people who rang back, in calls of no attempt.
    """
    theirs_or_callers = Q(messages__in=message_ids) | Q(pk__in=callers)
    phones = Recipient.objects.filter(theirs_or_callers).values_list("phone", flat=True)
    planned = Q(recipient__phone__in=set(phones), state=Message.State.PLANNED)
    theirs = locked(Message.objects.filter(planned | Q(pk__in=message_ids)))
    people = {*callers, *theirs.values_list("recipient_id", flat=True)}
    list(locked(Recipient.objects.filter(pk__in=people)).values_list("pk"))


def calls_ended(
    *, unserved: Collection[int], served: Collection[int], broke_off: Collection[int] = ()
) -> None:
    """Take attempts whose calls ended: `unserved` count as dropped though XFin says that they were answered.

    Unserved is a call that no agent was given, or that ended by a fault of ours; `served` are all others.
    Of those, `broke_off` are the ones whose person hung up after some of the answers, without an outcome.
    The caller's transaction.
    """
    if served:
        attempt.an_answer_after_all(served)
    if alone := set(unserved) - set(served):
        attempt.not_an_answer(alone, Disposition.DROPPED, now=clock.now())
    if cut := set(broke_off) - set(unserved):
        attempt.note_broken_off(cut, now=clock.now())


def opt_out(
    *,
    phone: str,
    how: str,
    what: str,
    message_reference: str = "",
    category: str = "",
    inbound: bool = False,
) -> bool:
    """Suppress a number for `category`, or for all calls. Return whether that is new.

    `how` is "key" or "chosen"; any other text counts as "spoken", so that no wish is lost because of its
    name. Runs in the caller's transaction: calls that wait are withdrawn with it.
    """
    wish = _wish(how, what, message_reference=message_reference, category=category, inbound=inbound)
    return suppress(phone, wish)


def _wish(
    how: str, what: str, *, message_reference: str, category: str = "", inbound: bool = False
) -> SuppressionRequest:
    said = {"key": f"pressed {what}", "chosen": f"chose “{what}”"}.get(how, f"said “{what}”")
    source = Suppression.Source.KEY if how in ("key", "chosen") else Suppression.Source.SPOKEN
    return SuppressionRequest(
        source=Suppression.Source.INBOUND if inbound else source,
        reason=f"Asked us to stop: {said} {'when calling us' if inbound else 'in a call'}.",
        category=category,
        message_reference=message_reference,
    )
