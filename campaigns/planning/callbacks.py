"""Call a person back at the time they asked for: asked in a call, entered by staff, withdrawn by staff.

A call-back takes the place of every other call the campaign planned for the person, and is made even if
the calls to one person are used up: it counts as one of them, and a person gets `CALLBACKS_A_PERSON` of them
in one campaign. The rules check it as any other call: where they put it off it moves to the first lawful time
after the asked one, never before it.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from campaigns import audit, clock
from campaigns.bulk import keys
from campaigns.compliance.check import ComplianceChecker
from campaigns.errors import NotAllowed
from campaigns.formatting import ist
from campaigns.lifecycle import actions
from campaigns.locks import locked
from campaigns.models import Callback, Campaign, Message, Recipient, User
from campaigns.schedule import callback_times
from campaigns.transitions.attempt import attempts_withdrawn, callbacks_withdrawn, go_on_without
from campaigns.transitions.callback import REPLACED

log = logging.getLogger(__name__)

State = Callback.State

#: People in one of these states are not called any more, even if a call-back is asked for.
CLOSED = (Recipient.State.SUPPRESSED, Recipient.State.BLOCKED, Recipient.State.CANCELLED)
#: An attempt that may still be kept from ringing.
STOPPABLE = [state for state in Message.OPEN_STATES if state != Message.State.DIALLING]
SUPERSEDED = "The person asked to be called at another time."
WITHDRAWN = "The call-back was withdrawn."
TAKEN_BACK = "The call-back was withdrawn; its call is being taken back from XFin."


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequest:
    """When a person wants to be called, when that was said, and how we know.

    `message_reference` names the attempt in whose call it was asked for; empty if staff or a program ask.
    """

    asked_for: datetime
    asked_at: datetime
    source: Callback.Source
    message_reference: str = ""
    by: User | None = None


def asked_in_call(message_id: int, *, when: str, how: str, asked_at: datetime) -> Callback | None:
    """Record a call-back that was asked for in a call, in the caller's transaction.

    Return it, REFUSED with its reason if it can't be made; None if `when` is no moment
    (`schedule.callback_times.moment`).
    """
    message = Message.objects.only("recipient_id", "reference").get(pk=message_id)
    return _asked(message.recipient_id, message.reference, when=when, how=how, asked_at=asked_at)


def asked_ringing_back(recipient_id: int, *, when: str, how: str, asked_at: datetime) -> Callback | None:
    """Record a call-back that a person asks for who rang back, as `asked_in_call` does.

    It counts as asked for in the last attempt that ended, so that a completed campaign goes on for it.
    """
    ended = Message.objects.filter(recipient=recipient_id).exclude(disposition="")
    reference = ended.order_by("-attempt").values_list("reference", flat=True).first()
    return _asked(recipient_id, reference or "", when=when, how=how, asked_at=asked_at)


def _asked(recipient_id: int, reference: str, *, when: str, how: str, asked_at: datetime) -> Callback | None:
    try:
        asked_for = callback_times.moment(when, now=asked_at)
    except callback_times.UnreadableMoment as error:
        log.warning("message %s: a call-back was asked for that can't be read: %s", reference, error)
        return None
    source = Callback.Source.SPOKEN if how == "spoken" else Callback.Source.KEY
    request = CallbackRequest(
        asked_for=asked_for, asked_at=asked_at, source=source, message_reference=reference
    )
    return ask(recipient_id, request, now=clock.now())


@transaction.atomic
def enter(recipient_id: int, request: CallbackRequest, *, now: datetime) -> Callback:
    """Record a call-back that staff or a program ask for, and return it.

    Raise `NotAllowed` with the reason if it can't be made; nothing is stored then.
    """
    row = ask(recipient_id, request, now=now)
    if row.state == State.REFUSED:
        raise NotAllowed(row.reason)
    if request.by:
        audit.note(row, {"asked for": ("", ist(row.asked_for)), "planned for": ("", ist(row.planned_for))})
    return row


@transaction.atomic
def ask(recipient_id: int, request: CallbackRequest, *, now: datetime) -> Callback:
    """Record a call-back and return it: WAITING in place of what was planned, or REFUSED with the reason."""
    # `complete_finished` takes the same lock: either it sees who waits, or we open the campaign again.
    list(locked(Campaign.objects.filter(recipients=recipient_id)))
    given_up = list(locked(Message.objects.filter(recipient=recipient_id, state=Message.State.PLANNED)))
    person = _locked(recipient_id)
    if why := _refusal(person, request):
        return _row(person, request, State.REFUSED, why)
    _withdraw_planned(given_up, now=now)
    earliest = max(request.asked_for, person.campaign.starts_at, now)
    judgement = ComplianceChecker([person], now=now).evaluate(
        person, at=earliest, called_back=request.asked_for
    )
    if judgement.refuses_person:
        return _row(person, request, State.REFUSED, judgement.reason)
    Callback.objects.filter(recipient=person, state=State.WAITING).update(
        state=State.REPLACED, reason=REPLACED, changed_at=now
    )
    planned_for = judgement.waits_until or earliest
    why = judgement.reason if judgement.waits_until else ""
    reason = callback_times.explain(request.asked_for, planned_for, why)
    row = _row(person, request, State.WAITING, reason, planned_for=planned_for)
    # The person waits for it, also one with a final state; one who is on the line, or whose attempt is at
    # XFin, once that is over.
    same = Recipient.objects.filter(pk=person.pk)
    same.update(due_at=row.planned_for, reason=row.reason, changed_at=now)
    if not Message.objects.filter(recipient=person, state__in=Message.OPEN_STATES).exists():
        same.update(state=Recipient.State.WAITING)
        actions.reopen(person.campaign_id, now=now)
    return row


@transaction.atomic
def withdraw(callback_id: int, *, by: User | None, now: datetime) -> Callback:
    """Withdraw a call-back and return it; the campaign's own rules go on for its person.

    An attempt at XFin is withdrawn from there by `delivery.withdraw`; if XFin dials it before, the
    call-back was made. Raise `NotAllowed` if it is being dialled or over.
    """
    row = Callback.objects.select_related("message").get(pk=callback_id)
    messages = list(locked(Message.objects.filter(callback=row)))
    person = _locked(row.recipient_id)
    row.refresh_from_db()
    if row.state == State.UNDER_WAY and not all(message.state in STOPPABLE for message in messages):
        raise NotAllowed("Its call is being dialled, or is over; it can't be withdrawn any more.")
    if not row.is_open:
        raise NotAllowed(f"This call-back is over: {row.get_state_display().lower()}.")
    given_up = [message for message in messages if message.state == Message.State.PLANNED]
    reason = TAKEN_BACK if row.state == State.UNDER_WAY and not given_up else WITHDRAWN
    Callback.objects.filter(pk=row.pk).update(state=State.WITHDRAWN, reason=reason, changed_at=now)
    _withdraw_planned(given_up, now=now)
    go_on_without(person.pk, WITHDRAWN, now=now)
    if by:
        audit.note(row, {"state": (row.state, State.WITHDRAWN)})
    row.refresh_from_db()
    return row


@transaction.atomic
def withdraw_superseded(now: datetime) -> int:
    """Withdraw what is planned again because its batch did not reach XFin. Return how many messages.

    Only for people who wait for a call-back, and for call-backs that were withdrawn meanwhile.
    """
    waiting = Q(recipient__in=Callback.objects.filter(state=State.WAITING).values("recipient"))
    made_for = Callback.objects.filter(state=State.WITHDRAWN, message__isnull=False)
    withdrawn = Q(pk__in=made_for.values("message"))
    given_up = list(locked(Message.objects.filter(waiting | withdrawn, state=Message.State.PLANNED)))
    _withdraw_planned(given_up, now=now)
    callbacks_withdrawn(given_up, now=now)
    return len(given_up)


def may_ask(recipient_id: int) -> bool:
    """Return whether a person may have a further call-back, by how many they have had in the campaign."""
    return bool(_made(recipient_id) < settings.CALLBACKS_A_PERSON)


def _locked(recipient_id: int) -> Recipient:
    related = ("campaign__number", "campaign__template", "campaign__agent")
    return locked(Recipient.objects.select_related(*related)).get(pk=recipient_id)


def _made(recipient_id: int) -> int:
    return Callback.objects.filter(recipient=recipient_id, state__in=Callback.COUNTED).count()


def _refusal(person: Recipient, request: CallbackRequest) -> str:
    """Return why this call-back can't be made, apart from the rules; empty if it can."""
    campaign = person.campaign
    if campaign.state == Campaign.State.CANCELLED:
        return "The campaign is cancelled; nobody is called any more."
    if campaign.state == Campaign.State.COMPLETED and not request.message_reference:
        return "The campaign is completed; call the person in another one."
    if person.state in CLOSED:
        return person.reason
    days = settings.CALLBACK_DAYS
    if why := callback_times.unusable(request.asked_for, asked_at=request.asked_at, days=days):
        return why
    if (made := _made(person.pk)) >= settings.CALLBACKS_A_PERSON:
        times = "once" if made == 1 else f"{made} times"
        return f"This person was called back {times} already; more is not done in one campaign."
    return ""


def _row(
    person: Recipient,
    request: CallbackRequest,
    state: State,
    reason: str,
    *,
    planned_for: datetime | None = None,
) -> Callback:
    return Callback.objects.create(
        recipient=person,
        asked_at=request.asked_at,
        asked_for=request.asked_for,
        planned_for=planned_for or request.asked_for,
        source=request.source,
        message_reference=request.message_reference,
        entered_by=request.by,
        state=state,
        reason=reason,
    )


def _withdraw_planned(given_up: list[Message], *, now: datetime) -> None:
    """Withdraw attempts that are still planned; `delivery.withdraw` takes back what is at XFin."""
    still = Message.objects.filter(pk__in=keys(given_up), state=Message.State.PLANNED)
    of_whom = dict(locked(still).values_list("pk", "recipient_id"))
    Message.objects.filter(pk__in=of_whom).update(
        state=Message.State.WITHDRAWN, reason=SUPERSEDED, settled_at=now, changed_at=now
    )
    attempts_withdrawn(list(of_whom.values()), now=now)
