"""The kinds of voices, made from a description that is plain data and can be sent to another process."""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Final, cast

from calls.speech.voice import Description, SpeechError, Voice

__all__ = ["ESPEAK", "KINDS", "Description", "voice_of"]

ESPEAK: Final[Description] = {"kind": "espeak"}
KINDS: Final[Mapping[str, str]] = {
    "espeak": "calls.speech.espeak",
    "hosted": "calls.speech.hosted",
    "piper": "calls.speech.piper",
}
"""The module of each kind, whose `make` returns the voice of a description. It is imported with the first one
of its kind: a helper process that only runs espeak-ng needs no HTTP client (0.2 s, 15 MB)."""


def voice_of(description: Description) -> Voice:
    """Return the voice of a description, the same one for equal descriptions.

    Raises `SpeechError` if there is no such kind.
    """
    return _made(json.dumps(dict(description), sort_keys=True))


@lru_cache(maxsize=64)
def _made(text: str) -> Voice:
    description = json.loads(text)
    kind = description["kind"]
    if kind not in KINDS:
        raise SpeechError(f"There is no voice of the kind “{kind}”.")
    return cast("Voice", import_module(KINDS[kind]).make(description))
