"""The audio of prompts, speech and clips. Slow, so never in the media loop."""

import asyncio
import atexit
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import Error as DatabaseFailure

from calls.agents.base import Piece, TextPiece
from calls.audio import pcm, resample, wav
from calls.conversation.outputs import Compose, LoadClip, Synthesise
from calls.media.database_threads import lookups
from calls.media.pronunciations import Pronunciations
from calls.media.voices import Chosen, Voices, espeak
from calls.speech.disk_cache import SpeechCache
from calls.speech.helper_voices import HelperVoices
from calls.speech.memory_cache import Recent
from calls.speech.sentences import PAUSE_MS, sentences
from calls.speech.voice import SpeechError, VoiceUnavailable, levelled
from campaigns.models import Content

log = logging.getLogger(__name__)

AUDIO_SECONDS = 15.0
"""The longest we wait for one piece of speech or one clip; the conversation gives up before."""
LISTEN_SECONDS = 8.0
"""The longest that staff who listen on a page wait."""
_speakers = ThreadPoolExecutor(max_workers=settings.SPEECH_PROCESSES, thread_name_prefix="speech")
_readers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="speech-cache")


class AudioError(Exception):
    """There is no audio for a prompt; the text is a sentence for the call's log."""


class AudioLater(AudioError):
    """There is no audio at present; the voice may speak the same text later."""


async def audio(asked: Synthesise | LoadClip | Compose, number_id: int | None, *, whose: str = "") -> bytes:
    """Return a prompt as PCM (int16 mono 8 kHz). Raises `AudioError` with a sentence, never anything else.

    A sentence that was said lately comes from memory at once, without a thread; one that lies ready does not
    wait behind those that are being spoken. `whose`: the person's pseudonym.
    """
    try:
        async with asyncio.timeout(AUDIO_SECONDS):
            if isinstance(asked, LoadClip):
                return await _clip(asked.clip, number_id)
            if isinstance(asked, Compose):
                pieces, language = asked.pieces, asked.language
                return b"".join([await _piece(piece, language, number_id, whose) for piece in pieces])
            return await _speech(asked.text, asked.language, whose)
    except TimeoutError:
        raise AudioError(f"It was not made within {AUDIO_SECONDS:.0f} s.") from None


async def _clip(name: str, number_id: int | None) -> bytes:
    return await lookups.run(lambda: load_clip(name, number_id))


async def _piece(piece: Piece, language: str, number_id: int | None, whose: str) -> bytes:
    """Return a part of a prompt; where a clip can't be played, its text is spoken. Raises `AudioError`."""
    if isinstance(piece, TextPiece):
        return await _speech(piece.text, language, whose) if piece.text.strip() else b""
    try:
        return await _clip(piece.clip, number_id)
    except AudioError as error:
        log.warning("A clip is spoken by the computer instead. %s", error)
        return await _speech(piece.text, language, whose)


async def _speech(text: str, language: str, whose: str) -> bytes:
    """Return the sentences of a text one after another. Raises `AudioError`."""
    return joined([await _sentence(one, language, whose) for one in _parts(text)])


async def _sentence(text: str, language: str, whose: str) -> bytes:
    if (said := said_lately(text, language)) is not None:
        return said
    loop = asyncio.get_running_loop()
    if (found := await loop.run_in_executor(_readers, ready, text, language, whose)) is not None:
        return found
    return await loop.run_in_executor(_speakers, speak, text, language, whose)


def _parts(text: str) -> tuple[str, ...]:
    """Return the sentences of a text; of a blank one itself, for the voice to refuse."""
    return sentences(text) or (text,)


def joined(parts: Sequence[bytes]) -> bytes:
    """Return sentences (PCM) one after another, with a pause between two."""
    return pcm.silence(PAUSE_MS).join(parts)


def said_lately(text: str, language: str) -> bytes | None:
    """Return a sentence from memory; None if it is not kept, or what it needs was not read. Never waits."""
    if not (pronunciations.is_read and voices.is_read):
        return None
    if pronunciations.is_due or voices.is_due:
        _readers.submit(_refresh)
    return _recent.get((voices.of(language).identity, pronunciations.spoken(text, language), language))


def _refresh() -> None:
    pronunciations.refresh()
    voices.refresh()


def speak(text: str, language: str, whose: str = "") -> bytes:
    """Return speech (PCM as `audio`), the organisation's words as it has them pronounced. For threads.

    `whose` as in `audio`. Raises as `say`.
    """
    _refresh()
    return joined([say(pronunciations.spoken(one, language), language, whose) for one in _parts(text)])


def listen(texts: Sequence[str], language: str) -> bytes:
    """Return texts one after another for staff who listen on a page; they are spoken as in a call.

    By a helper process that no call waits for, and within `LISTEN_SECONDS` in all. Raises `AudioError`.
    """
    _refresh()
    until = time.monotonic() + LISTEN_SECONDS
    return b"".join(
        joined([_listen(pronunciations.spoken(one, language), language, until) for one in _parts(text)])
        for text in texts
    )


def listen_exactly(spoken: str, language: str) -> bytes:
    """Return exactly these words as `listen` does, without the organisation's pronunciations."""
    return _listen(spoken, language, time.monotonic() + LISTEN_SECONDS)


def _listen(spoken: str, language: str, until: float) -> bytes:
    try:
        return say(spoken, language, within=until - time.monotonic())
    except AudioLater as error:
        raise AudioLater(f"{error} Try again in a moment.") from error


