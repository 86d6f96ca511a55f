"""What a live call tells us: whom it is for, what was achieved, who asked us to stop.

Called by `calls` inside the transaction that stores the call's event, so that the two never disagree.
"""

from django.db import transaction

from campaigns import clock
from campaigns.models import Message, Recipient, Suppression
from campaigns.services import callbacks
from campaigns.services.settling import settle_recipient
from campaigns.services.suppressions import Wish, suppress


def call_identified(reference: str) -> Message | None:
    """The attempt a call on the stream belongs to, with its people and campaign; None if unknown."""
    related = ("recipient__campaign__agent", "recipient__campaign__template__account")
    return Message.objects.filter(reference=reference).select_related(*related).first()


@transaction.atomic
def record_outcome(message_id: int, outcome: str, label: str) -> None:
    """What was achieved in a call: it stands beside the disposition, which XFin tells.

    If XFin's news came first and the person was put back for a retry, that is called off: what is planned
    by `settling.call_off_closed`, what is at XFin by `withdrawing`. A call-back that was asked for in the
    same call stands: it is a promise.
    """
    message = Message.objects.only("recipient_id", "state", "reference").get(pk=message_id)
    person = Recipient.objects.filter(pk=message.recipient_id)
    person.update(outcome=outcome, changed_at=clock.now())
    if not callbacks.answered(message) and message.state not in Message.OPEN_STATES:
        settle_recipient(message.recipient_id, Recipient.State.COMPLETED, "Answered.")
    person.filter(state=Recipient.State.COMPLETED).update(reason=f"Answered: {label}.")


def opt_out(*, phone: str, how: str, what: str, message_reference: str = "", category: str = "") -> bool:
    """Never call this number again (about `category`, or at all); whether that is new.

    `how` is a `Suppression.Source`. In the caller's transaction: waiting calls are called off with it.
    """
    said = {"key": f"pressed {what}", "spoken": f"said “{what}”"}.get(how, what)
    wish = Wish(
        source=Suppression.Source(how),
        reason=f"Asked us to stop: {said} in a call.",
        category=category,
        message_reference=message_reference,
    )
    return suppress(phone, wish)
