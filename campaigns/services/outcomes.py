"""What a live call tells us: whom it is for, what was achieved, who asked us to stop.

Called by `calls` inside the transaction that stores the call's event, so that the two never disagree.
"""

from django.db import transaction

from campaigns import clock
from campaigns.models import Message, Recipient, Suppression
from campaigns.services.suppressions import Wish, suppress


def call_identified(reference: str) -> Message | None:
    """The attempt a call on the stream belongs to, with its people and campaign; None if unknown."""
    related = ("recipient__campaign__agent", "recipient__campaign__template__account")
    return Message.objects.filter(reference=reference).select_related(*related).first()


@transaction.atomic
def record_outcome(message_id: int, outcome: str, label: str) -> None:
    """What was achieved in a call: it stands beside the disposition, which XFin tells."""
    recipient_id = Message.objects.values_list("recipient_id", flat=True).get(pk=message_id)
    Recipient.objects.filter(pk=recipient_id).update(outcome=outcome, changed_at=clock.now())
    completed = Recipient.objects.filter(pk=recipient_id, state=Recipient.State.COMPLETED)
    completed.update(reason=f"Answered: {label}.")


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