def say(spoken: str, language: str, whose: str = "", *, within: float | None = None) -> bytes:
    """Return speech (PCM as `audio`) of exactly these words, as it lies ready, else by a helper process.

    Where the voice of the language can't and falls back, by espeak-ng. `within`: so many seconds, by the
    process for listeners. Raises `AudioError`; `AudioLater` if the voice may speak them later. For threads.
    """
    voices.refresh()
    first, *others = _tried(language)
    try:
        try:
            return _said(first, spoken, language, whose, within=within)
        except SpeechError as error:
            if not others:
                raise
            log.warning("espeak-ng speaks instead. %s", error)
            return _said(others[0], spoken, language, whose, within=within)
    except VoiceUnavailable as error:
        raise AudioLater(str(error)) from error
    except SpeechError as error:
        raise AudioError(str(error)) from error


def _said(chosen: Chosen, spoken: str, language: str, whose: str, *, within: float | None) -> bytes:
    """Return words as one voice says them, and keep them. Raises `SpeechError`."""
    if (found := _kept(chosen, spoken, language, whose)) is not None:
        return found
    processes = helpers() if within is None else listeners()
    said = pcm.without_marker(processes.synthesise(chosen.description, spoken, language, within=within))
    _cache().keep(_cache().path(chosen.identity, spoken, language, whose=whose), said)
    return said if whose else _recent.put((chosen.identity, spoken, language), said)


def ready(text: str, language: str, whose: str = "") -> bytes | None:
    """Return speech that lies in the cache: of each sentence what is said to all, else the person's own.

    None if one is missing. For threads.
    """
    _refresh()
    found = [
        next((said for chosen in _tried(language) if (said := _kept(chosen, one, language, whose))), None)
        for one in (pronunciations.spoken(part, language) for part in _parts(text))
    ]
    lies_ready = [said for said in found if said is not None]
    return joined(lies_ready) if len(lies_ready) == len(found) else None


def _kept(chosen: Chosen, spoken: str, language: str, whose: str) -> bytes | None:
    """Return words from the cache. What holds a person's values is not put into memory: it must go when the
    person is erased."""
    if (said := _cache().find(_cache().path(chosen.identity, spoken, language))) is not None:
        return _recent.put((chosen.identity, spoken, language), said)
    if not whose:
        return None
    own = _cache().path(chosen.identity, spoken, language, whose=whose)
    return _cache().find(own) if _cache().share(own) else None


def is_ready(text: str, language: str, whose: str = "") -> bool:
    """Return whether speech lies in the cache under this person, or, without one, as what is said to all.

    What a person hears may be espeak-ng's where it stands in for another voice; what all hear is tried again.
    """
    _refresh()
    tried = _tried(language) if whose else _tried(language)[:1]
    return all(
        any(_cache().share(_cache().path(chosen.identity, spoken, language, whose=whose)) for chosen in tried)
        for spoken in (pronunciations.spoken(part, language) for part in _parts(text))
    )


pronunciations = Pronunciations()
voices = Voices()
_recent = Recent()
"""Speech by (voice's identity, text as the voice got it, language), clips by (name of their file, when their
row changed)."""


def _tried(language: str) -> tuple[Chosen, ...]:
    """Return the voice of a language, and the one that speaks what it can't."""
    chosen = voices.of(language)
    return (chosen, espeak()) if chosen.falls_back else (chosen,)


@cache
def listeners() -> HelperVoices:
    """Return the one helper process for staff who listen on pages; it ends with this process."""
    made = HelperVoices(1)
    atexit.register(made.close)
    return made


@cache
def helpers() -> HelperVoices:
    """Return the helper processes of this process; they end with it."""
    made = HelperVoices(settings.SPEECH_PROCESSES)
    atexit.register(made.close)
    return made


def _cache() -> SpeechCache:
    most_bytes = settings.SPEECH_CACHE_MB * 1024 * 1024
    return _cache_at(Path(settings.SPEECH_CACHE), most_bytes, settings.RETENTION_DAYS["speech"] * 86400.0)


@lru_cache(maxsize=4)
def _cache_at(directory: Path, most_bytes: int, most_seconds: float) -> SpeechCache:
    secret = settings.PSEUDONYM_KEY
    return SpeechCache(directory, secret=secret, most_bytes=most_bytes, most_seconds=most_seconds)


def load_clip(name: str, number_id: int | None) -> bytes:
    """Return a recorded clip of the number's account, of any account without a number (PCM as `audio`).

    Raises `AudioError`. For threads.
    """
    try:
        named = Content.objects.filter(name=name).order_by("pk")
        content = (named.filter(account__numbers=number_id) if number_id else named).first()
        if content is None or not content.file:
            raise AudioError(f"There is no clip named “{name}”.")
        key = (content.file.name, content.changed_at)
        if (played := _recent.get(key)) is not None:
            return played
        with content.file.open("rb") as file:
            return _recent.put(key, pcm.without_marker(levelled(mono(wav.unwrap(file.read())))))
    except ValueError as error:  # WavError, or a rate that speech does not have
        raise AudioError(f"The clip “{name}” cannot be played: {error}.") from error
    except (OSError, DatabaseFailure) as error:
        raise AudioError(f"The clip “{name}” could not be read.") from error


def mono(clip: wav.Wav) -> bytes:
    """Return the average of a clip's channels at 8 kHz, as PCM. Raises ValueError for a rate out of range."""
    channels = pcm.to_array(clip.pcm).reshape(-1, clip.channels)
    samples = np.rint(channels.mean(axis=1)).astype(np.int16)
    return pcm.to_bytes(resample.resample(samples, clip.rate, pcm.SAMPLE_RATE))
