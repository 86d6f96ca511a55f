"""Hand over only people whose words lie ready, so that no call waits for a voice.

The words of the next messages are spoken before they are claimed, by one worker an account, and for a bounded
time. A person whose words no voice can speak is not rung: the attempt fails with the reason. The circuit
breaker counts it, and the retry rules say whether it is tried again. While a voice does not speak, or is not
done yet, its campaign's messages stay planned with the reason, and other campaigns go on.
"""

import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from campaigns import edges
from campaigns.bulk import among_keys
from campaigns.delivery import turns
from campaigns.models import Campaign, Message
from campaigns.speech_ahead import Ahead, Called, Prepared, ahead
from campaigns.transitions.attempt import UNSPEAKABLE, fail_unspeakable

log = logging.getLogger(__name__)

NOT_YET = "Its words cannot be spoken yet: {}"
#: The next messages to hand over, without those of some campaigns.
Next = Callable[[set[int]], QuerySet[Message]]
_NEEDED = ("id", "recipient__phone", "recipient__name", "recipient__language", "recipient__variables")


class WordsFirst:
    """The words of an account's next calls, while one worker hands messages over."""

    def __init__(self, account_id: int) -> None:
        self._account_id = account_id
        running = Campaign.objects.filter(template__account=account_id, state=Campaign.State.RUNNING)
        self._ahead: dict[int, Ahead] = {}
        for campaign in running.select_related("agent", "dialogue_version", "number"):
            announced = campaign.number.announce_recording
            self._ahead[campaign.pk] = ahead(campaign.agent.kind, campaign.spoken, announced=announced)
        self._held_up: set[int] = set()
        """Campaigns some of whose people were not ready: in this run they do not stand in the others' way."""

    def ready(self, following: Next, *, now: datetime) -> list[int] | None:
        """Return the keys of messages that may be handed over, empty if there are none now.

        None if no agent of a running campaign speaks: then all may be.
        """
        if not settings.SPEECH_AHEAD_SECONDS or not any(one.speaks for one in self._ahead.values()):
            return None
        while rows := list(following(self._held_up).values_list("recipient__campaign", *_NEEDED)):
            people: defaultdict[int, list[Called]] = defaultdict(list)
            for campaign_id, *values in rows:
                people[campaign_id].append(Called(*values))
            found = [
                key for campaign_id in people for key in self._prepare(campaign_id, people[campaign_id], now)
            ]
            if found:
                return found
        return []

    def _prepare(self, campaign_id: int, people: list[Called], now: datetime) -> list[int]:
        """Return the keys of those who are ready; note the campaign if that is not all of them."""
        if (words := self._ahead.get(campaign_id)) is None or not words.speaks:
            return [person.message_id for person in people]
        with turns.turn("speech", self._account_id) as held:
            seconds = settings.SPEECH_AHEAD_SECONDS if held else 0.0
            prepared = words.prepare(people, seconds=seconds)
        if len(prepared.ready) < len(people):
            self._held_up.add(campaign_id)
            edges.retried("words that are not spoken", lambda: _write_down(prepared, now))
        return list(prepared.ready)


@transaction.atomic
def _write_down(prepared: Prepared, now: datetime) -> None:
    """End the attempts that cannot be spoken, and say why others wait; of messages still planned only."""
    for why in set(prepared.waits.values()):
        of_these = among_keys(key for key, reason in prepared.waits.items() if reason == why)
        waiting = Message.objects.filter(pk__in=of_these, state=Message.State.PLANNED)
        waiting.exclude(reason=NOT_YET.format(why)).update(reason=NOT_YET.format(why), changed_at=now)
        log.warning("%d calls wait for a voice: %s", len(prepared.waits), why)
    reasons = {key: f"{UNSPEAKABLE} {why}" for key, why in prepared.unspeakable.items()}
    fail_unspeakable(reasons, now=now)
