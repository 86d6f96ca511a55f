"""Writing down what the rules ask for: scrub runs and complaints."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from campaigns.models import Campaign, Complaint, Message, Recipient, ScrubHit, ScrubRun, User
from campaigns.phones import judge
from campaigns.rules.law import COMPLAINT_SPAN, COMPLAINT_STOP
from campaigns.services.breakers import stop_complained_about
from campaigns.services.facts import NEVER_RANG, phone_hash
from campaigns.services.states import stop
from campaigns.windows import IST


class NotRecorded(Exception):
    """It was not written down. `reason` is a sentence for the person who asked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@transaction.atomic
def record_scrub(
    campaign: Campaign,
    *,
    operator: str,
    reference: str,
    submitted: int,
    refused: Iterable[str],
    now: datetime,
    by: User | None = None,
) -> ScrubRun:
    """Keep a scrub of the campaign's whole list; `refused` are the numbers it must not call, in any spelling.

    Kept as keyed hashes. `NotRecorded` without the operator's reference, or if fewer numbers were submitted
    than the campaign has people: nobody is marked as scrubbed who was not.
    """
    if not operator.strip() or not reference.strip():
        raise NotRecorded("A scrub counts only with the operator and the operator's reference.")
    # An import locks the same row, so nobody is added while the list is counted.
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    people = Recipient.objects.filter(campaign=campaign)
    phones = sorted(people.values_list("phone", flat=True))
    if submitted < len(phones):
        raise NotRecorded(
            f"The campaign has {len(phones)} people, and {submitted} were submitted: scrub again."
        )
    hits = {phone_hash(_e164(text)) for text in refused}
    run = ScrubRun.objects.create(
        campaign=campaign,
        operator=operator.strip(),
        reference=reference.strip(),
        day=now.astimezone(IST).date(),
        scrubbed_at=now,
        submitted=submitted,
        blocked=len(hits),
        list_hash=hashlib.sha256("\n".join(map(phone_hash, phones)).encode()).hexdigest(),
        newest_recipient=people.aggregate(newest=Max("pk"))["newest"] or 0,
        recorded_by=by,
    )
    ScrubHit.objects.bulk_create(ScrubHit(run=run, phone_hash=hit) for hit in hits)
    return run


def purge_scrub_hits(now: datetime) -> int:
    """Delete the refused numbers of scrubs that ended at midnight; their runs stay. How many were deleted."""
    return ScrubHit.objects.filter(run__day__lt=now.astimezone(IST).date()).delete()[0]


@transaction.atomic
def record_complaint(complaint: Complaint, *, now: datetime) -> bool:
    """Save a complaint; whether it made too many, so that every running campaign was stopped (B16).

    It counts against the campaign whose call it is about, too, which may stop that one alone (`breakers`).
    """
    if complaint._state.adding and complaint.campaign is None:
        complaint.campaign = _who_called(complaint)
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


def _who_called(complaint: Complaint) -> Campaign | None:
    """The campaign that rang the number last before the complaint; None if none did or nobody knows."""
    since = complaint.received_at - timedelta(days=settings.BREAKER_COMPLAINT_DAYS)
    rang = Message.objects.exclude(state__in=NEVER_RANG).filter(
        recipient__phone=complaint.phone, send_on__gt=since, send_on__lte=complaint.received_at
    )
    last = rang.select_related("recipient__campaign").order_by("-send_on").first()
    return last.recipient.campaign if last else None


def _e164(text: str) -> str:
    """The one form of a number; what is no number stays as it is and matches nobody."""
    return judge(text).e164 or text
