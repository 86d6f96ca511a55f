"""A voice of a service outside, asked over HTTP. Only helper processes speak by it (`calls.speech.speaker`).

A description has the kind `hosted` and what `campaigns.models.HostedVoice` holds (`calls.media.voices` makes
it). Each request goes to a checked address of an allowed host, without redirects. A text is tried a few times
within one time limit; a service that says when it may be asked again is not asked before.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import numpy as np

from calls.speech import providers
from calls.speech.providers import PROVIDERS, UnusableAudio
from calls.speech.voice import Description, SpeechError, VoiceUnavailable, refusal, telephone_audio
from campaigns.networks import Address
from campaigns.outside import pinned
from campaigns.outside.addresses import destination
from campaigns.outside.errors import NoAnswer
from campaigns.outside.pinned import Way

MOST_TRIES: Final = 3
BUDGET_S: Final = 10.0
"""For a text with all its tries; the caller of the helper process gives up after 12 s."""
FIRST_PAUSE_S: Final = 0.3
"""Before the second try; twice as long before the third."""
MOST_QUIET_S: Final = 300.0
"""A service that asks for a longer pause is asked again after so long."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""Four minutes at 24 kHz in base64."""
_BUSY: Final = frozenset({429, 503})
_REFUSED: Final = frozenset({400, 413, 422})


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    retry_after: str
    body: bytes


class _TryAgain(Exception):
    """One try failed and the next may not. `after_s`: what the service asked to wait, 0 if nothing."""

    def __init__(self, reason: str, *, after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.after_s = after_s


class HostedVoice:
    """A `Voice` by a service outside. Blocking; one text at a time, as helper processes speak."""

    def __init__(self, description: Description, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._voice, self._clock = description, clock
        self._provider = PROVIDERS[description["provider"]]
        self._quiet_until, self._quiet_why = 0.0, ""
        self._has_spoken = False
        """Then model, speaker and rate are right, and a refusal is the text's."""

    @property
    def identity(self) -> str:
        """Return the service, its address, its model, and who speaks at which rate; never the key."""
        names = ("provider", "url", "model", "speaker", "code", "rate")
        return " ".join(["hosted", *(str(self._voice[name]) for name in names)])

    def synthesise(self, text: str, language: str) -> bytes:
        """Return s16le mono at 8 kHz and about -16 dBFS.

        Raises `VoiceUnavailable` if no try brought audio, or the service asked not to be asked yet;
        `SpeechError` for a text that is too long, or that a voice refuses which spoke others.
        """
        if providers.is_too_long(text, self._provider):
            raise SpeechError(f"The text is too long for the voice “{self._voice['name']}”.")
        if self._voice["refused"]:
            raise VoiceUnavailable(self._voice["refused"])
        if (left := self._quiet_until - self._clock()) > 0:
            raise VoiceUnavailable(f"{self._quiet_why} It is asked again in {left:.0f} s.")
        return asyncio.run(self._tried(text))

    async def _tried(self, text: str) -> bytes:
        """Return audio of one of the tries. Raises as `synthesise`."""
        why, until = _TryAgain(self._says("was not asked")), self._clock() + BUDGET_S
        for number in range(MOST_TRIES):
            if number:
                pause = why.after_s or FIRST_PAUSE_S * 2 ** (number - 1)
                if self._clock() + pause + 1 > until:
                    break
                await asyncio.sleep(pause)
            try:
                return await self._once(text, min(self._voice["seconds"], until - self._clock()))
            except _TryAgain as again:
                why = again
        if why.after_s:
            self._quiet_until = self._clock() + min(why.after_s, MOST_QUIET_S)
            self._quiet_why = str(why)
        raise VoiceUnavailable(str(why))

    async def _once(self, text: str, seconds: float) -> bytes:
        """Return the audio of one request. Raises `_TryAgain`, and as `synthesise` if that is vain."""
        voice = self._voice
        body = json.dumps(self._provider.body(text, voice), ensure_ascii=False).encode()
        try:
            where = destination(voice["url"])
            way = Way(
                where=where,
                own_network=voice["own_network"],
                plain_allowed=voice["plain_allowed"],
                ca_file=voice["ca_file"],
            )
            headers = {self._provider.key_header: voice["key"]}

            def make(address: Address) -> httpx.Request:
                return pinned.request(where, address, body, headers)

            async with asyncio.timeout(seconds):
                reply = await pinned.exchange(way, make, _read)
            self._check(reply)
            found = providers.audio_of(reply.body, self._provider, rate=voice["rate"])
        except TimeoutError:
            raise _TryAgain(self._says(f"did not answer within {seconds:.1f} s")) from None
        except NoAnswer as error:
            raise _TryAgain(f"{self._says('cannot be asked')} {error.reason}") from None
        except UnusableAudio as error:
            raise _TryAgain(f"{self._says('gave no usable audio')} {error}") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise _TryAgain(self._says(f"broke off ({type(error).__name__})")) from None
        audio = telephone_audio(np.frombuffer(found.pcm, dtype="<i2").astype(np.int16), found.rate)
        if not audio:
            raise _TryAgain(self._says("made no sound of the text"))
        self._has_spoken = True
        return audio

    def _check(self, reply: _Reply) -> None:
        """Raise what a reply's status means, if it is not 200."""
        if reply.status in _BUSY:
            raise _TryAgain(self._says("is busy"), after_s=seconds_of(reply.retry_after, datetime.now(UTC)))
        if reply.status in _REFUSED:
            what = "the text" if self._has_spoken else "its model, its speaker or the text"
            raise refusal(self._says(f"refuses {what} (status {reply.status})"), passing=not self._has_spoken)
        if reply.status in (401, 403):
            raise VoiceUnavailable(self._says(f"refuses our key (status {reply.status})"))
        if 300 <= reply.status < 400 or reply.status == 404:
            raise VoiceUnavailable(self._says(f"is not at its address (status {reply.status})"))
        if reply.status != 200:
            raise _TryAgain(self._says(f"failed (status {reply.status})"))

    def _says(self, what: str) -> str:
        return f"The voice “{self._voice['name']}” {what}."


async def _read(response: httpx.Response) -> _Reply:
    try:
        body = await pinned.body_of(response, most_bytes=MOST_BYTES)
        return _Reply(response.status_code, response.headers.get("Retry-After", ""), body)
    finally:
        await response.aclose()


def seconds_of(retry_after: str, now: datetime) -> float:
    """Return how long a Retry-After asks to wait: seconds, or until an HTTP date; 0 if it says neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text).astimezone(UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return 0.0


def make(description: Description) -> HostedVoice:
    """Return the voice of a description."""
    return HostedVoice(description)
