"""New times for calls whose planned time has passed, or that were put off to the same moment.

XFin would ring them all at once. They follow what was handed over before at the campaign's present pace;
the rules judge them at their new time. Call-backs keep theirs: somebody waits for them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter

from django.conf import settings
from django.db.models import QuerySet

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
    """Those of these planned messages that may be handed over now, in order; the others keep a later time.

    The caller holds their rows, and they come with their campaign.
    """
    asked_for = set(Callback.objects.filter(message__in=keys(planned)).values_list("message", flat=True))
    of_campaign: defaultdict[int, list[Message]] = defaultdict(list)
    for message in planned:
        if message.pk not in asked_for:
            of_campaign[message.recipient.campaign_id].append(message)
    for messages in of_campaign.values():
        _space(messages[0].recipient.campaign, sorted(messages, key=_turn), now)
    _ring_now([message for message in planned if message.send_on < now], now)
    horizon = now + timedelta(minutes=settings.UPLOAD_HORIZON_MINUTES)
    return sorted((message for message in planned if message.send_on <= horizon), key=_turn)


def _space(campaign: Campaign, messages: Sequence[Message], now: datetime) -> None:
    times = [message.send_on for message in messages]
    handed_over = _handed_over(campaign, since=now - MINUTE)
    near = handed_over.filter(send_on__gt=max(now, times[0]) - MINUTE)[: 2 * campaign.calls_per_minute]
    if not rushed(times, before=list(near), now=now, a_minute=campaign.calls_per_minute):
        return
    pace, last = pace_of(campaign, now), handed_over.first()
    first = max(now, last + gap(pace)) if last else now
    moved = zip(messages, respaced(times, first=first, a_minute=pace), strict=True)
    _keep((message, at) for message, at in moved if at != message.send_on)


def _handed_over(campaign: Campaign, *, since: datetime) -> QuerySet[Message, datetime]:
    """When the calls that XFin has ring, the last first."""
    ahead = Message.objects.filter(recipient__campaign=campaign, state__in=COUNTED, send_on__gt=since)
    return ahead.order_by("-send_on").values_list("send_on", flat=True)


def _ring_now(late: Sequence[Message], now: datetime) -> None:
    """What is handed over late rings at once: the quiet after a call is counted from then on."""
    for message in late:
        message.send_on = now
    update(late, ["send_on"])


def _keep(moved: Iterable[tuple[Message, datetime]]) -> None:
    changed = []
    for message, at in moved:
        message.send_on, message.reason = at, MOVED
        changed.append(message)
    update(changed, ["send_on", "reason"])
