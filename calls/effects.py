"""What the media loop asks of the world: who is on the line, speech, clips. Slow, so never in the loop."""

import asyncio
import atexit
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error as DatabaseFailure

from calls.agents import registry
from calls.agents.base import Agent, CallContext
from calls.agents.errors import ConfigurationError
from calls.audio import pcm, resample, wav
from calls.models import Call
from calls.records import Identity
from calls.speech.cache import CachedVoice
from calls.speech.espeak import EspeakVoice
from calls.speech.recent import Recent
from calls.speech.voice import SpeechError, Voice
from calls.steps import Identify, LoadClip, Synthesise
from campaigns.models import Agent as AgentRow
from campaigns.models import Content, Message, PhoneNumber
from campaigns.services import calling_back, outcomes

log = logging.getLogger(__name__)

AUDIO_SECONDS = 15.0
"""The longest we wait for one piece of speech or one clip; the conversation gives up before."""
DEFAULT_LANGUAGE = "hi"
_speakers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="speech")


class AudioError(Exception):
    """There is no audio for a prompt; the text is a sentence for the call's log."""


@dataclass(frozen=True, slots=True)
class Found:
    """Who is on the line, and the agent made for this call."""

    identity: Identity
    agent: Agent
    context: CallContext


@dataclass(frozen=True, slots=True)
class NotFound:
    """Nobody can serve this call; `reason` is a sentence."""

    identity: Identity
    reason: str


# --- Who is on the line ---------------------------------------------------------------------------


async def identify(asked: Identify, number_id: int) -> Found | NotFound:
    """Whom this call is for and who answers it. Total: a database that fails is a `NotFound`."""
    try:
        looking = database_sync_to_async(find, thread_sensitive=False)(asked, number_id)
        found: Found | NotFound = await looking
    except DatabaseFailure as error:
        log.error("Who is on the line could not be looked up: %s", type(error).__name__)
        bare = Identity(stream_sid=asked.stream_sid, call_sid=asked.call_sid)
        return NotFound(bare, "Our database could not be asked who this call is for.")
    return found


def find(asked: Identify, number_id: int) -> Found | NotFound:
    """The same, in a thread: by the message's reference, else as an inbound call of the number."""
    number = PhoneNumber.objects.select_related("account", "inbound_agent").get(pk=number_id)
    message = _message(asked, number)
    if message is None:
        return _inbound(asked, number)
    _note_repetition(message)
    recipient, campaign = message.recipient, message.recipient.campaign
    identity = Identity(
        stream_sid=asked.stream_sid,
        call_sid=asked.call_sid,
        language=recipient.language,
        inbound=False,
        agent_id=campaign.agent_id,
        campaign_id=campaign.pk,
        recipient_id=recipient.pk,
        message_id=message.pk,
    )
    return _with_agent(identity, campaign.agent, context_of(message))


def context_of(message: Message) -> CallContext:
    """Who is called and what may be spoken."""
    recipient = message.recipient
    return CallContext(
        language=recipient.language,
        variables={"name": recipient.name, **_texts(recipient.variables)},
        name=recipient.name,
        campaign=recipient.campaign.name,
        callback=calling_back.may_ask(recipient.pk),
    )


def _message(asked: Identify, number: PhoneNumber) -> Message | None:
    """The attempt this call belongs to; one of another account is as unknown as none."""
    reference = asked.reference or asked.custom_parameters.get(number.account.reference_tag, "")
    message = outcomes.call_identified(reference) if reference else None
    if message and message.recipient.campaign.template.account_id != number.account_id:
        log.warning("A call named a message of another account; it is served as one without a message.")
        return None
    return message


def _note_repetition(message: Message) -> None:
    """The platform may ring twice for one message; the person on the line is served all the same."""
    earlier = list(Call.objects.filter(message=message).values_list("pk", flat=True))
    if earlier:
        log.warning(
            "A message has a further call; the first was %s, of %d so far.", earlier[-1], len(earlier)
        )


def _inbound(asked: Identify, number: PhoneNumber) -> Found | NotFound:
    """Somebody calls us. Whose number it is matters if they ask us to stop; nobody is addressed by it."""
    given = _texts(asked.custom_parameters)
    caller = outcomes.caller_identified(given, account_id=number.account_id)
    language = given.get("language", "")[:10] or DEFAULT_LANGUAGE
    row = number.inbound_agent
    identity = Identity(
        stream_sid=asked.stream_sid,
        call_sid=asked.call_sid,
        language=language,
        agent_id=row.pk if row else None,
        recipient_id=caller.pk if caller else None,
    )
    if row is None:
        return NotFound(identity, "The call names no message of ours, and this number has no inbound agent.")
    return _with_agent(
        identity, row, CallContext(language=language, variables=given, inbound=True, callback=False)
    )


def _with_agent(identity: Identity, row: AgentRow, context: CallContext) -> Found | NotFound:
    try:
        return Found(identity, registry.build(row.kind, row.configuration), context)
    except ConfigurationError as error:
        return NotFound(identity, f"The agent “{row.name}” cannot be used: {error}")


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}


# --- Audio ----------------------------------------------------------------------------------------


async def audio(asked: Synthesise | LoadClip, number_id: int) -> bytes:
    """PCM (int16 mono 8 kHz) for a prompt. Raises `AudioError` with a sentence, never anything else.

    A sentence that was said lately is there at once, without a thread.
    """
    if isinstance(asked, Synthesise) and (said := _recent.get((asked.text, asked.language))) is not None:
        return said
    try:
        async with asyncio.timeout(AUDIO_SECONDS):
            if isinstance(asked, LoadClip):
                loading = database_sync_to_async(load_clip, thread_sensitive=False)(asked.clip, number_id)
                clip: bytes = await loading
                return clip
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(_speakers, speak, asked.text, asked.language)
    except TimeoutError:
        raise AudioError(f"It was not made within {AUDIO_SECONDS:.0f} s.") from None


def speak(text: str, language: str) -> bytes:
    """Speech from the voice that is configured, or from its cache; in a thread."""
    try:
        return _recent.put((text, language), _voice().synthesise(text, language))
    except SpeechError as error:
        raise AudioError(str(error)) from error


_recent = Recent()
"""Speech by (text, language), clips by (name of their file, when their row last changed)."""


@cache
def _voice() -> Voice:
    """The voice of this process; what it runs ends with the process."""
    voice = EspeakVoice()
    atexit.register(voice.close)
    return CachedVoice(voice, Path(settings.SPEECH_CACHE))


def load_clip(name: str, number_id: int) -> bytes:
    """A recorded clip of the number's account, as mono at 8 kHz; in a thread."""
    try:
        content = Content.objects.filter(account__numbers=number_id, name=name).first()
        if content is None or not content.file:
            raise AudioError(f"There is no clip named “{name}”.")
        key = (content.file.name, content.changed_at)
        if (played := _recent.get(key)) is not None:
            return played
        with content.file.open("rb") as file:
            return _recent.put(key, mono(wav.unwrap(file.read())))
    except ValueError as error:  # WavError, or a rate that nobody speaks at
        raise AudioError(f"The clip “{name}” cannot be played: {error}.") from error
    except (OSError, DatabaseFailure) as error:
        raise AudioError(f"The clip “{name}” could not be read.") from error


def mono(clip: wav.Wav) -> bytes:
    """Channels averaged, at our rate."""
    channels = pcm.to_array(clip.pcm).reshape(-1, clip.channels)
    samples = np.rint(channels.mean(axis=1)).astype(np.int16)
    return pcm.to_bytes(resample.resample(samples, clip.rate, pcm.SAMPLE_RATE))
