"""A campaign whose calls fail or bring complaints stops by itself, and says why and what to do.

Too many complaints about any calls stop all campaigns (`compliance`), a refused account stops its own
(`accounts`), and so does an XFin that refuses every message (`uploading`).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from campaigns.models import Campaign, Message
from campaigns.transitions.attempt import WORDS
from campaigns.transitions.campaign import stop
from campaigns.xfin.states import Disposition

State = Message.State

#: Ends that nobody who was called can help; that a line is busy or nobody answers is the way of the world.
FAULTS = frozenset({Disposition.FAILED, Disposition.DROPPED, Disposition.UNKNOWN})


def stop_failing(now: datetime) -> int:
    """Stop running campaigns of whose latest calls too many failed; how many were stopped."""
    running = Campaign.objects.filter(state=Campaign.State.RUNNING, stop_at_percent__gt=0)
    return sum(_stop_if_failing(campaign, now) for campaign in running)


def _stop_if_failing(campaign: Campaign, now: datetime) -> bool:
    latest = _latest(campaign)
    faults = [fault for fault in latest if fault]
    if not tripped(len(faults), len(latest), least=settings.BREAKER_CALLS, percent=campaign.stop_at_percent):
        return False
    commonest, _ = Counter(faults).most_common(1)[0]
    reason = (
        f"Stopped by itself: {len(faults)} of the last {len(latest)} calls failed, mostly so: {commonest} "
        "See under Calls whether the agent answered and the number's stream address is right, then resume."
    )
    return stop(campaign.pk, reason, now=now)


def tripped(failed: int, calls: int, *, least: int, percent: int) -> bool:
    """Whether of so many calls too many failed to go on; never on fewer than `least`."""
    return calls >= least and failed * 100 >= calls * percent


def _latest(campaign: Campaign) -> Sequence[str]:
    """What went wrong in each of the latest calls since it runs, "" for nothing."""
    ended = Message.objects.filter(recipient__campaign=campaign, settled_at__gt=campaign.state_since)
    counted = ended.filter(state__in=(State.DONE, State.FAILED, State.REJECTED, State.UNKNOWN))
    rows = counted.order_by("-settled_at").values_list("state", "disposition", "reason")
    return [_fault(*row) for row in rows[: settings.BREAKER_CALLS]]


def _fault(state: str, disposition: str, reason: str) -> str:
    if state in (State.REJECTED, State.UNKNOWN):
        return reason
    return WORDS[Disposition(disposition)] if disposition in FAULTS else ""
