"""Speech made before the phone rings, so that no call waits for a voice.

Workers have it spoken into the cache that all processes share: what is the same for all people once a
campaign is checked or a number answers calls (`prepare`), and what holds a person's values before the person
is handed over (`Ahead`, the setting `SPEECH_AHEAD`). What is missing all the same is made in the call.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings

from calls.agents import registry
from calls.agents.base import Configuration
from calls.agents.dialogue.wording import SLOT
from calls.agents.recording_notice import notice
from calls.identification import spoken_values
from calls.media import prompt_audio
from calls.speech.sentences import sentences
from campaigns.models import Campaign, Message, PhoneNumber
from campaigns.pseudonyms import pseudonym
from campaigns.speech_ahead import Called, Prepared

log = logging.getLogger(__name__)

SOON = timedelta(minutes=1)
MOST_AT_ONCE = 500
MOST_FAILURES = 3
"""Of a voice in one run: with one text that fails each time, all people behind it would wait for ever."""
_State = Campaign.State
ABOUT_TO_CALL = (_State.CHECKED, _State.APPROVED, _State.SCHEDULED, _State.RUNNING, _State.PAUSED)


class Sentence(NamedTuple):
    """One sentence to be spoken, as `prompt_audio.speak` takes it."""

    text: str
    language: str
    whose: str = ""


class Ahead:
    """The words of one agent, `announced` by the notice that the call is recorded."""

    def __init__(self, kind: str, configuration: Mapping[str, Any], *, announced: bool = False) -> None:
        problems = registry.validate(kind, configuration)
        self._read = Configuration() if problems else registry.read(kind, configuration)
        self._announced = announced
        self._common: dict[str, list[Sentence]] = {}
        self._lies_ready: set[Sentence] = set()
        self._later: list[prompt_audio.AudioLater] = []
        """Why the voice did not speak. From `MOST_FAILURES` on the others are not tried."""
        self.speaks = bool(self._read.text_languages()) or announced

    def prepare(self, people: Sequence[Called], *, seconds: float) -> Prepared:
        """Speak what does not lie ready yet, in the order of the people, for so many seconds; 0: only look.

        Returns who is ready, and what keeps the others from it.
        """
        until, self._later = time.monotonic() + seconds, []

        def failure(person: Called) -> Exception | None:
            """Return why a person's words do not lie ready, None if they do."""
            sentences = (*self.common(person.language), *self.personal(person))
            return next((why for each in sentences if (why := self._spoken(each, until=until))), None)

        with ThreadPoolExecutor(settings.SPEECH_PROCESSES, thread_name_prefix="ahead") as threads:
            failures = list(threads.map(failure, people))
        ready, unspeakable, waits = [], {}, {}
        for person, why in zip(people, failures, strict=True):
            if why is None:
                ready.append(person.message_id)
            elif isinstance(why, prompt_audio.AudioLater):
                waits[person.message_id] = str(why)
            elif isinstance(why, prompt_audio.AudioError):
                unspeakable[person.message_id] = str(why)
        return Prepared(ready, unspeakable, waits)

    def prepare_common(self, *, seconds: float) -> int:
        """Speak what is the same for all people, in every language; return how many sentences are missing."""
        until = time.monotonic() + seconds
        found = dict.fromkeys(one for each in self._read.text_languages() for one in self.common(each))
        with ThreadPoolExecutor(settings.SPEECH_PROCESSES, thread_name_prefix="ahead") as threads:
            return sum(why is not None for why in threads.map(partial(self._spoken, until=until), found))

    def common(self, language: str) -> list[Sentence]:
        """Return what all people of a language hear: each sentence without a value in it."""
        if language not in self._common:
            said = notice(language)
            found = [*self._sentences(said.text, said.language)] if self._announced else []
            for heard in self._read.may_hear(language):
                for text in self._read.written(language=heard):
                    found += (one for one in self._sentences(text, heard) if not SLOT.search(one.text))
            self._common[language] = list(dict.fromkeys(found))
        return self._common[language]

    def personal(self, person: Called) -> list[Sentence]:
        """Return what holds the values of one person, of the words that these values can lead to."""
        values, common = spoken_values(person.name, person.variables), set(self.common(person.language))
        own = dict.fromkeys(
            sentence
            for heard in self._read.may_hear(person.language)
            for text in self._read.texts(values, language=heard)
            for sentence in self._sentences(text, heard)
            if sentence not in common
        )
        return [sentence._replace(whose=pseudonym(person.phone)) for sentence in own]

    def _sentences(self, text: str, language: str) -> Iterator[Sentence]:
        return (Sentence(one, language) for one in sentences(text))

    def _spoken(self, sentence: Sentence, *, until: float) -> Exception | None:
        """Have a sentence spoken unless it lies ready. Return what went wrong; `TimeoutError`: no time."""
        if sentence in self._lies_ready:
            return None
        try:
            if not prompt_audio.is_ready(*sentence):
                if len(self._later) >= MOST_FAILURES or time.monotonic() >= until:
                    return self._later[-1] if self._later else TimeoutError()
                prompt_audio.speak(*sentence)
        except prompt_audio.AudioError as error:
            if isinstance(error, prompt_audio.AudioLater):
                self._later.append(error)
            return error
        if not sentence.whose:
            self._lies_ready.add(sentence)
        return None


def prepare(now: datetime, *, seconds: float = 30.0) -> int:
    """Speak what agents that may soon call say to all people, and what the calls of the next minute lack.

    Returns how many sentences and calls are not ready all the same.
    """
    until = time.monotonic() + seconds
    missing = 0
    for words in busy_agents():
        missing += words.prepare_common(seconds=until - time.monotonic())
    for words, people in next_calls(now):
        found = words.prepare(people, seconds=until - time.monotonic())
        missing += len(people) - len(found.ready)
    if missing:
        log.info("%d sentences or calls of the next minute are not spoken yet.", missing)
    return missing


def busy_agents() -> Iterator[Ahead]:
    """Yield the words of agents that answer a number, or whose campaign may soon call."""
    for number in PhoneNumber.objects.select_related("inbound_agent", "after_hours_agent"):
        for agent in filter(None, (number.inbound_agent, number.after_hours_agent)):
            yield Ahead(agent.kind, agent.configuration, announced=number.announce_recording)
    soon = Campaign.objects.filter(state__in=ABOUT_TO_CALL)
    for campaign in soon.select_related("agent", "dialogue_version", "number"):
        yield _of(campaign)


def _of(campaign: Campaign) -> Ahead:
    announced = campaign.number.announce_recording
    return Ahead(campaign.agent.kind, campaign.spoken, announced=announced)


def next_calls(now: datetime) -> Iterator[tuple[Ahead, list[Called]]]:
    """Yield the people who are rung within the next minute, a campaign at a time, with its agent's words."""
    soon = Message.objects.filter(state=Message.State.QUEUED, send_on__gt=now, send_on__lte=now + SOON)
    people: defaultdict[Campaign, list[Called]] = defaultdict(list)
    related = soon.select_related(
        *(f"recipient__campaign__{name}" for name in ("agent", "dialogue_version", "number"))
    )
    for message in related.order_by("send_on")[:MOST_AT_ONCE]:
        who = message.recipient
        values = {**who.variables, **message.fetched}  # what a service told before the call too
        called = Called(message.pk, who.phone, who.name, who.language, values)
        people[who.campaign].append(called)
    for campaign, called_now in people.items():
        yield _of(campaign), called_now
