"""Stop campaigns whose calls fail, with a reason that says what to do.

Other things stop campaigns too: complaints (`compliance.complaints`), an account that XFin refuses
(`delivery.circuit_breaker`), and an XFin that refuses every message (`delivery.upload`).
"""

from collections import Counter
from datetime import datetime

from django.conf import settings

from campaigns import edges
from campaigns.models import Campaign, Message
from campaigns.transitions.attempt import UNSPEAKABLE, UNSPOKEN, WORDS
from campaigns.transitions.campaign import stop
from campaigns.xfin.states import Disposition

State = Message.State

#: Ends of calls that are our fault or XFin's; a busy line or an unanswered call is not.
FAULTS = frozenset({Disposition.FAILED, Disposition.DROPPED, Disposition.UNKNOWN})


def stop_failing(now: datetime) -> int:
    """Stop running campaigns of whose latest calls too many failed. Return how many were stopped."""
    watched = Campaign.objects.filter(state=Campaign.State.RUNNING, stop_at_percent__gt=0)
    return edges.each("counting failures", watched, lambda campaign: _stop_if_failing(campaign, now))


def _stop_if_failing(campaign: Campaign, now: datetime) -> bool:
    least = settings.BREAKER_CALLS
    ended = Message.objects.filter(recipient__campaign=campaign, settled_at__gt=campaign.state_since)
    counted = ended.filter(state__in=(State.DONE, State.FAILED, State.REJECTED, State.UNKNOWN))
    rows = counted.order_by("-settled_at").values_list("state", "disposition", "counts_as", "reason")
    latest = []  # what went wrong in each; empty where nothing did
    for state, disposition, counts_as, reason in rows[:least]:
        # An answered call counts as failed if a value was missing or no voice spoke it, and so does one that
        # was not handed over for that: only its own reason says what to mend.
        if state in (State.REJECTED, State.UNKNOWN) or (state == State.FAILED and counts_as):
            latest.append(reason)
        else:
            latest.append(WORDS[Disposition(disposition)] if disposition in FAULTS else "")
    faults = [fault for fault in latest if fault]
    if not tripped(len(faults), len(latest), least=least, percent=campaign.stop_at_percent):
        return False
    commonest, _ = Counter(faults).most_common(1)[0]
    mend = "See under Calls whether the agent answered and the number's stream address is right"
    if commonest.startswith((UNSPOKEN, UNSPEAKABLE)):
        mend = "Give the list the values and the agent the words that can be spoken"
    why = (
        f"Stopped by itself: {len(faults)} of the last {len(latest)} calls failed, mostly so: "
        f"{commonest} {mend}, then resume."
    )
    return stop(campaign.pk, why, now=now)


def tripped(failed: int, calls: int, *, least: int, percent: int) -> bool:
    """Return whether too many of the latest calls failed to go on; False on fewer than `least` calls."""
    return calls >= least and failed * 100 >= calls * percent
