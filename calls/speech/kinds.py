"""The kinds of voices, made from a description that is plain data and can be sent to another process."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from calls.speech.espeak import EspeakVoice
from calls.speech.voice import SpeechError, Voice

Description = Mapping[str, Any]
"""`{"kind": "espeak"}`; what else there is depends on the kind. May hold a secret: never logged."""
ESPEAK: Final[Description] = {"kind": "espeak"}


def voice_of(description: Description) -> Voice:
    """Return the voice of a description, the same one for equal descriptions.

    Raises `SpeechError` if there is no such kind.
    """
    return _made(json.dumps(dict(description), sort_keys=True))


@lru_cache(maxsize=64)
def _made(text: str) -> Voice:
    kind = json.loads(text)["kind"]
    if kind != "espeak":
        raise SpeechError(f"There is no voice of the kind “{kind}”.")
    return EspeakVoice()
