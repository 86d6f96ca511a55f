"""Voices come from plain data."""

import pytest

from calls.speech.kinds import ESPEAK, voice_of
from calls.speech.voice import SpeechError


def test_equal_descriptions_are_one_voice() -> None:
    assert voice_of(ESPEAK) is voice_of({"kind": "espeak"})
    assert voice_of(ESPEAK).identity.startswith("espeak-ng ")


def test_an_unknown_kind_is_a_sentence() -> None:
    with pytest.raises(SpeechError, match="no voice of the kind “gramophone”"):
        voice_of({"kind": "gramophone"})
