"""Piper as a voice: a neural model that runs on this machine, for the language of its file.

`piper-tts` is not among our requirements (34 MB, GPL-3.0); docs/voices.md says how to install it. Only helper
processes speak by it, and each loads the model with its first text (about a second, 100 MB).
"""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from calls.speech.voice import MOST_TEXT, Description, SpeechError, VoiceUnavailable, telephone_audio

try:
    import piper
except ImportError:  # an option; `PiperVoice` says so
    piper = None

_IDENTIFYING_BYTES = 1 << 20


class PiperVoice:
    """A `Voice` by the model at a path; beside it lies its description, PATH.json."""

    def __init__(self, model: str) -> None:
        self._path = Path(model)

    @cached_property
    def identity(self) -> str:
        """Return the model's file, its size and its beginning, which tell it from others of its name."""
        try:
            with self._path.open("rb") as file:
                begins = hashlib.sha256(file.read(_IDENTIFYING_BYTES)).hexdigest()[:16]
            return f"piper {self._path.name} {self._path.stat().st_size} {begins}"
        except OSError:
            return f"piper {self._path.name} absent"

    def synthesise(self, text: str, language: str) -> bytes:
        """Return s16le mono at 8 kHz and about -16 dBFS.

        Raises `VoiceUnavailable` without the package or the model, `SpeechError` for an empty or a long text.
        """
        plain = " ".join(text.replace("\0", " ").split())
        if not plain or len(plain) > MOST_TEXT:
            raise SpeechError(f"The text is empty or longer than {MOST_TEXT} characters.")
        loaded = self._loaded
        try:
            chunks = list(loaded.synthesize(plain))
        except Exception as error:  # onnxruntime and the package's own library have no error tree
            raise VoiceUnavailable(f"Piper failed with the text ({type(error).__name__}).") from error
        samples = [np.frombuffer(chunk.audio_int16_bytes, dtype="<i2") for chunk in chunks]
        rate = chunks[0].sample_rate if chunks else 0
        audio = telephone_audio(np.concatenate(samples).astype(np.int16), rate) if samples else b""
        if not audio:
            raise SpeechError("The voice made no sound of the text.")
        return audio

    @cached_property
    def _loaded(self) -> Any:
        """Return the model, loaded. Raises `VoiceUnavailable`."""
        if piper is None:
            raise VoiceUnavailable("Piper is not installed: pip install piper-tts.")
        try:
            return piper.PiperVoice.load(self._path)
        except Exception as error:  # onnxruntime and json have no error tree in common
            raise VoiceUnavailable(
                f"Piper could not load “{self._path.name}” ({type(error).__name__})."
            ) from error


def make(description: Description) -> PiperVoice:
    """Return the voice of a description's model."""
    return PiperVoice(description["model"])
