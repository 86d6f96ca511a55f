"""Ask the rules again about what waits at XFin, and mark for withdrawal what may not be dialled any more.

A call was judged for its time at the hand-over. XFin may dial later than that, and what the judgement rested
on may end: the lawful hours, a consent, a scrub, a registration; a polling day may be entered. Rules about
other calls to the number (F01 to F04) are left out: those were judged with this call known. So is the opt-out
(B02), which `withdraw.mark_unwanted` finds, with what was asked for in the call itself.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings

from campaigns import edges
from campaigns.bulk import add_campaigns
from campaigns.compliance.check import ComplianceChecker, stop_campaign
from campaigns.models import Campaign, Message
from campaigns.rules import Judgement
from campaigns.rules.verdicts import Finding, Verdict

#: Messages judged at once.
CHUNK = 500
#: What waits is judged for so long after now at the earliest, by when it is withdrawn.
LEAD = timedelta(seconds=60)
#: Rules that speak of other calls, and the opt-out.
LEFT_OUT = ("F", "B02")
NEEDED = (
    *("id", "recipient", "attempt", "reference", "send_on"),
    *(f"recipient__{name}" for name in ("campaign", "phone", "name", "language", "variables", "attempts")),
)


def recheck(now: datetime, *, everything: bool) -> int:
    """Mark what may not be dialled any more. Return how many messages.

    `everything`: all that waits at XFin; else only what is due by the next time this is asked.
    """
    waiting = Message.objects.filter(
        state=Message.State.QUEUED, recipient__campaign__state=Campaign.State.RUNNING
    )
    if not everything:
        waiting = waiting.filter(send_on__lte=now + LEAD + timedelta(seconds=2 * settings.TICK_SECONDS))
    ordered = waiting.select_related("recipient").only(*NEEDED).order_by("pk")

    def chunks() -> Iterator[Sequence[Message]]:
        last = 0
        while chunk := list(ordered.filter(pk__gt=last)[:CHUNK]):
            yield chunk
            last = chunk[-1].pk

    return edges.each("judging again", chunks(), lambda chunk: _judge(chunk, now))


def _judge(messages: Sequence[Message], now: datetime) -> int:
    people = [message.recipient for message in messages]
    add_campaigns(people)
    checker = ComplianceChecker(people, now=now, messages=messages)
    soonest, by_reason, stopped = now + LEAD, defaultdict[str, list[int]](list), set[int]()
    for message in messages:
        campaign_id, at = message.recipient.campaign_id, max(message.send_on, soonest)
        judgement = checker.evaluate(message.recipient, at=at, message=message)
        if judgement.stops_campaign and campaign_id not in stopped:
            stop_campaign(campaign_id, judgement, now=now)  # which has all its calls withdrawn
            stopped.add(campaign_id)
        if against := list(forbidding(judgement)):
            by_reason[" ".join(found.reason for found in against)].append(message.pk)
    return sum(
        Message.objects.filter(pk__in=pks, state=Message.State.QUEUED).update(
            state=Message.State.WITHDRAWING,
            withdraw_at=now,
            reason=f"Being withdrawn from XFin: {reason}",
            changed_at=now,
        )
        for reason, pks in by_reason.items()
    )


def forbidding(judgement: Judgement) -> Iterator[Finding]:
    """Yield the findings for which a call that waits at XFin is withdrawn."""
    for found in judgement.findings:
        if found.verdict in (Verdict.BLOCK, Verdict.DEFER) and not found.id.startswith(LEFT_OUT):
            yield found
