"""Speech is made in processes of their own."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from calls.speech import helper_voices
from calls.speech.espeak import EspeakVoice
from calls.speech.helper_voices import HelperVoices
from calls.speech.kinds import ESPEAK
from calls.speech.voice import SpeechError, VoiceUnavailable, levelled


@pytest.fixture
def helpers() -> Iterator[HelperVoices]:
    made = HelperVoices(2)
    yield made
    made.close()


def children() -> set[str]:
    """Our child processes; each belongs to the thread that started it, or to another once that has ended."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {child for task in tasks for child in task.read_text().split()}


def test_the_audio_is_that_of_the_voice_itself(helpers: HelperVoices) -> None:
    with closing(EspeakVoice()) as itself:
        said = itself.synthesise("hello", "en")
    assert helpers.synthesise(ESPEAK, "hello", "en") == levelled(said)


def test_processes_are_started_when_needed_and_kept(helpers: HelperVoices) -> None:
    before = children()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda word: helpers.synthesise(ESPEAK, word, "en"), ["one", "two", "three"] * 4))
    assert 1 <= len(children() - before) <= 2
    helpers.close()
    assert children() <= before


def test_what_cannot_be_spoken_is_told_from_what_may_be_later(helpers: HelperVoices) -> None:
    with pytest.raises(SpeechError, match="no voice for the language") as refused:
        helpers.synthesise(ESPEAK, "saluton", "eo")
    assert not isinstance(refused.value, VoiceUnavailable)


def test_a_process_that_dies_is_an_error_and_the_next_text_gets_another(
    helpers: HelperVoices, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(helper_voices, "_COMMAND", (sys.executable, "-c", "input()"))
        for _ in range(3):  # more than there are processes: none is lost
            with pytest.raises(VoiceUnavailable, match="speech process failed"):
                helpers.synthesise(ESPEAK, "hello", "en")
    assert helpers.synthesise(ESPEAK, "hello", "en")


def test_a_process_that_hangs_is_given_up(helpers: HelperVoices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper_voices, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(helper_voices, "TIMEOUT_S", 0.3)
    with pytest.raises(VoiceUnavailable, match="did not answer in time"):
        helpers.synthesise(ESPEAK, "hello", "en")


def test_a_text_takes_no_longer_than_its_caller_waits(
    helpers: HelperVoices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper_voices, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    with pytest.raises(VoiceUnavailable, match="did not answer in time"):
        helpers.synthesise(ESPEAK, "hello", "en", within=0.3)
    with pytest.raises(VoiceUnavailable, match="Too many sentences"):
        HelperVoices(0).synthesise(ESPEAK, "hello", "en", within=0.05)


def test_with_all_processes_busy_the_wait_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper_voices, "WAIT_S", 0.05)
    with pytest.raises(VoiceUnavailable, match="Too many sentences"):
        HelperVoices(0).synthesise(ESPEAK, "hello", "en")
