"""Reads of recipients and call-backs for the pages that list them."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Prefetch, Q, QuerySet

from campaigns.models import (
    Callback,
    Recipient,
    StaffCallback,
    Suppression,
)
from campaigns.models.people import RecipientState

#: Chooses the people who are to be called back, beside the states.
CALL_BACK = "callback"


def recipients_of(campaign_id: int, *, state: str = "", text: str = "") -> QuerySet[Recipient]:
    """Return a campaign's people in its files' order; by state (or `CALL_BACK`), name or last digits."""
    people = people_with_callbacks(campaign_id).order_by("id")
    if state in RecipientState.values:
        people = people.filter(state=state)
    if state == CALL_BACK:
        wishes = Callback.objects.filter(state__in=Callback.OPEN_STATES)
        people = people.filter(pk__in=wishes.values("recipient"))
    if text:
        # The last digits, as a masked number shows them, or a whole number in any spelling.
        digits = "" if any(ch.isalpha() for ch in text) else "".join(ch for ch in text if ch.isdigit())
        people = people.filter(Q(name__icontains=text) | (Q(phone__endswith=digits) if digits else Q()))
    return people


def people_with_callbacks(campaign_id: int) -> QuerySet[Recipient]:
    """Return a campaign's people with their call-backs, the newest first. Two queries."""
    wishes = Callback.objects.select_related("entered_by").order_by("-id")
    people = Recipient.objects.filter(campaign_id=campaign_id).select_related("campaign")
    return people.prefetch_related(Prefetch("callbacks", queryset=wishes))


def callbacks_to_make(campaign_id: int) -> Mapping[str, Any]:
    """Return `count` of the call-backs still to be made and `next_at`, None if there are none. One query."""
    rows = Callback.objects.filter(recipient__campaign=campaign_id, state__in=Callback.OPEN_STATES)
    return rows.aggregate(count=Count("id"), next_at=Min("planned_for"))


def staff_callbacks(state: str = "") -> QuerySet[StaffCallback]:
    """Return whom staff are to call, who waits the longest first; of those done the latest.

    `opted_out` says whether the person wants no calls of any kind. A state that is none counts as waiting.
    """
    chosen = state if state in StaffCallback.State.values else StaffCallback.State.WAITING
    opted_out = Suppression.objects.live("").filter(phone=OuterRef("phone"))
    rows = StaffCallback.objects.filter(state=chosen).select_related("campaign", "number", "taken_by")
    order = "-done_at" if chosen == StaffCallback.State.DONE else "asked_at"
    return rows.annotate(opted_out=Exists(opted_out)).order_by(order, "pk")
