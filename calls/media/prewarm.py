"""Speech made before the phone rings, so that the person who answers is greeted at once.

A worker asks each agent what it would say first and has it spoken into the cache that the media processes of
this machine share. What is missed is made in the call, a few tenths of a second later.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from calls import identification
from calls.agents import registry
from calls.agents.base import CallStarted, ConfigurationError, Say
from calls.media import prompt_audio
from campaigns.models import Message

log = logging.getLogger(__name__)

AHEAD = timedelta(minutes=1)
MOST_AT_ONCE = 500


def prepare(now: datetime) -> int:
    """Speak what will be said first in the calls of the next minute. Returns how many prompts were spoken; at
    the first that fails it stops."""
    due = Message.objects.filter(state=Message.State.QUEUED, send_on__gt=now, send_on__lte=now + AHEAD)
    related = due.select_related(
        "recipient__campaign__agent", "recipient__campaign__dialogue_version"
    ).order_by("send_on")
    spoken = 0
    for message in related[:MOST_AT_ONCE]:
        for prompt in first_words(message):
            try:
                prompt_audio.speak(prompt.text, prompt.language)
            except prompt_audio.AudioError as error:
                log.warning("A prompt could not be made ahead of its call: %s", error)
                return spoken
            spoken += 1
    return spoken


def first_words(message: Message) -> Iterator[Say]:
    """Yield the texts an agent would speak at the start of this message's call; none if it can't be built."""
    campaign = message.recipient.campaign
    try:
        actions = registry.build(campaign.agent.kind, campaign.spoken).handle(
            CallStarted(identification.context_of(message))
        )
    except ConfigurationError:
        return  # the call itself says so, in its log
    yield from (action for action in actions if isinstance(action, Say))
