"""Record scrubs: which numbers of a campaign's list the operator's DND register refused."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from campaigns.compliance.facts import phone_hash
from campaigns.errors import NotRecorded
from campaigns.formatting import grouped
from campaigns.ist import IST
from campaigns.locks import locked
from campaigns.models import Campaign, Recipient, ScrubHit, ScrubRun, User
from campaigns.phones import parse_number


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
    """Keep a scrub of the campaign's whole list and return its run.

    `refused` are the numbers it must not call, in any spelling; they are kept as keyed hashes. Raise
    `NotRecorded` without the operator's reference, or if fewer numbers were submitted than the campaign has
    people: none may be marked as scrubbed that was not.
    """
    if not operator.strip() or not reference.strip():
        raise NotRecorded("A scrub counts only with the operator and the operator's reference.")
    # An import locks the same row, so no people are added while the list is counted.
    locked(Campaign.objects.all()).get(pk=campaign.pk)
    people = Recipient.objects.filter(campaign=campaign)
    phones = sorted(people.values_list("phone", flat=True))
    if submitted < len(phones):
        raise NotRecorded(
            f"The campaign has {grouped(len(phones))} people, and {grouped(submitted)} were submitted: "
            "scrub again."
        )
    # What is no number stays as it is and matches none.
    hits = {phone_hash(parse_number(text).e164 or text) for text in refused}
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
    """Delete the refused numbers of scrubs, which end at midnight (IST); their runs stay. Return how many."""
    return ScrubHit.objects.filter(run__day__lt=now.astimezone(IST).date()).delete()[0]
