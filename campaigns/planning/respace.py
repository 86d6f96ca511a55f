"""New times for calls whose planned time has passed, or that were put off to the same moment.

XFin would ring them all at once. They follow what was handed over before at the campaign's present pace;
the rules check them at their new time. Call-backs keep theirs: a person waits for each.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import attrgetter

from django.conf import settings

from campaigns.bulk import keys, update
from campaigns.models import Callback, Campaign, Message
from campaigns.planning.plan import pace_of
from campaigns.schedule.pacing import MINUTE, gap, respaced, rushed

State = Message.State

#: Handed over: they ring or rang at their time, so the pace counts them.
COUNTED = (State.SENDING, State.UNCONFIRMED, *Message.AT_XFIN, State.DONE, State.FAILED, State.UNKNOWN)
_turn = attrgetter("send_on", "id")
MOVED = "Its time had passed, or too many had the same one: it follows at the campaign's pace."


def space_due(planned: Sequence[Message], *, now: datetime) -> list[Message]:
    """Space planned messages at their campaigns' pace, and return those to hand over now, in order.

    The others keep a later time. The caller has locked their rows, and they come with their campaign.
    """
    asked_for = set(Callback.objects.filter(message__in=keys(planned)).values_list("message", flat=True))
    of_campaign: defaultdict[int, list[Message]] = defaultdict(list)
    for message in planned:
        if message.pk not in asked_for:
            of_campaign[message.recipient.campaign_id].append(message)
    for messages in of_campaign.values():
        _space(messages[0].recipient.campaign, sorted(messages, key=_turn), now)
    # What is handed over late rings at once: the rest period after a call is counted from then on.
    late = [message for message in planned if message.send_on < now]
    for message in late:
        message.send_on = now
    update(late, ["send_on"])
    horizon = now + timedelta(minutes=settings.UPLOAD_HORIZON_MINUTES)
    return sorted((message for message in planned if message.send_on <= horizon), key=_turn)


def _space(campaign: Campaign, messages: Sequence[Message], now: datetime) -> None:
    """Give a campaign's messages new times where theirs have passed or are the same."""
    times = [message.send_on for message in messages]
    at_xfin = Message.objects.filter(
        recipient__campaign=campaign, state__in=COUNTED, send_on__gt=now - MINUTE
    ).order_by("-send_on")
    handed_over = at_xfin.values_list("send_on", flat=True)
    near = handed_over.filter(send_on__gt=max(now, times[0]) - MINUTE)[: 2 * campaign.calls_per_minute]
    if not rushed(times, before=list(near), now=now, a_minute=campaign.calls_per_minute):
        return
    pace, last = pace_of(campaign, now), handed_over.first()
    first = max(now, last + gap(pace)) if last else now
    moved = []
    for message, at in zip(messages, respaced(times, first=first, a_minute=pace), strict=True):
        if at != message.send_on:
            message.send_on, message.reason = at, MOVED
            moved.append(message)
    update(moved, ["send_on", "reason"])
