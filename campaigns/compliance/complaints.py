"""Record and count complaints, and stop the campaigns that drew too many."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from campaigns import edges
from campaigns.compliance.facts import NEVER_RANG
from campaigns.formatting import ist_exact
from campaigns.models import Campaign, Complaint, Message
from campaigns.rules.law import COMPLAINT_SPAN, COMPLAINT_STOP
from campaigns.transitions.campaign import stop


def stop_complained_about(now: datetime) -> int:
    """Stop running campaigns about whose calls too many complaints are open. Return how many were stopped."""

    def stop_if_complained(campaign: Campaign) -> bool:
        why = too_many_complaints(campaign, now=now)
        return bool(why) and stop(campaign.pk, f"Stopped by itself: {why}", now=now)

    running = Campaign.objects.filter(state=Campaign.State.RUNNING, stop_at_complaints__gt=0)
    complained = running.filter(complaints__isnull=False).distinct()
    return edges.each("counting complaints", complained, stop_if_complained)


def too_many_complaints(campaign: Campaign, *, now: datetime) -> str:
    """Return which complaints keep a campaign from calling, and what to do; empty if none do.

    Counted are those of the last `BREAKER_COMPLAINT_DAYS` that are neither closed nor dismissed.
    """
    days = settings.BREAKER_COMPLAINT_DAYS
    still_open = Complaint.objects.filter(
        kind=Complaint.Kind.UNSOLICITED,
        campaign=campaign,
        dismissed=False,
        closed_at__isnull=True,
        received_at__gt=now - timedelta(days=days),
    )
    rows = list(still_open.order_by("received_at").values_list("received_at", "channel"))
    if not 0 < campaign.stop_at_complaints <= len(rows):
        return ""
    received = ", ".join(f"{ist_exact(at)} {channel}".strip() for at, channel in rows)
    return (
        f"{len(rows)} open {'complaint' if len(rows) == 1 else 'complaints'} about its calls in {days} days "
        f"({received}). Find out whether these people had asked for the calls, what they heard and how often "
        "they were rung. Close each complaint with its outcome, then resume."
    )


@transaction.atomic
def record_complaint(complaint: Complaint, *, now: datetime) -> bool:
    """Save a complaint. Return whether it made too many, so that every running campaign was stopped (B16).

    It counts against the campaign whose call it is about, too, and may stop that one alone.
    """
    if complaint._state.adding and complaint.campaign is None:
        # The campaign that rang the number last before the complaint.
        since = complaint.received_at - timedelta(days=settings.BREAKER_COMPLAINT_DAYS)
        rang = Message.objects.exclude(state__in=NEVER_RANG).filter(
            recipient__phone=complaint.phone, send_on__gt=since, send_on__lte=complaint.received_at
        )
        last = rang.select_related("recipient__campaign").order_by("-send_on").first()
        complaint.campaign = last.recipient.campaign if last else None
    complaint.save()
    stop_complained_about(now)
    counted = Complaint.objects.filter(
        kind=Complaint.Kind.UNSOLICITED, dismissed=False, received_at__gt=now - COMPLAINT_SPAN
    ).count()
    if complaint.kind != Complaint.Kind.UNSOLICITED or counted < COMPLAINT_STOP:
        return False
    reason = (
        f"Stopped by the rules: {counted} complaints in ten days. Find out what is wrong and record the "
        "outcome of each; calls can be resumed when fewer than three count. (B16 complaint-stop)"
    )
    running = Campaign.objects.filter(state=Campaign.State.RUNNING).values_list("pk", flat=True)
    for campaign_id in list(running):
        stop(campaign_id, reason, now=now)
    return True
