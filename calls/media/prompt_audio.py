"""The audio of prompts, speech and clips. Slow, so never in the media loop."""

import asyncio
import atexit
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import Error as DatabaseFailure

from calls.agents.base import Piece, TextPiece
from calls.audio import pcm, resample, wav
from calls.conversation.outputs import Compose, LoadClip, Synthesise
from calls.media.database_threads import lookups
from calls.media.pronunciations import Pronunciations
from calls.speech.disk_cache import CachedVoice
from calls.speech.espeak import EspeakVoice
from calls.speech.memory_cache import Recent
from calls.speech.voice import SpeechError, Voice
from campaigns.models import Content

log = logging.getLogger(__name__)

AUDIO_SECONDS = 15.0
"""The longest we wait for one piece of speech or one clip; the conversation gives up before."""
_speakers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="speech")


class AudioError(Exception):
    """There is no audio for a prompt; the text is a sentence for the call's log."""


async def audio(asked: Synthesise | LoadClip | Compose, number_id: int) -> bytes:
    """Return a prompt as PCM (int16 mono 8 kHz). Raises `AudioError` with a sentence, never anything else.

    A sentence that was said lately comes from memory at once, without a thread.
    """
    if isinstance(asked, Synthesise) and (said := said_lately(asked.text, asked.language)) is not None:
        return said
    try:
        async with asyncio.timeout(AUDIO_SECONDS):
            if isinstance(asked, LoadClip):
                clip = asked.clip
                return await lookups.run(lambda: load_clip(clip, number_id))
            loop = asyncio.get_running_loop()
            if isinstance(asked, Compose):
                pieces, language = asked.pieces, asked.language
                return await loop.run_in_executor(_speakers, compose, pieces, language, number_id)
            return await loop.run_in_executor(_speakers, speak, asked.text, asked.language)
    except TimeoutError:
        raise AudioError(f"It was not made within {AUDIO_SECONDS:.0f} s.") from None


def said_lately(text: str, language: str) -> bytes | None:
    """Return speech from memory; None if it is not kept, or no pronunciation was read yet. Never waits."""
    if not pronunciations.is_read:
        return None
    if pronunciations.is_due:
        _speakers.submit(pronunciations.refresh)
    return _recent.get((pronunciations.spoken(text, language), language))


def speak(text: str, language: str) -> bytes:
    """Return speech (PCM as `audio`), the organisation's words as it has them pronounced. For threads.

    Raises `AudioError`.
    """
    pronunciations.refresh()
    return say(pronunciations.spoken(text, language), language)


def say(spoken: str, language: str) -> bytes:
    """Return speech (PCM as `audio`) of exactly these words, by the voice or from a cache. For threads.

    Raises `AudioError`.
    """
    try:
        return _recent.put((spoken, language), pcm.without_marker(_voice().synthesise(spoken, language)))
    except SpeechError as error:
        raise AudioError(str(error)) from error


def compose(pieces: Sequence[Piece], language: str, number_id: int) -> bytes:
    """Return spoken and recorded pieces as one prompt (PCM as `audio`). Raises `AudioError`. For threads.

    Where a clip can't be played, its text is spoken.
    """
    return b"".join(_piece(piece, language, number_id) for piece in pieces)


def _piece(piece: Piece, language: str, number_id: int) -> bytes:
    if isinstance(piece, TextPiece):
        return speak(piece.text, language) if piece.text.strip() else b""
    try:
        return load_clip(piece.clip, number_id)
    except AudioError as error:
        log.warning("A clip is spoken by the computer instead. %s", error)
        return speak(piece.text, language)


pronunciations = Pronunciations()
"""Those of this process."""
_recent = Recent()
"""Speech by (text as the voice got it, language), clips by (name of their file, when their row changed)."""


@cache
def _voice() -> Voice:
    """Return the voice of this process; the programs it runs end with the process."""
    voice = EspeakVoice()
    atexit.register(voice.close)
    most_seconds = settings.RETENTION_DAYS["speech"] * 86400.0
    return CachedVoice(voice, Path(settings.SPEECH_CACHE), most_seconds=most_seconds)


def load_clip(name: str, number_id: int) -> bytes:
    """Return a recorded clip of the number's account (PCM as `audio`). Raises `AudioError`. For threads."""
    try:
        content = Content.objects.filter(account__numbers=number_id, name=name).first()
        if content is None or not content.file:
            raise AudioError(f"There is no clip named “{name}”.")
        key = (content.file.name, content.changed_at)
        if (played := _recent.get(key)) is not None:
            return played
        with content.file.open("rb") as file:
            return _recent.put(key, pcm.without_marker(mono(wav.unwrap(file.read()))))
    except ValueError as error:  # WavError, or a rate that speech does not have
        raise AudioError(f"The clip “{name}” cannot be played: {error}.") from error
    except (OSError, DatabaseFailure) as error:
        raise AudioError(f"The clip “{name}” could not be read.") from error


def mono(clip: wav.Wav) -> bytes:
    """Return the average of a clip's channels at 8 kHz, as PCM. Raises ValueError for a rate out of range."""
    channels = pcm.to_array(clip.pcm).reshape(-1, clip.channels)
    samples = np.rint(channels.mean(axis=1)).astype(np.int16)
    return pcm.to_bytes(resample.resample(samples, clip.rate, pcm.SAMPLE_RATE))
