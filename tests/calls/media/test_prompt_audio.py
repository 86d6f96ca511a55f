"""Where prompts come from."""

import asyncio
import io
import threading
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.db import InterfaceError, OperationalError
from pytest_django import Settings

from calls.agents.base import TextPiece
from calls.audio import pcm, wav
from calls.conversation.outputs import Compose, Identify, Synthesise
from calls.media import identification, prompt_audio
from calls.media.prompt_audio import (
    AudioError,
    AudioLater,
    audio,
    is_ready,
    listen,
    listen_exactly,
    load_clip,
    mono,
    ready,
    speak,
)
from calls.media.pronunciations import Pronunciations
from calls.speech.disk_cache import forget
from calls.speech.helper_voices import HelperVoices
from calls.speech.sentences import PAUSE_MS
from campaigns.models import Account, Content, PhoneNumber, Pronunciation

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
async def test_a_database_that_fails_in_whatever_way_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*args: object, **named: object) -> None:
        raise error("connection already closed")

    monkeypatch.setattr(identification, "find", fail)
    monkeypatch.setattr(Content.objects, "filter", fail)
    found = await identification.identify(Identify("", {}, "MZ1", "CA1"), 1)
    assert isinstance(found, identification.Unknown)
    with pytest.raises(AudioError, match="could not be read"):
        load_clip("welcome", 1)


def wave_file(*, rate: int, channels: int, value: int = 1000, seconds: float = 0.5) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(np.full(int(rate * seconds) * channels, value, dtype="<i2").tobytes())
    return file.getvalue()


def test_a_clip_becomes_mono_at_8_khz(number: PhoneNumber, account: Account, folders: Path) -> None:
    file = ContentFile(wave_file(rate=44_100, channels=2), "hello.wav")
    Content.objects.create(account=account, name="Hello", file=file)
    audio = load_clip("Hello", number.pk)
    assert len(audio) == 2 * 4000
    assert pcm.dbfs(audio) == pytest.approx(-16, abs=0.1)  # it was at -30


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"not audio", "cannot be played"), (wave_file(rate=500, channels=1), "cannot be played")],
)
def test_a_clip_that_is_no_clip_is_a_sentence(
    number: PhoneNumber, account: Account, folders: Path, content: bytes, sentence: str
) -> None:
    Content.objects.create(account=account, name="Bad", file=ContentFile(content, "bad.wav"))
    with pytest.raises(AudioError, match=sentence):
        load_clip("Bad", number.pk)


def test_a_clip_that_is_not_there_is_a_sentence(number: PhoneNumber, account: Account, folders: Path) -> None:
    Content.objects.create(account=account, name="Lost", file="contents/lost.wav")
    with pytest.raises(AudioError, match="could not be read"):
        load_clip("Lost", number.pk)
    with pytest.raises(AudioError, match="no clip named “Never”"):
        load_clip("Never", number.pk)


