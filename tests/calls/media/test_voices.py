"""Which voice speaks what in this process, and what is heard where a hosted one can't."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from calls.media import prompt_audio
from calls.media.prewarm import Ahead
from calls.media.voices import Voices, espeak, read
from calls.speech.kinds import ESPEAK
from campaigns.models import AllowedHost, HostedVoice
from campaigns.speech_ahead import Called
from tests.calls.agents.texts import MENU, VARIABLES, dialogue
from tests.calls.speech.service import KEY, Service, service

pytestmark = pytest.mark.django_db
ASHA = Called(1, "+919825000001", "Asha", "en", VARIABLES)


@pytest.fixture(scope="module")
def running_service() -> Iterator[Service]:
    with service() as made:
        yield made


@pytest.fixture
def outside(
    running_service: Service, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    """A service that is allowed; this process reads its voices anew each time."""
    settings.OUTSIDE_HTTP_ON_THIS_MACHINE, settings.SPEECH_CACHE = True, tmp_path
    monkeypatch.setattr(prompt_audio, "voices", Voices(refresh_s=0))
    AllowedHost.objects.create(host="127.0.0.1", port=running_service.port, own_network=True)
    running_service.manner, running_service.retry_after = "good", "30"
    running_service.received.clear()
    prompt_audio.helpers.cache_clear()
    yield running_service
    prompt_audio.helpers().close()
    prompt_audio.helpers.cache_clear()


def enter(outside: Service, **fields: object) -> HostedVoice:
    values: dict[str, object] = {
        "name": "Sarvam",
        "provider": "sarvam",
        "url": f"http://127.0.0.1:{outside.port}/text-to-speech",
        "key": KEY,
        "model": "bulbul:v2",
        "speakers": {"en": "anushka", "or": "vidya"},
    }
    return HostedVoice.objects.create(**(values | fields))


def test_a_voice_speaks_its_languages_and_espeak_all_others(outside: Service) -> None:
    enter(outside)
    found = read()
    assert found.keys() == {"en", "or"}
    assert (found["or"].description["code"], found["or"].description["speaker"]) == ("od-IN", "vidya")
    assert KEY not in repr(found)
    ours = Voices()
    assert ours.of("en").description == ESPEAK  # nothing was read yet
    ours.refresh()
    assert ours.of("en-IN").description["kind"] == "hosted"
    assert ours.of("hi") == espeak()


def test_one_that_is_switched_off_does_not_speak_and_one_that_is_not_allowed_says_so(
    outside: Service,
) -> None:
    voice = enter(outside, active=False)
    assert read() == {}
    HostedVoice.objects.filter(pk=voice.pk).update(active=True)
    AllowedHost.objects.all().delete()
    assert "is not among the allowed hosts" in read()["en"].description["refused"]
    with pytest.raises(prompt_audio.AudioLater, match="is not among the allowed hosts"):
        prompt_audio.speak("Hello.", "en")


def test_each_sentence_is_asked_for_once_and_kept_for_all_processes(outside: Service) -> None:
    enter(outside)
    first = prompt_audio.speak("Hello. This is a call.", "en")
    assert [asked["text"] for asked in outside.received] == ["Hello.", "This is a call."]
    assert prompt_audio.speak("Hello. This is a call.", "en") == first
    assert prompt_audio.ready("Hello.", "en") is not None
    assert len(outside.received) == 2


def test_another_speaker_is_asked_anew_and_another_key_is_not(outside: Service) -> None:
    voice = enter(outside)
    prompt_audio.speak("Hello.", "en")
    HostedVoice.objects.filter(pk=voice.pk).update(speakers={"en": "manisha"})
    assert prompt_audio.ready("Hello.", "en") is None
    prompt_audio.speak("Hello.", "en")
    assert [asked["speaker"] for asked in outside.received] == ["anushka", "manisha"]
    voice.key, voice.speakers = "another", {"en": "manisha"}
    voice.save()
    prompt_audio.speak("Hello.", "en")
    assert len(outside.received) == 2


def test_people_wait_while_it_does_not_speak(outside: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(outside)
    outside.manner = "403"
    monkeypatch.setattr(prompt_audio, "voices", ours := Voices(refresh_s=1000))
    ours.refresh()  # here: the threads of `prepare` do not see this test's transaction
    found = Ahead("dialogue", dialogue(MENU)).prepare([ASHA], seconds=60)
    assert (found.ready, found.unspeakable) == ([], {})
    assert found.waits == {1: "The voice “Sarvam” refuses our key (status 403)."}


def test_espeak_speaks_instead_only_where_staff_said_so(outside: Service) -> None:
    enter(outside, fall_back=True)
    outside.manner = "403"
    instead = prompt_audio.speak("Hello Asha.", "en", "x1")
    assert prompt_audio.is_ready("Hello Asha.", "en", "x1")
    assert prompt_audio.ready("Hello Asha.", "en", "x1") == instead
    prompt_audio.speak("Hello.", "en")
    assert prompt_audio.ready("Hello.", "en"), "a call has it"
    assert not prompt_audio.is_ready("Hello.", "en"), "what all hear is tried again"
    outside.manner = "good"
    hosted = prompt_audio.speak("Hello.", "en")
    assert prompt_audio.ready("Hello.", "en") == hosted
    HostedVoice.objects.all().delete()
    assert prompt_audio.speak("Hello.", "en") != hosted
    assert prompt_audio.ready("Hello Asha.", "en", "x1") == instead


def test_piper_speaks_english_where_its_model_is_set(settings: Settings) -> None:
    settings.PIPER_MODEL = "/models/en_GB-alba-medium.onnx"
    assert read()["en"].description == {"kind": "piper", "model": "/models/en_GB-alba-medium.onnx"}
    assert "en_GB-alba-medium" in read()["en"].identity
