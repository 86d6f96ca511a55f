"""Who answers a person who calls us: the campaign that called them before, or an agent of the number."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from campaigns.ist import ist_day
from campaigns.models import Agent, Campaign, Holiday, Message, PhoneNumber, Recipient, Suppression
from campaigns.rules.law import NATIONAL_HOLIDAYS
from campaigns.schedule.inbound import is_open, read_hours

#: A person in one of these states is told nothing of their campaign any more.
CLOSED = (
    Recipient.State.SUPPRESSED,
    Recipient.State.BLOCKED,
    Recipient.State.SKIPPED,
    Recipient.State.QUOTA_FULL,
    Recipient.State.CANCELLED,
)
#: Attempts that rang, or are ringing once their time has come.
_MADE = (*Message.AT_XFIN, Message.State.DONE, Message.State.FAILED, Message.State.UNKNOWN)


def ringing_back(phones: Collection[str], number: PhoneNumber, *, now: datetime) -> Message | None:
    """Return the last attempt with which the account called one of these phones, within the number's time for
    ringing back; None if there is none, or if its person opted out. One query.

    It comes with person, campaign, agent and version.
    """
    if not number.ring_back_hours or not phones:
        return None
    opted_out = Suppression.objects.live(OuterRef("recipient__campaign__category")).filter(
        phone=OuterRef("recipient__phone")
    )
    calls = Message.objects.filter(
        recipient__phone__in=phones,
        recipient__campaign__template__account=number.account_id,
        state__in=_MADE,
        send_on__range=(now - timedelta(hours=number.ring_back_hours), now),
    )
    related = ("agent", "dialogue_version")
    last = calls.select_related(*(f"recipient__campaign__{name}" for name in related)).exclude(
        recipient__state__in=CLOSED
    )
    last = last.exclude(recipient__campaign__state=Campaign.State.CANCELLED).exclude(Exists(opted_out))
    return last.order_by("-send_on", "-pk").first()


def answering(number: PhoneNumber, *, now: datetime) -> Agent | None:
    """Return the number's agent for its opening hours, or the one for outside them if it has one."""
    if number.after_hours_agent is None:
        return number.inbound_agent
    day = ist_day(now)
    holiday = (day.month, day.day) in NATIONAL_HOLIDAYS or Holiday.objects.filter(day=day).exists()
    open_now = is_open(read_hours(number.inbound_hours), now, holiday=holiday)
    return number.inbound_agent if open_now else number.after_hours_agent