def test_staff_who_listen_wait_for_a_bounded_time_and_take_no_process_from_calls(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SPEECH_CACHE = tmp_path
    of_calls = HelperVoices(0)  # the first text for it would fail
    monkeypatch.setattr(prompt_audio, "helpers", lambda: of_calls)
    try:
        said = listen(["Hello Asha. Goodbye Asha.", "Thanks."], "en")
        first, second, last = (ready(one, "en") or b"" for one in ("Hello Asha.", "Goodbye Asha.", "Thanks."))
        assert said == first + pcm.silence(PAUSE_MS) + second + last
        with pytest.raises(AudioError, match="no voice for the language"):
            listen_exactly("saluton", "eo")
        monkeypatch.setattr(prompt_audio, "LISTEN_SECONDS", 0.0)
        assert listen(["Thanks."], "en") == last  # it lies ready
        with pytest.raises(AudioLater, match=r"Try again in a moment\."):
            listen(["Something else."], "en")
    finally:
        prompt_audio.listeners().close()
        prompt_audio.listeners.cache_clear()


def test_channels_are_averaged() -> None:
    both = np.array([[100, 300], [-100, -300]], dtype="<i2").tobytes()
    assert np.frombuffer(mono(wav.Wav(both, 8000, 2)), dtype="<i2").tolist() == [200, -200]


def test_a_language_without_a_voice_is_a_sentence() -> None:
    with pytest.raises(AudioError, match="no voice"):
        speak("saluton", "eo")


@pytest.mark.django_db(transaction=True)
async def test_a_pronunciation_that_changes_is_heard_and_the_loop_asks_no_database(
    monkeypatch: pytest.MonkeyPatch, tidy_thread: None
) -> None:
    emi = await Pronunciation.objects.acreate(written="EMI", spoken="ee em aai")
    ours = Pronunciations(refresh_s=1000)
    monkeypatch.setattr(prompt_audio, "pronunciations", ours)
    asked = Synthesise("1", "Your EMI", "en")
    assert prompt_audio.said_lately("Your EMI", "en") is None  # nothing was read yet
    first = await prompt_audio.audio(asked, 1)
    assert first == await asyncio.to_thread(speak, "Your ee em aai", "en")
    # Django raises for a query in a coroutine: what comes from memory asks none.
    assert prompt_audio.said_lately("Your EMI", "en") == first == await prompt_audio.audio(asked, 1)
    await emi.adelete()
    new = Pronunciations(refresh_s=1000)
    monkeypatch.setattr(prompt_audio, "pronunciations", new)
    assert await prompt_audio.audio(asked, 1) != first
    pieces = (TextPiece("Your EMI"), TextPiece(" "))
    assert await prompt_audio.audio(Compose("2", pieces, "en"), 1) == await prompt_audio.audio(asked, 1)


@pytest.mark.django_db(transaction=True)
async def test_what_is_due_is_read_again_beside_the_loop(
    monkeypatch: pytest.MonkeyPatch, tidy_thread: None
) -> None:
    ours = Pronunciations(refresh_s=0)
    monkeypatch.setattr(prompt_audio, "pronunciations", ours)
    asked = Synthesise("1", "Your EMI", "en")
    plain = await prompt_audio.audio(asked, 1)
    await Pronunciation.objects.acreate(written="EMI", spoken="ee em aai")
    async with asyncio.timeout(60):
        while await prompt_audio.audio(asked, 1) == plain:
            await asyncio.sleep(0.01)


def test_a_persons_own_speech_is_found_for_people_who_hear_the_same(
    settings: Settings, tmp_path: Path
) -> None:
    settings.SPEECH_CACHE = tmp_path
    said = speak("Namaste Meena", "hi", "x1")
    assert ready("Namaste Meena", "hi", "x1") == said
    assert ready("Namaste Meena", "hi") is None
    assert is_ready("Namaste Meena", "hi", "x1")
    assert not is_ready("Namaste Meena", "hi")
    assert ready("Namaste Asha", "hi", "x2") is None
    assert is_ready(
        "Namaste Meena", "hi", "x2"
    )  # a link to the same file, in a folder of the second person's
    assert ready("Namaste Meena", "hi", "x2") == said
    forget(tmp_path, "x1")
    assert ready("Namaste Meena", "hi", "x2") == said
    forget(tmp_path, "x2")
    assert not [*tmp_path.rglob("*.wav")]


def test_sentences_are_spoken_one_by_one_with_a_pause(settings: Settings, tmp_path: Path) -> None:
    settings.SPEECH_CACHE = tmp_path
    speak("This is a call of Sahyog Gas.", "en")
    said = speak("Hello Asha. This is a call of Sahyog Gas.", "en", "x1")
    assert len([*tmp_path.glob("people/*/*/*.wav")]) == 1
    parts = ready("Hello Asha.", "en", "x1"), ready("This is a call of Sahyog Gas.", "en")
    assert said == b"".join([parts[0] or b"", pcm.silence(PAUSE_MS), parts[1] or b""])
    assert ready("Hello Asha. This is a call of Sahyog Gas.", "en", "x1") == said


def test_what_all_people_hear_is_found_for_each_of_them(settings: Settings, tmp_path: Path) -> None:
    settings.SPEECH_CACHE = tmp_path
    said = speak("Namaste", "hi")
    assert ready("Namaste", "hi", "x1") == said
    assert speak("Namaste", "hi", "x1") == said
    assert [path.name for path in tmp_path.iterdir()] == ["texts"]


async def test_personal_speech_is_not_kept_in_memory(settings: Settings, tmp_path: Path) -> None:
    settings.SPEECH_CACHE = tmp_path
    asked = Synthesise("Opening", "Namaste Meena", "hi")
    assert await audio(asked, 1, whose="x1")
    (file,) = tmp_path.glob("people/*/*/*.wav")
    file.write_bytes(wav.wrap(bytes(320)))
    assert await audio(asked, 1, whose="x1") == bytes(320)


async def test_what_lies_ready_does_not_wait_behind_what_is_being_spoken(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SPEECH_CACHE = tmp_path
    said, go_on = speak("Namaste Meena", "hi", "x1"), threading.Event()
    busy = ThreadPoolExecutor(1)
    monkeypatch.setattr(prompt_audio, "_speakers", busy)
    busy.submit(go_on.wait, 60)
    try:
        assert await audio(Synthesise("Opening", "Namaste Meena", "hi"), 1, whose="x1") == said
    finally:
        go_on.set()
        busy.shutdown()
