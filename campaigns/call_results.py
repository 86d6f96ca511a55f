"""What a live call tells us: whom it is for, what was achieved, who asked us to stop.

Called by `calls` inside the transaction that stores the call's event, so that the two never disagree.
"""

from collections.abc import Mapping

from django.conf import settings
from django.db import transaction

from campaigns import clock
from campaigns.compliance.suppressions import SuppressionRequest, suppress
from campaigns.models import Message, Recipient, Suppression
from campaigns.phones import parse_number
from campaigns.transitions import callback
from campaigns.transitions.attempt import settle_recipient

#: Outcomes that mean "do not call me again", however the agent came to them.
OPT_OUTS = ("opted_out", "opt_out", "do_not_call")
#: The number is somebody else's, who must not be called for this person again (india-calling-rules §9.4).
WRONG_NUMBERS = ("wrong_person", "wrong_number")


def call_identified(reference: str) -> Message | None:
    """The attempt a call on the stream belongs to, with its people and campaign; None if unknown."""
    related = ("recipient__campaign__agent", "recipient__campaign__template__account")
    return Message.objects.filter(reference=reference).select_related(*related).first()


def caller_identified(parameters: Mapping[str, str], *, account_id: int) -> Recipient | None:
    """The person who calls us, as the account's latest campaign has them; None if we do not know the number.

    The platform's documents do not say where a caller's number stands, so its names are a setting.
    """
    names = {name.lower() for name in settings.CALLER_PARAMETERS}
    numbers = {parse_number(text[:40]).e164 for name, text in parameters.items() if name.lower() in names}
    ours = Recipient.objects.filter(campaign__template__account=account_id)
    return ours.filter(phone__in=numbers - {None}).order_by("-pk").first()


@transaction.atomic
def record_outcome(message_id: int, outcome: str, label: str) -> None:
    """What was achieved in a call: it stands beside the disposition, which XFin tells.

    If XFin's news came first and the person was put back for a retry, that is called off: what is planned
    by `settling.withdraw_answered`, what is at XFin by `withdrawing`. A call-back that was asked for in the
    same call stands: it is a promise. An outcome that means "do not call me again", or "wrong number",
    suppresses the number.
    """
    message = Message.objects.select_related("recipient").get(pk=message_id)
    person = Recipient.objects.filter(pk=message.recipient_id)
    person.update(outcome=outcome, changed_at=clock.now())
    if not callback.answered(message) and message.state not in Message.OPEN_STATES:
        settle_recipient(message.recipient_id, Recipient.State.COMPLETED, "Answered.")
    person.filter(state=Recipient.State.COMPLETED).update(reason=f"Answered: {label}.")
    phone, chosen = message.recipient.phone, label or outcome
    if outcome in OPT_OUTS:
        opt_out(phone=phone, how="chosen", what=chosen, message_reference=message.reference)
    elif outcome in WRONG_NUMBERS:
        reason = f"Wrong number: somebody else chose “{chosen}” in a call."
        source = Suppression.Source.KEY
        suppress(phone, SuppressionRequest(source=source, reason=reason, message_reference=message.reference))


def opt_out(
    *,
    phone: str,
    how: str,
    what: str,
    message_reference: str = "",
    category: str = "",
    inbound: bool = False,
) -> bool:
    """Never call this number again (about `category`, or at all); whether that is new.

    `how` is "key" or "chosen", and anything else counts as "spoken": a wish is not lost because of its name.
    In the caller's transaction: waiting calls are called off with it.
    """
    said = {"key": f"pressed {what}", "chosen": f"chose “{what}”"}.get(how, f"said “{what}”")
    source = Suppression.Source.KEY if how in ("key", "chosen") else Suppression.Source.SPOKEN
    wish = SuppressionRequest(
        source=Suppression.Source.INBOUND if inbound else source,
        reason=f"Asked us to stop: {said} {'when calling us' if inbound else 'in a call'}.",
        category=category,
        message_reference=message_reference,
    )
    return suppress(phone, wish)
