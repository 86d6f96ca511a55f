"""PURE: what hosted text-to-speech services take and give: a request with JSON, audio in base64 in the reply.

Sources: docs.sarvam.ai (text-to-speech/convert, errors-troubleshooting) and cloud.google.com
(text-to-speech/docs/reference/rest/v1/text/synthesize), as they were in 2026.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from calls.audio import wav


class UnusableAudio(Exception):
    """A reply holds no whole audio of the rate that was asked for. The text is a sentence about the voice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """How one service is asked."""

    key_header: str
    body: Callable[[str, Mapping[str, Any]], Mapping[str, object]]
    """What is sent for a text by a voice's description."""
    audio: Callable[[Mapping[str, Any]], object]
    """Where the audio lies in the reply. Raises `LookupError` or `TypeError` if there is none."""
    most_text: int
    counts_bytes: bool = False
    """`most_text` counts bytes of UTF-8, not characters."""


def _of_sarvam(text: str, voice: Mapping[str, Any]) -> Mapping[str, object]:
    return {
        "text": text,
        "target_language_code": voice["code"],
        "speaker": voice["speaker"],
        "model": voice["model"],
        "speech_sample_rate": voice["rate"],
        "output_audio_codec": "wav",
    }


def _of_google(text: str, voice: Mapping[str, Any]) -> Mapping[str, object]:
    return {
        "input": {"text": text},
        "voice": {"languageCode": voice["code"], "name": voice["speaker"]},
        "audioConfig": {"audioEncoding": "LINEAR16", "sampleRateHertz": voice["rate"]},
    }


PROVIDERS: Final[Mapping[str, Provider]] = {
    "sarvam": Provider(
        key_header="api-subscription-key",
        body=_of_sarvam,
        audio=lambda reply: reply["audios"][0],
        most_text=1500,  # bulbul:v2; v3 takes 2,500
    ),
    "google": Provider(
        key_header="X-Goog-Api-Key",
        body=_of_google,
        audio=lambda reply: reply["audioContent"],
        most_text=5000,
        counts_bytes=True,
    ),
}


def is_too_long(text: str, provider: Provider) -> bool:
    """Return whether a service takes no text of this length."""
    return (len(text.encode()) if provider.counts_bytes else len(text)) > provider.most_text


def audio_of(body: bytes, provider: Provider, *, rate: int) -> wav.Wav:
    """Return the WAV file in a reply. Raises `UnusableAudio` unless it is whole, mono and of this rate."""
    try:
        reply = json.loads(body)
        coded = provider.audio(reply)
        if not isinstance(coded, str):
            raise TypeError("no text")
    except (ValueError, LookupError, TypeError, RecursionError):
        raise UnusableAudio("The voice's reply holds no audio.") from None
    try:
        file = base64.b64decode(coded, validate=True)
        found = wav.unwrap(file)
    except (binascii.Error, wav.WavError) as error:
        raise UnusableAudio("What the voice sent is no WAV file of 16 bits.") from error
    announced = int.from_bytes(file[4:8], "little")  # one that streams does not know its size
    if announced not in (0, 0xFFFFFFFF) and len(file) < announced + 8:
        raise UnusableAudio("The voice sent only a part of its audio.")
    if found.rate != rate or found.channels != 1:
        raise UnusableAudio(
            f"The voice sent audio of {found.rate} Hz in {found.channels} channels, not of {rate} Hz in one."
        )
    return found
