"""Tell a bad row from a fault that all rows have in common, before it costs every person their call.

XFin may refuse messages singly, in a reply, or with their whole request. Where it refuses a large share of a
campaign's messages, or one request after the other, the cause is the template, a variable or a right: the
campaign stops with XFin's words, its people wait, and none of them counts as failed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from campaigns.bulk import among_keys
from campaigns.delivery.claims import from_now
from campaigns.models import Account, Campaign, Message, Recipient, UploadBatch
from campaigns.transitions.campaign import stop

#: A refusal is the fault of its own row, until so many were refused...
LEAST_REFUSED = 5
#: ...and they are at least this share of XFin's answers: those of one request, or the latest of a campaign.
REFUSED_PERCENT = 25
LATEST = 20
#: Answers that XFin gave; a message that was rejected holds its words.
ANSWERED = (Message.State.REJECTED, *Message.AT_XFIN, Message.State.DONE, Message.State.FAILED)
ADVICE = "Compare the template with the one at XFin and look at the people's variables, then resume."


def is_common(refused: int, answers: int) -> bool:
    """Return whether so many refusals among so many answers have one cause in common."""
    return refused >= LEAST_REFUSED and refused * 100 >= answers * REFUSED_PERCENT


def stop_refused_campaigns(batch: UploadBatch, *, now: datetime) -> int:
    """Stop the campaigns of a batch of which XFin just rejected messages, where it refuses too many.

    What it rejected since the campaign runs is looked up, and its people are called once it is resumed.
    Return how many were stopped.
    """
    rejected = batch.messages.filter(state=Message.State.REJECTED)
    running = Campaign.objects.filter(state=Campaign.State.RUNNING)
    stopped = 0
    for campaign in running.filter(pk__in=rejected.values("recipient__campaign")):
        answers = Message.objects.filter(recipient__campaign=campaign, state__in=ANSWERED)
        states = list(answers.filter(batch=batch).values_list("state", flat=True))
        answers = answers.filter(changed_at__gte=campaign.state_since)
        if len(states) < LATEST:
            states = list(answers.order_by("-changed_at", "-pk").values_list("state", flat=True)[:LATEST])
        refused = states.count(Message.State.REJECTED)
        if is_common(refused, len(states)):
            words = rejected.filter(recipient__campaign=campaign).values_list("reason", flat=True)[0]
            reason = (
                f"Stopped: XFin refused {refused} of the last {len(states)} messages. {words.rstrip('.')}."
            )
            stopped += stop(campaign.pk, f"{reason} {ADVICE}", now=now)
            again = answers.filter(state=Message.State.REJECTED)
            _reopen(dict(again.values_list("pk", "recipient_id")), now)
    return stopped


@transaction.atomic
def _reopen(of_whom: Mapping[int, int], now: datetime) -> None:
    """Have rejected messages, of these people, looked up like any other that XFin may have."""
    messages = Message.objects.filter(pk__in=among_keys(of_whom))
    batches = list(messages.values_list("batch_id", flat=True).distinct())
    Recipient.objects.filter(pk__in=among_keys(of_whom.values()), state=Recipient.State.FAILED).update(
        state=Recipient.State.UNDER_WAY, changed_at=now
    )
    messages.update(
        state=Message.State.UNCONFIRMED,
        reason="XFin refused it with many others; it is looked up before its person is called again.",
        settled_at=None,
        changed_at=now,
    )
    UploadBatch.objects.filter(pk__in=batches).exclude(state=UploadBatch.State.SENDING).update(
        state=UploadBatch.State.UNCONFIRMED,
        looks=0,
        claimed_until=Now(),
        look_up_after=from_now(settings.SETTLE_SECONDS),
        changed_at=now,
    )


def stop_if_all_are_refused(account: Account, campaigns: Sequence[int], words: str, *, now: datetime) -> int:
    """Stop these campaigns if XFin refused each of the account's latest requests for its content.

    Return how many were stopped.
    """
    ended = account.batches.exclude(state=UploadBatch.State.SENDING).order_by("-pk")
    refusals = list(ended.values_list("refusal", flat=True)[:LEAST_REFUSED])
    if len(refusals) < LEAST_REFUSED or not all(refusals):
        return 0
    reason = f"Stopped: XFin refuses every message. {words} {ADVICE}"
    return sum(stop(campaign, reason, now=now) for campaign in campaigns)
