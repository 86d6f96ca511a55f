"""What a live call tells us: whom it is for, what was achieved, who asked us to stop.

Called by `calls` inside the transaction that stores the call's event, so that the two never disagree.
"""

from django.db import transaction

from campaigns import clock
from campaigns.models import Message, Recipient, Suppression
from campaigns.services import callbacks
from campaigns.services.settling import settle_recipient
from campaigns.services.suppressions import Wish, suppress

#: Outcomes that mean "do not call me again", however the agent came to them.
OPT_OUTS = ("opted_out", "opt_out", "do_not_call")


def call_identified(reference: str) -> Message | None:
    """The attempt a call on the stream belongs to, with its people and campaign; None if unknown."""
    related = ("recipient__campaign__agent", "recipient__campaign__template__account")
    return Message.objects.filter(reference=reference).select_related(*related).first()


@transaction.atomic
def record_outcome(message_id: int, outcome: str, label: str) -> None:
    """What was achieved in a call: it stands beside the disposition, which XFin tells.

    If XFin's news came first and the person was put back for a retry, that is called off: what is planned
    by `settling.call_off_closed`, what is at XFin by `withdrawing`. A call-back that was asked for in the
    same call stands: it is a promise. An outcome that means "do not call me again" suppresses the number.
    """
    message = Message.objects.select_related("recipient").get(pk=message_id)
    person = Recipient.objects.filter(pk=message.recipient_id)
    person.update(outcome=outcome, changed_at=clock.now())
    if not callbacks.answered(message) and message.state not in Message.OPEN_STATES:
        settle_recipient(message.recipient_id, Recipient.State.COMPLETED, "Answered.")
    person.filter(state=Recipient.State.COMPLETED).update(reason=f"Answered: {label}.")
    if outcome in OPT_OUTS:
        phone, chosen = message.recipient.phone, label or outcome
        opt_out(phone=phone, how="chosen", what=chosen, message_reference=message.reference)


def opt_out(
    *,
    phone: str,
    how: str,
    what: str,
    message_reference: str = "",
    category: str = "",
) -> bool:
    """Never call this number again (about `category`, or at all); whether that is new.

    `how` is "key" or "chosen", and anything else counts as "spoken": a wish is not lost because of its name.
    In the caller's transaction: waiting calls are called off with it.
    """
    said = {"key": f"pressed {what}", "chosen": f"chose “{what}”"}.get(how, f"said “{what}”")
    by_key = how in ("key", "chosen")
    wish = Wish(
        source=Suppression.Source.KEY if by_key else Suppression.Source.SPOKEN,
        reason=f"Asked us to stop: {said} in a call.",
        category=category,
        message_reference=message_reference,
    )
    return suppress(phone, wish)
