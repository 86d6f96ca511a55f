"""The queue of people whom staff call back: asked for in calls, taken and finished by staff.

A change of state is a conditional UPDATE: of two who take the same row, one is told who was first.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from campaigns import audit
from campaigns.errors import NotAllowed
from campaigns.models import Recipient, StaffCallback, Suppression, User

State = StaffCallback.State
LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Why a person is to be called by staff. `call` is the call's id, `number_id` the number it was on."""

    call: UUID
    number_id: int | None
    source: StaffCallback.Source
    asked_at: datetime
    about: str
    step: str = ""


def enter(wish: Wish, *, recipient_id: int | None, campaign_id: int | None, phone: str = "") -> str:
    """Put a person in the queue, in the caller's transaction. Return why that is impossible, as a sentence;
    empty if it is done.

    `phone` is that of a caller who is no recipient. Who waits already, by the same call or about the same
    campaign, is not entered again: the row gets the later wish. A caller who was not served is left
    out if they opted out, or asked in that call.
    """
    person = Recipient.objects.filter(pk=recipient_id or 0).first()
    phone = person.phone if person else phone
    if not phone.startswith("+"):
        return "a caller whose number is not known wants a person, and can't be called back."
    if wish.source == StaffCallback.Source.UNSERVED and (
        Suppression.objects.live("").filter(phone=phone).exists()
        or StaffCallback.objects.filter(call=wish.call).exists()
    ):
        return ""
    values = {
        "call": wish.call,
        "number_id": wish.number_id,
        "about": wish.about[:200],
        "step": wish.step[:120],
        "source": wish.source,
        "asked_at": wish.asked_at,
    }
    same = Q(call=wish.call) | Q(phone=phone, campaign=campaign_id)
    waiting = StaffCallback.objects.filter(same, state=State.WAITING).order_by("pk").first()
    if waiting is None:
        StaffCallback.objects.create(
            phone=phone,
            name=person.name if person else "",
            language=person.language if person else "",
            recipient=person,
            campaign_id=campaign_id,
            **values,
        )
    else:
        once_more = 0 if waiting.call == wish.call else 1
        row = StaffCallback.objects.filter(pk=waiting.pk)
        row.update(**values, times=F("times") + once_more, changed_at=wish.asked_at)
    return ""


def take(pk: int, *, by: User | None, now: datetime) -> StaffCallback:
    """Have a person of staff see to it, and return it. Raise `NotAllowed` if it does not wait any more."""
    changes = {"state": State.TAKEN, "taken_by": by, "taken_at": now}
    return _change(pk, State.WAITING, {**changes, "changed_at": now}, noted="taken")


def give_back(pk: int, *, now: datetime) -> StaffCallback:
    """Put one that was taken back into the queue, and return it. Raise `NotAllowed` if it is not taken."""
    changes = {"state": State.WAITING, "taken_by": None, "taken_at": None}
    return _change(pk, State.TAKEN, {**changes, "changed_at": now}, noted="given back")


def finish(pk: int, *, note: str, by: User | None, now: datetime) -> StaffCallback:
    """Close one that was taken with what came of it, and return it.

    Raise `NotAllowed` without a note, with one that is too long, or if it is not taken.
    """
    if not note.strip():
        raise NotAllowed("Write down what came of it.")
    if len(note) > LONGEST_NOTE:
        raise NotAllowed(f"A note has at most {LONGEST_NOTE} letters.")
    changes = {"state": State.DONE, "done_at": now, "note": note.strip(), "taken_by": by, "changed_at": now}
    return _change(pk, State.TAKEN, changes, noted="done")


def _change(pk: int, before: State, changes: dict[str, object], *, noted: str) -> StaffCallback:
    changed = StaffCallback.objects.filter(pk=pk, state=before).update(**changes)
    row = StaffCallback.objects.select_related("taken_by").get(pk=pk)
    if not changed:
        who = row.taken_by.get_full_name() or row.taken_by.username if row.taken_by else "staff"
        raise NotAllowed(
            {
                State.WAITING: "It is not taken: take it first.",
                State.TAKEN: f"It was taken by {who} before.",
                State.DONE: f"{who[:1].upper()}{who[1:]} finished it before.",
            }[State(row.state)]
        )
    audit.note(row, {"state": (before.value, noted)})
    return row
